async fn get(id: u64) {
    #![allow(x)]
    ::cachekit::__cached!(
        async (shared __it __Keep::of(__Store::of(__Own::of(__it)))) (()) (__spec = {
        ::cachekit::__spec!(__spec([_ ":"(0u8) Self])); __spec() }, (), true) (__key
        __key.literal(__spec.name()); __key.literal(":"); ::cachekit::__part!(__key, 0u8,
        id); ::cachekit::__outer!(__key "get");) ["get"] (__labels) () (id) { body }
    )
}
