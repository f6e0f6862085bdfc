impl Repo {
    async fn get(self: Arc<Self>, id: u64) -> User {
        ::cachekit::__shared_self!(Self);
        let __plan = ::cachekit::__kept!(User);
        let __spec = {
            ::cachekit::__spec!(__spec([(0u8)]));
            __spec()
        };
        ::cachekit::__cached!(
            async __plan(User) (__spec, (), true) (__key::cachekit::__part!(__key, 0u8,
            id); __key.self_type(::cachekit::__type!(Self));) (__labels) () () { body }
        )
    }
}
