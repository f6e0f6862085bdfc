//! Functions: a signature with an attribute, the same without, and calls of both.

use std::fmt::Write as _;

use fastrand::Rng;

use crate::forms::{Argument, Forms, Leaf, Rule, Word};

/// A function that was made up.
pub(crate) struct Function {
    pub(crate) number: usize,
    /// A module with everything.
    pub(crate) text: String,
    /// What stands above the module's function, for reports.
    pub(crate) shown: String,
    pub(crate) leaves: Vec<Leaf>,
    /// Words that the compiler has to refuse.
    pub(crate) refused: Vec<String>,
    /// Words of the signature.
    pub(crate) words: Vec<String>,
}

/// What is said of a word.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Said {
    InKey,
    Skipped,
    Nothing,
}

/// Where a function stands.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    Free,
    /// In the `impl` of a type with a field, of one with a parameter, or of one that is `Shared`.
    Method(&'static str),
    /// In the `impl` of a type with a parameter, without `self`.
    Associated,
}

/// A function; the same for the same seed and number. With `careless`, nobody hears of what is in
/// `skip`: every such value is one that the key forgets.
pub(crate) fn function(seed: u64, number: usize, careless: bool) -> Function {
    let mut rng = Rng::with_seed(seed ^ (number as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15));
    let place = match rng.u8(..10) {
        0 => Place::Method("&self"),
        1 => Place::Method("self"),
        2 => Place::Method("self: Arc<Self>"),
        3 => Place::Associated,
        _ => Place::Free,
    };
    let of_type = rng.u8(..3);
    let mut forms = Forms::new(&mut rng);
    let around = around(place, of_type, &mut forms);
    let count = 1 + number % 4;
    let arguments: Vec<Argument> = (0..count).map(|_| forms.argument()).collect();
    let Forms {
        leaves,
        words,
        generics,
        wheres,
        ..
    } = forms;
    let said: Vec<Said> = words.iter().map(|word| say(word, &mut rng)).collect();
    let is_async = rng.bool();
    let attribute = attribute(number, place, &words, &said, &mut rng);
    let signature = |name: &str| signature(name, &around, &arguments, &generics, &wheres);
    let body = body(&leaves);
    let word = if is_async { "async " } else { "" };
    let shown = format!("{attribute} pub {word}{}", signature("annotated"));
    let plain = format!("pub {}", signature("plain"));
    let calls = calls(
        number,
        is_async,
        &around,
        &arguments,
        &generics,
        &leaves,
        |leaf| careless || !is_excused(leaf, &words, &said),
    );
    let text = format!(
        "pub mod f{number} {{ use super::*;\n{}\n{shown} {body}\n{plain} {body}\n{}\npub fn run() {{\n{calls}}}\n}}\n",
        around.opening, around.closing
    );
    let refused = words
        .iter()
        .zip(&said)
        .filter(|(word, said)| **said == Said::Nothing && word.rule == Rule::Refused)
        .map(|(word, _)| word.name.clone());
    Function {
        number,
        text,
        shown,
        refused: refused.collect(),
        words: words.into_iter().map(|word| word.name).collect(),
        leaves,
    }
}

fn signature(
    name: &str,
    around: &Around,
    arguments: &[Argument],
    generics: &[(String, String)],
    wheres: &[String],
) -> String {
    let mut inputs: Vec<&str> = around.receiver.into_iter().collect();
    inputs.extend(arguments.iter().map(|argument| argument.written.as_str()));
    let params: Vec<&str> = generics.iter().map(|(param, _)| param.as_str()).collect();
    let params = if params.is_empty() {
        String::new()
    } else {
        format!("<{}>", params.join(", "))
    };
    let clause = if wheres.is_empty() {
        String::new()
    } else {
        format!(" where {}", wheres.join(", "))
    };
    let inputs = inputs.join(", ");
    format!("fn {name}{params}({inputs}) -> String{clause}")
}

/// Gives all that it sees.
fn body(leaves: &[Leaf]) -> String {
    let seen: Vec<String> = leaves
        .iter()
        .map(|leaf| format!("format!(\"{{:?}}\", {})", leaf.show))
        .collect();
    let seen = seen.join(", ");
    format!("{{ let seen: Vec<String> = vec![{seen}]; seen.join(\"|\") }}")
}

/// What stands around a function.
struct Around {
    opening: String,
    closing: &'static str,
    receiver: Option<&'static str>,
    /// What a call begins with.
    call: String,
}

