async fn save(user: User) -> Result<u64, E> {
    ::cachekit::__write_through!(
        form: async,
        returns: Result<u64, E>,
        entry: get_user::__entry_at(::cachekit::__private::UNDERSCORE, &(user.id)),
        store: (|__ret, __pending| __pending.store(::core::clone::Clone::clone(__ret))),
        arguments: (user),
        body: { body }
    )
}
