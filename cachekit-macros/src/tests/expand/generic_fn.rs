async fn get<'a, T: Repo, U, const N: usize>(repo: &'a T, id: u64) -> U
where
    U: Load<T>,
{
    ::cachekit::__left_out!(
        owned & repo, repo "`repo` could change the result, but the key forgets it"
        "write `{{repo}}` or a part of it in `key`, or `skip(repo)` if it does not matter"(InKeyOrSkip::check(repo))
    );
    ::cachekit::__cached!(
        async (::cachekit::__kept!(shared U)) (U) (__spec = get::__spec(), (), true)
        (__key::cachekit::__part!(__key, b';', id); __key.literal(";");
        ::cachekit::__part!(__key, b';', ::core::any::type_name:: < T > ()); __key
        .literal(";"); ::cachekit::__part!(__key, b';', ::core::any::type_name:: < U >
        ()); __key.literal(";"); ::cachekit::__nested!(__key, 0u8, N);)
        [(::core::any::type_name:: < T > ()) (::core::any::type_name:: < U > ())]
        (__labels) () (repo id) { body }
    )
}
::cachekit::__companion! {
    get "get"(U) cache() {} () spec([(b';') ";"(b';') ";"(b';') ";"(0u8)]) key_at([< T :
    Repo, U, const N : usize >] (_ : impl ::core::marker::Sized, id : & u64) [where U :
    Load < T >] {} __key::cachekit::__part!(__key, b';', * id); __key.literal(";");
    ::cachekit::__part!(__key, b';', ::core::any::type_name:: < T > ()); __key
    .literal(";"); ::cachekit::__part!(__key, b';', ::core::any::type_name:: < U > ());
    __key.literal(";"); ::cachekit::__nested!(__key, 0u8, N);) entry_at(shared[< T :
    Repo, U, const N : usize >] (_ : impl ::core::marker::Sized, id : & u64) [where U :
    Load < T >] {} () (Self::__key_at:: < T, U, N > ((), id)) (__labels) ()) entry[< T :
    Repo, U, const N : usize >] (id : u64) [where U : Load < T >] => (:: < T, U, N >)
    ((), & id) refresh async ([< 'a, T : Repo, U, const N : usize >] (repo : & 'a T, id :
    u64) [where U : Load < T >] => get:: < T, U, N > (repo, id))
}
