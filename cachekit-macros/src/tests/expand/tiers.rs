async fn get(id: u64) -> u64 {
    ::cachekit::__codec!(MsgPack);
    ::cachekit::__compress!();
    ::cachekit::__cached!(
        async (::cachekit::__kept!(shared u64)) (u64) (__spec = get::__spec(), (), true)
        (__key __key.literal(__spec.name()); __key.literal(":");
        ::cachekit::__part!(__key, 0u8, id);) (__labels) () (id) { body }
    )
}
::cachekit::__companion! {
    get "get"(u64) cache() {} () spec([_ ":"(0u8)]
    .memory_ttl(::cachekit::__private::Duration::from_secs(30u64)).redis_ttl(LONG)
    .lock_timeout(::cachekit::__private::Duration::from_millis(1500u64)).compress(true)
    .tier(::cachekit::Tier::Both).single_flight(::cachekit::SingleFlight::Cluster)
    .codec(::cachekit::Codec::MsgPack)) key_at([] (id : & u64) [] {} __key __key
    .literal(Self::__spec().name()); __key.literal(":"); ::cachekit::__part!(__key, 0u8,
    * id);) entry_at(shared[] (id : & u64) [] {} () (Self::__key_at(id)) (__labels) ())
    entry[] (id : u64) [] => () (& id) refresh async ([] (id : u64) [] => get(id))
}
