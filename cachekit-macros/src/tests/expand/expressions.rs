async fn find(name: &str, id: u64) -> Option<Item> {
    ::cachekit::__cached!(
        async (shared __it __Keep::of(__Store::of(__Own::of(__it))), RequireOption __it
        __Also::of(__it)) (Option < Item >) (__spec =
        __find_is_in_an_impl__write_companion_false(), (), id > 0)
        (__key::cachekit::__part!(__key, b';', name); __key.literal(";v2");) (__labels)
        ([let __p0 = ::cachekit::__rendered!(b':', id); #[allow(unused_variables, reason
        = "found by its name")] let name = ::core::clone::Clone::clone(& name);
        #[allow(unused_variables, reason = "found by its name")] let id =
        ::core::clone::Clone::clone(& id);] | ret | #[allow(unused_variables, reason =
        "found by its name")] let name = ::core::clone::Clone::clone(& name);
        #[allow(unused_variables, reason = "found by its name")] let id =
        ::core::clone::Clone::clone(& id); { let __key = & mut __labels.text(); __key
        .text(& __p0); __key.literal(":"); ::cachekit::__nested!(__key, 0u8, ret.kind);
        __labels.tag(__key); } __labels.tags(ret.tags(name)); __labels
        .ttl(Duration::from_secs(ret.age + id)); __labels.store_if(ret.ok);) (name id) {
        body }
    )
}
::cachekit::__companion! {
    find "find"(Option < Item >) () cache() {} () spec
    __find_is_in_an_impl__write_companion_false([(b';') ";v2"].named("app::find")
    .none_ttl(::cachekit::__private::secs(90u64)).jitter(0.1f32)
    .value_tags_hash(15978216900970712477u64)) key_at([] (name : & str, _ : &
    ::cachekit::__private::Unused) [] {} __spec __key::cachekit::__part!(__key, b';',
    name); __key.literal(";v2");) entry_at(shared[] (name : & str, id : & u64) [] { let
    id = ::core::clone::Clone::clone(id); } () (name, ::cachekit::__private::UNUSED)
    (__labels) ([let __p0 = ::cachekit::__rendered!(b':', id); #[allow(unused_variables,
    reason = "found by its name")] let name = ::std::borrow::ToOwned::to_owned(name);
    #[allow(unused_variables, reason = "found by its name")] let id =
    ::core::clone::Clone::clone(& id);] | ret | #[allow(unused_variables, reason =
    "found by its name")] let name : & str = ::core::borrow::Borrow::borrow(& name);
    #[allow(unused_variables, reason = "found by its name")] let id =
    ::core::clone::Clone::clone(& id); { let __key = & mut __labels.text(); __key.text(&
    __p0); __key.literal(":"); ::cachekit::__nested!(__key, 0u8, ret.kind); __labels
    .tag(__key); } __labels.tags(ret.tags(name)); __labels.ttl(Duration::from_secs(ret
    .age + id)); __labels.store_if(ret.ok);)) entry[] (name : & str, id : u64) [] =>
    (name, & id) refresh plain([] (name : & str, id : u64) [] => find(name, id))
}
