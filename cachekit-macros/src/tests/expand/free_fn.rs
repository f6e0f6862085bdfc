/// Gets.
pub async fn get_user(pool: &PgPool, id: u64) -> Result<User, E> {
    ::cachekit::__left_out!(
        owned & pool, pool "`pool` could change the result, but the key forgets it"
        "write `{{pool}}` or a part of it in `key`, or `skip(pool)` if it does not matter"(InKeyOrSkip::check(pool))
    );
    ::cachekit::__cached!(
        form: async,
        return_ops: (shared __it __Keep::of(__Store::of(__Own::of(__it)))),
        returns: Result<User, E>,
        spec: __spec = __get_user_is_in_an_impl__write_companion_Self(),
        when: true,
        key: |__key| { __key.literal("user:"); ::cachekit::__part!(__key, 0u8, id); },
        tags: |__tags| { __tags.tag_of("users"); },
        on_value: (
            []
            |ret| {
                let __key = &mut __tags.text();
                __key.literal("org:");
                ::cachekit::__nested!(__key, 0u8, ret.org_id);
                __tags.tag(__key);
            }
        ),
        arguments: (pool id),
        body: { body }
    )
}
::cachekit::__companion! {
    companion: pub get_user,
    function: "get_user",
    returns: Result<User, E>,
    spec: __get_user_is_in_an_impl__write_companion_Self = (
        ["user:"(0u8)].ttl(::cachekit::__private::secs(300u64)).tag_families(&["users"]).tags_hash(
            5273368373143596938u64
        )
    ),
    key_at: {
        params: (_: &::cachekit::__private::Unused, id: &u64),
        spec: __spec,
        key: |__key| { __key.literal("user:"); ::cachekit::__part!(__key, 0u8, *id); }
    },
    entry_at: {
        tier: shared,
        params: (_: &::cachekit::__private::Unused, id: &u64),
        key: (::cachekit::__private::UNUSED, id),
        on_value: (
            []
            |ret| {
                let __key = &mut __tags.text();
                __key.literal("org:");
                ::cachekit::__nested!(__key, 0u8, ret.org_id);
                __tags.tag(__key);
            }
        ),
        tags: |__tags| { __tags.tag_of("users"); }
    },
    entry: { params: (id: u64), arguments: (::cachekit::__private::UNUSED, &id) },
    refresh: plain { params: (pool: &PgPool, id: u64), call: get_user(pool, id) }
}
