async fn save(user: User) -> Result<u64, E> {
    ::cachekit::__write_through!(
        form: async,
        returns: Result<u64, E>,
        entry: crate::get::__entry_at::<Pg>(::cachekit::__private::UNDERSCORE, &(user.id)),
        bind: {
            #[allow(unused_variables, reason = "found by its name")] let user = ::core::clone::Clone::clone(&user);
        },
        store: (move |ret, __pending| { __pending.store(User { version: ret, ..user }) }),
        arguments: (user),
        body: { body }
    )
}
