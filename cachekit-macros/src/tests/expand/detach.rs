async fn get(pool: &Pool, id: u64) -> Result<u64, Error> {
    ::cachekit::__left_out!(
        owned & pool, pool "`pool` could change the result, but the key forgets it"
        "write `{{pool}}` or a part of it in `key`, or `skip(pool)` if it does not matter"(InKeyOrSkip::check(pool))
    );
    ::cachekit::__ownable!(pool);
    ::cachekit::__cached!(
        apart({ let __kept = ::cachekit::__kept!(shared Result < u64, Error >);
        ::cachekit::__in_time!(__kept) }) (Result < u64, Error >) (__spec =
        get::__spec(), (), true) (__key::cachekit::__part!(__key, 0u8, id);) (__labels)
        () ([pool] pool id) { body }
    )
}
::cachekit::__companion! {
    get "get"(Result < u64, Error >) cache() {} () spec([(0u8)]
    .timeout(::cachekit::__private::Duration::from_secs(30u64)).detach()) key_at([] (_ :
    impl ::core::marker::Sized, id : & u64) [] {} __key::cachekit::__part!(__key, 0u8, *
    id);) entry_at(shared[] (_ : impl ::core::marker::Sized, id : & u64) [] {} ()
    (Self::__key_at((), id)) (__labels) ()) entry[] (id : u64) [] => () ((), & id)
    refresh async ([] (pool : & Pool, id : u64) [] => get(pool, id))
}
