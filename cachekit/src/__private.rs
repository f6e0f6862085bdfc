//! Functions, types and macros for generated code. Do not use them directly: they change without
//! notice.

pub(crate) mod autoref;
pub(crate) mod call;
pub(crate) mod clone_dispatch;
pub(crate) mod key_coverage;
pub(crate) mod position;
pub(crate) mod templates;

pub use std::time::Duration;

pub use crate::__private::call::{
    Accepted, Current, KeyWritten, Miss, Source, begin_blocking, bypass_if_nameless, compute,
    compute_blocking, compute_detachable, entry, expire_all, function, invalidate_all, outlined,
    refresh, refresh_blocking, target, try_hit, uncached, uncached_blocking,
};
pub use crate::__private::key_coverage::{ArgKind, Handle, Uncovered, data_kind};
pub use crate::__private::position::{
    ArgumentNotInTheKey_WriteUnderscore, UNDERSCORE, UNUSED, UnderscoreForAnArgumentInTheKey,
    Unused,
};
pub use inventory;

pub use crate::api::registry::Registered;
pub use crate::api::replicated_entry::{ReplicatedEntry, ordered};
pub use crate::base::fault::Point;
pub use crate::core::entry_key::Target;
pub use crate::invalidate::request::{Invalidation, On};
pub use crate::key::buf::{KeyBuf, Rendered};
pub use crate::key::function_path::FunctionPath;
pub use crate::key::nested::over as walk_over;
pub use crate::key::template::Piece;
pub use crate::model::function_spec::FnSpec;
pub use crate::model::policy::IntoTtl;
pub use crate::model::tags::EntryTags;
pub use crate::read::typed_call::{CallFuture, Started};
pub use crate::return_type::cacheable_error::{RequireCloneableError, RequireErrors};
pub use crate::return_type::diagnostics::{RequireCacheable, RequireOwned, RequireSerializable};
pub use crate::return_type::shape::{RequireFallible, RequireOption, ReturnOps};
pub use crate::return_type::timeout_error::{RequireResult, RequireTimeoutError};
pub use crate::write::annotated::{
    with_invalidation, with_invalidation_blocking, write_through, write_through_blocking,
};
pub use crate::write::pending::PendingWrite;

/// Returns a length of time. Short, so that expansions stay readable.
#[must_use]
pub const fn secs(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

/// `true` if `compress` has an effect in this build.
pub const CAN_COMPRESS: bool = crate::encoding::compress::is_available();

/// Inherent-over-trait dispatch: the operations of a return type.
pub mod plan {
    pub use crate::return_type::capabilities::{
        ErrorIsOwned, ErrorIsShared, Unweighed, ValueIsOwned, ValueIsShared,
    };
    pub use crate::return_type::dispatch::{AnyResult, AnyReturn, probe};
    pub use crate::return_type::shape::ReturnOps;

    /// Traits that are in scope only if their feature is on.
    pub mod serialised {
        #[cfg(feature = "serde")]
        pub use crate::return_type::capabilities::WeighSerialised;
    }
}

/// Autoref dispatch: the error of a function whose computation exceeded its `timeout`.
pub mod in_time {
    pub use crate::return_type::timeout_error::{MissingTimeoutError as _, TimeoutError as _};
}

/// Autoref dispatch on whether an error can be cached.
pub mod remembered {
    pub use crate::return_type::cacheable_error::{CloneableError as _, UncloneableError as _};
}

/// Autoref dispatch on whether a value can be stored, with a module for each tier. The traits are
/// imported without names, so that they shadow none of the user's.
pub mod keep {
    /// Values that stay in this process.
    pub mod memory {
        pub use crate::return_type::cacheable::{CacheableValue as _, UncacheableValue as _};
    }
    /// Values that Redis stores too.
    pub mod shared {
        #[cfg(not(feature = "redis"))]
        pub use crate::return_type::cacheable::CacheableValue as _;
        pub use crate::return_type::cacheable::UncacheableValue as _;
        #[cfg(feature = "redis")]
        pub use crate::return_type::serializable::{
            SerializableValue as _, UnownedValue as _, UnserializableValue as _,
        };
    }
}

/// Autoref dispatch on the type of an entry, with a module for each tier. It requires nothing: the
/// function's body has done so.
pub mod wired {
    /// Values that stay in this process.
    pub mod memory {
        pub use crate::return_type::capabilities::NotSerialized as _;
    }
    /// Values that Redis stores too.
    pub mod shared {
        pub use crate::return_type::capabilities::NotSerialized as _;
        #[cfg(feature = "redis")]
        pub use crate::return_type::capabilities::{NeverSerialized as _, Serialized as _};
    }
    /// Values that only Redis stores, in replicas.
    pub mod replicated {
        pub use crate::__private::wired::shared::*;
    }
}

/// Autoref dispatch on whether a borrowed argument can be cloned for a body.
pub mod own {
    pub use crate::__private::clone_dispatch::{AnyOwned, Borrowed, OwnClone, Ownable};
}

/// Autoref dispatch on the kind of an argument. The traits are imported without names, so that they
/// shadow none of the user's.
pub mod kinds {
    pub use crate::__private::key_coverage::{
        NoPointer as _, ViaDisplay as _, ViaEq as _, ViaHash as _, ViaItems as _, ViaIterator as _,
        ViaNothing as _, ViaPart as _, ViaShared as _, ViaText as _,
    };
    #[cfg(feature = "serde")]
    pub use crate::__private::key_coverage::{ViaDeserialize as _, ViaSerialize as _};
}

/// Autoref dispatch for writing a value into a key.
pub mod part {
    pub use crate::__private::autoref::{ByDisplay, ByPart, Part, Unwritable};
}

/// Autoref dispatch for passing an argument by reference to an expression of a key.
pub mod given {
    pub use crate::__private::autoref::{Given, GivenClone, GivenReference};
}
