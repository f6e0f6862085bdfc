//! Validated meaning of the attributes. `expand` has nothing left to decide.

use std::time::Duration;

use proc_macro2::{Ident, Span, TokenStream};
use syn::{Expr, ExprPath, Pat, Path, Token, Type};

use crate::fn_form::Form;

/// Parts of every function with an attribute.
pub(crate) struct Function {
    /// `crate = path`.
    pub(crate) krate: Option<Path>,
    /// Arguments, without the receiver.
    pub(crate) arguments: Vec<Argument>,
    /// Form of the function.
    pub(crate) form: Form,
    /// Type of the value; `()` if none is written.
    pub(crate) result: Type,
    /// `cache = EXPR`.
    pub(crate) cache: Option<Expr>,
}

/// Argument of a function.
pub(crate) struct Argument {
    /// Name of the argument, generated if there is a pattern.
    pub(crate) name: Ident,
    /// Type, as written.
    pub(crate) ty: Type,
    /// Pattern in the place of a name.
    pub(crate) pattern: Option<Pattern>,
}

/// Pattern in the place of an argument's name.
pub(crate) struct Pattern {
    /// Pattern as written.
    pub(crate) written: Pat,
    /// Names that the pattern binds.
    pub(crate) binds: Vec<Ident>,
    /// Bound names below a `&`, which are copies.
    pub(crate) copies: Vec<Ident>,
    /// `true` if the pattern contains a macro, which may bind unknown names.
    pub(crate) is_open: bool,
}

impl Argument {
    /// Returns the names that the user has for the argument.
    pub(crate) fn names(&self) -> &[Ident] {
        match &self.pattern {
            Some(pattern) => &pattern.binds,
            None => std::slice::from_ref(&self.name),
        }
    }

    /// Returns the target type of a reference; `None` for an argument by value.
    pub(crate) fn referent(&self) -> Option<&Type> {
        match &self.ty {
            Type::Reference(reference) => Some(&reference.elem),
            _ => None,
        }
    }
}

impl Pattern {
    /// Returns `true` for a pattern like `&(a, b)`, which binds copies and not references.
    pub(crate) fn is_reference(&self) -> bool {
        matches!(self.written, Pat::Reference(_))
    }
}

/// Function with `#[cached]`.
pub(crate) struct CachedFn {
    pub(crate) function: Function,
    /// Text of the key.
    pub(crate) key: Text,
    /// Type parameters in the key. The runtime checks that the names of their types are unique.
    pub(crate) type_params: Vec<Ident>,
    /// Values in neither `key` nor `skip`. The runtime's traits check their types.
    pub(crate) uncovered: Vec<Uncovered>,
    /// Ownership of the body, if it may continue without its caller.
    pub(crate) owned_body: Option<OwnedBody>,
    /// Receiver, if the key does not name it.
    pub(crate) shared_self: Option<Token![self]>,
    /// Constants of the function.
    pub(crate) policy: Policy,
    /// `when = EXPR`.
    pub(crate) when: Option<Expr>,
    /// Steps before the body takes the arguments, such as tags.
    pub(crate) before: Vec<Step>,
    /// Steps that need the value.
    pub(crate) after: Option<After>,
    /// Companion, which also decides where the spec is emitted.
    pub(crate) companion: Companion,
}

/// Value that the body can see and the key does not name.
pub(crate) struct Uncovered {
    /// Name of an argument, or a name that a pattern binds.
    pub(crate) name: Ident,
    /// `true` if the user wrote this name.
    pub(crate) is_named: bool,
    /// `true` if the name is bound to a reference to the value, as in a pattern.
    pub(crate) is_reference: bool,
    /// Rule by which the type is checked.
    pub(crate) kind: ArgKind,
}

/// Rule by which the type of a value outside the key is checked.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum ArgKind {
    /// Taken by value: accepted only if the type implements `Shared`.
    Owned,
    /// Behind a reference, or known as a handle: accepted unless the type looks like data.
    Borrowed,
    /// Data by its bounds: rejected.
    Data,
}

