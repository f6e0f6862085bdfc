//! Requests of a service, with cachekit and without it.

use std::time::Duration;

use cachekit_benches::report::Table;
use cachekit_benches::rounds::Rounds;
use cachekit_benches::{Fail, service};
use tokio::runtime::Handle;

pub(crate) fn measure(
    runtime: &Handle,
    quick: bool,
    keep: &mut impl FnMut(Table),
) -> Result<(), Fail> {
    let (count, length) = if quick { (3, 200) } else { (9, 1_000) };
    let rounds = Rounds {
        count,
        length: Duration::from_millis(length),
    };
    service::tables(runtime, rounds)?.into_iter().for_each(keep);
    Ok(())
}
