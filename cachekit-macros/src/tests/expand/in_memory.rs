fn get(id: u64) -> u64 {
    ::cachekit::__cached!(
        form: sync,
        return_ops: (memory __it __Keep::of(__it)),
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
        [_ ":"(0u8)].tier(::cachekit::Tier::Memory).single_flight(::cachekit::SingleFlight::Off)
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
    entry_at: { tier: memory, params: (id: &u64), key: (id), tags: |__tags| {} },
    entry: { params: (id: u64), arguments: (&id) },
    refresh: sync { params: (id: u64), call: get(id) }
}
