//! Hits and misses in memory, each table by a process of its own: where in memory the values of one
//! table are is not to depend on what the tables before it left behind.

use std::env;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use cachekit_benches::Fail;
use cachekit_benches::keys::Spread;
use cachekit_benches::memory::{self, Args, ours};
use cachekit_benches::report::Table;
use cachekit_benches::rounds::Rounds;
use cachekit_benches::user::User;
use tokio::runtime::Handle;

use crate::args;

/// What a table is about.
#[derive(Debug, Clone, Copy)]
enum Case {
    Shared(Args, Spread),
    Owned(Args, Spread),
    Miss,
}

const CASES: [Case; 9] = [
    Case::Shared(Args::Number, Spread::Zipf),
    Case::Owned(Args::Number, Spread::Zipf),
    Case::Shared(Args::Number, Spread::Hot),
    Case::Owned(Args::Number, Spread::Hot),
    Case::Shared(Args::Text, Spread::Zipf),
    Case::Owned(Args::Text, Spread::Zipf),
    Case::Shared(Args::Both, Spread::Zipf),
    Case::Owned(Args::Both, Spread::Zipf),
    Case::Miss,
];

/// All tables, one after the other.
pub(crate) fn measure(quick: bool, keep: &mut impl FnMut(Table)) -> Result<(), Fail> {
    for (number, case) in CASES.iter().enumerate() {
        keep(
            by_another(args::MEMORY_TABLE, number, quick)
                .map_err(|told| format!("the table of {case:?}: {told}"))?,
        );
    }
    Ok(())
}

/// A table that a process of its own measures: this program, with `word` and the table's number.
pub(crate) fn by_another(word: &str, number: usize, quick: bool) -> Result<Table, Fail> {
    let mut command = Command::new(env::current_exe()?);
    command.args([word, &number.to_string()]);
    command.args(quick.then_some(args::QUICK));
    let done = command.stderr(Stdio::inherit()).output()?;
    if !done.status.success() {
        return Err(done.status.to_string().into());
    }
    Ok(serde_json::from_slice(&done.stdout)?)
}

/// Measures one table in a process of its own, and prints the table as JSON.
pub(crate) fn one(runtime: &Handle, case: usize, quick: bool) -> Result<(), Fail> {
    let Some(case) = CASES.get(case) else {
        return Err(format!("there are {} tables", CASES.len()).into());
    };
    let rounds = if quick {
        Rounds {
            count: 5,
            length: Duration::from_millis(20),
        }
    } else {
        Rounds {
            count: 15,
            length: Duration::from_millis(50),
        }
    };
    runtime.block_on(ours::init())?;
    let table = match *case {
        Case::Shared(args, spread) => memory::table::<Arc<User>>(runtime, args, spread, rounds)?,
        Case::Owned(args, spread) => memory::table::<User>(runtime, args, spread, rounds)?,
        Case::Miss => memory::miss::table(runtime, rounds)?,
    };
    println!("{}", serde_json::to_string(&table)?);
    Ok(())
}
