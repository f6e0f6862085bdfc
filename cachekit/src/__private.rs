//! Functions, types and macros for the code that cachekit's attributes generate. Do not use them in
//! your own code: they change without notice.

pub(crate) mod autoref;
pub(crate) mod call;
pub(crate) mod clone_dispatch;
pub(crate) mod function_path;
pub(crate) mod key_coverage;
pub(crate) mod position;
pub(crate) mod queue;
pub(crate) mod templates;
pub(crate) mod warm;

pub use std::time::Duration;

pub use crate::__private::call::{
    Accepted, Current, KeyWritten, Source, bypass_if_nameless, compute_detachable, entry,
    expire_all, function, invalidate_all, outlined, refresh, refresh_blocking, target, try_hit,
    uncached, uncached_blocking,
};
pub use crate::__private::key_coverage::{ArgKind, Handle, Uncovered, data_kind};
pub use crate::__private::position::{
    ArgumentNotInTheKey_WriteUnderscore, UNDERSCORE, UNUSED, UnderscoreForAnArgumentInTheKey,
    Unused,
};
pub use crate::__private::queue::{
    QueuedArgs, Unqueueable, all_calls, ended, one_call, queueable, queued_value, value_as,
    value_of,
};
pub use inventory;

pub use crate::__private::warm::{NoWarmStart, WarmStart, WarmStarted};
pub use crate::api::registry::Registered;
pub use crate::api::replicated_entry::{ReplicatedEntry, ordered};
pub use crate::base::fault::Point;
pub use crate::core::entry_key::Target;
pub use crate::core::queues::RegisteredQueue;
pub use crate::invalidate::request::{Invalidation, On};
pub use crate::key::buf::{KeyBuf, Rendered};
pub use crate::key::function_path::FunctionPath;
pub use crate::key::nested::over as walk_over;
pub use crate::key::template::Piece;
pub use crate::model::function_spec::FnSpec;
pub use crate::model::policy::IntoTtl;
pub use crate::model::provided::Provided;
pub use crate::model::queue_spec::{BodyFuture, Need, QueueSpec, QueuedCall, WhenFull};
pub use crate::model::tags::EntryTags;
pub use crate::read::call::Miss;
pub use crate::read::typed_call::{CallFuture, Started, compute, compute_blocking, start_blocking};
pub use crate::return_type::cacheable_error::{RequireCloneableError, RequireErrors};
pub use crate::return_type::diagnostics::{RequireCacheable, RequireOwned, RequireSerializable};
pub use crate::return_type::shape::{RequireFallible, RequireOption, ReturnOps};
pub use crate::return_type::timeout_error::{RequireResult, RequireTimeoutError};
pub use crate::write::annotated::{
    with_invalidation, with_invalidation_blocking, write_through, write_through_blocking,
};
pub use crate::write::pending::PendingWrite;
pub use crate::write_behind::accept::{KeyedArgs, write_behind, write_each_behind};

/// Returns a duration of `seconds` seconds. The name of this function is short, so that expansions
/// stay readable.
#[must_use]
pub const fn secs(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

/// `true` if this build can compress values (feature `lz4`), so that `compress` has an effect.
pub const CAN_COMPRESS: bool = crate::encoding::compress::is_available();

/// Traits by which generated code finds the `ReturnOps`, the table of functions that the cache
/// needs for a return type. The traits have methods with the same name, and the compiler takes the
/// method that exists for the return type.
pub mod plan {
    pub use crate::return_type::capabilities::{
        ErrorIsOwned, ErrorIsShared, Unweighed, ValueIsOwned, ValueIsShared,
    };
    pub use crate::return_type::dispatch::{AnyResult, AnyReturn, probe};
    pub use crate::return_type::shape::ReturnOps;

    /// Traits that are exported only if the feature `serde` is on. With these traits, generated
    /// code weighs values by their serialised size.
    pub mod serialised {
        #[cfg(feature = "serde")]
        pub use crate::return_type::capabilities::WeighSerialised;
    }
}

/// Traits by which generated code makes the error of a function whose computation exceeded its
/// `timeout`. The traits have methods with the same name, and the compiler takes the method that
/// exists for the function's error type.
pub mod in_time {
    pub use crate::return_type::timeout_error::{MissingTimeoutError as _, TimeoutError as _};
}

/// Traits by which generated code finds out if a function's error can be cached (`err_ttl`). The
/// traits have methods with the same name, and the compiler takes the method that exists for the
/// error type.
pub mod remembered {
    pub use crate::return_type::cacheable_error::{CloneableError as _, UncloneableError as _};
}

/// Traits by which generated code checks that a value can be stored. The traits have methods with
/// the same name, and the compiler takes the method that exists for the value's type. There is a
/// module for each tier. The modules export the traits without names, so that they shadow none of
/// the user's names.
pub mod keep {
    /// Traits for values that are stored only in the memory of this process.
    pub mod memory {
        pub use crate::return_type::cacheable::{CacheableValue as _, UncacheableValue as _};
    }
    /// Traits for values that are stored in memory and Redis, or in Redis only.
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

/// Traits by which generated code finds the functions that encode an entry's value. The traits have
/// methods with the same name, and the compiler takes the method that exists for the value's type.
/// There is a module for each tier. These traits require nothing of the value, because the
/// expansion of the cached function's body checks the value.
pub mod wired {
    /// Traits for values that are stored only in the memory of this process.
    pub mod memory {
        pub use crate::return_type::capabilities::NotSerialized as _;
    }
    /// Traits for values that are stored in memory and Redis, or in Redis only.
    pub mod shared {
        pub use crate::return_type::capabilities::NotSerialized as _;
        #[cfg(feature = "redis")]
        pub use crate::return_type::capabilities::{NeverSerialized as _, Serialized as _};
    }
    /// Traits for values of entries that have replicas in Redis.
    pub mod replicated {
        pub use crate::__private::wired::shared::*;
    }
}

/// Traits by which generated code finds out if a borrowed argument can be cloned, so that a body
/// can own the clone. The traits have methods with the same name, and the compiler takes the method
/// that exists for the argument's type.
pub mod own {
    pub use crate::__private::clone_dispatch::{AnyOwned, Borrowed, OwnClone, Ownable};
}

/// Traits by which generated code finds out if a key may leave an argument out. The traits have
/// methods with the same name, and the compiler takes the method that exists for the argument's
/// type. The traits are exported without names, so that they shadow none of the user's names.
pub mod kinds {
    pub use crate::__private::key_coverage::{
        NoPointer as _, ViaDisplay as _, ViaEq as _, ViaHash as _, ViaItems as _, ViaIterator as _,
        ViaNothing as _, ViaPart as _, ViaShared as _, ViaText as _,
    };
    #[cfg(feature = "serde")]
    pub use crate::__private::key_coverage::{ViaDeserialize as _, ViaSerialize as _};
}

/// Traits by which generated code writes a value into a key, with `CacheKey` or with `Display`. The
/// traits have methods with the same names, and the compiler takes those that exist for the value's
/// type.
pub mod part {
    pub use crate::__private::autoref::{ByDisplay, ByPart, Part, Unwritable};
}

/// Traits by which generated code passes an argument to an expression in `key = expr(..)`, as a
/// clone or as a reference. The traits have methods with the same name, and the compiler takes the
/// method that exists for the argument's type.
pub mod given {
    pub use crate::__private::autoref::{Given, GivenClone, GivenReference};
}
