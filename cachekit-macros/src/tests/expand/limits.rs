async fn get(id: u64) -> Result<u64, Error> {
    ::cachekit::__cached!(
        form: async,
        return_ops: (
            shared __it __Keep::of(__Store::of(__Own::of(__it)));
            (__it __CanFail::of(__it))(Error::Slow)
        ),
        returns: Result<u64, Error>,
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
    returns: Result<u64, Error>,
    spec: __get_is_in_an_impl__write_companion_false = (
        [_ ":"(0u8)].timeout(::cachekit::__private::Duration::from_millis(1500u64)).max_computations(
            64u32
        )
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
    entry_at: { tier: shared, params: (id: &u64), key: (id), tags: |__tags| {} },
    entry: { params: (id: u64), arguments: (&id) },
    refresh: plain { params: (id: u64), call: get(id) }
}
