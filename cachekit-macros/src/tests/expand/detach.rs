async fn get(pool: &Pool, id: u64) -> Result<u64, Error> {
    ::cachekit::__left_out!(
        owned & pool, pool "`pool` could change the result, but the key forgets it"
        "write `{{pool}}` or a part of it in `key`, or `skip(pool)` if it does not matter"(InKeyOrSkip::check(pool))
    );
    ::cachekit::__ownable!(pool => __it __OwnClone::of(__it));
    ::cachekit::__cached!(
        form: detachable,
        return_ops: (
            shared __it __Keep::of(__Store::of(__Own::of(__it)));
            (__it __CanFail::of(__it)) __it __Answer::of(__it)
        ),
        returns: Result<u64, Error>,
        spec: __spec = __get_is_in_an_impl__write_companion_false(),
        when: true,
        key: |__key| { ::cachekit::__part!(__key, 0u8, id); },
        tags: |__tags| {},
        arguments: ([pool] pool id),
        body: { body }
    )
}
::cachekit::__companion! {
    companion: get,
    function: "get",
    returns: Result<u64, Error>,
    spec: __get_is_in_an_impl__write_companion_false = (
        [(0u8)].timeout(::cachekit::__private::secs(30u64)).detach()
    ),
    key_at: {
        params: (_: &::cachekit::__private::Unused, id: &u64),
        spec: __spec,
        key: |__key| { ::cachekit::__part!(__key, 0u8, *id); }
    },
    entry_at: {
        tier: shared,
        params: (_: &::cachekit::__private::Unused, id: &u64),
        key: (::cachekit::__private::UNUSED, id),
        tags: |__tags| {}
    },
    entry: { params: (id: u64), arguments: (::cachekit::__private::UNUSED, &id) },
    refresh: plain { params: (pool: &Pool, id: u64), call: get(pool, id) }
}
