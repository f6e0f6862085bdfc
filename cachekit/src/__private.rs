//! What generated code calls. Not for use by hand: it changes without notice.

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

/// A length of time, short to write.
#[must_use]
pub const fn secs(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

/// Whether `compress` does anything in this build.
pub const CAN_COMPRESS: bool = crate::encoding::compress::is_available();

/// Inherent-over-trait dispatch: what a return type means.
pub mod plan {
    pub use crate::return_type::capabilities::{
        ErrorIsOwned, ErrorIsShared, Unweighed, ValueIsOwned, ValueIsShared,
    };
    pub use crate::return_type::dispatch::{AnyResult, AnyReturn, probe};
    pub use crate::return_type::shape::ReturnOps;

    /// What generated code brings into scope only where a feature for it is on.
    pub mod serialised {
        #[cfg(feature = "serde")]
        pub use crate::return_type::capabilities::WeighSerialised;
    }
}

/// Autoref dispatch: what a function answers with when its computation took too long.
pub mod in_time {
    pub use crate::return_type::timeout_error::{MissingTimeoutError as _, TimeoutError as _};
}

/// Autoref dispatch: whether an error can be remembered.
pub mod remembered {
    pub use crate::return_type::cacheable_error::{CloneableError as _, UncloneableError as _};
}

/// Autoref dispatch: whether a value can be kept, by where its entries live. Without names, so
/// that they hide none of the user's.
pub mod keep {
    /// In this process.
    pub mod memory {
        pub use crate::return_type::cacheable::{CacheableValue as _, UncacheableValue as _};
    }
    /// In Redis too.
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

/// The same for an entry, where nothing is required any more.
pub mod wired {
    /// In this process.
    pub mod memory {
        pub use crate::return_type::capabilities::NotSerialized as _;
    }
    /// In Redis too.
    pub mod shared {
        pub use crate::return_type::capabilities::NotSerialized as _;
        #[cfg(feature = "redis")]
        pub use crate::return_type::capabilities::{NeverSerialized as _, Serialized as _};
    }
    /// There alone, in several copies.
    pub mod replicated {
        pub use crate::__private::wired::shared::*;
    }
}

/// Autoref dispatch: whether a borrowed argument can be cloned for a body.
pub mod own {
    pub use crate::__private::clone_dispatch::{AnyOwned, Borrowed, OwnClone, Ownable};
}

/// Autoref dispatch: what kind of thing an argument is. Without names, so that they hide none of
/// the user's.
pub mod kinds {
    pub use crate::__private::key_coverage::{
        NoPointer as _, ViaDisplay as _, ViaEq as _, ViaHash as _, ViaItems as _, ViaIterator as _,
        ViaNothing as _, ViaPart as _, ViaShared as _, ViaText as _,
    };
    #[cfg(feature = "serde")]
    pub use crate::__private::key_coverage::{ViaDeserialize as _, ViaSerialize as _};
}

/// Autoref dispatch: how a value is written into a key.
pub mod part {
    pub use crate::__private::autoref::{ByDisplay, ByPart, Part, Unwritable};
}

/// Autoref dispatch: an argument by reference, as an expression is to find it.
pub mod given {
    pub use crate::__private::autoref::{Given, GivenClone, GivenReference};
}
