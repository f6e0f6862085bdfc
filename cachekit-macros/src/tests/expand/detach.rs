async fn get(pool: &Pool, id: u64) -> Result<u64, Error> {
    ::cachekit::__left_out!(
        owned & pool, pool "`pool` could change the result, but the key forgets it"
        "write `{{pool}}` or a part of it in `key`, or `skip(pool)` if it does not matter"(InKeyOrSkip::check(pool))
    );
    ::cachekit::__ownable!(pool => __it __OwnClone::of(__it));
    ::cachekit::__cached!(
        detachable(shared __it __Keep::of(__Store::of(__Own::of(__it))); (__it
        __CanFail::of(__it)) __it __Answer::of(__it)) (Result < u64, Error >) (__spec =
        __get_is_in_an_impl__write_companion_false(), (), true)
        (__key::cachekit::__part!(__key, 0u8, id);) (__labels) () ([pool] pool id) { body
        }
    )
}
::cachekit::__companion! {
    get "get"(Result < u64, Error >) () cache() {} () spec
    __get_is_in_an_impl__write_companion_false([(0u8)]
    .timeout(::cachekit::__private::secs(30u64)).detach()) key_at([] (_ : &
    ::cachekit::__private::Unused, id : & u64) [] {} __spec
    __key::cachekit::__part!(__key, 0u8, * id);) entry_at(shared[] (_ : &
    ::cachekit::__private::Unused, id : & u64) [] {} () (::cachekit::__private::UNUSED,
    id) (__labels) ()) entry[] (id : u64) [] => (::cachekit::__private::UNUSED, & id)
    refresh plain([] (pool : & Pool, id : u64) [] => get(pool, id))
}
