//! Model of each attribute: the options and the function after all checks. The module `expand`
//! turns a model into generated code.

pub(crate) mod queued;
pub(crate) mod text;

use std::time::Duration;

use proc_macro2::{Ident, Span, TokenStream};
use syn::{Expr, ExprPath, Pat, Path, Token, Type};

use crate::fn_form::Form;
use crate::model::text::Text;

/// Part of the model that every function with `#[cached]`, `#[invalidates]` or `#[write_through]`
/// has.
pub(crate) struct Function {
    /// Path of the crate cachekit, from the option `crate = path`. `None`: `::cachekit`.
    pub(crate) krate: Option<Path>,
    /// Arguments of the annotated function, without the receiver (`self`).
    pub(crate) arguments: Vec<Argument>,
    /// Form of the annotated function: an `async fn`, a plain `fn`, or a function that returns a
    /// future.
    pub(crate) form: Form,
    /// Type of the value that the function returns or that its future yields; `()` if the signature
    /// names no return type.
    pub(crate) result: Type,
    /// Expression of the option `cache = EXPR`, which gives the cache to use. `None`: the current
    /// cache.
    pub(crate) cache: Option<Expr>,
}

/// Argument of an annotated function.
pub(crate) struct Argument {
    /// Name of the argument. If the signature has a pattern in place of a name, this name is
    /// generated.
    pub(crate) name: Ident,
    /// Type of the argument, as the function's signature has it.
    pub(crate) ty: Type,
    /// Pattern that the signature has in place of the argument's name. `None`: the argument has a
    /// name.
    pub(crate) pattern: Option<Pattern>,
}

/// Pattern in place of an argument's name, such as `Path(id)` in `Path(id): Path<u64>`.
pub(crate) struct Pattern {
    /// Pattern in place of the argument's name, as the function's signature has it.
    pub(crate) written: Pat,
    /// Names that the pattern binds, such as `id` in `Path(id)`.
    pub(crate) binds: Vec<Ident>,
    /// Names that the pattern binds below a `&`, such as `a` in `&(a, b)`. Such a name is bound to
    /// a copy, not to a reference.
    pub(crate) copies: Vec<Ident>,
    /// `true` if the pattern contains a macro call, which can bind names that the attribute does
    /// not know.
    pub(crate) is_open: bool,
}

impl Argument {
    /// Returns the names by which the user's code can use the argument: the argument's own name, or
    /// the names that its pattern binds.
    pub(crate) fn names(&self) -> &[Ident] {
        match &self.pattern {
            Some(pattern) => &pattern.binds,
            None => std::slice::from_ref(&self.name),
        }
    }

    /// Returns `T` if the type of the argument is `&T` or `&mut T`; `None` if the function takes
    /// the argument by value.
    pub(crate) fn referent(&self) -> Option<&Type> {
        match &self.ty {
            Type::Reference(reference) => Some(&reference.elem),
            _ => None,
        }
    }
}

impl Pattern {
    /// Returns `true` if the pattern begins with `&`, like `&(a, b)`. Such a pattern binds its
    /// names to copies and not to references.
    pub(crate) fn is_reference(&self) -> bool {
        matches!(self.written, Pat::Reference(_))
    }
}

/// Model of a function with `#[cached]`: the function and its checked options.
pub(crate) struct CachedFn {
    pub(crate) function: Function,
    /// Text of an entry's key, made from the arguments.
    pub(crate) key: Text,
    /// Type parameters whose types are part of the key. A call bypasses the cache if one of these
    /// types has no unique name.
    pub(crate) type_params: Vec<Ident>,
    /// Values of the body that are named neither in `key` nor in `skip(..)` (the option for
    /// arguments that the key leaves out). The compiler checks, by traits of cachekit, that a key
    /// can leave out their types.
    pub(crate) uncovered: Vec<Uncovered>,
    /// Data about a body that owns its arguments, if the computation can continue after its caller
    /// was dropped. `None`: the computation ends with its caller.
    pub(crate) owned_body: Option<OwnedBody>,
    /// The receiver `self`, if it is named neither in `key` nor in `skip(..)` (the option for
    /// arguments that the key leaves out). The type of `self` must then implement the trait
    /// `Shared`.
    pub(crate) shared_self: Option<Token![self]>,
    /// Constant options of the function, such as `ttl` and `tier`.
    pub(crate) policy: Policy,
    /// Condition of the option `when = EXPR`. A call for which the condition is false bypasses the
    /// cache.
    pub(crate) when: Option<Expr>,
    /// Steps (statements of generated code) that run before the body takes the arguments, such as
    /// adding a tag made from an argument.
    pub(crate) before: Vec<Step>,
    /// Steps (statements of generated code) that use the computed value, such as adding a tag made
    /// from the value. `None`: no step uses the value.
    pub(crate) after: Option<After>,
    /// Companion of the cached function: a type, or functions beside a method. The kind of
    /// companion also decides where generated code defines the spec (the function's constants).
    pub(crate) companion: Companion,
}

