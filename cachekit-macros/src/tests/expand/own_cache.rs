async fn get(state: &State, id: u64) -> u64 {
    crate::renamed::__left_out!(
        owned & state, state "`state` could change the result, but the key forgets it"
        "write `{{state}}` or a part of it in `key`, or `skip(state)` if it does not matter"(InKeyOrSkip::check(state))
    );
    let __cache: &crate::renamed::Cache = &(state.cache);
    crate::renamed::__cached!(
        async (shared __it __Keep::of(__Store::of(__Own::of(__it)))) (u64) (__spec =
        __get_is_in_an_impl__write_companion_false(), (__cache), true) (__key crate
        ::renamed::__part!(__key, 0u8, id);) (__labels) () (state id) { body }
    )
}
crate::renamed::__companion! {
    get "get"(u64) () cache(state : & State) { let __cache : & crate ::renamed::Cache = &
    (state.cache); } (__cache) spec __get_is_in_an_impl__write_companion_false([(0u8)])
    key_at([] (_ : & crate ::renamed::__private::Unused, id : & u64) [] {} __spec __key
    crate ::renamed::__part!(__key, 0u8, * id);) entry_at(shared[] (state : & State, id :
    & u64) [] { let __cache : & crate ::renamed::Cache = & (state.cache); } (__cache)
    (crate ::renamed::__private::UNUSED, id) (__labels) ()) entry[] (state : & State, id
    : u64) [] => (state, & id) refresh plain([] (state : & State, id : u64) [] =>
    get(state, id))
}
