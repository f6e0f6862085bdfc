//! Tests a manual deletion of an entry during a fill. The fill must be refused, because the program
//! that deletes an entry knows of a change that the fill may have missed.

use std::thread;
use std::time::Duration;

use redis::RedisResult;
use redis::aio::MultiplexedConnection;

use crate::layout::{Layout, Scripts};
use crate::server::Server;

const LONG: u64 = 60_000;

/// "yes", or the cases in which it is stored all the same.
pub(crate) async fn refused(
    layout: Layout,
    scripts: &Scripts,
    server: &mut Server,
    connection: &mut MultiplexedConnection,
) -> RedisResult<String> {
    let mut accepted = Vec::new();
    for case in ["new", "refresh", "late"] {
        let entry = &layout.keys(case)[0];
        let acquire = |token, lease| layout.acquire(scripts, case, token, lease);
        let fill = |token: &str| layout.fill(scripts, case, token, b"value");
        if case == "refresh" {
            let token: String = acquire("generation-00000", LONG)
                .query_async(connection)
                .await?;
            let stored: bool = fill(&token).query_async(connection).await?;
            assert!(stored, "an entry to be refreshed");
        }
        let lease = if case == "late" { 1 } else { LONG };
        let token: String = acquire("generation-00001", lease)
            .query_async(connection)
            .await?;
        server.delete(entry);
        if case == "late" {
            // Until the lease is over, and another has taken it.
            thread::sleep(Duration::from_millis(10));
            let _: String = acquire("generation-00002", LONG)
                .query_async(connection)
                .await?;
        }
        if fill(&token).query_async(connection).await? {
            accepted.push(case);
        }
    }
    Ok(if accepted.is_empty() {
        "yes".to_owned()
    } else {
        format!("no ({})", accepted.join(", "))
    })
}
