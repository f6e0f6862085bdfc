//! The doctor's findings about cached functions.

use crate::api::registry;
use crate::ops::doctor::findings::Finding;

/// Adds a finding for each conflict between cached functions of the program.
pub(crate) fn conflicts(findings: &mut Vec<Finding>) {
    for problem in registry::problems() {
        // The text of a conflict ends with its remedy.
        let (problem, remedy) = problem.rsplit_once(": ").unwrap_or((problem, ""));
        findings.push(Finding::error("functions", problem, remedy));
    }
}
