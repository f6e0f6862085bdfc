impl Repo {
    async fn get(self: Arc<Self>, id: u64) -> User {
        let _: fn(&Self) = <Self as ::cachekit::Shared>::__cachekit_shared;
        ::cachekit::__cached!(
            form: async,
            return_ops: (shared __it __Keep::of(__Store::of(__Own::of(__it)))),
            returns: User,
            spec: __spec = { ::cachekit::__spec!(__spec([(0u8) Self])); __spec() },
            when: true,
            key: |__key| {
                ::cachekit::__part!(__key, 0u8, id);
                ::cachekit::__outer!(__key Self "get");
            },
            types: ["get"],
            tags: |__tags| {},
            arguments: (id),
            body: { body }
        )
    }
}
