//! The doctor's findings about the causes of misses.

use crate::model::stats::{FunctionStats, Stats};
use crate::ops::doctor::findings::Finding;

/// The smallest number of misses for which their causes are judged.
const ENOUGH: u64 = 100;

/// Adds a finding for each function most of whose misses come from invalidations of one family of
/// tags.
pub(crate) fn tags(stats: &Stats, findings: &mut Vec<Finding>) {
    findings.extend(stats.functions.iter().filter_map(of_function));
}

fn of_function(function: &FunctionStats) -> Option<Finding> {
    let causes = &function.by_cause;
    let (family, count) = causes.tags.iter().max_by_key(|(_, count)| **count)?;
    let all = causes.total();
    if all < ENOUGH || *count < all / 2 {
        return None;
    }
    let (name, tenths) = (&function.name, count * 10 / all);
    Some(Finding::warning(
        "misses",
        format!("invalidations of tags `{family}..` cause {tenths} of 10 misses of `{name}`"),
        "give the entries a tag for less than that, or name the function in `#[invalidates]`: a tag should stand \
         for what changes together",
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stats(tag: u64, absent: u64) -> Stats {
        let mut function = FunctionStats {
            name: "shop::product".to_owned(),
            ..FunctionStats::default()
        };
        function.calls.by_cause.absent = absent;
        function
            .calls
            .by_cause
            .tags
            .insert("category:".to_owned(), tag);
        Stats {
            functions: vec![function],
            ..Stats::default()
        }
    }

    fn told(tag: u64, absent: u64) -> Vec<String> {
        let mut findings = Vec::new();
        tags(&stats(tag, absent), &mut findings);
        findings.into_iter().map(|it| it.problem).collect()
    }

    #[test]
    fn a_family_that_causes_most_misses_is_named() {
        assert_eq!(
            told(70, 30),
            ["invalidations of tags `category:..` cause 7 of 10 misses of `shop::product`"]
        );
        assert_eq!(told(49, 51), [""; 0], "less than half");
        assert_eq!(told(70, 29), [""; 0], "too few");
    }
}