/// Value that the body can use, and that is named neither in `key` nor in `skip(..)` (the option
/// for arguments that the key leaves out).
pub(crate) struct Uncovered {
    /// Name of an argument, or a name that an argument's pattern binds.
    pub(crate) name: Ident,
    /// `true` if the user wrote this name; `false` if a macro generated it.
    pub(crate) is_named: bool,
    /// `true` if the name is a variable with a reference to the value, as a pattern makes it;
    /// `false` if the variable has the value itself.
    pub(crate) is_reference: bool,
    /// Rule that decides whether the type of the value allows the key to leave the value out.
    pub(crate) kind: ArgKind,
}

/// Rule that decides whether the type of a value allows the key to leave the value out.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum ArgKind {
    /// The function takes the value by value. The key may leave the value out only if its type
    /// implements `Shared`.
    Owned,
    /// The value is behind a reference, or its type is a known handle such as a database pool. The
    /// key may leave the value out unless the type looks like data.
    Borrowed,
    /// The bounds of the type show that the value is data. The key must not leave the value out.
    Data,
}

/// Data about a body that owns its arguments, because the computation can continue after its caller
/// was dropped. The body has clones of the arguments that the caller lent.
#[derive(Default)]
pub(crate) struct OwnedBody {
    /// Span of `&self`, if the body needs its own clone of `self`. `None`: the body needs no clone
    /// of `self`.
    pub(crate) owns_self: Option<Span>,
    /// `true` if the function has the option `detach`: its computation continues after its caller
    /// was dropped.
    pub(crate) detaches: bool,
}

