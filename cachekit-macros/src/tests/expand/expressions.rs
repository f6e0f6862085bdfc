async fn find(name: &str, id: u64) -> Option<Item> {
    ::cachekit::__cached!(
        form: async,
        return_ops: (
            shared __it __Keep::of(__Store::of(__Own::of(__it))),
            RequireOption __it __Also::of(__it)
        ),
        returns: Option<Item>,
        spec: __spec = __find_is_in_an_impl__write_companion_false(),
        when: id > 0,
        key: |__key| { ::cachekit::__part!(__key, b';', name); __key.literal(";v2"); },
        tags: |__tags| {},
        on_value: (
            [
                let __p0 = ::cachekit::__rendered!(b':', id);
                #[allow(unused_variables, reason = "found by its name")] let name = ::core::clone::Clone::clone(&name);
                #[allow(unused_variables, reason = "found by its name")] let id = ::core::clone::Clone::clone(&id);
            ]
            |ret| #[allow(unused_variables, reason = "found by its name")] let name = ::core::clone::Clone::clone(&name);
            #[allow(unused_variables, reason = "found by its name")] let id = ::core::clone::Clone::clone(&id);
            {
                let __key = &mut __tags.text();
                __key.text(&__p0);
                __key.literal(":");
                ::cachekit::__nested!(__key, 0u8, ret.kind);
                __tags.tag(__key);
            }
            __tags.tags(ret.tags(name));
            __tags.ttl(Duration::from_secs(ret.age + id));
            __tags.store_if(ret.ok);
        ),
        arguments: (name id),
        body: { body }
    )
}
::cachekit::__companion! {
    companion: find,
    function: "find",
    returns: Option<Item>,
    spec: __find_is_in_an_impl__write_companion_false = (
        [(b';') ";v2"].named("app::find").none_ttl(::cachekit::__private::secs(90u64)).jitter(0.1f32).tags_hash(
            15978216900970712477u64
        )
    ),
    key_at: {
        params: (name: &str, _: &::cachekit::__private::Unused),
        spec: __spec,
        key: |__key| { ::cachekit::__part!(__key, b';', name); __key.literal(";v2"); }
    },
    entry_at: {
        tier: shared,
        params: (name: &str, id: &u64),
        key: (name, ::cachekit::__private::UNUSED),
        bind: { let id = ::core::clone::Clone::clone(id); },
        on_value: (
            [
                let __p0 = ::cachekit::__rendered!(b':', id);
                #[allow(unused_variables, reason = "found by its name")] let name = ::std::borrow::ToOwned::to_owned(name);
                #[allow(unused_variables, reason = "found by its name")] let id = ::core::clone::Clone::clone(&id);
            ]
            |ret| #[allow(unused_variables, reason = "found by its name")] let name: &str = ::core::borrow::Borrow::borrow(&name);
            #[allow(unused_variables, reason = "found by its name")] let id = ::core::clone::Clone::clone(&id);
            {
                let __key = &mut __tags.text();
                __key.text(&__p0);
                __key.literal(":");
                ::cachekit::__nested!(__key, 0u8, ret.kind);
                __tags.tag(__key);
            }
            __tags.tags(ret.tags(name));
            __tags.ttl(Duration::from_secs(ret.age + id));
            __tags.store_if(ret.ok);
        ),
        tags: |__tags| {}
    },
    entry: { params: (name: &str, id: u64), arguments: (name, &id) },
    refresh: plain { params: (name: &str, id: u64), call: find(name, id) }
}
