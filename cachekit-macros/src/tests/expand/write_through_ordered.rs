async fn save(user: User) -> Result<u64, E> {
    ::cachekit::__write_through!(
        form: async,
        returns: Result<u64, E>,
        entry: {
            let __entry = get_user::__entry_at(::cachekit::__private::UNDERSCORE, &(user.id));
            ::cachekit::__private::ordered(__entry)
        },
        order: ordered,
        store: (
            move |ret, __pending| {
                __pending.order(&(ret.version));
                __pending.store(::core::clone::Clone::clone(ret))
            }
        ),
        arguments: (user),
        body: { body }
    )
}
