async fn get(state: &State, id: u64) -> u64 {
    crate::renamed::__left_out!(
        owned & state, state "`state` could change the result, but the key forgets it"
        "write `{{state}}` or a part of it in `key`, or `skip(state)` if it does not matter"(InKeyOrSkip::check(state))
    );
    let __cache: &crate::renamed::Cache = &(state.cache);
    crate::renamed::__cached!(
        form: async,
        return_ops: (shared __it __Keep::of(__Store::of(__Own::of(__it)))),
        returns: u64,
        spec: __spec = __get_is_in_an_impl__write_companion_false(),
        cache: __cache,
        when: true,
        key: |__key| { crate::renamed::__part!(__key, 0u8, id); },
        tags: |__tags| {},
        arguments: (state id),
        body: { body }
    )
}
crate::renamed::__companion! {
    companion: get,
    function: "get",
    returns: u64,
    cache: (state: &State) { let __cache: &crate::renamed::Cache = &(state.cache); } __cache,
    spec: __get_is_in_an_impl__write_companion_false = ([(0u8)]),
    key_at: {
        params: (_: &crate::renamed::__private::Unused, id: &u64),
        spec: __spec,
        key: |__key| { crate::renamed::__part!(__key, 0u8, *id); }
    },
    entry_at: {
        tier: shared,
        params: (state: &State, id: &u64),
        key: (crate::renamed::__private::UNUSED, id),
        bind: { let __cache: &crate::renamed::Cache = &(state.cache); },
        cache: __cache,
        tags: |__tags| {}
    },
    entry: { params: (state: &State, id: u64), arguments: (state, &id) },
    refresh: plain { params: (state: &State, id: u64), call: get(state, id) }
}
