//! How one argument is written into a key.

use std::borrow::Cow;
use std::fmt::{self, Write as _};
use std::rc::Rc;
use std::sync::Arc;

use super::buf::KeyBuf;

/// A value that can be part of a key.
///
/// Implemented for integers, `bool`, `char`, strings, `Option`, tuples, slices, arrays,
/// `Vec` and references to them (and `Uuid` with the feature `uuid`). Derive it for your
/// own structs and enums. Where an attribute names an argument that implements only
/// [`Display`](fmt::Display), its `Display` is used.
///
/// # Contract
///
/// Two values of the type that are different must be written differently.
///
/// # Examples
///
/// ```
/// use cachekit::{CachePart, cached};
///
/// #[derive(CachePart)]
/// enum Sort {
///     Newest,
///     Price { ascending: bool },
/// }
///
/// #[derive(CachePart)]
/// struct Search {
///     words: String,
///     sort: Sort,
/// }
///
/// #[cached(key = "search:{search}")]
/// async fn count(search: Search) -> u64 {
///     search.words.len() as u64
/// }
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be part of a key",
    label = "neither `CachePart` nor `Display` is implemented for this",
    note = "derive `cachekit::CachePart` for it, name a field of it in the key (`{{arg.id}}`), or \
            leave the argument out with `skip(arg)` if it cannot change the result"
)]
pub trait CachePart {
    /// Writes the value.
    fn write_part(&self, out: &mut PartWriter<'_>);
}

/// Writes one argument, escaped.
pub struct PartWriter<'a> {
    out: &'a mut KeyBuf,
    stop: u8,
    /// Where the element that is being written began, in a composite that has any.
    element: Option<usize>,
}

/// Bytes that are written as they are: one table look-up each.
const SAFE: [bool; 256] = {
    let mut safe = [false; 256];
    let mut byte = 0;
    while byte < 256 {
        safe[byte] = byte >= 0x80;
        byte += 1;
    }
    let mut listed = 0;
    while listed < BARE.len() {
        safe[BARE[listed] as usize] = true;
        listed += 1;
    }
    safe
};

/// The bytes of ASCII that need no escape.
const BARE: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.@+=~!/";

const HEX: &[u8; 16] = b"0123456789ABCDEF";

/// Whether `byte` stands as it is in an argument that `stop` follows. After a stop byte
/// beyond ASCII no byte beyond ASCII does: a character is escaped as a whole or not at all.
pub(crate) fn is_bare(byte: u8, stop: u8) -> bool {
    SAFE[usize::from(byte)] && byte != stop && (byte < 0x80 || stop < 0x80)
}

impl<'a> PartWriter<'a> {
    pub(super) fn new(out: &'a mut KeyBuf, stop: u8) -> Self {
        Self {
            out,
            stop,
            element: None,
        }
    }

    /// A string, escaped.
    pub fn text(&mut self, text: &str) {
        if self.out.is_verbatim() {
            return self.out.push(text.as_bytes());
        }
        let stop = self.stop;
        let bare = |byte: u8| is_bare(byte, stop);
        let mut rest = text.as_bytes();
        loop {
            let clean = rest
                .iter()
                .position(|byte| !bare(*byte))
                .unwrap_or(rest.len());
            self.out.push(&rest[..clean]);
            let Some(byte) = rest.get(clean) else { return };
            let (high, low) = (usize::from(byte >> 4), usize::from(byte & 15));
            self.out.push(&[b'%', HEX[high], HEX[low]]);
            rest = &rest[clean + 1..];
        }
    }

    /// A value's `Display`, escaped.
    pub fn display(&mut self, value: &(impl fmt::Display + ?Sized)) {
        struct Escape<'w, 'a>(&'w mut PartWriter<'a>);
        impl fmt::Write for Escape<'_, '_> {
            fn write_str(&mut self, text: &str) -> fmt::Result {
                self.0.text(text);
                Ok(())
            }
        }
        // The sink never fails; a `Display` that fails by itself has written what it has.
        let _ = write!(Escape(self), "{value}");
    }

    /// The name of an enum's variant.
    pub fn name(&mut self, name: &str) {
        self.text(name);
    }

    /// Begins a composite: `(`.
    pub fn open(&mut self) {
        self.out.push(b"(");
        self.element = None;
    }

    /// Between two elements of a composite: `,`.
    pub fn next(&mut self) {
        self.out.push(b",");
    }

    /// Ends a composite: `)`. A last element that was written as nothing gets a `,` of its
    /// own, so that `[""]` and `[]` differ.
    pub fn close(&mut self) {
        if self.element == Some(self.out.len()) {
            self.out.push(b",");
        }
        self.out.push(b")");
        self.element = None;
    }

    /// An element of a composite.
    pub fn field<T: CachePart + ?Sized>(&mut self, value: &T) {
        self.element = Some(self.out.len());
        value.write_part(&mut PartWriter::new(self.out, self.stop));
    }

