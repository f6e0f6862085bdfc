//! Questions to all processes: `stats`, `top` and `config`.

use std::process::Command;
use std::time::Duration;

use cachekit::{Cache, Policy};
use cachekit_tests::redis::Redis;
use serde_json::Value;

use crate::{Running, command, node, run, waited_at_start, waited_for};

async fn compute(cache: &Cache, key: &str, calls: u64) {
    let policy = Policy::new().tag("category:4");
    for _ in 0..calls {
        cache.get_or_compute(key, &policy, || async { 7 }).await;
    }
}

#[tokio::test]
async fn statistics_are_summed_over_the_processes() {
    let redis = Redis::start();
    let (one, other) = (node(&redis).await, node(&redis).await);
    compute(&one, "a", 3).await;
    compute(&other, "b", 7).await;
    let (code, said, stderr) = run(&redis, &["stats"]).await;
    assert_eq!(code, Some(0), "{said}{stderr}");
    assert!(said.starts_with("2 processes, up to "), "{said}");
    let row = said.lines().find(|line| line.starts_with("(direct)"));
    let cells: Vec<_> = row.expect(&said).split_whitespace().collect();
    assert_eq!(
        (cells[1], cells[3], cells[4]),
        ("10", "80.0%", "2"),
        "{said}"
    );
    assert!(said.contains("  absent 2\n"), "{said}");

    let (_, said, _) = run(&redis, &["stats", "--nodes"]).await;
    assert_eq!(said.matches("process ").count(), 2, "{said}");
    assert_eq!(said.matches("(direct)").count(), 2, "{said}");

    let (_, said, _) = run(&redis, &["--json", "stats", "--function", "(direct)"]).await;
    let answer: Value = serde_json::from_str(&said).expect("JSON");
    assert_eq!(answer["processes"], 2);
    assert_eq!(
        (&answer["silent"], &answer["nodes"]),
        (&0.into(), &Value::Null)
    );
    let function = &answer["functions"][0];
    assert_eq!(
        (&function["memory_hits"], &function["computations"]),
        (&8.into(), &2.into())
    );
    assert_eq!(function["compute_time"]["count"], 2);

    let (code, _, stderr) = run(&redis, &["stats", "--function", "shop::nothing"]).await;
    assert_eq!(code, Some(1));
    assert!(
        stderr.contains("no process has called a function `shop::nothing`"),
        "{stderr}"
    );
}

#[tokio::test]
async fn processes_without_a_function_are_not_among_those_that_have_it() {
    let redis = Redis::start();
    let (one, other) = (node(&redis).await, node(&redis).await);
    one.region::<u64>("prices").set("lamp", 7).await;
    compute(&other, "a", 1).await;
    let words = ["stats", "--function", "region prices"];
    let (code, said, stderr) = run(&redis, &words).await;
    assert_eq!(code, Some(0), "{stderr}");
    assert!(said.starts_with("1 process, "), "{said}");
    let (_, said, _) = run(&redis, &[&words[..], &["--nodes"]].concat()).await;
    assert_eq!(said.matches("process ").count(), 1, "{said}");
}

