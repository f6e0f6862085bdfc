async fn get(state: &State, id: u64) -> u64 {
    crate::renamed::__left_out!(
        owned & state, state "`state` could change the result, but the key forgets it"
        "write `{{state}}` or a part of it in `key`, or `skip(state)` if it does not matter"(InKeyOrSkip::check(state))
    );
    let __cache: &crate::renamed::Cache = &(state.cache);
    crate::renamed::__cached!(
        async (crate ::renamed::__kept!(shared u64)) (u64) (__spec = get::__spec(),
        (__cache), true) (__key crate ::renamed::__part!(__key, 0u8, id);) (__labels) ()
        (state id) { body }
    )
}
crate::renamed::__companion! {
    get "get"(u64) cache(state : & State) { let __cache : & crate ::renamed::Cache = &
    (state.cache); } (__cache) spec([(0u8)]) key_at([] (_ : impl ::core::marker::Sized,
    id : & u64) [] {} __key crate ::renamed::__part!(__key, 0u8, * id);)
    entry_at(shared[] (state : & State, id : & u64) [] { let __cache : & crate
    ::renamed::Cache = & (state.cache); } (__cache) (Self::__key_at((), id)) (__labels)
    ()) entry[] (state : & State, id : u64) [] => () (state, & id) refresh async ([]
    (state : & State, id : u64) [] => get(state, id))
}
