impl Repo {
    pub async fn find(db: &Db, id: u64) -> Result<Post, E> {
        ::cachekit::__left_out!(
            owned & db, db "`db` could change the result, but the key forgets it"
            "write `{{db}}` or a part of it in `key`, or `skip(db)` if it does not matter"(InKeyOrSkip::check(db))
        );
        ::cachekit::__cached!(
            form: async,
            return_ops: (shared __it __Keep::of(__Store::of(__Own::of(__it)))),
            returns: Result<Post, E>,
            spec: __spec = Self::__all_of_find__needs_companion_Self(),
            when: true,
            key: |__key| {
                ::cachekit::__part!(__key, 0u8, id);
                ::cachekit::__outer!(__key "find");
            },
            types: ["find"],
            tags: |__tags| {},
            arguments: (db id),
            body: { body }
        )
    }
    ::cachekit::__siblings! {
        vis: [pub],
        returns: Result<Post, E>,
        own: (Self::),
        spec: __all_of_find__needs_companion_Self = ([(0u8) Self]),
        key_at: __key_of_find__needs_companion_Self_or_a_key_or_tag {
            params: (_: &::cachekit::__private::Unused, id: &u64),
            spec: __spec,
            key: |__key| { ::cachekit::__part!(__key, 0u8, *id); ::cachekit::__outer!(__key); }
        },
        entry_at: __entry_of_find__needs_companion_Self {
            tier: shared,
            params: (_: &::cachekit::__private::Unused, id: &u64),
            key: (::cachekit::__private::UNUSED, id),
            tags: |__tags| {}
        },
        entry: find_entry { params: (id: u64), arguments: (::cachekit::__private::UNUSED, &id) },
        handle: find_cache()
    }
}