    /// An element of a composite, by its `Display`.
    pub fn field_display<T: fmt::Display + ?Sized>(&mut self, value: &T) {
        self.element = Some(self.out.len());
        PartWriter::new(self.out, self.stop).display(value);
    }

    /// An element, with a `,` before it where it is not the first.
    fn element<T: CachePart + ?Sized>(&mut self, value: &T) {
        if self.element.is_some() {
            self.next();
        }
        self.field(value);
    }

    fn sequence<T: CachePart>(&mut self, items: &[T]) {
        self.open();
        for item in items {
            self.element(item);
        }
        self.close();
    }
}

impl fmt::Debug for PartWriter<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("PartWriter").field(&self.out).finish()
    }
}

macro_rules! integers {
    ($($ty:ty)*) => {$(
        impl CachePart for $ty {
            fn write_part(&self, out: &mut PartWriter<'_>) {
                out.text(itoa::Buffer::new().format(*self));
            }
        }
    )*};
}
integers!(u8 u16 u32 u64 u128 usize i8 i16 i32 i64 i128 isize);

macro_rules! nonzero {
    ($($ty:ident)*) => {$(
        impl CachePart for std::num::$ty {
            fn write_part(&self, out: &mut PartWriter<'_>) {
                self.get().write_part(out);
            }
        }
    )*};
}
nonzero!(NonZeroU8 NonZeroU16 NonZeroU32 NonZeroU64 NonZeroU128 NonZeroUsize
         NonZeroI8 NonZeroI16 NonZeroI32 NonZeroI64 NonZeroI128 NonZeroIsize);

impl CachePart for bool {
    fn write_part(&self, out: &mut PartWriter<'_>) {
        out.text(if *self { "true" } else { "false" });
    }
}

impl CachePart for char {
    fn write_part(&self, out: &mut PartWriter<'_>) {
        out.text(self.encode_utf8(&mut [0; 4]));
    }
}

impl CachePart for str {
    fn write_part(&self, out: &mut PartWriter<'_>) {
        out.text(self);
    }
}

impl CachePart for String {
    fn write_part(&self, out: &mut PartWriter<'_>) {
        out.text(self);
    }
}

impl CachePart for () {
    fn write_part(&self, out: &mut PartWriter<'_>) {
        out.open();
        out.close();
    }
}

/// `None` is `%-`. `Some(x)` is `x`, with `%+` in front where `x` itself begins like a
/// `None` or such a `%+`: so `None`, `Some(None)` and `Some(Some(None))` all differ.
impl<T: CachePart> CachePart for Option<T> {
    fn write_part(&self, out: &mut PartWriter<'_>) {
        let Some(value) = self else {
            return out.out.push(b"%-");
        };
        let start = out.out.len();
        value.write_part(&mut PartWriter::new(out.out, out.stop));
        if matches!(out.out.as_bytes()[start..], [b'%', b'-' | b'+', ..]) {
            out.out.insert(start, b"%+");
        }
    }
}

impl<T: CachePart> CachePart for [T] {
    fn write_part(&self, out: &mut PartWriter<'_>) {
        out.sequence(self);
    }
}

impl<T: CachePart, const N: usize> CachePart for [T; N] {
    fn write_part(&self, out: &mut PartWriter<'_>) {
        out.sequence(self);
    }
}

impl<T: CachePart> CachePart for Vec<T> {
    fn write_part(&self, out: &mut PartWriter<'_>) {
        out.sequence(self);
    }
}

macro_rules! through_deref {
    ($($ty:ty),*) => {$(
        impl<T: CachePart + ?Sized> CachePart for $ty {
            fn write_part(&self, out: &mut PartWriter<'_>) {
                (**self).write_part(out);
            }
        }
    )*};
}
through_deref!(&T, &mut T, Box<T>, Rc<T>, Arc<T>);

impl<T: CachePart + ToOwned + ?Sized> CachePart for Cow<'_, T> {
    fn write_part(&self, out: &mut PartWriter<'_>) {
        (**self).write_part(out);
    }
}

macro_rules! tuples {
    ($(($($name:ident),+))*) => {$(
        impl<$($name: CachePart),+> CachePart for ($($name,)+) {
            fn write_part(&self, out: &mut PartWriter<'_>) {
                #[expect(non_snake_case, reason = "one name for a type and its value")]
                let ($($name,)+) = self;
                out.open();
                $(out.element($name);)+
                out.close();
            }
        }
    )*};
}
tuples! { (A) (A, B) (A, B, C) (A, B, C, D) (A, B, C, D, E) (A, B, C, D, E, F)
(A, B, C, D, E, F, G) (A, B, C, D, E, F, G, H) }

#[cfg(feature = "uuid")]
impl CachePart for uuid::Uuid {
    fn write_part(&self, out: &mut PartWriter<'_>) {
        out.text(
            self.hyphenated()
                .encode_lower(&mut uuid::Uuid::encode_buffer()),
        );
    }
}