/// Constant options of a function with `#[cached]`.
pub(crate) struct Policy {
    pub(crate) name: Option<String>,
    pub(crate) ttl: Option<Duration>,
    /// Span of the option `none_ttl`. `None`: the option is not set.
    pub(crate) none_ttl_at: Option<Span>,
    /// Span of the option `err_ttl`. `None`: the option is not set.
    pub(crate) err_ttl_at: Option<Span>,
    /// Number of entries in the function's own memory (`capacity`). `None`: the function has no
    /// memory of its own.
    pub(crate) capacity: Option<u64>,
    /// Span of the option `stale_if_error`. `None`: the option is not set.
    pub(crate) stale_if_error_at: Option<Span>,
    /// Variant of `Depends` that the option `depends` names. `None`: the option is not set.
    pub(crate) depends: Option<&'static str>,
    pub(crate) jitter: Option<f32>,
    /// Limits on the duration of a computation and on concurrent computations.
    pub(crate) limits: Limits,
    /// Beta of early expiration (`early`); zero for `early = false`. `None`: the option is not set.
    pub(crate) early: Option<f32>,
    /// `true` if the function has `tier = memory`, so that its values never leave the process.
    pub(crate) in_memory: bool,
    /// Names and durations of options with a constant duration, such as `memory_ttl`.
    pub(crate) lengths: Vec<(&'static str, Constant)>,
    /// Options whose value is one word, such as `tier = memory`.
    pub(crate) choices: Vec<Choice>,
    /// Value of the option `compress`, and the option's span. `None`: the option is not set.
    pub(crate) compress: Option<(bool, Span)>,
    /// Value of the option `encrypt`, and the option's span. `None`: the option is not set.
    pub(crate) encrypt: Option<(bool, Span)>,
    /// Number of replicas of an entry in Redis (`replicas`). `None`: an entry has no replicas.
    pub(crate) replicas: Option<u8>,
    /// Facts about the tags and events of the entries.
    pub(crate) labels: Labels,
}

/// Facts about `tags = [..]` and `events = [..]`, for the constant data of a cached function.
pub(crate) struct Labels {
    /// Templates in `events = [..]` that have placeholders for arguments, as the user wrote them.
    pub(crate) events: Vec<String>,
    /// Literal starts of the templates in `tags = [..]`, without those that end with their first
    /// colon: statistics find such a start in the tag itself.
    pub(crate) tag_families: Vec<String>,
    /// Hash of the tags and events; zero if there are none.
    pub(crate) tags_hash: u64,
}

/// Limits on the computations of a cached function: their duration, and their number at one time.
pub(crate) struct Limits {
    pub(crate) timeout: Option<Constant>,
    /// Error that callers get if a computation exceeds its `timeout`. `None`: the option `timeout`
    /// is not set.
    pub(crate) timeout_answer: Option<TimeoutAnswer>,
    pub(crate) max_computations: Option<u32>,
}

/// Error that a cached function returns if a computation exceeds its `timeout`.
pub(crate) struct TimeoutAnswer {
    /// Span of the option `timeout`.
    pub(crate) at: Span,
    /// Expression of the option `timeout_error = EXPR`, which makes the error. `None`: the error is
    /// made from `ComputeTimeout`.
    pub(crate) error: Option<Expr>,
}

/// Option whose value is one of a few words, such as `tier = memory`.
pub(crate) struct Choice {
    /// Name of the option, such as `tier`.
    pub(crate) option: &'static str,
    /// Name of cachekit's enum for the option, such as `Tier`.
    pub(crate) ty: &'static str,
    /// Name of the enum's variant for the word that the user wrote, such as `Memory` for `memory`.
    pub(crate) variant: &'static str,
    /// Span of the word that the user wrote.
    pub(crate) span: Span,
}

/// Duration that is constant for a cached function: a known one, or a constant expression.
pub(crate) enum Constant {
    Known(Duration),
    Expr(Expr),
}

/// Companion of a cached function: the generated functions `entry`, `refresh` and more.
pub(crate) enum Companion {
    /// No companion. The body of the cached function contains the spec (the function's constants).
    None,
    /// Companion type beside a cached free function.
    Type { name: Ident, parts: CompanionParts },
    /// Companion functions beside a cached method, in the same `impl`. Their names begin with
    /// `prefix`.
    Siblings {
        prefix: Ident,
        parts: CompanionParts,
    },
}

/// Parameters and generics of a companion's functions.
pub(crate) struct CompanionParts {
    /// For each argument of the cached function, `true` if the companion's `entry` has a parameter
    /// for the argument.
    pub(crate) in_entry: Vec<bool>,
    /// For each argument of the cached function, `true` if the key contains the argument.
    pub(crate) in_key: Vec<bool>,
    /// For each argument of the cached function, `true` if the expression in `key = expr(..)` names
    /// the argument.
    pub(crate) in_key_expr: Vec<bool>,
    /// For each argument of the cached function, `true` if the expression in `cache = EXPR` names
    /// the argument.
    pub(crate) in_cache: Vec<bool>,
    /// For each argument of the cached function, `true` if an expression in the attribute names the
    /// argument. The expression needs the argument in the type that the function's signature gives.
    pub(crate) in_expr: Vec<bool>,
    /// Type parameters, const parameters and lifetimes of the companion's functions, with their
    /// bounds.
    pub(crate) generics: syn::Generics,
}

/// Statement of generated code about tags or invalidations: a call of a method of cachekit with one
/// argument.
pub(crate) struct Step {
    /// Name of cachekit's method that the generated statement calls, such as `tag`.
    pub(crate) method: &'static str,
    /// Argument that the generated statement passes to cachekit's method.
    pub(crate) arg: StepArg,
}

/// Argument that a generated statement passes to a method of cachekit.
pub(crate) enum StepArg {
    /// No argument: the generated statement calls a method that takes none.
    Nothing,
    /// Text of a key, a tag or an event.
    Text(Text),
    /// Value of an expression that the user wrote.
    Value(Expr),
    /// Value of an expression that the user wrote, for a method of cachekit that takes a sequence:
    /// the generated statement passes a sequence with this one value.
    Once(Expr),
    /// Reference to a cached function, such as `get_user(id)`, whose entries the generated
    /// statement invalidates.
    Reference(Reference),
}

/// Steps (statements of generated code) that use the returned value. These steps run after the
/// body, which took the arguments.
pub(crate) struct After {
    /// Name of the returned value (`ret`), with the hygiene of the user's tokens.
    pub(crate) ret: Ident,
    /// Arguments in the texts of tags and events, rendered as text before the body runs. Each
    /// argument has its stop, the byte that follows in the text.
    pub(crate) rendered: Vec<(TokenStream, u8)>,
    /// Arguments that the user's expressions name, and that generated code clones before the body
    /// runs.
    pub(crate) cloned: Vec<Cloned>,
    /// Steps (statements of generated code) that use the returned value, in the order in which they
    /// run.
    pub(crate) steps: Vec<Step>,
}

/// Argument that a closure of generated code captures, by one of the argument's names.
pub(crate) struct Cloned {
    /// Position of the captured argument among the function's arguments.
    pub(crate) argument: usize,
    /// Name of the captured argument, or a name that the argument's pattern binds.
    pub(crate) name: Ident,
}

/// Reference to a cached function in `#[invalidates]` or `#[write_through]`, such as
/// `get_user(id)`.
#[derive(Clone)]
pub(crate) struct Reference {
    pub(crate) callee: Callee,
    /// Arguments of the reference, one for each position. `None` for a reference to every entry:
    /// `get_user(..)`.
    pub(crate) args: Option<Vec<Position>>,
}

/// Argument in one position of a reference to a cached function.
#[derive(Clone)]
pub(crate) enum Position {
    /// The placeholder `_`, with its span, for an argument that is not in the key.
    NotInKey(Span),
    /// Expression for an argument that is in the key.
    Value(Expr),
}

/// Cached function that a reference names.
#[derive(Clone)]
pub(crate) enum Callee {
    /// Free function, such as `users::get_user`.
    Free(ExprPath),
    /// Method that is named by a path, such as `Self::get`.
    Method(ExprPath),
    /// Method that is named by its receiver, such as `self.get`.
    Receiver {
        receiver: Box<Expr>,
        name: Ident,
        generics: TokenStream,
    },
}

/// Model of a function with `#[invalidates]`: the function and its checked options.
pub(crate) struct InvalidatingFn {
    pub(crate) function: Function,
    /// Name of the variant of cachekit's enum `On` that tells when the function invalidates.
    pub(crate) on: &'static str,
    pub(crate) before: Vec<Step>,
    pub(crate) after: Option<After>,
}

/// Model of a function with `#[write_through]`: the function and its checked options.
pub(crate) struct WritingFn {
    pub(crate) function: Function,
    pub(crate) target: Reference,
    pub(crate) stored: Stored,
    /// Time for which the mark of the write stands (`intent`), as the argument of cachekit's
    /// method. `None`: the option is not set.
    pub(crate) intent: Option<Expr>,
}

/// Value that `#[write_through]` stores (`value = EXPR`), and its order among other writes
/// (`order_by = EXPR`).
pub(crate) struct Stored {
    /// Expression of the option `value = EXPR`. `None`: the value that the function returns is
    /// stored.
    pub(crate) value: Option<Expr>,
    /// Expression of the option `order_by = EXPR`, which orders overlapping writes. `None`: the
    /// writes have no order.
    pub(crate) order: Option<Expr>,
    /// Name of the returned value (`ret`). `None`: neither `value` nor `order_by` uses the returned
    /// value.
    pub(crate) ret: Option<Ident>,
    /// Arguments that the expressions of `value` and `order_by` name, and that generated code
    /// clones before the body runs.
    pub(crate) cloned: Vec<Cloned>,
}
