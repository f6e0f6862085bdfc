#[automatically_derived]
impl crate::renamed::CacheKey for All {
    fn write_key(&self, __out: &mut crate::renamed::KeyWriter<'_>) {
        __out.open();
        __out.close();
    }
}
