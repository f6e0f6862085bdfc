//! What the attributes mean: validated, so that `expand` has nothing left to decide.

use std::time::Duration;

use proc_macro2::{Ident, Span, TokenStream};
use syn::{Expr, ExprPath, Pat, Path, Token, Type};

use crate::fn_form::Form;

/// What every function with an attribute has.
pub(crate) struct Function {
    /// `crate = path`.
    pub(crate) krate: Option<Path>,
    /// Its arguments, without the receiver.
    pub(crate) arguments: Vec<Argument>,
    /// In which form it computes.
    pub(crate) form: Form,
    /// What it computes; `()` when nothing is written.
    pub(crate) result: Type,
    /// `cache = EXPR`.
    pub(crate) cache: Option<Expr>,
}

/// An argument.
pub(crate) struct Argument {
    /// Its name.
    pub(crate) name: Ident,
    /// Its type, as written.
    pub(crate) ty: Type,
    /// What stood in the place of the name.
    pub(crate) pattern: Option<Pattern>,
}

/// A pattern in the place of an argument's name.
pub(crate) struct Pattern {
    /// As it was.
    pub(crate) written: Pat,
    /// The names it binds.
    pub(crate) binds: Vec<Ident>,
    /// Those of them that stand below a `&` and are copies.
    pub(crate) copies: Vec<Ident>,
    /// Whether it may bind names that nobody sees: a macro stands in it.
    pub(crate) is_open: bool,
}

impl Argument {
    /// The names that the user has for it.
    pub(crate) fn names(&self) -> &[Ident] {
        match &self.pattern {
            Some(pattern) => &pattern.binds,
            None => std::slice::from_ref(&self.name),
        }
    }

    /// What a reference argument points at; `None` for an argument that is taken by value.
    pub(crate) fn referent(&self) -> Option<&Type> {
        match &self.ty {
            Type::Reference(reference) => Some(&reference.elem),
            _ => None,
        }
    }
}

impl Pattern {
    /// `&(a, b)`: binds copies, not references.
    pub(crate) fn is_reference(&self) -> bool {
        matches!(self.written, Pat::Reference(_))
    }
}

/// A function with `#[cached]`.
pub(crate) struct CachedFn {
    pub(crate) function: Function,
    /// The key.
    pub(crate) key: Text,
    /// Type parameters in the key, for the runtime to judge by what their types are called.
    pub(crate) type_params: Vec<Ident>,
    /// What is in neither `key` nor `skip`, for the runtime to judge by type.
    pub(crate) uncovered: Vec<Uncovered>,
    /// What the body owns, where it is to go on without its caller.
    pub(crate) apart: Option<Apart>,
    /// The receiver, when the key says nothing of it.
    pub(crate) shared_self: Option<Token![self]>,
    /// Constants of the function.
    pub(crate) policy: Policy,
    /// `when = EXPR`.
    pub(crate) when: Option<Expr>,
    /// Tags and the like, before the body takes the arguments.
    pub(crate) before: Vec<Step>,
    /// The same, when the value is known.
    pub(crate) after: Option<After>,
    /// Where the spec stands and what controls are emitted.
    pub(crate) companion: Companion,
}

/// A value that the body sees and the key does not name.
pub(crate) struct Uncovered {
    /// An argument's name, or one that a pattern binds.
    pub(crate) name: Ident,
    /// Whether the user has this name.
    pub(crate) is_named: bool,
    /// Whether the name is that of a reference to it, as of what a pattern binds.
    pub(crate) is_reference: bool,
    /// How it is judged.
    pub(crate) kind: ArgKind,
}

/// How a value that is left out is judged.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum ArgKind {
    /// Taken by value: only a type that says so may go unmentioned.
    Owned,
    /// Behind a reference, or a handle by its form: unless it looks like data.
    Borrowed,
    /// Data by its bounds.
    Data,
}

