async fn save(user: User) -> Result<u64, E> {
    ::cachekit::__write_through!(
        async (Result < u64, E >) (crate ::get::__entry_at:: < Pg >
        (::cachekit::__private::UNDERSCORE, & (user.id))) [#[allow(unused_variables,
        reason = "found by its name")] let user = ::core::clone::Clone::clone(& user);]
        (move | ret, __pending | { __pending.store(User { version : ret, ..user }) })
        (user) { body }
    )
}
