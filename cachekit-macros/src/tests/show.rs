//! Formatter for expansions, which puts each argument of a template macro on a line of its own.

use std::fmt::Write as _;

use proc_macro2::{Delimiter, Group, Ident, Spacing, Span, TokenStream, TokenTree};

/// Number of columns beyond which a line is broken.
const WIDTH: usize = 100;

/// Names of the template macros of cachekit, whose arguments have labels.
const TEMPLATES: [&str; 5] = [
    "__cached",
    "__invalidates",
    "__write_through",
    "__companion",
    "__siblings",
];

/// Formats an expansion as text.
pub(crate) fn show(expansion: &TokenStream) -> String {
    let mut calls = Vec::new();
    let file = syn::parse2(without_arguments(expansion.clone(), &mut calls));
    let text = prettyplease::unparse(&file.expect("an expansion is a list of items"));
    let mut shown = String::new();
    for line in text.lines() {
        let call = calls.iter().find(|(name, _)| line.contains(name.as_str()));
        let Some((name, arguments)) = call else {
            shown.push_str(line);
            shown.push('\n');
            continue;
        };
        let indent = line.len() - line.trim_start().len();
        if line.trim() == name {
            labelled(arguments, indent, &mut shown);
        } else if let Some((before, after)) = line.split_once(name.as_str()) {
            shown.push_str(before);
            shown.push('\n');
            labelled(arguments, indent + 4, &mut shown);
            push(&mut shown, indent, after);
        }
    }
    shown
}

/// Replaces the arguments of each call of a template macro by a name, and stores the arguments with
/// that name in `calls`.
fn without_arguments(tokens: TokenStream, calls: &mut Vec<(String, TokenStream)>) -> TokenStream {
    let mut is_template = false;
    let trees = tokens.into_iter().map(|tree| match tree {
        TokenTree::Group(group) => {
            let inside = if std::mem::take(&mut is_template) {
                let name = format!("__arguments_{}_", calls.len());
                calls.push((name.clone(), group.stream()));
                TokenTree::from(Ident::new(&name, Span::call_site())).into()
            } else {
                without_arguments(group.stream(), calls)
            };
            Group::new(group.delimiter(), inside).into()
        }
        other => {
            let is_bang = matches!(&other, TokenTree::Punct(it) if it.as_char() == '!');
            is_template = is_template && is_bang || is_one_of(&other, &TEMPLATES);
            other
        }
    });
    trees.collect()
}

fn is_one_of(tree: &TokenTree, words: &[&str]) -> bool {
    matches!(tree, TokenTree::Ident(word) if words.iter().any(|it| word == it))
}

fn push(shown: &mut String, indent: usize, line: &str) {
    writeln!(shown, "{:indent$}{line}", "").expect("a string takes all");
}

fn is_punct(tree: Option<&TokenTree>, wanted: char) -> bool {
    matches!(tree, Some(TokenTree::Punct(it)) if it.as_char() == wanted)
}

/// Returns `true` if the tokens begin with a label, such as `key:`.
fn is_label(trees: &[TokenTree]) -> bool {
    matches!(trees.first(), Some(TokenTree::Ident(_)))
        && matches!(trees.get(1), Some(TokenTree::Punct(it)) if it.as_char() == ':' && it.spacing() == Spacing::Alone)
}

/// Splits `tokens` behind each token for which `ends` returns `true`. The second argument of `ends`
/// contains the tokens that follow.
fn split(tokens: TokenStream, ends: impl Fn(&TokenTree, &[TokenTree]) -> bool) -> Vec<TokenStream> {
    let trees: Vec<TokenTree> = tokens.into_iter().collect();
    let mut parts = vec![TokenStream::new()];
    for (at, tree) in trees.iter().enumerate() {
        let last = parts.last_mut().expect("it is never empty");
        last.extend([tree.clone()]);
        let behind = &trees[at + 1..];
        if !behind.is_empty() && ends(tree, behind) {
            parts.push(TokenStream::new());
        }
    }
    parts
}

/// Appends a line `label: value,` to `shown` for each argument of a template macro.
fn labelled(tokens: &TokenStream, indent: usize, shown: &mut String) {
    let ends =
        |tree: &TokenTree, behind: &[TokenTree]| is_punct(Some(tree), ',') && is_label(behind);
    for argument in split(tokens.clone(), ends) {
        lines(argument, indent, shown);
    }
}

/// Appends an argument or a statement to `shown`: as one line, or, if the line is too long, with a
/// line for each part of the last group.
fn lines(tokens: TokenStream, indent: usize, shown: &mut String) {
    let line = inline(tokens.clone());
    let mut trees: Vec<TokenTree> = tokens.into_iter().collect();
    let comma = trees
        .pop_if(|last| is_punct(Some(last), ','))
        .map_or("", |_| ",");
    let Some(TokenTree::Group(group)) = trees.pop_if(|_| indent + line.len() > WIDTH) else {
        push(shown, indent, &line);
        return;
    };
    let [open, close] = brackets(&group);
    let head = inline(trees.into_iter().collect());
    let is_call = open == "(" && head.ends_with(|c: char| c.is_alphanumeric() || c == '_');
    let space = if is_call { "" } else { " " };
    push(shown, indent, format!("{head}{space}{open}").trim_start());
    let inside: Vec<TokenTree> = group.stream().into_iter().collect();
    if is_label(&inside) {
        labelled(&group.stream(), indent + 4, shown);
    } else {
        for part in split(group.stream(), |tree, behind| {
            ends_part(&group, tree, behind)
        }) {
            lines(part, indent + 4, shown);
        }
    }
    push(shown, indent, &format!("{close}{comma}"));
}