/// Ownership of a body that may continue without its caller: it owns its arguments, and perhaps `self`.
#[derive(Default)]
pub(crate) struct OwnedBody {
    /// Span of `&self`, if the body needs a clone of it.
    pub(crate) owns_self: Option<Span>,
    /// `true` if the computation continues when its caller is dropped.
    pub(crate) detaches: bool,
}

/// Constants of a cached function.
pub(crate) struct Policy {
    pub(crate) name: Option<String>,
    pub(crate) ttl: Option<Duration>,
    /// Span of `none_ttl`.
    pub(crate) none_ttl_at: Option<Span>,
    /// Span of `err_ttl`.
    pub(crate) err_ttl_at: Option<Span>,
    /// Number of entries in the function's own memory, if it has one.
    pub(crate) capacity: Option<u64>,
    /// Span of `stale_if_error`.
    pub(crate) stale_if_error_at: Option<Span>,
    pub(crate) jitter: Option<f32>,
    /// Limits on the duration and the number of computations.
    pub(crate) limits: Limits,
    /// Beta of early expiration; zero for `false`.
    pub(crate) early: Option<f32>,
    /// `true` if values never leave this process.
    pub(crate) in_memory: bool,
    /// Other durations, with their options.
    pub(crate) lengths: Vec<(&'static str, Constant)>,
    /// Options that are one word.
    pub(crate) choices: Vec<Choice>,
    /// Value and span of `compress`.
    pub(crate) compress: Option<(bool, Span)>,
    /// Number of replicas of an entry, if more than one.
    pub(crate) replicas: Option<u8>,
    /// Event templates with arguments, as written.
    pub(crate) events: Vec<String>,
    /// Hash of the tags and events made from the value, as written; zero if there are none.
    pub(crate) value_tags_hash: u64,
}

/// Limits on the duration and the number of computations.
pub(crate) struct Limits {
    pub(crate) timeout: Option<Constant>,
    /// Error for an exceeded `timeout`; present if `timeout` is.
    pub(crate) timeout_answer: Option<TimeoutAnswer>,
    pub(crate) max_computations: Option<u32>,
}

/// Error of a function whose computation exceeded its `timeout`.
pub(crate) struct TimeoutAnswer {
    /// Span of `timeout`.
    pub(crate) at: Span,
    /// `timeout_error = EXPR`.
    pub(crate) error: Option<Expr>,
}

/// Option whose value is one of a few words.
pub(crate) struct Choice {
    /// Name of the option.
    pub(crate) option: &'static str,
    /// Name of the runtime's type for the option.
    pub(crate) ty: &'static str,
    /// Variant for the word.
    pub(crate) variant: &'static str,
    /// Span of the word.
    pub(crate) span: Span,
}

/// Duration in the spec.
pub(crate) enum Constant {
    Known(Duration),
    Expr(Expr),
}

/// Companion of a cached function.
pub(crate) enum Companion {
    /// No companion: the function contains the spec.
    None,
    /// Type beside a free function.
    Type { name: Ident, parts: CompanionParts },
    /// Functions beside a method, named after `prefix`.
    Siblings {
        prefix: Ident,
        parts: CompanionParts,
    },
}

/// Parameters and generics of a companion.
pub(crate) struct CompanionParts {
    /// For each argument, `true` if it is a parameter of `entry`.
    pub(crate) in_entry: Vec<bool>,
    /// For each argument, `true` if it is in the key.
    pub(crate) in_key: Vec<bool>,
    /// For each argument, `true` if the expression of the key names it.
    pub(crate) in_key_expr: Vec<bool>,
    /// For each argument, `true` if `cache = EXPR` names it.
    pub(crate) in_cache: Vec<bool>,
    /// For each argument, `true` if an expression names it, which needs the type that the function has.
    pub(crate) in_expr: Vec<bool>,
    /// Type and const parameters, lifetimes, and their bounds.
    pub(crate) generics: syn::Generics,
}

/// Text made from values: a key, a tag or an event.
#[derive(Clone)]
pub(crate) struct Text {
    pub(crate) pieces: Vec<Piece>,
}

/// Piece of a text.
#[derive(Clone)]
pub(crate) enum Piece {
    /// Name of the function.
    Name,
    /// Types of the `impl` or trait around the function. The runtime writes them if there are any, as an
    /// attribute cannot see them.
    OuterTypes {
        /// `true` if there is a receiver, whose type may be generic.
        of_self: bool,
    },
    /// Literal text.
    Literal(String),
    /// Value, followed by a literal that begins with `stop` (0 at the end).
    Part { value: TokenStream, stop: u8 },
    /// Type of an `impl Trait` argument, followed by a literal that begins with `stop`.
    TypeOf {
        name: Ident,
        /// `true` if the name is bound to a reference to the argument.
        is_reference: bool,
        stop: u8,
    },
    /// Value that was rendered before: `__p0`.
    Rendered { index: usize },
}

/// Statement about tags or invalidations: a method of the runtime and its argument.
pub(crate) struct Step {
    /// Name of the method.
    pub(crate) method: &'static str,
    /// Argument of the method.
    pub(crate) arg: StepArg,
}

/// Argument of a step.
pub(crate) enum StepArg {
    /// No argument.
    Nothing,
    /// Text.
    Text(Text),
    /// Expression.
    Value(Expr),
    /// Single value for a method that takes a sequence.
    Once(Expr),
    /// Reference to a cached function.
    Reference(Reference),
}

/// Steps that need the value, which exists only after the body took the arguments.
pub(crate) struct After {
    /// Name of the value, with the hygiene of the user's tokens.
    pub(crate) ret: Ident,
    /// Values of arguments in texts, rendered before the body, each with its stop.
    pub(crate) rendered: Vec<(TokenStream, u8)>,
    /// Arguments that expressions name, cloned before the body.
    pub(crate) cloned: Vec<Cloned>,
    /// Steps, in order.
    pub(crate) steps: Vec<Step>,
}

/// Name of an argument that a closure captures.
pub(crate) struct Cloned {
    /// Position of the argument.
    pub(crate) argument: usize,
    /// Name of the argument, or a name that its pattern binds.
    pub(crate) name: Ident,
}

/// Reference to a cached function.
pub(crate) struct Reference {
    pub(crate) callee: Callee,
    /// `None` for every entry.
    pub(crate) args: Option<Vec<Position>>,
}

/// Argument in one position of a reference.
pub(crate) enum Position {
    /// `_`, with its span.
    NotInKey(Span),
    /// Value.
    Value(Expr),
}

/// Function of a reference.
pub(crate) enum Callee {
    /// Free function.
    Free(ExprPath),
    /// Method by path: `Self::get`.
    Method(ExprPath),
    /// Method by receiver: `self.get`.
    Receiver {
        receiver: Box<Expr>,
        name: Ident,
        generics: TokenStream,
    },
}

/// Function with `#[invalidates]`.
pub(crate) struct InvalidatingFn {
    pub(crate) function: Function,
    /// Variant of the runtime's `On`.
    pub(crate) on: &'static str,
    pub(crate) before: Vec<Step>,
    pub(crate) after: Option<After>,
}

/// Function with `#[write_through]`.
pub(crate) struct WritingFn {
    pub(crate) function: Function,
    pub(crate) target: Reference,
    pub(crate) stored: Stored,
    /// Argument of the runtime's method for `intent`.
    pub(crate) intent: Option<Expr>,
}

/// Stored value: `value = EXPR` and `order_by = EXPR`.
pub(crate) struct Stored {
    /// Expression of the value; `None` for the returned one.
    pub(crate) value: Option<Expr>,
    /// Expression of the order among writes.
    pub(crate) order: Option<Expr>,
    /// Name of the returned value, if an expression uses it.
    pub(crate) ret: Option<Ident>,
    /// Arguments that the expressions name.
    pub(crate) cloned: Vec<Cloned>,
}
