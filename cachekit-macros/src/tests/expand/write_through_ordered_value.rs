async fn save(user: User) -> Result<u64, E> {
    ::cachekit::__write_through!(
        async (Result < u64, E >) ({ let __entry =
        get_user::__entry_at(::cachekit::__private::UNDERSCORE, & (user.id));
        ::cachekit::__private::ordered(__entry) }) ordered[#[allow(unused_variables,
        reason = "found by its name")] let user = ::core::clone::Clone::clone(& user);]
        (move | ret, __pending | { __pending.order(& (ret)); __pending.store(User {
        version : ret, ..user }) }) (user) { body }
    )
}
