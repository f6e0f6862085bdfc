//! Hits in memory.

use std::sync::Arc;
use std::time::Duration;

use cachekit_benches::Fail;
use cachekit_benches::keys::Spread;
use cachekit_benches::memory::{self, Args, ours};
use cachekit_benches::report::Table;
use cachekit_benches::turns::Rounds;
use cachekit_benches::user::User;
use tokio::runtime::Handle;

pub(crate) fn measure(
    runtime: &Handle,
    quick: bool,
    keep: &mut impl FnMut(Table),
) -> Result<(), Fail> {
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
    for (args, spread) in [
        (Args::Number, Spread::Zipf),
        (Args::Number, Spread::Hot),
        (Args::Text, Spread::Zipf),
        (Args::Both, Spread::Zipf),
    ] {
        keep(memory::table::<Arc<User>>(runtime, args, spread, rounds)?);
        keep(memory::table::<User>(runtime, args, spread, rounds)?);
    }
    keep(memory::miss::table(runtime, rounds)?);
    Ok(())
}
