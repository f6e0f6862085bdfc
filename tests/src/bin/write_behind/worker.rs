//! The process of a worker.

use std::io::Read as _;
use std::path::Path;

use crate::broken;
use crate::functions::connect;

/// The word of the command line that makes a process a worker.
pub(crate) const WORD: &str = "--worker";

/// The largest number of concurrent runs of one function.
const CONCURRENCY: usize = 2;

/// Works until the standard input ends.
pub(crate) fn main(words: &[String]) -> Result<(), String> {
    let [redis, database, broken @ ..] = words else {
        return Err(format!("{WORD} is for this program alone"));
    };
    let broken = broken.first().map(|name| broken::find(name)).transpose()?;
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    runtime.block_on(async {
        let (cache, database) = connect(redis, Path::new(database), broken).await?;
        let workers = cache.workers().provide(database).concurrency(CONCURRENCY);
        let workers = workers.start().await.map_err(|error| error.to_string())?;
        println!("ready");
        let end = tokio::task::spawn_blocking(|| std::io::stdin().read_to_end(&mut Vec::new()));
        // A parent that died has ended the input too.
        let _ = end.await;
        workers.stop().await;
        Ok(())
    })
}
