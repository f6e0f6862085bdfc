async fn total(day: Date, unit: &str) -> u64 {
    ::cachekit::__cached!(
        async (shared __it __Keep::of(__Store::of(__Own::of(__it)))) (u64) (__spec =
        __total_is_in_an_impl__write_companion_false(), (), true) (__key __key
        .literal(__spec.name()); __key.literal(":"); ::cachekit::__nested!(__key, b':',
        day); __key.literal(":"); ::cachekit::__part!(__key, 0u8, unit);) (__labels) ()
        (day unit) { body }
    )
}
::cachekit::__companion! {
    total "total"(u64) () cache() {} () spec
    __total_is_in_an_impl__write_companion_false([_ ":"(b':') ":"(0u8)]) key_at([] (day :
    & Date, unit : & str) [] {} __spec __key __key.literal(__spec.name()); __key
    .literal(":"); ::cachekit::__nested!(__key, b':', * day); __key.literal(":");
    ::cachekit::__part!(__key, 0u8, unit);) entry_at(shared[] (day : & Date, unit : &
    str) [] {} () (day, unit) (__labels) ()) entry[] (day : Date, unit : & str) [] => (&
    day, unit) refresh plain([] (day : Date, unit : & str) [] => total(day, unit))
}
