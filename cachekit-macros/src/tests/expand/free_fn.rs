/// Gets.
pub async fn get_user(pool: &PgPool, id: u64) -> Result<User, E> {
    ::cachekit::__left_out!(
        owned & pool, pool "`pool` could change the result, but the key forgets it"
        "write `{{pool}}` or a part of it in `key`, or `skip(pool)` if it does not matter"(InKeyOrSkip::check(pool))
    );
    ::cachekit::__cached!(
        async (shared __it __Keep::of(__Store::of(__Own::of(__it)))) (Result < User, E >)
        (__spec = __get_user_is_in_an_impl__write_companion_Self(), (), true) (__key
        __key.literal("user:"); ::cachekit::__part!(__key, 0u8, id);) (__labels __labels
        .tag_of("users");) ([] | ret | { let __key = & mut __labels.text(); __key
        .literal("org:"); ::cachekit::__nested!(__key, 0u8, ret.org_id); __labels
        .tag(__key); }) (pool id) { body }
    )
}
::cachekit::__companion! {
    pub get_user "get_user"(Result < User, E >) () cache() {} () spec
    __get_user_is_in_an_impl__write_companion_Self(["user:"(0u8)]
    .ttl(::cachekit::__private::secs(300u64)).value_tags_hash(7746796556840193770u64))
    key_at([] (_ : & ::cachekit::__private::Unused, id : & u64) [] {} __spec __key __key
    .literal("user:"); ::cachekit::__part!(__key, 0u8, * id);) entry_at(shared[] (_ : &
    ::cachekit::__private::Unused, id : & u64) [] {} () (::cachekit::__private::UNUSED,
    id) (__labels __labels.tag_of("users");) ([] | ret | { let __key = & mut __labels
    .text(); __key.literal("org:"); ::cachekit::__nested!(__key, 0u8, ret.org_id);
    __labels.tag(__key); })) entry[] (id : u64) [] => (::cachekit::__private::UNUSED, &
    id) refresh plain([] (pool : & PgPool, id : u64) [] => get_user(pool, id))
}
