impl Repo {
    #[must_use]
    async fn save(&self, id: u64, user: User) -> Result<User, E> {
        ::cachekit::__invalidates!(
            form: async,
            returns: Result<User, E>,
            on: Ok,
            invalidation: |__inv| {
                __inv.soft();
                __inv.target(get_user::__key_at(::cachekit::__private::UNDERSCORE, &(id)));
                __inv.function(users::list::__spec());
                __inv.target(self.__key_of_get__needs_companion_Self_or_a_key_or_tag(&(id)));
                __inv.function(Repo::__all_of_all__needs_companion_Self());
                {
                    let __key = &mut __inv.key_text();
                    __key.literal("user:");
                    ::cachekit::__part!(__key, 0u8, id);
                    __inv.key(__key);
                }
                __inv.keys(::core::iter::once(id));
                __inv.keys(ids);
                __inv.tag_of("users");
                __inv.event_of("changed");
            },
            on_value: (
                [let __p0 = ::cachekit::__rendered!(0u8, id);]
                |ret| __inv.target(Self::__key_of_get__needs_companion_Self_or_a_key_or_tag(&(self), &(ret.id)));
                {
                    let __key = &mut __inv.text();
                    __key.literal("org:");
                    ::cachekit::__nested!(__key, b':', ret.org_id);
                    __key.literal(":");
                    __key.text(&__p0);
                    __inv.tag(__key);
                }
                __inv.only_if(ret.changed);
            ),
            arguments: (id user),
            body: { body }
        )
    }
}
