async fn get(id: u64) -> u64 {
    ::cachekit::__cached!(
        async (::cachekit::__kept!(shared u64)) (u64) (__spec = get::__spec(), (), true)
        (__key __key.literal(__spec.name()); __key.literal(":");
        ::cachekit::__part!(__key, 0u8, id);) (__labels) () (id) { body }
    )
}
::cachekit::__companion! {
    get "get"(u64) cache() {} () spec([_ ":"(0u8)].replicas(4u8)
    .tier(::cachekit::Tier::Redis)) key_at([] (id : & u64) [] {} __key __key
    .literal(Self::__spec().name()); __key.literal(":"); ::cachekit::__part!(__key, 0u8,
    * id);) entry_at(copied[] (id : & u64) [] {} () (Self::__key_at(id)) (__labels) ())
    entry[] (id : u64) [] => () (& id) refresh async ([] (id : u64) [] => get(id))
}
