#[automatically_derived]
impl<T: ::cachekit::CachePart> ::cachekit::CachePart for Page<T> {
    fn write_part(&self, __out: &mut ::cachekit::PartWriter<'_>) {
        __out.open();
        ::cachekit::__field!(__out, self.number);
        __out.next();
        ::cachekit::__nested_field!(__out, self.filter);
        __out.close();
    }
}
