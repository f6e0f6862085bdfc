#[automatically_derived]
impl ::cachekit::CacheKey for Never {
    fn write_key(&self, __out: &mut ::cachekit::KeyWriter<'_>) {
        match *self {}
    }
}