#[tokio::test]
async fn top_shows_what_happened_in_each_round() {
    let redis = Redis::start();
    let cache = node(&redis).await;
    compute(&cache, "before", 100).await;
    let calling = async {
        loop {
            compute(&cache, "a", 5).await;
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    let words = ["top", "--once", "--every", "0.3", "--sort", "misses"];
    let (code, said, stderr) = tokio::select! {
        ran = run(&redis, &words) => ran,
        () = calling => unreachable!("it calls for ever"),
    };
    assert_eq!(code, Some(0), "{said}{stderr}");
    assert!(said.starts_with("1 process, "), "{said}");
    assert!(!said.contains('\u{1b}'), "plain in a pipe: {said:?}");
    let row = said.lines().find(|line| line.starts_with("(direct)"));
    let cells: Vec<_> = row.expect(&said).split_whitespace().collect();
    let per_second: f64 = cells[2].parse().expect("a number");
    assert!((10.0..10_000.0).contains(&per_second), "{said}");

    let words = ["--json", "top", "--rounds", "2", "--every", "0.05"];
    let (code, said, _) = run(&redis, &words).await;
    assert_eq!((code, said.lines().count()), (Some(0), 2), "{said}");
    for line in said.lines() {
        let round: Value = serde_json::from_str(line).expect("JSON");
        assert!(!line.contains("-0"), "{line}");
        assert_eq!(
            (&round["processes"], &round["per_second"]),
            (&1.into(), &0.0.into())
        );
        assert_eq!(
            round["functions"],
            Value::Array(vec![]),
            "nothing is called now"
        );
    }
}

/// The only process ends, and Redis with it, and both come back.
#[tokio::test]
async fn top_goes_on_after_rounds_without_answers() {
    let redis = Redis::start();
    let cache = node(&redis).await;
    let words = ["--json", "top", "--every", "0.2", "--wait", "0.2"];
    let mut top = Running::start(command(&redis, &words), false);
    let round = |line: &str| serde_json::from_str::<Value>(line).expect("JSON");
    let has_process = |line: &str| round(line)["processes"] == 1;
    top.line("a round", has_process).await;
    cache.shutdown().await;
    drop(cache);
    let nobody = "no process answers questions in this namespace";
    top.line("nobody", |line| round(line)["problem"] == nobody)
        .await;
    let _again = node(&redis).await;
    top.line("another process", has_process).await;
    redis.kill();
    top.line("no Redis", |line| round(line)["problem"].is_string())
        .await;
    redis.restart();
    top.line("Redis again", has_process).await;
}

/// A supervisor ends a command by SIGTERM. It ends as with Ctrl-C: the terminal is as it was before.
#[cfg(unix)]
#[tokio::test]
async fn a_command_that_is_terminated_ends_in_order() {
    let redis = Redis::start();
    let cache = node(&redis).await;
    for words in [&["top", "--every", "0.1"][..], &["watch"]] {
        let mut running = Running::start(command(&redis, words), false);
        cachekit_tests::until("it subscribes", || {
            redis.client().int(&["PUBLISH", "shop:bus", ""]) == 2
        })
        .await;
        tokio::time::sleep(Duration::from_millis(500)).await;
        let waited = waited_at_start(&cache).await;
        let id = running.child.id().to_string();
        let kill = Command::new("kill").arg(id).status();
        assert!(kill.expect("it starts").success());
        let ended = tokio::task::spawn_blocking(move || running.child.wait()).await;
        let status = ended.expect("no panic").expect("it ends");
        assert_eq!(status.code(), Some(0), "{words:?}: {status}");
        assert_eq!(waited_for(&cache).await, waited, "{words:?}");
    }
}

#[tokio::test]
async fn configurations_are_shown_with_their_origins() {
    let redis = Redis::start();
    let (one, other) = (node(&redis).await, node(&redis).await);
    let builder = Cache::builder().namespace("shop").redis(redis.url());
    let odd = builder.hot_keys(7).build().await.expect("a valid set-up");
    let (code, said, stderr) = run(&redis, &["config"]).await;
    assert_eq!(code, Some(0), "{said}{stderr}");
    assert!(
        said.contains("2 processes: ") && said.contains("1 process: "),
        "{said}"
    );
    let lines: Vec<_> = said
        .lines()
        .filter(|line| line.starts_with("cache.hot_keys"))
        .collect();
    let has = |value: &str, origin: &str| {
        lines
            .iter()
            .any(|line| line.contains(value) && line.ends_with(origin))
    };
    assert!(has(" 7 ", "builder") && has(" 1024 ", "default"), "{said}");
    let (_, said, _) = run(&redis, &["--json", "config"]).await;
    let answer: Value = serde_json::from_str(&said).expect("JSON");
    assert_eq!(answer["configurations"].as_array().map(Vec::len), Some(2));
    drop((one, other, odd));
}

#[tokio::test]
async fn missing_answers_are_said() {
    let redis = Redis::start();
    for words in [&["stats"][..], &["top", "--once"], &["config"]] {
        let (code, said, stderr) = run(&redis, words).await;
        assert_eq!((code, &*said), (Some(1), ""), "{words:?}");
        assert!(
            stderr.starts_with("error: no process answers questions"),
            "{stderr}"
        );
    }
    let mut silent = redis.client();
    silent.run(&["SUBSCRIBE", "shop:node:ask"]);
    let (code, _, stderr) = run(&redis, &["stats", "--wait", "0.1"]).await;
    assert_eq!(code, Some(1));
    assert!(
        stderr.contains("1 process did not answer within 100 ms"),
        "{stderr}"
    );
    let cache = node(&redis).await;
    compute(&cache, "a", 1).await;
    let (code, said, _) = run(&redis, &["stats", "--wait", "0.1"]).await;
    assert_eq!(code, Some(0), "{said}");
    assert!(
        said.ends_with("\n\n1 process did not answer within 100 ms\n"),
        "{said}"
    );
}
