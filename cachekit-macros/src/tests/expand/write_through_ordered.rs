async fn save(user: User) -> Result<u64, E> {
    ::cachekit::__write_through!(
        async (Result < u64, E >) ({ let __entry =
        get_user::__entry_at(::cachekit::__private::UNDERSCORE, & (user.id));
        ::cachekit::__private::ordered(__entry) }) ordered[] (move | ret, __pending | {
        __pending.order(& (ret.version)); __pending
        .store(::core::clone::Clone::clone(ret)) }) (user) { body }
    )
}
