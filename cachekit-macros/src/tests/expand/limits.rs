async fn get(id: u64) -> Result<u64, Error> {
    ::cachekit::__cached!(
        async ({ let __kept = ::cachekit::__kept!(shared Result < u64, Error >);
        ::cachekit::__in_time!(__kept, Error::Slow) }) (Result < u64, Error >) (__spec =
        get::__spec(), (), true) (__key __key.literal(__spec.name()); __key.literal(":");
        ::cachekit::__part!(__key, 0u8, id);) (__labels) () (id) { body }
    )
}
::cachekit::__companion! {
    get "get"(Result < u64, Error >) cache() {} () spec([_ ":"(0u8)]
    .timeout(::cachekit::__private::Duration::from_millis(1500u64))
    .max_computations(64u32)) key_at([] (id : & u64) [] {} __key __key
    .literal(Self::__spec().name()); __key.literal(":"); ::cachekit::__part!(__key, 0u8,
    * id);) entry_at(shared[] (id : & u64) [] {} () (Self::__key_at(id)) (__labels) ())
    entry[] (id : u64) [] => () (& id) refresh async ([] (id : u64) [] => get(id))
}
