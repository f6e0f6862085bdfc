//! Every cached function of the process, known before any is called.

use std::collections::HashMap;

use crate::function::FnSpec;
use crate::key::template::{overlap, shown};

/// One registered function. Attributes make them; the linker brings them together.
#[derive(Debug)]
pub struct Registered(pub &'static FnSpec);

inventory::collect!(Registered);

/// What keeps the functions from living in one process, in words.
///
/// Functions of a crate that nothing refers to are not linked and so not seen here.
pub(crate) fn problems() -> Vec<String> {
    let functions: Vec<&FnSpec> = inventory::iter::<Registered>()
        .map(|entry| entry.0)
        .collect();
    let mut problems = same_names(&functions);
    for (index, a) in functions.iter().enumerate() {
        for b in &functions[index + 1..] {
            if a.name() != b.name() && overlap(a.pieces(), a.name(), b.pieces(), b.name()) {
                problems.push(in_the_way(a, b));
            }
        }
    }
    problems.sort();
    problems
}

fn same_names(functions: &[&FnSpec]) -> Vec<String> {
    let mut places: HashMap<&str, Vec<String>> = HashMap::new();
    for function in functions {
        places
            .entry(function.name())
            .or_default()
            .push(function.place());
    }
    places
        .into_iter()
        .filter(|(_, places)| places.len() > 1)
        .map(|(name, places)| {
            format!(
                "{} are both named `{name}`: give one another name with `name = \"..\"`",
                places.join(" and ")
            )
        })
        .collect()
}

fn in_the_way(a: &FnSpec, b: &FnSpec) -> String {
    format!(
        "`{}` ({}) and `{}` ({}) can have the same key, by `{}` and `{}`: begin one of the keys \
         with another word",
        a.name(),
        a.place(),
        b.name(),
        b.place(),
        shown(a.pieces(), a.name()),
        shown(b.pieces(), b.name()),
    )
}
