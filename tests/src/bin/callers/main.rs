//! One of several processes that call one cached function at the same time.
//!
//! `callers URL COUNT MILLISECONDS`: connects, says `ready`, waits for a line, lets COUNT
//! callers ask for one key, and says how many got the right answer. Each run of the function
//! takes so many milliseconds, is counted in Redis, and leaves the process's number there.

use std::io::{self, BufRead as _, Write as _};
use std::process::ExitCode;
use std::time::Duration;

use cachekit::{Cache, cached};
use cachekit_tests::redis::Client;

#[cached(key = "slow:{key}", name = "slow", skip(address, length))]
async fn slow(address: String, length: Duration, key: u64) -> String {
    let counted = tokio::task::spawn_blocking(move || {
        let mut client = Client::connect(address.parse().expect("an address"));
        client.int(&["INCR", "runs"]);
        client.run(&["SET", "holder", &std::process::id().to_string()])
    });
    counted.await.expect("counted");
    tokio::time::sleep(length).await;
    format!("value {key}")
}

#[tokio::main]
async fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let [address, count, millis] = args.as_slice() else {
        eprintln!("usage: callers HOST:PORT COUNT MILLISECONDS");
        return ExitCode::from(2);
    };
    let count: usize = count.parse().expect("a number");
    let length = Duration::from_millis(millis.parse().expect("a number"));
    let cache = Cache::builder()
        .namespace("shop")
        .redis(format!("redis://{address}"))
        .redis_timeout(Duration::from_secs(5))
        .build()
        .await
        .expect("a valid set-up");
    cachekit::init(cache).expect("the first");
    say("ready");
    io::stdin()
        .lock()
        .read_line(&mut String::new())
        .expect("a line");

    let callers: Vec<_> = (0..count)
        .map(|_| tokio::spawn(slow(address.clone(), length, 1)))
        .collect();
    let mut right = 0;
    for caller in callers {
        right += usize::from(caller.await.expect("an answer") == "value 1");
    }
    say(&right.to_string());
    ExitCode::SUCCESS
}

fn say(what: &str) {
    let mut out = io::stdout().lock();
    let said = writeln!(out, "{what}").and_then(|()| out.flush());
    said.expect("somebody listens");
}
