#[automatically_derived]
impl crate::renamed::CachePart for All {
    fn write_part(&self, __out: &mut crate::renamed::PartWriter<'_>) {
        __out.open();
        __out.close();
    }
}
