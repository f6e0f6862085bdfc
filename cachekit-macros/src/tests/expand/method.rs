impl Repo {
    pub async fn get(&self, pool: &Pool, id: u64) -> Result<User, E> {
        ::cachekit::__left_out!(
            owned & pool, pool "`pool` could change the result, but the key forgets it"
            "write `{{pool}}` or a part of it in `key`, or `skip(pool)` if it does not matter"(InKeyOrSkip::check(pool))
        );
        ::cachekit::__cached!(
            async (::cachekit::__kept!(shared Result < User, E >)) (Result < User, E >)
            (__spec = Self::__cachekit_get_spec(), (), true)
            (__key::cachekit::__nested!(__key, b':', self.tenant); __key.literal(":");
            ::cachekit::__part!(__key, 0u8, id); ::cachekit::__outer!(__key Self "get");)
            ["get"] (__labels) ([let __p0 = ::cachekit::__rendered!(b':', self.tenant);]
            | ret | __labels.tag(| __key | { __key.literal("t:"); __key.text(& __p0);
            __key.literal(":"); ::cachekit::__nested!(__key, 0u8, ret.kind); });) (pool
            id) { body }
        )
    }
    ::cachekit::__siblings! {
        [pub] (Result < User, E >) spec __cachekit_get_spec([(b':') ":"(0u8) Self]
        .late(223529034164850416u64)) key_at __cachekit_get_key_at([] (& self, _ : impl
        ::core::marker::Sized, id : & u64) [] {} __key::cachekit::__nested!(__key, b':',
        self.tenant); __key.literal(":"); ::cachekit::__part!(__key, 0u8, * id);
        ::cachekit::__outer!(__key Self);) entry_at __cachekit_get_entry_at(shared[] (&
        self, _ : impl ::core::marker::Sized, id : & u64) [] {} () (self
        .__cachekit_get_key_at((), id)) (__labels) ([let __p0 =
        ::cachekit::__rendered!(b':', self.tenant);] | ret | __labels.tag(| __key | {
        __key.literal("t:"); __key.text(& __p0); __key.literal(":");
        ::cachekit::__nested!(__key, 0u8, ret.kind); });)) get_entry[] (& self, id : u64)
        [] => (self.__cachekit_get_entry_at((), & id)) get_cache(& self,) {} ()
    }
}
