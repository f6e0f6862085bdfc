//! Functions by which the code of write-behind functions takes queued arguments.

use std::any::Any;
use std::fmt::Display;
use std::marker::PhantomData;
use std::sync::Arc;

use crate::encoding::codec::cacheable::Cacheable;
use crate::encoding::codec::type_codec::Wire;
use crate::model::queue_spec::QueuedCall;
use crate::model::queued_write::QueuedWrite;
use crate::write::pending::PendingWrite;

/// An argument that a queue can keep. The trait is implemented for every [`Cacheable`] type.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be queued",
    label = "needs `Clone + Send + Sync + 'static`, `serde::Serialize` and `serde::Deserialize`",
    note = "if a worker has a value of this type, such as a pool, name the argument in `skip(..)`, and \
            give the value to the workers with `provide(..)`"
)]
pub trait Queueable {}

#[diagnostic::do_not_recommend]
impl<T: Cacheable> Queueable for T {}

/// Does nothing. A call compiles only if a queue can keep an argument of the type `T`.
pub fn queueable<T: Queueable>() {}

/// The arguments of a write-behind function, as a tuple.
#[derive(Debug)]
pub struct QueuedArgs<A>(PhantomData<A>);

impl<A: Cacheable> QueuedArgs<A> {
    /// Returns the functions that encode and decode the arguments for Redis.
    pub fn __wire() -> Option<Wire> {
        A::__wire()
    }
}

/// Arguments that cannot be queued. Generated code calls this trait's function only for such
/// arguments. The compile error comes from [`queueable`], and this trait prevents a second error.
pub trait Unqueueable {
    /// Returns `None`.
    fn __wire() -> Option<Wire>;
}
impl<A> Unqueueable for QueuedArgs<A> {
    fn __wire() -> Option<Wire> {
        None
    }
}

/// The error of a worker that was given arguments of another type.
const OTHER_TYPE: &str = "the queued arguments have another type";

/// Returns the arguments and the number of the only write in `calls`.
///
/// # Errors
///
/// Returns a text if the arguments have another type, or there is no write.
pub fn one_call<A: Clone + 'static>(calls: Vec<QueuedCall>) -> Result<(A, QueuedWrite), String> {
    let call = calls.into_iter().next();
    let taken = call.and_then(|call| Some((call.args()?, call.write)));
    taken.ok_or_else(|| OTHER_TYPE.to_owned())
}

/// Returns the arguments and the numbers of all writes in `calls`.
///
/// # Errors
///
/// Returns a text if arguments have another type.
pub fn all_calls<A: Clone + 'static>(
    calls: Vec<QueuedCall>,
) -> Result<(Vec<A>, Vec<QueuedWrite>), String> {
    let taken = calls
        .into_iter()
        .map(|call| Some((call.args()?, call.write)));
    let taken: Option<(Vec<A>, Vec<QueuedWrite>)> = taken.collect();
    taken.ok_or_else(|| OTHER_TYPE.to_owned())
}

/// Returns the value that `make` makes of queued arguments, as an entry has it. Returns `None` if
/// the arguments have another type.
pub fn queued_value<A: Clone + 'static, V: Send + Sync + 'static>(
    args: &(dyn Any + Send + Sync),
    make: impl FnOnce(A) -> V,
) -> Option<Arc<dyn Any + Send + Sync>> {
    let args = args.downcast_ref::<Option<A>>()?.clone()?;
    Some(Arc::new(Some(make(args))))
}

/// Returns the value that `make` makes, which has the type of `like`.
pub fn value_as<V>(_like: &Option<V>, make: impl FnOnce() -> V) -> V {
    make()
}

/// Returns `None`, with the type of the value that the write `pending` stores.
pub fn value_of<V>(_: &PendingWrite<'_, V>) -> Option<V> {
    None
}

/// An error of a write-behind function, with its text. The trait is implemented for every type that
/// implements [`Display`].
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be the error of a write-behind function: it has no text",
    label = "needs `std::fmt::Display`",
    note = "the text is logged, and kept with a dead write as the reason; write `impl Display for {Self}`"
)]
pub trait ErrorText: Display {}

#[diagnostic::do_not_recommend]
impl<E: Display> ErrorText for E {}

/// Returns the result of the body with its error as a text, for logs and for dead writes.
///
/// # Errors
///
/// Returns the text of the body's error.
pub fn ended<E: ErrorText>(result: Result<(), E>) -> Result<(), String> {
    result.map_err(|error| error.to_string())
}
