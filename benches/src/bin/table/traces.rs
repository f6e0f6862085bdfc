//! Hit rates on traces.

use cachekit_benches::Fail;
use cachekit_benches::report::Table;
use cachekit_benches::traces;
use tokio::runtime::Handle;

pub(crate) fn measure(
    runtime: &Handle,
    quick: bool,
    percents: &[usize],
    keep: &mut impl FnMut(Table),
) -> Result<(), Fail> {
    let (accesses, rounds) = if quick { (500_000, 1) } else { (2_000_000, 3) };
    let tables = traces::tables(runtime, accesses, rounds, percents)?;
    tables.into_iter().for_each(keep);
    Ok(())
}
