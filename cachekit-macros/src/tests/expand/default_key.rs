async fn total(day: Date, unit: &str) -> u64 {
    ::cachekit::__cached!(
        form: async,
        return_ops: (shared __it __Keep::of(__Store::of(__Own::of(__it)))),
        returns: u64,
        spec: __spec = __total_is_in_an_impl__write_companion_false(),
        when: true,
        key: |__key| {
            __key.literal(__spec.name());
            __key.literal(":");
            ::cachekit::__nested!(__key, b':', day);
            __key.literal(":");
            ::cachekit::__part!(__key, 0u8, unit);
        },
        tags: |__tags| {},
        arguments: (day unit),
        body: { body }
    )
}
::cachekit::__companion! {
    companion: total,
    function: "total",
    returns: u64,
    spec: __total_is_in_an_impl__write_companion_false = ([_ ":"(b':') ":"(0u8)]),
    key_at: {
        params: (day: &Date, unit: &str),
        spec: __spec,
        key: |__key| {
            __key.literal(__spec.name());
            __key.literal(":");
            ::cachekit::__nested!(__key, b':', *day);
            __key.literal(":");
            ::cachekit::__part!(__key, 0u8, unit);
        }
    },
    entry_at: {
        tier: shared,
        params: (day: &Date, unit: &str),
        key: (day, unit),
        tags: |__tags| {}
    },
    entry: { params: (day: Date, unit: &str), arguments: (&day, unit) },
    refresh: plain { params: (day: Date, unit: &str), call: total(day, unit) }
}
