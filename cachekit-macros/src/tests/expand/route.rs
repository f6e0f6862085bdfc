#[get("/items/{id}")]
async fn item(id: Path<u64>) -> Result<Item, E> {
    ::cachekit::__cached!(
        async (shared __it __Keep::of(__Store::of(__Own::of(__it)))) (Result < Item, E >)
        (__spec = { ::cachekit::__spec!(__spec(["item:"(0u8)])); __spec() }, (), true)
        (__key __key.literal("item:"); ::cachekit::__nested!(__key, 0u8, id);) (__labels)
        () (id) { body }
    )
}
