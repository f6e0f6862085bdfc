#[automatically_derived]
impl<T: ::cachekit::CacheKey> ::cachekit::CacheKey for Page<T> {
    fn write_key(&self, __out: &mut ::cachekit::KeyWriter<'_>) {
        __out.open();
        ::cachekit::__field!(__out, self.number);
        __out.next();
        ::cachekit::__nested_field!(__out, self.filter);
        __out.close();
    }
}
