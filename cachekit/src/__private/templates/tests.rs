//! Tests of the templates that dispatch on the type of a cached function's value.

#![expect(
    clippy::allow_attributes,
    reason = "templates expand in other crates as a rule"
)]

use std::sync::Arc;

#[derive(Clone)]
struct Local;

#[test]
fn only_what_may_leave_the_process_has_a_wire() {
    let shared = cfg!(feature = "redis");
    assert_eq!(
        crate::__kept!(Arc<str>; shared value __Keep::of(value))
            .wire()
            .is_some(),
        shared
    );
    assert_eq!(crate::__wired!(shared Option<u64>).wire().is_some(), shared);
    assert!(
        crate::__kept!(u64; memory value __Keep::of(value))
            .wire()
            .is_none()
    );
    assert!(crate::__wired!(memory u64).wire().is_none());
    assert_eq!(crate::__wired!(replicated u64).wire().is_some(), shared);
    assert!(
        crate::__kept!(Local; memory value __Keep::of(value))
            .wire()
            .is_none()
    );
    #[cfg(not(feature = "redis"))]
    assert!(
        crate::__kept!(Local; shared value __Keep::of(value))
            .wire()
            .is_none()
    );
    assert!(crate::__wired!(shared Local).wire().is_none());
    assert!(crate::__wired!(shared &'static str).wire().is_none());
}
