//! Output of the attributes: the function comes first, its companion last.

pub(crate) mod assemble;
pub(crate) mod cached;
pub(crate) mod companion;
pub(crate) mod derive_cache_key;
pub(crate) mod fallback;
pub(crate) mod function;
pub(crate) mod invalidates;
pub(crate) mod key;
pub(crate) mod owned_args;
pub(crate) mod pattern_refs;
pub(crate) mod positional;
pub(crate) mod reference;
pub(crate) mod spec;
pub(crate) mod steps;
pub(crate) mod write_behind;
pub(crate) mod write_through;