/// Returns `true` if `tree` is the last token of a line in a group that is broken into lines.
/// `behind` are the tokens after `tree`.
fn ends_part(group: &Group, tree: &TokenTree, behind: &[TokenTree]) -> bool {
    match tree {
        TokenTree::Punct(punct) => match punct.as_char() {
            ';' => true,
            ',' => group.delimiter() == Delimiter::Parenthesis && !is_closure(group),
            _ => false,
        },
        TokenTree::Group(inner) => match inner.delimiter() {
            Delimiter::Brace => !matches!(behind.first(), Some(TokenTree::Punct(_))),
            // The brackets contain the bindings before a closure.
            Delimiter::Bracket => is_punct(behind.first(), '|'),
            _ => false,
        },
        _ => false,
    }
}

fn is_closure(group: &Group) -> bool {
    let mut trees = group.stream().into_iter();
    trees.any(|tree| is_punct(Some(&tree), '|'))
}

fn brackets(group: &Group) -> [&'static str; 2] {
    match group.delimiter() {
        Delimiter::Parenthesis => ["(", ")"],
        Delimiter::Brace => ["{", "}"],
        Delimiter::Bracket => ["[", "]"],
        Delimiter::None => ["", ""],
    }
}

/// Formats tokens as one line, with the spaces of Rust code.
fn inline(tokens: TokenStream) -> String {
    let mut line = Line::default();
    for tree in tokens {
        line.add(tree);
    }
    line.text
}

#[derive(Default)]
struct Line {
    text: String,
    /// `true` if no space follows the last token.
    is_joined: bool,
    /// `true` if the last token is the first half of a punctuation such as `::` or `->`.
    is_half: bool,
    /// Number of angle brackets `<` of generics that are still open.
    generics: usize,
    /// `true` between the bars of a closure's parameters.
    in_bars: bool,
}

impl Line {
    fn add(&mut self, tree: TokenTree) {
        match tree {
            TokenTree::Group(group) => self.group(&group),
            TokenTree::Punct(punct) => {
                self.punct(punct.as_char(), punct.spacing() == Spacing::Joint);
            }
            word => {
                self.space(true);
                self.text.push_str(&word.to_string());
                (self.is_joined, self.is_half) = (false, false);
            }
        }
    }

    fn space(&mut self, is_wanted: bool) {
        if is_wanted && !self.is_joined && !self.text.is_empty() && !self.text.ends_with(' ') {
            self.text.push(' ');
        }
    }

    /// Returns `true` if the line so far ends with a value or a name.
    fn ends_with_value(&self) -> bool {
        let is_value = |c: char| c.is_alphanumeric() || "_)]\"'}".contains(c);
        self.text.ends_with(is_value) || self.text.ends_with('>') && !self.text.ends_with(" >")
    }

    fn group(&mut self, group: &Group) {
        let [open, close] = brackets(group);
        let inside = inline(group.stream());
        let is_call =
            self.ends_with_value() && !self.text.ends_with('}') || self.text.ends_with('!');
        self.space(open == "{" || !is_call);
        self.text.push_str(open);
        let padding = if open == "{" && !inside.is_empty() {
            " "
        } else {
            ""
        };
        write!(self.text, "{padding}{inside}{padding}{close}").expect("a string takes all");
        (self.is_joined, self.is_half) = (false, false);
    }

    fn punct(&mut self, punct: char, is_joint: bool) {
        let was_half = std::mem::replace(&mut self.is_half, is_joint);
        self.is_joined = is_joint;
        if was_half {
            self.text.push(punct);
            // A space follows `->` and similar punctuation.
            self.is_joined = punct == ':' || punct == '.';
            return;
        }
        let follows_value = self.ends_with_value();
        match punct {
            '.' | '!' => {
                self.space_before(!follows_value);
                self.text.push(punct);
                self.is_joined = true;
            }
            ':' if is_joint => {
                self.space_before(!follows_value);
                self.text.push(punct);
            }
            ',' | ';' | '?' | ':' => self.text.push(punct),
            '<' if !follows_value || self.is_type() => {
                let is_path = self.text.ends_with("::") || follows_value;
                self.space_before(!is_path);
                self.text.push(punct);
                self.generics += 1;
                self.is_joined = true;
            }
            '>' if self.generics > 0 => {
                self.text.push(punct);
                self.generics -= 1;
            }
            '|' => {
                self.space_before(!self.in_bars);
                self.text.push(punct);
                self.in_bars = !self.in_bars;
                self.is_joined = self.in_bars;
            }
            '&' | '*' | '#' | '\'' if !follows_value || punct == '\'' || punct == '#' => {
                self.space_before(!self.text.ends_with(['&', '*']));
                self.text.push(punct);
                self.is_joined = true;
            }
            _ => {
                self.space_before(true);
                self.text.push(punct);
            }
        }
    }

    /// Appends a space before a punctuation that may be joined to the next token.
    fn space_before(&mut self, is_wanted: bool) {
        let is_open = self.text.ends_with(['<', '&', '*', '.', '#']) || self.text.ends_with("::");
        if is_wanted && !is_open && !self.text.is_empty() && !self.text.ends_with(' ') {
            self.text.push(' ');
        }
    }

    /// Returns `true` if the last word begins like the name of a type, with a capital letter.
    fn is_type(&self) -> bool {
        let is_word = |c: char| c.is_alphanumeric() || c == '_';
        let start = self.text.rfind(|c| !is_word(c)).map_or(0, |at| at + 1);
        self.text[start..].starts_with(char::is_uppercase)
    }
}