/// What a body owns that goes on without its caller: its arguments, and perhaps `self`.
#[derive(Default)]
pub(crate) struct Apart {
    /// Where `&self` stands, if it needs a clone of that.
    pub(crate) owns_self: Option<Span>,
    /// Whether it goes on when its caller is dropped.
    pub(crate) detaches: bool,
}

/// The constants of a cached function.
pub(crate) struct Policy {
    pub(crate) name: Option<String>,
    pub(crate) ttl: Option<Duration>,
    /// Where `none_ttl` stands.
    pub(crate) none_ttl_at: Option<Span>,
    /// Where `err_ttl` stands.
    pub(crate) err_ttl_at: Option<Span>,
    /// How many entries its own memory keeps, if it has one.
    pub(crate) capacity: Option<u64>,
    /// Where `stale_if_error` stands.
    pub(crate) stale_if_error_at: Option<Span>,
    pub(crate) jitter: Option<f32>,
    /// How long a computation may take, and how many there may be.
    pub(crate) limits: Limits,
    /// Beta; zero for `false`.
    pub(crate) early: Option<f32>,
    /// Whether its values never leave this process.
    pub(crate) in_memory: bool,
    /// Other durations, by option.
    pub(crate) lengths: Vec<(&'static str, Constant)>,
    /// Options that are one word.
    pub(crate) choices: Vec<Choice>,
    /// `compress`: whether it is wanted, and where that stands.
    pub(crate) compress: Option<(bool, Span)>,
    /// How many copies of an entry there are, if more than one.
    pub(crate) replicas: Option<u8>,
    /// Templates of events that hold arguments, as written.
    pub(crate) events: Vec<String>,
    /// A hash of the tags and events that are made from the value, as written; zero: none.
    pub(crate) value_tags_hash: u64,
}

/// How long a computation may take, and how many there may be at once.
pub(crate) struct Limits {
    pub(crate) timeout: Option<Constant>,
    /// What is answered when that is over; there with `timeout`.
    pub(crate) timeout_answer: Option<TimeoutAnswer>,
    pub(crate) max_computations: Option<u32>,
}

/// The answer of a function whose computation took too long.
pub(crate) struct TimeoutAnswer {
    /// Where `timeout` stands.
    pub(crate) at: Span,
    /// `timeout_error = EXPR`.
    pub(crate) error: Option<Expr>,
}

/// An option that is one word out of a few.
pub(crate) struct Choice {
    /// The option's name.
    pub(crate) option: &'static str,
    /// The runtime's type for it.
    pub(crate) ty: &'static str,
    /// The variant that the word stands for.
    pub(crate) variant: &'static str,
    /// Where the word stands.
    pub(crate) span: Span,
}

/// A duration of the spec.
pub(crate) enum Constant {
    Known(Duration),
    Expr(Expr),
}

/// The controls of a cached function.
pub(crate) enum Companion {
    /// None: the spec stands in the function.
    None,
    /// A type beside a free function.
    Type { name: Ident, parts: CompanionParts },
    /// Siblings of a method, named after `prefix`.
    Siblings {
        prefix: Ident,
        parts: CompanionParts,
    },
}

/// What the controls take.
pub(crate) struct CompanionParts {
    /// Whether an argument is a parameter of `entry`, by position.
    pub(crate) in_entry: Vec<bool>,
    /// Whether an argument is in the key, by position.
    pub(crate) in_key: Vec<bool>,
    /// Whether an argument is named by the expression that the key is made of, by position.
    pub(crate) in_key_expr: Vec<bool>,
    /// Whether an argument is named by `cache = EXPR`, by position.
    pub(crate) in_cache: Vec<bool>,
    /// Whether an argument is named by an expression, which wants it as the function has it.
    pub(crate) in_expr: Vec<bool>,
    /// Type and const parameters, lifetimes, and the bounds that go with them.
    pub(crate) generics: syn::Generics,
}

/// A rendered text: a key, a tag or an event.
#[derive(Clone)]
pub(crate) struct Text {
    pub(crate) pieces: Vec<Piece>,
}

/// A piece of a text.
#[derive(Clone)]
pub(crate) enum Piece {
    /// The function's name.
    Name,
    /// The types of the `impl` or trait that a function stands in, written only if there are any:
    /// an attribute cannot see those.
    OuterTypes {
        /// Whether there is a receiver, whose type may be generic.
        of_self: bool,
    },
    /// Text that stands for itself.
    Literal(String),
    /// A value, followed by a literal that begins with `stop` (0 at the end).
    Part { value: TokenStream, stop: u8 },
    /// The type of an argument `impl Trait`, followed by a literal that begins with `stop`.
    TypeOf {
        name: Ident,
        /// Whether the name is that of a reference to what has the type.
        is_reference: bool,
        stop: u8,
    },
    /// A value that was rendered before: `__p0`.
    Rendered { index: usize },
}

/// A statement about labels or invalidations: a method of the runtime and what it gets.
pub(crate) struct Step {
    /// The method's name.
    pub(crate) method: &'static str,
    /// Its argument.
    pub(crate) arg: StepArg,
}

/// The argument of a step.
pub(crate) enum StepArg {
    /// Nothing but the step itself.
    Nothing,
    /// A closure that writes a text.
    Text(Text),
    /// An expression.
    Value(Expr),
    /// A single value, where the method takes a sequence.
    Once(Expr),
    /// A reference to a cached function.
    Reference(Reference),
}

/// Steps that need the value, which is known after the body took the arguments.
pub(crate) struct After {
    /// The name of the value, with the hygiene of the user's words.
    pub(crate) ret: Ident,
    /// Parts of arguments in texts, rendered before: value and stop.
    pub(crate) rendered: Vec<(TokenStream, u8)>,
    /// Arguments that expressions name: cloned before.
    pub(crate) cloned: Vec<Cloned>,
    /// The steps.
    pub(crate) steps: Vec<Step>,
}

/// A name of an argument that a closure keeps.
pub(crate) struct Cloned {
    /// The argument's position.
    pub(crate) argument: usize,
    /// The name: the argument's, or one that its pattern binds.
    pub(crate) name: Ident,
}

/// A reference to a cached function.
pub(crate) struct Reference {
    pub(crate) callee: Callee,
    /// `None` is every entry.
    pub(crate) args: Option<Vec<Position>>,
}

/// What stands in one position of a reference.
pub(crate) enum Position {
    /// `_`, and where.
    NotInKey(Span),
    /// A value.
    Value(Expr),
}

/// Which function a reference means.
pub(crate) enum Callee {
    /// A free function.
    Free(ExprPath),
    /// A method by path: `Self::get`.
    Method(ExprPath),
    /// A method by receiver: `self.get`.
    Receiver {
        receiver: Box<Expr>,
        name: Ident,
        generics: TokenStream,
    },
}

/// A function with `#[invalidates]`.
pub(crate) struct InvalidatingFn {
    pub(crate) function: Function,
    /// The variant of the runtime's `On`.
    pub(crate) on: &'static str,
    pub(crate) before: Vec<Step>,
    pub(crate) after: Option<After>,
}

/// A function with `#[write_through]`.
pub(crate) struct WritingFn {
    pub(crate) function: Function,
    pub(crate) target: Reference,
    pub(crate) stored: Stored,
}

/// What is stored: `value = EXPR` and `order_by = EXPR`.
pub(crate) struct Stored {
    /// The value; the returned one when `None`.
    pub(crate) value: Option<Expr>,
    /// What tells it from older ones.
    pub(crate) order: Option<Expr>,
    /// The name of the returned value, if an expression uses it.
    pub(crate) ret: Option<Ident>,
    /// Arguments they name.
    pub(crate) cloned: Vec<Cloned>,
}
