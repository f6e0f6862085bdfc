//! Nothing is forgotten: signatures are made up, and of each, rustc either refuses the attribute
//! and names what the key forgets, or two calls that differ in one value give two results.
//!
//! What the attribute itself does to decide is not looked at. `CACHEKIT_SIGNATURES=2000` is the long
//! form, `CACHEKIT_SIGNATURES_ONLY=9,211` some of them, `CACHEKIT_SIGNATURES_SEED` others, and `CACHEKIT_SIGNATURES_WITH` the `deps` folder of
//! another build of cachekit to judge.

mod compiler;
mod forms;
mod function;

use std::collections::{BTreeMap, BTreeSet};
use std::env;

use compiler::{Compiler, Refusal};
use function::{Function, function};

const PRELUDE: &str = include_str!("prelude.txt");

/// How many stand in one crate.
const BATCH: usize = 250;

/// What became of some functions.
#[derive(Default)]
struct Report {
    compiled: usize,
    refused: usize,
    /// Pairs of calls.
    calls: usize,
    /// Values that made no difference, by form.
    forgotten: BTreeMap<String, usize>,
    wrong: Vec<String>,
}

#[test]
fn nothing_is_forgotten() {
    let count = number("CACHEKIT_SIGNATURES").unwrap_or(150);
    let seed = number("CACHEKIT_SIGNATURES_SEED").unwrap_or(20_261_128);
    let report = judge(seed, count, false);
    println!(
        "{count} signatures: {} compiled, {} refused by name; {} pairs of calls; forgotten: {:?}",
        report.compiled, report.refused, report.calls, report.forgotten
    );
    let wrong = report.wrong;
    assert!(
        wrong.is_empty(),
        "{} wrong:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
    let (compiled, refused) = (report.compiled * 4, report.refused * 4);
    let count = usize::try_from(count).expect("a few thousand");
    assert!(
        only().is_some() || (compiled > count && refused > count),
        "a quarter each at least"
    );
}

/// The judge is not blind: told nothing of `skip`, it finds that what is skipped makes no difference.
#[test]
fn what_is_skipped_would_be_found() {
    let report = judge(7, 24, true);
    assert!(report.forgotten.len() > 5, "{:?}", report.forgotten);
}

fn number(name: &str) -> Option<u64> {
    let value = env::var(name).ok()?;
    Some(
        value
            .parse()
            .unwrap_or_else(|_| panic!("{name}={value} is no number")),
    )
}

fn only() -> Option<Vec<usize>> {
    let listed = env::var("CACHEKIT_SIGNATURES_ONLY").ok()?;
    let numbers = listed.split(',').map(|number| {
        let parsed = number.trim().parse();
        parsed.unwrap_or_else(|_| panic!("{number} is no number"))
    });
    Some(numbers.collect())
}

fn judge(seed: u64, count: u64, careless: bool) -> Report {
    let folder = tempfile::tempdir().expect("a folder");
    let compiler = Compiler::new(folder.path());
    let mut report = Report::default();
    let mut numbers: Vec<usize> = (0..usize::try_from(count).expect("a few thousand")).collect();
    if let Some(only) = only().filter(|_| !careless) {
        numbers.retain(|number| only.contains(number));
    }
    for batch in numbers.chunks(BATCH) {
        let functions = batch
            .iter()
            .map(|at| function(seed, *at, careless))
            .collect();
        judge_batch(&compiler, functions, &mut report);
    }
    report
}

fn judge_batch(compiler: &Compiler, mut functions: Vec<Function>, report: &mut Report) {
    // Some errors are found only where there are no others.
    for round in 0.. {
        assert!(round < 6, "errors that go on: {:?}", report.wrong);
        let (source, lines) = program(&functions);
        let refusals = compiler.check(&source);
        if refusals.is_empty() {
            break;
        }
        let mut by_function: BTreeMap<usize, Vec<Refusal>> = BTreeMap::new();
        for refusal in refusals {
            let at = lines.partition_point(|line| *line <= refusal.line);
            assert!(at > 0, "not about a function: {refusal:?}");
            by_function.entry(at - 1).or_default().push(refusal);
        }
        let mut at = 0;
        functions.retain(|function| {
            let refusals = by_function.remove(&at);
            at += 1;
            if let Some(refusals) = &refusals {
                report.refused += 1;
                judge_refused(function, refusals, report);
            }
            refusals.is_none()
        });
    }
    for function in functions
        .iter()
        .filter(|function| !function.refused.is_empty())
    {
        // Perhaps it is in the key all the same; the calls will show.
        let (shown, words) = (&function.shown, &function.refused);
        report
            .wrong
            .push(format!("not refused for {words:?}: {shown}"));
    }
    report.compiled += functions.len();
    report.calls += functions
        .iter()
        .map(|it| it.text.matches("tell(").count())
        .sum::<usize>();
    let told = compiler.run(&program(&functions).0);
    for line in told.lines() {
        judge_told(line, &functions, report);
    }
}

/// All that is forgotten is named, and nothing else.
fn judge_refused(function: &Function, refusals: &[Refusal], report: &mut Report) {
    let expected: BTreeSet<&str> = function.refused.iter().map(String::as_str).collect();
    let mut named = BTreeSet::new();
    let mut unexplained = Vec::new();
    for refusal in refusals {
        let is_named = |word: &&String| {
            refusal.message.contains(&format!("`{word}`")) || has_word(&refusal.place, word)
        };
        let mut words: Vec<&str> = function
            .words
            .iter()
            .filter(is_named)
            .map(String::as_str)
            .collect();
        if words.is_empty() {
            unexplained.push(refusal);
        }
        named.extend(words.drain(..));
    }
    if !unexplained.is_empty() {
        let shown = &function.shown;
        report.wrong.push(format!(
            "refused for something else: {shown}: {unexplained:?}"
        ));
    } else if named != expected {
        let shown = &function.shown;
        report
            .wrong
            .push(format!("{named:?} are named, not {expected:?}: {shown}"));
    }
}

/// A call that was answered with another call's value.
fn judge_told(line: &str, functions: &[Function], report: &mut Report) {
    let mut parts = line.splitn(3, ' ');
    let mut next = || parts.next().and_then(|part| part.parse::<usize>().ok());
    let (number, leaf) = (next().expect("a function"), next().expect("a value"));
    let function = functions
        .iter()
        .find(|it| it.number == number)
        .expect("it was run");
    let form = function
        .leaves
        .get(leaf)
        .map_or("nothing", |leaf| leaf.form.as_str());
    *report.forgotten.entry(form.to_owned()).or_default() += 1;
    let shown = &function.shown;
    report
        .wrong
        .push(format!("forgets a value of `{form}` ({line}): {shown}"));
}

/// A crate, and the line that each function begins at.
fn program(functions: &[Function]) -> (String, Vec<usize>) {
    let mut source = PRELUDE.to_owned();
    let mut lines = Vec::new();
    for function in functions {
        lines.push(source.lines().count() + 1);
        source += &function.text;
    }
    let calls: Vec<String> = functions
        .iter()
        .map(|function| format!("f{}::run();", function.number))
        .collect();
    source.push_str("fn main() {\n");
    source.push_str(&calls.join("\n"));
    source.push_str("\n}\n");
    (source, lines)
}

/// Whether a text has a word that is not a part of another one.
fn has_word(text: &str, word: &str) -> bool {
    text.split(|letter: char| !letter.is_alphanumeric() && letter != '_')
        .any(|it| it == word)
}
