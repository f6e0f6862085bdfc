#[automatically_derived]
impl ::cachekit::CachePart for Never {
    fn write_part(&self, __out: &mut ::cachekit::PartWriter<'_>) {
        match *self {}
    }
}
