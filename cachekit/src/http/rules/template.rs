//! Templates of tags and events over the parameters of a path: `product:{id}`.

use std::ops::Range;

use crate::base::spelling::{did_you_mean, quoted};
use crate::http::rules::percent::decoded;

/// A template of a tag or an event.
#[derive(Debug, Clone)]
pub(crate) struct Template {
    source: String,
    parts: Vec<Part>,
}

#[derive(Debug, Clone)]
enum Part {
    Literal(String),
    /// The parameter of this index.
    Parameter(usize),
}

/// Places of the parameters of a request's path in the path, in the order of the pattern.
pub(crate) type Parameters = smallvec::SmallVec<[Range<usize>; 3]>;

impl Template {
    /// Parses a template over the parameters `known`. The `Err` says what is wrong and what to
    /// write.
    pub(crate) fn parse(text: &str, known: &[String]) -> Result<Self, String> {
        if text.is_empty() {
            return Err(
                "it is empty; write a text such as `products` or `product:{id}`".to_owned(),
            );
        }
        let mut parts = Vec::new();
        let mut literal = String::new();
        let mut rest = text;
        while let Some(at) = rest.find(['{', '}']) {
            let (before, brace) = (&rest[..at], &rest[at..=at]);
            let behind = &rest[at + 1..];
            literal.push_str(before);
            if let Some(behind) = behind.strip_prefix(brace) {
                literal.push_str(brace);
                rest = behind;
                continue;
            }
            let end = behind
                .find('}')
                .filter(|_| brace == "{")
                .ok_or_else(unbalanced)?;
            parts.push(Part::Literal(std::mem::take(&mut literal)));
            parts.push(Part::Parameter(index(&behind[..end], known)?));
            rest = &behind[end + 1..];
        }
        literal.push_str(rest);
        parts.push(Part::Literal(literal));
        Ok(Self {
            source: text.to_owned(),
            parts,
        })
    }

    /// Returns the template as it was written.
    pub(crate) fn source(&self) -> &str {
        &self.source
    }

    /// Returns the text for a request with this path and these parameters. A parameter is decoded,
    /// as axum's `Path` decodes it, and otherwise verbatim.
    pub(crate) fn text(&self, path: &str, parameters: &[Range<usize>]) -> String {
        let mut text = String::new();
        for part in &self.parts {
            match part {
                Part::Literal(literal) => text.push_str(literal),
                Part::Parameter(index) => {
                    let range = parameters.get(*index).cloned().unwrap_or_default();
                    text.push_str(&decoded(path.get(range).unwrap_or_default()));
                }
            }
        }
        text
    }
}

fn unbalanced() -> String {
    "a brace has no counterpart; write `{id}` for a parameter of the path, `{{` or `}}` for a \
     literal brace"
        .to_owned()
}

fn index(name: &str, known: &[String]) -> Result<usize, String> {
    if let Some(index) = known.iter().position(|other| other == name) {
        return Ok(index);
    }
    let names = || known.iter().map(String::as_str);
    let problem = format!("unknown parameter `{{{name}}}`");
    Err(if let Some(meant) = did_you_mean(name, names()) {
        format!("{problem}; did you mean `{{{meant}}}`?")
    } else if known.is_empty() {
        format!("{problem}; the path has no parameters")
    } else {
        format!("{problem}; the path's parameters are {}", quoted(names()))
    })
}
