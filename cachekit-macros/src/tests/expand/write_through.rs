async fn save(user: User) -> Result<u64, E> {
    ::cachekit::__write_through!(
        async (Result < u64, E >)
        (get_user::__entry_at(::cachekit::__private::UNDERSCORE, & (user.id))) [] (|
        __ret, __pending | __pending.store(::core::clone::Clone::clone(__ret))) (user) {
        body }
    )
}
