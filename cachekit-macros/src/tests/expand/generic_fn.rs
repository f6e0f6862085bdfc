async fn get<'a, T: Repo, U, const N: usize>(repo: &'a T, id: u64) -> U
where
    U: Load<T>,
{
    ::cachekit::__left_out!(
        owned & repo, repo "`repo` could change the result, but the key forgets it"
        "write `{{repo}}` or a part of it in `key`, or `skip(repo)` if it does not matter"(InKeyOrSkip::check(repo))
    );
    ::cachekit::__cached!(
        form: async,
        return_ops: (shared __it __Keep::of(__Store::of(__Own::of(__it)))),
        returns: U,
        spec: __spec = __get_is_in_an_impl__write_companion_false(),
        when: true,
        key: |__key| {
            ::cachekit::__part!(__key, b';', id);
            __key.literal(";");
            ::cachekit::__part!(__key, b';', ::core::any::type_name::<T>());
            __key.literal(";");
            ::cachekit::__part!(__key, b';', ::core::any::type_name::<U>());
            __key.literal(";");
            ::cachekit::__nested!(__key, 0u8, N);
        },
        types: [(::core::any::type_name::<T>())(::core::any::type_name::<U>())],
        tags: |__tags| {},
        arguments: (repo id),
        body: { body }
    )
}
::cachekit::__companion! {
    companion: get,
    function: "get",
    returns: U,
    turbofish: (::<T, U, N>),
    spec: __get_is_in_an_impl__write_companion_false = ([(b';') ";"(b';') ";"(b';') ";"(0u8)]),
    key_at: {
        generics: [<T: Repo, U, const N: usize>],
        params: (_: &::cachekit::__private::Unused, id: &u64),
        where: [where U: Load<T>],
        spec: __spec,
        key: |__key| {
            ::cachekit::__part!(__key, b';', *id);
            __key.literal(";");
            ::cachekit::__part!(__key, b';', ::core::any::type_name::<T>());
            __key.literal(";");
            ::cachekit::__part!(__key, b';', ::core::any::type_name::<U>());
            __key.literal(";");
            ::cachekit::__nested!(__key, 0u8, N);
        }
    },
    entry_at: {
        tier: shared,
        generics: [<T: Repo, U, const N: usize>],
        params: (_: &::cachekit::__private::Unused, id: &u64),
        where: [where U: Load<T>],
        key: (::cachekit::__private::UNUSED, id),
        tags: |__tags| {}
    },
    entry: {
        generics: [<T: Repo, U, const N: usize>],
        params: (id: u64),
        where: [where U: Load<T>],
        arguments: (::cachekit::__private::UNUSED, &id)
    },
    refresh: plain {
        generics: [<'a, T: Repo, U, const N: usize>],
        params: (repo: &'a T, id: u64),
        where: [where U: Load<T>],
        call: get::<T, U, N>(repo, id)
    }
}
