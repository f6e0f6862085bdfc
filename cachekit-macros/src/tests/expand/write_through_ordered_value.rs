async fn save(user: User) -> Result<u64, E> {
    ::cachekit::__write_through!(
        form: async,
        returns: Result<u64, E>,
        entry: {
            let __entry = get_user::__entry_at(::cachekit::__private::UNDERSCORE, &(user.id));
            ::cachekit::__private::ordered(__entry)
        },
        order: ordered,
        bind: {
            #[allow(unused_variables, reason = "found by its name")] let user = ::core::clone::Clone::clone(&user);
        },
        store: (
            move |ret, __pending| {
                __pending.order(&(ret));
                __pending.store(User { version: ret, ..user })
            }
        ),
        arguments: (user),
        body: { body }
    )
}
