impl Repo {
    async fn get(self: Arc<Self>, id: u64) -> User {
        let _: fn(&Self) = <Self as ::cachekit::Shared>::__cachekit_shared;
        ::cachekit::__cached!(
            async (shared __it __Keep::of(__Store::of(__Own::of(__it)))) (User) (__spec =
            { ::cachekit::__spec!(__spec([(0u8) Self])); __spec() }, (), true)
            (__key::cachekit::__part!(__key, 0u8, id); ::cachekit::__outer!(__key Self
            "get");) ["get"] (__labels) () (id) { body }
        )
    }
}
