async fn get(id: u64) -> u64 {
    ::cachekit::__cached!(
        async (shared __it __Keep::of(__Store::of(__Own::of(__it)))) (u64) (__spec =
        __get_is_in_an_impl__write_companion_false(), (), true) (__key __key
        .literal(__spec.name()); __key.literal(":"); ::cachekit::__part!(__key, 0u8,
        id);) (__labels) () (id) { body }
    )
}
::cachekit::__companion! {
    get "get"(u64) () cache() {} () spec __get_is_in_an_impl__write_companion_false([_
    ":"(0u8)].replicas(4u8).tier(::cachekit::Tier::Redis)) key_at([] (id : & u64) [] {}
    __spec __key __key.literal(__spec.name()); __key.literal(":");
    ::cachekit::__part!(__key, 0u8, * id);) entry_at(replicated[] (id : & u64) [] {} ()
    (id) (__labels) ()) entry[] (id : u64) [] => (& id) refresh plain([] (id : u64) [] =>
    get(id))
}
