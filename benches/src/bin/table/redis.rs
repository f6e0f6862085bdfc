//! Calls that go to Redis.

use std::time::Duration;

use cachekit_benches::Fail;
use cachekit_benches::redis;
use cachekit_benches::report::Table;
use cachekit_benches::rounds::Rounds;
use tokio::runtime::Handle;

pub(crate) fn measure(
    runtime: &Handle,
    quick: bool,
    keep: &mut impl FnMut(Table),
) -> Result<(), Fail> {
    let (count, length) = if quick { (3, 100) } else { (9, 300) };
    let rounds = Rounds {
        count,
        length: Duration::from_millis(length),
    };
    redis::tables(runtime, rounds)?.into_iter().for_each(keep);
    Ok(())
}
