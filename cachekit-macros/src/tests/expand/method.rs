impl Repo {
    pub async fn get(&self, pool: &Pool, id: u64) -> Result<User, E> {
        ::cachekit::__left_out!(
            owned & pool, pool "`pool` could change the result, but the key forgets it"
            "write `{{pool}}` or a part of it in `key`, or `skip(pool)` if it does not matter"(InKeyOrSkip::check(pool))
        );
        ::cachekit::__cached!(
            async (shared __it __Keep::of(__Store::of(__Own::of(__it)))) (Result < User,
            E >) (__spec = Self::__all_of_get__needs_companion_Self(), (), true)
            (__key::cachekit::__nested!(__key, b':', self.tenant); __key.literal(":");
            ::cachekit::__part!(__key, 0u8, id); ::cachekit::__outer!(__key Self "get");)
            ["get"] (__labels) ([let __p0 = ::cachekit::__rendered!(b':', self.tenant);]
            | ret | { let __key = & mut __labels.text(); __key.literal("t:"); __key
            .text(& __p0); __key.literal(":"); ::cachekit::__nested!(__key, 0u8, ret
            .kind); __labels.tag(__key); }) (pool id) { body }
        )
    }
    ::cachekit::__siblings! {
        [pub] (self.) () __all_of_get__needs_companion_Self get_cache(& self,) {} ()
        __key_of_get__needs_companion_Self_or_a_key_or_tag
        __entry_of_get__needs_companion_Self(Result < User, E >) spec([(b':') ":"(0u8)
        Self].value_tags_hash(223529034164850416u64)) key([] (& self, _ : &
        ::cachekit::__private::Unused, id : & u64) [] {} __spec
        __key::cachekit::__nested!(__key, b':', self.tenant); __key.literal(":");
        ::cachekit::__part!(__key, 0u8, * id); ::cachekit::__outer!(__key Self);)
        entry(shared[] (& self, _ : & ::cachekit::__private::Unused, id : & u64) [] {} ()
        (::cachekit::__private::UNUSED, id) (__labels) ([let __p0 =
        ::cachekit::__rendered!(b':', self.tenant);] | ret | { let __key = & mut __labels
        .text(); __key.literal("t:"); __key.text(& __p0); __key.literal(":");
        ::cachekit::__nested!(__key, 0u8, ret.kind); __labels.tag(__key); })) get_entry[]
        (& self, id : u64) [] => (::cachekit::__private::UNUSED, & id)
    }
}
