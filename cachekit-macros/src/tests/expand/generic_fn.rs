async fn get<'a, T: Repo, U, const N: usize>(repo: &'a T, id: u64) -> U
where
    U: Load<T>,
{
    ::cachekit::__left_out!(
        owned & repo, repo "`repo` could change the result, but the key forgets it"
        "write `{{repo}}` or a part of it in `key`, or `skip(repo)` if it does not matter"(InKeyOrSkip::check(repo))
    );
    ::cachekit::__cached!(
        async (shared __it __Keep::of(__Store::of(__Own::of(__it)))) (U) (__spec =
        __get_is_in_an_impl__write_companion_false(), (), true)
        (__key::cachekit::__part!(__key, b';', id); __key.literal(";");
        ::cachekit::__part!(__key, b';', ::core::any::type_name:: < T > ()); __key
        .literal(";"); ::cachekit::__part!(__key, b';', ::core::any::type_name:: < U >
        ()); __key.literal(";"); ::cachekit::__nested!(__key, 0u8, N);)
        [(::core::any::type_name:: < T > ()) (::core::any::type_name:: < U > ())]
        (__labels) () (repo id) { body }
    )
}
::cachekit::__companion! {
    get "get"(U) (:: < T, U, N >) cache() {} () spec
    __get_is_in_an_impl__write_companion_false([(b';') ";"(b';') ";"(b';') ";"(0u8)])
    key_at([< T : Repo, U, const N : usize >] (_ : & ::cachekit::__private::Unused, id :
    & u64) [where U : Load < T >] {} __spec __key::cachekit::__part!(__key, b';', * id);
    __key.literal(";"); ::cachekit::__part!(__key, b';', ::core::any::type_name:: < T >
    ()); __key.literal(";"); ::cachekit::__part!(__key, b';', ::core::any::type_name:: <
    U > ()); __key.literal(";"); ::cachekit::__nested!(__key, 0u8, N);) entry_at(shared[<
    T : Repo, U, const N : usize >] (_ : & ::cachekit::__private::Unused, id : & u64)
    [where U : Load < T >] {} () (::cachekit::__private::UNUSED, id) (__labels) ())
    entry[< T : Repo, U, const N : usize >] (id : u64) [where U : Load < T >] =>
    (::cachekit::__private::UNUSED, & id) refresh plain([< 'a, T : Repo, U, const N :
    usize >] (repo : & 'a T, id : u64) [where U : Load < T >] => get:: < T, U, N > (repo,
    id))
}
