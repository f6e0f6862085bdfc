impl Repo {
    pub async fn find(db: &Db, id: u64) -> Result<Post, E> {
        ::cachekit::__left_out!(
            owned & db, db "`db` could change the result, but the key forgets it"
            "write `{{db}}` or a part of it in `key`, or `skip(db)` if it does not matter"(InKeyOrSkip::check(db))
        );
        ::cachekit::__cached!(
            async (shared __it __Keep::of(__Store::of(__Own::of(__it)))) (Result < Post,
            E >) (__spec = Self::__all_of_find__needs_companion_Self(), (), true)
            (__key::cachekit::__part!(__key, 0u8, id); ::cachekit::__outer!(__key
            "find");) ["find"] (__labels) () (db id) { body }
        )
    }
    ::cachekit::__siblings! {
        [pub] (Self::) () __all_of_find__needs_companion_Self find_cache() {} ()
        __key_of_find__needs_companion_Self_or_a_key_or_tag
        __entry_of_find__needs_companion_Self(Result < Post, E >) spec([(0u8) Self])
        key([] (_ : & ::cachekit::__private::Unused, id : & u64) [] {} __spec
        __key::cachekit::__part!(__key, 0u8, * id); ::cachekit::__outer!(__key);)
        entry(shared[] (_ : & ::cachekit::__private::Unused, id : & u64) [] {} ()
        (::cachekit::__private::UNUSED, id) (__labels) ()) find_entry[] (id : u64) [] =>
        (::cachekit::__private::UNUSED, & id)
    }
}
