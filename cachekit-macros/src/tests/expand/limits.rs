async fn get(id: u64) -> Result<u64, Error> {
    ::cachekit::__cached!(
        async (shared __it __Keep::of(__Store::of(__Own::of(__it))); (__it
        __CanFail::of(__it)) (Error::Slow)) (Result < u64, Error >) (__spec =
        __get_is_in_an_impl__write_companion_false(), (), true) (__key __key
        .literal(__spec.name()); __key.literal(":"); ::cachekit::__part!(__key, 0u8,
        id);) (__labels) () (id) { body }
    )
}
::cachekit::__companion! {
    get "get"(Result < u64, Error >) () cache() {} () spec
    __get_is_in_an_impl__write_companion_false([_ ":"(0u8)]
    .timeout(::cachekit::__private::Duration::from_millis(1500u64))
    .max_computations(64u32)) key_at([] (id : & u64) [] {} __spec __key __key
    .literal(__spec.name()); __key.literal(":"); ::cachekit::__part!(__key, 0u8, * id);)
    entry_at(shared[] (id : & u64) [] {} () (id) (__labels) ()) entry[] (id : u64) [] =>
    (& id) refresh plain([] (id : u64) [] => get(id))
}
