//! The outer types of a function: the types in the `impl` or trait around the function, with their
//! type arguments.
//!
//! An attribute on the function cannot see these types. The compiler's name of a closure in the
//! function's body contains the outer types with all type arguments. The compiler's name of an item
//! in the body contains no type arguments, because an item does not inherit type parameters. If the
//! two names differ, the key needs the outer types.

#![expect(
    clippy::inline_always,
    reason = "both names are constants, so a function without such types compares nothing"
)]

const CLOSURE: &str = "::{{closure}}";

/// The path of a cached function as the compiler writes it (`type_name`), once without and once
/// with the type arguments of the `impl` or trait around the function.
#[derive(Debug, Clone, Copy)]
pub struct FunctionPath {
    /// The path of the function, without the type arguments of the `impl` or trait around it.
    plain: &'static str,
    /// The text `::` and the function's own name; empty if the name is unknown.
    own: &'static str,
    /// The path of a closure in the function's body, with the type arguments of the `impl` or trait
    /// around the function.
    typed: &'static str,
}

impl FunctionPath {
    /// Creates the path of a function from the names that the compiler gives to two things in the
    /// function's body: to an item (`item`) and to a closure (`closure`). Only the name of the
    /// closure contains the type arguments of the `impl` around the function. `own` is `::` and the
    /// function's name.
    #[inline(always)]
    pub fn new(own: &'static str, item: &'static str, closure: &'static str) -> Self {
        let path = item.strip_suffix("::__here").unwrap_or(item);
        // Cuts off the names of the `async` block and of the closure that writes a key. The code
        // has no loop, so the compiler can evaluate it.
        let path = path.strip_suffix(CLOSURE).unwrap_or(path);
        let path = path.strip_suffix(CLOSURE).unwrap_or(path);
        let path = path.strip_suffix(CLOSURE).unwrap_or(path);
        Self {
            plain: path,
            own,
            typed: closure,
        }
    }

    /// Returns `true` if no `impl` or trait with type arguments contains the function. The names
    /// that the compiler gives to an item and to a closure in the function's body show this.
    #[inline(always)]
    pub(crate) fn is_plain(&self) -> bool {
        !self.own.is_empty() && self.plain.ends_with(self.own) && self.typed.starts_with(self.plain)
    }

    /// Returns the path of the `impl` or trait around the function with its type arguments, such as
    /// `<shop::Repo as shop::Load<shop::User>>`. Returns `None` if the path has no type arguments.
    pub fn outer_types(&self) -> Option<&'static str> {
        if self.is_plain() {
            return None;
        }
        let typed = parent(self.typed);
        (typed != parent(self.plain)).then_some(typed)
    }
}

/// Returns the path of the `impl`, trait or module around a function. `path` is the path of the
/// function, or of a closure in the function. The result contains neither the function's own name
/// nor the function's own type arguments.
fn parent(path: &str) -> &str {
    let mut function = path;
    while let Some(outer) = function.strip_suffix(CLOSURE) {
        function = outer;
    }
    &function[..last_separator(function).unwrap_or(0)]
}

/// Returns the offset in `path` of the last `::` that is outside of brackets, or `None` if `path`
/// has no such `::`.
fn last_separator(path: &str) -> Option<usize> {
    let bytes = path.as_bytes();
    let mut depth = 0_usize;
    let mut last = None;
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        match byte {
            // A character in quotes, such as `'<'`, may be the value of a const parameter. The
            // quote of a lifetime has no second quote.
            b'\'' => at += quoted(&path[at + 1..]),
            b'<' | b'(' | b'[' => depth += 1,
            // The `>` of an arrow `->` is not a bracket.
            b'>' if at > 0 && bytes[at - 1] == b'-' => {}
            b'>' | b')' | b']' => depth = depth.saturating_sub(1),
            b':' if depth == 0 && bytes.get(at + 1) == Some(&b':') => {
                last = Some(at);
                at += 1;
            }
            _ => {}
        }
        at += 1;
    }
    last
}

/// Returns the number of bytes in `behind`, the text after a quote, up to and including the closing
/// quote of a character literal. Returns 0 if the quote is that of a lifetime.
fn quoted(behind: &str) -> usize {
    let mut chars = behind.char_indices();
    let end = match chars.next() {
        // The escaped character may itself be a quote.
        Some((_, '\\')) => {
            chars.next();
            chars.find(|(_, it)| *it == '\'')
        }
        _ => chars.next().filter(|(_, it)| *it == '\''),
    };
    end.map_or(0, |(at, _)| at + 1)
}

