async fn total(day: Date, unit: &str) -> u64 {
    ::cachekit::__cached!(
        async (::cachekit::__kept!(shared u64)) (u64) (__spec = total::__spec(), (),
        true) (__key __key.literal(__spec.name()); __key.literal(":");
        ::cachekit::__nested!(__key, b':', day); __key.literal(":");
        ::cachekit::__part!(__key, 0u8, unit);) (__labels) () (day unit) { body }
    )
}
::cachekit::__companion! {
    total "total"(u64) cache() {} () spec([_ ":"(b':') ":"(0u8)]) key_at([] (day : &
    Date, unit : & str) [] {} __key __key.literal(Self::__spec().name()); __key
    .literal(":"); ::cachekit::__nested!(__key, b':', * day); __key.literal(":");
    ::cachekit::__part!(__key, 0u8, unit);) entry_at(shared[] (day : & Date, unit : &
    str) [] {} () (Self::__key_at(day, unit)) (__labels) ()) entry[] (day : Date, unit :
    & str) [] => () (& day, unit) refresh async ([] (day : Date, unit : & str) [] =>
    total(day, unit))
}
