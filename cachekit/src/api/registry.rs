//! The registry of all cached functions of the process, complete before any of them is called.

use std::collections::HashMap;
use std::sync::LazyLock;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::base::trace;
use crate::core::queues;
use crate::key::template::{overlap, shown};
use crate::model::function_spec::FnSpec;
use crate::model::owner::{DIRECT_NAME, REGION};

/// A registered cached function. Attributes create these values, and the linker collects them.
#[derive(Debug)]
pub struct Registered(pub &'static FnSpec);

inventory::collect!(Registered);

/// Returns all registered functions.
pub(crate) fn functions() -> impl Iterator<Item = &'static FnSpec> {
    inventory::iter::<Registered>().map(|entry| entry.0)
}

/// Returns the conflicts between the registered functions (the same name, overlapping keys, two
/// queues for the entries of one function), each as a message. The search for conflicts runs once
/// in a process.
///
/// Functions that the linker did not collect, such as those of a library that is loaded later, are
/// compared at their first call and not by this search: see [`Owner::is_namesake`].
///
/// [`Owner::is_namesake`]: crate::model::owner::Owner::is_namesake
pub(crate) fn problems() -> &'static [String] {
    static PROBLEMS: LazyLock<Vec<String>> = LazyLock::new(find);
    &PROBLEMS
}

/// Logs the conflicts between registered functions, once in a process, for caches whose builder
/// does not return them as an error.
pub(crate) fn log_problems() {
    // This code holds no lock while it logs, because a log subscriber may use a cache.
    static LOGGED: AtomicBool = AtomicBool::new(false);
    if !LOGGED.swap(true, Ordering::Relaxed) {
        for problem in problems() {
            trace::function_conflict(problem);
        }
    }
}

fn find() -> Vec<String> {
    let functions: Vec<&FnSpec> = functions().collect();
    let mut problems = duplicate_names(&functions);
    problems.extend(functions.iter().filter_map(|function| taken(function)));
    problems.extend(problems_of_queues());
    for (index, a) in functions.iter().enumerate() {
        for b in &functions[index + 1..] {
            if a.name() != b.name() && overlap(a.pieces(), a.name(), b.pieces(), b.name()) {
                problems.push(overlapping_keys(a, b));
            }
        }
    }
    problems.sort();
    problems
}

/// Returns a message if the function has a name that the cache reserves for entries stored without
/// a macro; else `None`.
fn taken(function: &FnSpec) -> Option<String> {
    let name = function.name();
    let is_taken = name == DIRECT_NAME || name.starts_with(REGION);
    is_taken.then(|| {
        format!(
            "{} is named `{name}`, which is reserved for entries stored without a macro: give it \
             another name with `name = \"..\"`",
            function.location()
        )
    })
}

fn duplicate_names(functions: &[&FnSpec]) -> Vec<String> {
    let mut locations: HashMap<&str, Vec<String>> = HashMap::new();
    for function in functions {
        locations
            .entry(function.name())
            .or_default()
            .push(function.location());
    }
    locations
        .into_iter()
        .filter(|(_, locations)| locations.len() > 1)
        .map(|(name, locations)| {
            format!(
                "{} are both named `{name}`: give one another name with `name = \"..\"`",
                locations.join(" and ")
            )
        })
        .collect()
}

/// Returns the conflicts between write-behind functions: two with the same name, or two that write
/// the entries of the same cached function.
pub(crate) fn problems_of_queues() -> Vec<String> {
    let queues: Vec<_> = queues::registered().collect();
    let functions: Vec<&FnSpec> = queues.iter().map(|queue| &queue.function).collect();
    let mut problems = duplicate_names(&functions);
    let mut writers: HashMap<&str, Vec<&str>> = HashMap::new();
    for queue in &queues {
        if let Some(entry) = queue.entry {
            writers
                .entry(entry().name())
                .or_default()
                .push(queue.name());
        }
    }
    for (function, mut writers) in writers {
        writers.sort_unstable();
        if let [one, other, ..] = writers[..]
            && one != other
        {
            problems.push(format!(
                "`{one}` and `{other}` both queue values of `{function}`, and a read looks into one \
                 queue only: make them one write-behind function"
            ));
        }
    }
    problems
}

fn overlapping_keys(a: &FnSpec, b: &FnSpec) -> String {
    format!(
        "`{}` ({}) and `{}` ({}) can have the same key, by `{}` and `{}`: begin one of the keys \
         with another word",
        a.name(),
        a.location(),
        b.name(),
        b.location(),
        shown(a.pieces(), a.name()),
        shown(b.pieces(), b.name()),
    )
}
