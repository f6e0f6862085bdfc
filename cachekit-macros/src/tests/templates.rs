//! Tests of templates: both spellings, escapes, and mistakes.

use crate::attr::template::{Piece, Template};
use crate::tests::{cached_messages, tokens};

/// Returns the pieces of a template as text: literals as they are, and placeholders in brackets.
fn pieces(template: &str) -> Vec<String> {
    let literal = proc_macro2::Literal::string(template);
    let template: Template =
        syn::parse2(quote::quote!(#literal)).unwrap_or_else(|error| panic!("{template}: {error}"));
    let shown = template.pieces.into_iter().map(|piece| match piece {
        Piece::Literal(text) => text,
        Piece::Placeholder { text, root, .. } => format!("[{text}|{root}]"),
        Piece::Name | Piece::Expression(_) => unreachable!("no literal gives one"),
    });
    shown.collect()
}

fn mistake(template: &str) -> String {
    let literal = proc_macro2::Literal::string(template);
    match syn::parse2::<Template>(quote::quote!(#literal)) {
        Ok(_) => panic!("{template} was accepted"),
        Err(error) => error.to_string(),
    }
}

#[test]
fn both_spellings() {
    assert_eq!(pieces("user:{id}"), ["user:", "[id|id]"]);
    assert_eq!(pieces("user:<id>"), ["user:", "[id|id]"]);
    assert_eq!(
        pieces("<req.page>:<opts.sort()>"),
        ["[req.page|req]", ":", "[opts.sort()|opts]"]
    );
    assert_eq!(
        pieces("{self.tenant}/{req.0}/{x.get::<u8>()}/{T::NAME}"),
        [
            "[self.tenant|self]",
            "/",
            "[req.0|req]",
            "/",
            "[x.get::<u8>()|x]",
            "/",
            "[T::NAME|T]"
        ]
    );
}

#[test]
fn escapes() {
    assert_eq!(pieces("{{a}}<<b>:{c}"), ["{a}<b>:", "[c|c]"]);
    assert_eq!(pieces("a>b"), ["a>b"]);
    assert_eq!(pieces("ü{é}ß"), ["ü", "[é|é]", "ß"]);
}

#[test]
fn mistakes() {
    let cases = [
        ("", "an empty template"),
        ("a{b", "a literal brace is written `{{`"),
        ("a}b", "a literal brace is written `}}`"),
        ("a<b", "a literal `<` is written `<<`"),
        ("a<b c>", "a literal `<` is written `<<`"),
        ("<a>:{b}", "both `{..}` and `<..>`"),
        ("{}", "empty placeholder"),
        ("{id:08}", "formats are not supported; write `{id}`"),
        ("{id:?}", "formats are not supported"),
        ("{a}{b}", "put a separator between them"),
        ("{a}%b", "`%` may not follow `a` directly"),
        ("{a}(b", "`(` may not follow `a` directly"),
        ("{a + b}", "is not a placeholder"),
        ("{a.b(c)}", "is not a placeholder"),
        ("{a.}", "is not a placeholder"),
    ];
    for (template, words) in cases {
        let message = mistake(template);
        assert!(message.contains(words), "{template}: {message}");
    }
}

#[test]
fn a_template_is_a_literal() {
    let Err(error) = syn::parse2::<Template>(tokens("format!(\"a\")")) else {
        panic!("an expression is no template");
    };
    assert!(
        error.to_string().contains("expected a template in quotes"),
        "{error}"
    );
}

#[test]
fn placeholders_name_arguments() {
    let item = "async fn get(pool: &Pool, user_id: u64) -> u64 { 1 }";
    let cases = [
        (
            "key = \"{usr_id}\"",
            "unknown placeholder `{usr_id}`: no argument of that name; did you mean `user_id`?",
        ),
        (
            "key = \"{x.y}\"",
            "unknown placeholder `{x.y}`: no argument of that name; the arguments are `pool`, `user_id`",
        ),
        (
            "key = \"{self.x}\"",
            "`{self.x}`: this function has no `self`",
        ),
        (
            "key = \"{ret.x}\"",
            "`{ret.x}`: the key is needed before the call gives a value; name arguments here, \
             `ret` can stand in `tags` and `store_if`",
        ),
    ];
    for (args, message) in cases {
        assert_eq!(cached_messages(args, item), [message]);
    }
}