fn around(place: Place, of_type: u8, forms: &mut Forms<'_>) -> Around {
    let free = Around {
        opening: String::new(),
        closing: "",
        receiver: None,
        call: String::new(),
    };
    match (place, of_type) {
        (Place::Free, _) => free,
        (Place::Associated, _) => {
            let leaf = forms.leaf(
                ["User", "Secret"],
                "T::TABLE".to_owned(),
                "impl<T>, no self",
            );
            Around {
                opening: "pub struct Of<T>(pub T);\nimpl<T: Entity> Of<T> {".to_owned(),
                closing: "}",
                call: format!("Of::<§{leaf}§>::"),
                ..free
            }
        }
        (Place::Method(receiver), of_type) => {
            let (opening, value) = match of_type {
                0 => {
                    forms.word("self", None, Vec::new(), Rule::Fine);
                    let opening =
                        "#[derive(Clone)] pub struct Of;\nimpl Shared for Of {}\nimpl Of {";
                    (opening.to_owned(), "Of".to_owned())
                }
                1 => {
                    let leaf = forms.leaf(["7u64", "8u64"], "&self.tenant".to_owned(), receiver);
                    let mention = Some("{self.tenant}".to_owned());
                    forms.word("self", mention, vec![leaf], Rule::Refused);
                    let opening =
                        "#[derive(Clone)] pub struct Of { pub tenant: u64 }\nimpl Of {".to_owned();
                    (opening, format!("Of {{ tenant: §{leaf}§ }}"))
                }
                _ => {
                    let leaf =
                        forms.leaf(["User", "Secret"], "T::TABLE".to_owned(), "impl<T>, self");
                    forms.word("self", None, Vec::new(), Rule::Fine);
                    let opening = "#[derive(Clone)] pub struct Of<T>(pub T);\n\
                                   impl<T> Shared for Of<T> {}\nimpl<T: Entity> Of<T> {";
                    (opening.to_owned(), format!("Of(§{leaf}§)"))
                }
            };
            let value = if receiver.contains("Arc") {
                format!("Arc::new({value})")
            } else {
                value
            };
            Around {
                opening,
                closing: "}",
                receiver: Some(receiver),
                call: format!("{value}."),
            }
        }
    }
}

/// What is said of a word: most are in the key, and some are forgotten.
fn say(word: &Word, rng: &mut Rng) -> Said {
    let nothing = match word.rule {
        Rule::Fine => 8,
        Rule::Refused => 2,
    };
    if rng.u8(..16) < nothing {
        return Said::Nothing;
    }
    if word.mention.is_some() && rng.u8(..4) > 0 {
        Said::InKey
    } else {
        Said::Skipped
    }
}

/// A value counts as skipped if one of its words is.
fn is_excused(leaf: usize, words: &[Word], said: &[Said]) -> bool {
    let mut pairs = words.iter().zip(said);
    pairs.any(|(word, said)| *said == Said::Skipped && word.leaves.contains(&leaf))
}

fn attribute(number: usize, place: Place, words: &[Word], said: &[Said], rng: &mut Rng) -> String {
    let of = |wanted: Said| {
        let pairs = words.iter().zip(said);
        pairs
            .filter(move |(_, said)| **said == wanted)
            .map(|(word, _)| word)
    };
    let mut key = format!("f{number}");
    let mut mentions: Vec<&str> = of(Said::InKey)
        .filter_map(|word| word.mention.as_deref())
        .collect();
    rng.shuffle(&mut mentions);
    for mention in mentions {
        let _ = write!(key, ":{mention}");
    }
    let mut options = vec![format!("key = \"{key}\""), "tier = memory".to_owned()];
    let skipped: Vec<&str> = of(Said::Skipped).map(|word| word.name.as_str()).collect();
    if !skipped.is_empty() {
        options.push(format!("skip({})", skipped.join(", ")));
    }
    if place == Place::Associated || rng.bool() {
        options.push("companion = false".to_owned());
    }
    format!("#[cached({})]", options.join(", "))
}

/// Calls that differ from the first one in one value, each beside one of the plain function.
fn calls(
    number: usize,
    is_async: bool,
    around: &Around,
    arguments: &[Argument],
    generics: &[(String, String)],
    leaves: &[Leaf],
    is_watched: impl Fn(usize) -> bool,
) -> String {
    let call = |name: &str, other: Option<usize>| {
        let turbofish: Vec<&str> = generics.iter().map(|(_, value)| value.as_str()).collect();
        let turbofish = if turbofish.is_empty() {
            String::new()
        } else {
            format!("::<{}>", turbofish.join(", "))
        };
        let arguments: Vec<&str> = arguments.iter().map(|it| it.call.as_str()).collect();
        let mut text = format!("{}{name}{turbofish}({})", around.call, arguments.join(", "));
        for (at, leaf) in leaves.iter().enumerate() {
            let value = leaf.values[usize::from(other == Some(at))];
            text = text.replace(&format!("§{at}§"), value);
        }
        text
    };
    let pair = |other: Option<usize>| {
        let annotated = call("annotated", other);
        let annotated = if is_async {
            format!("wait({annotated})")
        } else {
            annotated
        };
        let leaf = other.unwrap_or(leaves.len());
        let plain = call("plain", other);
        format!("tell({number}, {leaf}, &{annotated}, &{plain});\n")
    };
    let mut text = pair(None);
    for (at, leaf) in leaves.iter().enumerate() {
        if is_watched(at) && leaf.values[0] != leaf.values[1] {
            text += &pair(Some(at));
        }
    }
    text
}
