#[automatically_derived]
impl ::cachekit::CacheKey for Id {
    fn write_key(&self, __out: &mut ::cachekit::KeyWriter<'_>) {
        ::cachekit::__field!(__out, self.0);
    }
}
