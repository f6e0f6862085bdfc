#[automatically_derived]
impl ::cachekit::CachePart for Id {
    fn write_part(&self, __out: &mut ::cachekit::PartWriter<'_>) {
        ::cachekit::__field!(__out, self.0);
    }
}
