#[automatically_derived]
impl ::cachekit::CacheKey for Sort {
    fn write_key(&self, __out: &mut ::cachekit::KeyWriter<'_>) {
        match self {
            Self::Asc => {
                __out.name("Asc");
            }
            Self::By(__field0, __field1) => {
                __out.name("By");
                __out.open();
                ::cachekit::__field!(__out, __field0);
                __out.next();
                ::cachekit::__field!(__out, __field1);
                __out.close();
            }
            Self::Field { name: __field0 } => {
                __out.name("Field");
                __out.open();
                ::cachekit::__field!(__out, __field0);
                __out.close();
            }
        }
    }
}
