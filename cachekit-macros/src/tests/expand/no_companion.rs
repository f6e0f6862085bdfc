async fn get(id: u64) {
    #![allow(x)]
    let __plan = ::cachekit::__kept!(());
    let __spec = {
        ::cachekit::__spec!(__spec([_ ":"(0u8)]));
        __spec()
    };
    ::cachekit::__cached!(
        async __plan(()) (__spec, (), true) (__key __key.literal(__spec.name()); __key
        .literal(":"); ::cachekit::__part!(__key, 0u8, id);) (__labels) () () { body }
    )
}
