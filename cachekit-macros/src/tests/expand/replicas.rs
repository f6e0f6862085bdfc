async fn get(id: u64) -> u64 {
    ::cachekit::__cached!(
        form: async,
        return_ops: (shared __it __Keep::of(__Store::of(__Own::of(__it)))),
        returns: u64,
        spec: __spec = __get_is_in_an_impl__write_companion_false(),
        when: true,
        key: |__key| {
            __key.literal(__spec.name());
            __key.literal(":");
            ::cachekit::__part!(__key, 0u8, id);
        },
        tags: |__tags| {},
        arguments: (id),
        body: { body }
    )
}
::cachekit::__companion! {
    companion: get,
    function: "get",
    returns: u64,
    spec: __get_is_in_an_impl__write_companion_false = (
        [_ ":"(0u8)].replicas(4u8).tier(::cachekit::Tier::Redis)
    ),
    key_at: {
        params: (id: &u64),
        spec: __spec,
        key: |__key| {
            __key.literal(__spec.name());
            __key.literal(":");
            ::cachekit::__part!(__key, 0u8, *id);
        }
    },
    entry_at: { tier: replicated, params: (id: &u64), key: (id), tags: |__tags| {} },
    entry: { params: (id: u64), arguments: (&id) },
    refresh: plain { params: (id: u64), call: get(id) }
}
