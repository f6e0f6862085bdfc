//! What no cache can be faster than.

use std::sync::Arc;

use super::Value;
use crate::candidate::Candidate;
use crate::keys::DISTINCT;
use crate::report::Kind;

/// The clone of an element of a `Vec`.
pub(super) fn indexed<V: Value>() -> Candidate {
    let values: Arc<[V]> = (0..=u64::from(DISTINCT)).map(V::of).collect();
    let calls = candidate!("floor: element of a Vec", values, |values, key| {
        usize::try_from(key.id)
            .ok()
            .and_then(|id| values.get(id).cloned())
    });
    calls.of(Kind::Floor)
}