/// Returns `true` if the type name `type_name` contains the name of a closure or of an `async`
/// block. The compiler gives all closures and `async` blocks in a function the same name, so a key
/// cannot distinguish their types.
pub(crate) fn is_nameless(type_name: &str) -> bool {
    let mut rest = type_name;
    while let Some((_, behind)) = rest.split_once("{{closure}}") {
        // If `::` follows the name of the closure, the type is an item in the closure, which has a
        // name.
        if !behind.starts_with("::") {
            return true;
        }
        rest = behind;
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outer(own: &'static str, item: &'static str, closure: &'static str) -> Option<&'static str> {
        FunctionPath::new(own, item, closure).outer_types()
    }

    /// A test case: the function's name, the compiler's names of an item and of a closure, and the
    /// expected outer types.
    type Case = (
        &'static str,
        &'static str,
        &'static str,
        Option<&'static str>,
    );

    const CASES: &[Case] = &[
        (
            "::get",
            "n::Repo::get::{{closure}}::__here",
            "n::Repo::get::{{closure}}::{{closure}}",
            None,
        ),
        (
            "::get",
            "n::S<_>::get::__here",
            "n::S<n::User>::get::{{closure}}",
            Some("n::S<n::User>"),
        ),
        // Functions with type parameters or lifetimes of their own.
        (
            "::get",
            "n::Repo::get::__here",
            "n::Repo::get<n::A>::{{closure}}",
            None,
        ),
        (
            "::get",
            "<n::S<u8> as n::T>::get::__here",
            "<n::S<u8> as n::T>::get<'_, '_>::{{closure}}",
            None,
        ),
        (
            "::get",
            "n::S<_>::get::__here",
            "n::S<u8>::get<n::get::A>::{{closure}}",
            Some("n::S<u8>"),
        ),
        // Functions in a trait or in an `impl` of a generic trait.
        (
            "::load",
            "<n::Repo as n::Load<_>>::load::{{closure}}::{{closure}}::__here",
            "<n::Repo as n::Load<n::User>>::load::{{closure}}::{{closure}}::{{closure}}",
            Some("<n::Repo as n::Load<n::User>>"),
        ),
        (
            "::d",
            "n::Load::d::__here",
            "<n::Repo as n::Load<u8>>::d::{{closure}}",
            Some("<n::Repo as n::Load<u8>>"),
        ),
        (
            "::o",
            "n::m::<impl n::S<_>>::o::__here",
            "n::m::<impl n::S<u8>>::o::{{closure}}",
            Some("n::m::<impl n::S<u8>>"),
        ),
        // Names with the characters `<` or `>` that are no brackets.
        (
            "::c",
            "n::C<X>::c::__here",
            "n::C<'<'>::c::{{closure}}",
            Some("n::C<'<'>"),
        ),
        (
            "::c",
            "n::C<X>::c::__here",
            "n::C<'\\''>::c<u8>::{{closure}}",
            Some("n::C<'\\''>"),
        ),
        (
            "::c",
            "n::R<'_>::c::__here",
            "n::R<'_>::c<n::P<'_, '_>>::{{closure}}",
            None,
        ),
        (
            "::d",
            "<_ as n::D>::d::__here",
            "<fn(&'_ u8) -> &'_ u8 as n::D>::d::{{closure}}",
            Some("<fn(&'_ u8) -> &'_ u8 as n::D>"),
        ),
        // The name of the closure begins with the name of the item.
        (
            "::d",
            "n::S<N>::d::__here",
            "n::S<3>::d::{{closure}}",
            Some("n::S<3>"),
        ),
        ("::d", "n::f::d::__here", "n::f::d::{{closure}}", None),
    ];

    #[test]
    fn types_are_what_a_closure_has_and_an_item_has_not() {
        for (own, item, closure, expected) in CASES.iter().copied() {
            assert_eq!(outer(own, item, closure), expected, "{closure}");
            assert_eq!(outer("", item, closure), expected, "{closure}");
        }
    }

    #[test]
    fn closures_have_no_name_of_their_own() {
        for name in [
            "a::f::{{closure}}",
            "alloc::vec::Vec<a::f::{{closure}}>",
            "a::f::{{closure}}::{{closure}}",
        ] {
            assert!(is_nameless(name), "{name}");
        }
        for name in ["a::f", "a::f::{{closure}}::Row", "fn(u8) -> u8", ""] {
            assert!(!is_nameless(name), "{name}");
        }
    }
}
