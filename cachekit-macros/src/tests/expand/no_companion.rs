async fn get(id: u64) {
    #![allow(x)]
    ::cachekit::__cached!(
        form: async,
        return_ops: (shared __it __Keep::of(__Store::of(__Own::of(__it)))),
        returns: (),
        spec: __spec = { ::cachekit::__spec!(__spec([_ ":"(0u8) Self])); __spec() },
        when: true,
        key: |__key| {
            __key.literal(__spec.name());
            __key.literal(":");
            ::cachekit::__part!(__key, 0u8, id);
            ::cachekit::__outer!(__key "get");
        },
        types: ["get"],
        tags: |__tags| {},
        arguments: (id),
        body: { body }
    )
}
