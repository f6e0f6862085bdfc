#[get("/items/{id}")]
async fn item(id: Path<u64>) -> Result<Item, E> {
    ::cachekit::__cached!(
        form: async,
        return_ops: (shared __it __Keep::of(__Store::of(__Own::of(__it)))),
        returns: Result<Item, E>,
        spec: __spec = { ::cachekit::__spec!(__spec(["item:"(0u8)])); __spec() },
        when: true,
        key: |__key| { __key.literal("item:"); ::cachekit::__nested!(__key, 0u8, id); },
        tags: |__tags| {},
        arguments: (id),
        body: { body }
    )
}
