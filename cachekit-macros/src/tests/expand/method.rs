impl Repo {
    pub async fn get(&self, pool: &Pool, id: u64) -> Result<User, E> {
        ::cachekit::__left_out!(
            owned & pool, pool "`pool` could change the result, but the key forgets it"
            "write `{{pool}}` or a part of it in `key`, or `skip(pool)` if it does not matter"(InKeyOrSkip::check(pool))
        );
        ::cachekit::__cached!(
            form: async,
            return_ops: (shared __it __Keep::of(__Store::of(__Own::of(__it)))),
            returns: Result<User, E>,
            spec: __spec = Self::__all_of_get__needs_companion_Self(),
            when: true,
            key: |__key| {
                ::cachekit::__nested!(__key, b':', self.tenant);
                __key.literal(":");
                ::cachekit::__part!(__key, 0u8, id);
                ::cachekit::__outer!(__key Self "get");
            },
            types: ["get"],
            tags: |__tags| {},
            on_value: (
                [let __p0 = ::cachekit::__rendered!(b':', self.tenant);]
                |ret| {
                    let __key = &mut __tags.text();
                    __key.literal("t:");
                    __key.text(&__p0);
                    __key.literal(":");
                    ::cachekit::__nested!(__key, 0u8, ret.kind);
                    __tags.tag(__key);
                }
            ),
            arguments: (pool id),
            body: { body }
        )
    }
    ::cachekit::__siblings! {
        vis: [pub],
        returns: Result<User, E>,
        own: (self.),
        spec: __all_of_get__needs_companion_Self = (
            [(b':') ":"(0u8) Self].tags_hash(223529034164850416u64)
        ),
        key_at: __key_of_get__needs_companion_Self_or_a_key_or_tag {
            params: (&self, _: &::cachekit::__private::Unused, id: &u64),
            spec: __spec,
            key: |__key| {
                ::cachekit::__nested!(__key, b':', self.tenant);
                __key.literal(":");
                ::cachekit::__part!(__key, 0u8, *id);
                ::cachekit::__outer!(__key Self);
            }
        },
        entry_at: __entry_of_get__needs_companion_Self {
            tier: shared,
            params: (&self, _: &::cachekit::__private::Unused, id: &u64),
            key: (::cachekit::__private::UNUSED, id),
            on_value: (
                [let __p0 = ::cachekit::__rendered!(b':', self.tenant);]
                |ret| {
                    let __key = &mut __tags.text();
                    __key.literal("t:");
                    __key.text(&__p0);
                    __key.literal(":");
                    ::cachekit::__nested!(__key, 0u8, ret.kind);
                    __tags.tag(__key);
                }
            ),
            tags: |__tags| {}
        },
        entry: get_entry {
            params: (&self, id: u64),
            arguments: (::cachekit::__private::UNUSED, &id)
        },
        handle: get_cache(&self,)
    }
}
