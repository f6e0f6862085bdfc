//! Questions to all processes: for their statistics and their configuration.

use std::thread;
use std::time::{Duration, Instant};

use cachekit::{AnswerError, Cache, ConfigOrigin, Policy, QueryError};
use cachekit_tests::proxy::Proxy;
use cachekit_tests::redis::{Client, Redis};

/// Long enough that only an end before it passes a test.
const LONG: Duration = Duration::from_secs(60);

async fn node(redis: &Redis) -> Cache {
    let builder = cachekit_tests::patient(redis.url());
    builder.build().await.expect("a valid set-up")
}

/// A cache that asks and does not answer, as that of the command.
async fn asker(redis: &Redis) -> Cache {
    let builder = cachekit_tests::patient(redis.url());
    let built = builder.answers(false).build().await;
    built.expect("a valid set-up")
}

async fn calls(cache: &Cache, calls: u64) {
    let policy = Policy::new().tag("category:4");
    for _ in 0..calls {
        cache.get_or_compute("price", &policy, || async { 7 }).await;
    }
}

/// A process of another program that gets the questions.
fn stranger(redis: &Redis) -> Client {
    let mut client = redis.client();
    client.run(&["SUBSCRIBE", "shop:node:ask"]);
    client
}

/// Answers the next question in place of a node, with `text`.
fn answer_once(redis: &Redis, text: &'static [u8]) -> thread::JoinHandle<()> {
    let (mut listener, mut client) = (stranger(redis), redis.client());
    thread::spawn(move || {
        let question = listener.message();
        let (node, number) = (&question[4..20], &question[20..28]);
        let digits = node
            .iter()
            .fold(String::new(), |digits, byte| format!("{digits}{byte:02x}"));
        let answer = [&b"CK\x02r"[..], &[0xab; 16], number, text].concat();
        let channel = format!("shop:node:{digits}");
        client.run(&[&b"PUBLISH"[..], channel.as_bytes(), &answer]);
    })
}

#[tokio::test]
async fn every_process_answers_for_itself() {
    let redis = Redis::start();
    let (one, other, asker) = (node(&redis).await, node(&redis).await, asker(&redis).await);
    calls(&one, 3).await;
    calls(&other, 2).await;
    let start = Instant::now();
    let answers = asker.ask_stats(LONG).await.expect("Redis answers");
    assert!(start.elapsed() < LONG / 2, "it ends with the last answer");
    assert_eq!((answers.nodes.len(), answers.silent), (2, 0));
    let mut counted: Vec<_> = answers
        .read()
        .map(|(_, it)| (it.calls(), it.computations))
        .collect();
    counted.sort_unstable();
    assert_eq!(
        counted,
        [(2, 0), (3, 1)],
        "the second got the value from Redis"
    );
    let (_, stats) = answers
        .read()
        .find(|(_, it)| it.calls() == 3)
        .expect("it is there");
    let own = one.stats();
    assert_eq!(stats.functions, own.functions);
    assert_eq!(stats.redis.breaker, own.redis.breaker);
    assert!(stats.elapsed > Duration::ZERO && stats.elapsed <= own.elapsed);

    // A process that answers too is not among its own answers.
    let of_others = one.ask_stats(LONG).await.expect("Redis answers");
    assert_eq!((of_others.nodes.len(), of_others.silent), (1, 0));
    assert_eq!(of_others.read().next().map(|(_, it)| it.calls()), Some(2));
}

#[tokio::test]
async fn a_configuration_is_told_with_its_origins_and_without_passwords() {
    let redis = Redis::with(&["--requirepass", "geheim"]);
    let secret = |builder: cachekit::CacheBuilder| builder.redis_password("geheim");
    let builder = || secret(cachekit_tests::patient(redis.url()));
    let built = builder().default_ttl(Duration::from_secs(61)).build().await;
    let service = built.expect("a valid set-up");
    let asker = builder()
        .answers(false)
        .build()
        .await
        .expect("a valid set-up");
    let answers = asker.ask_config(LONG).await.expect("Redis answers");
    let (_, config) = answers.read().next().expect("one process");
    assert_eq!(config, &service.config());
    let ttl = config.settings.iter().find(|it| it.name == "default_ttl");
    let ttl = ttl.expect("a setting");
    assert_eq!((&*ttl.value, &ttl.origin), ("1m1s", &ConfigOrigin::Builder));
    assert!(!format!("{answers:?}").contains("geheim"));
}

#[tokio::test]
async fn nobody_there_is_no_error_and_no_wait() {
    let redis = Redis::start();
    let mute = asker(&redis).await;
    let asker = asker(&redis).await;
    let start = Instant::now();
    let answers = asker.ask_stats(LONG).await.expect("Redis answers");
    assert_eq!((answers.nodes.len(), answers.silent), (0, 0));
    assert!(start.elapsed() < LONG / 2);
    drop(mute);
    let alone = Cache::builder().build().await.expect("a valid set-up");
    assert_eq!(alone.ask_stats(LONG).await, Err(QueryError::NoServer));
}

/// Commands reach Redis, and messages do not come back.
#[tokio::test]
async fn a_dead_bus_is_told_from_a_dead_redis() {
    let redis = Redis::start();
    let proxy = Proxy::to(redis.addr());
    let builder = Cache::builder().namespace("shop").redis(proxy.url());
    let builder = builder.bus_timeout(Duration::from_millis(200));
    let asker = builder.build().await.expect("a valid set-up");
    proxy.silence(true);
    let is_deaf = || asker.stats().redis.is_up && !asker.stats().redis.is_bus_live;
    cachekit_tests::until("no message arrives", is_deaf).await;
    let answers = asker.ask_stats(LONG).await;
    assert_eq!(answers, Err(QueryError::NoMessages));
    let shown = QueryError::NoMessages.to_string();
    assert!(
        shown.starts_with("messages of other processes do not arrive"),
        "{shown}"
    );
    redis.kill();
    cachekit_tests::until("Redis is away", || !asker.stats().redis.is_up).await;
    let answers = asker.ask_stats(LONG).await;
    assert_eq!(answers, Err(QueryError::Unreachable));
}

#[tokio::test]
async fn a_process_that_does_not_answer_is_counted() {
    let redis = Redis::start();
    let (_service, asker) = (node(&redis).await, asker(&redis).await);
    let _silent = stranger(&redis);
    let wait = Duration::from_millis(300);
    let start = Instant::now();
    let answers = asker.ask_stats(wait).await.expect("Redis answers");
    assert!(start.elapsed() >= wait, "it may answer until then");
    assert_eq!((answers.read().count(), answers.silent), (1, 1));
}

#[tokio::test]
async fn bytes_that_are_no_answer_are_told_and_do_no_harm() {
    let redis = Redis::start();
    let asker = asker(&redis).await;
    for (text, told) in [
        (&b"\xff\x00 not JSON"[..], AnswerError::Malformed),
        (b"", AnswerError::Malformed),
        (
            br#"{"version":2,"answer":{"new":1}}"#,
            AnswerError::Version(2),
        ),
        (br#"{"version":1,"answer":null}"#, AnswerError::TooLong),
    ] {
        let answering = answer_once(&redis, text);
        let answers = asker.ask_stats(LONG).await.expect("Redis answers");
        answering.join().expect("it answered");
        assert_eq!(answers.silent, 0);
        assert_eq!(answers.nodes[0].node, "ab".repeat(16));
        assert_eq!(answers.nodes[0].content, Err(told), "{text:?}");
    }
    let version = AnswerError::Version(2).to_string();
    assert!(version.contains("version 2"), "{version}");
}

#[tokio::test]
async fn a_question_of_another_version_interrupts_nobody() {
    let redis = Redis::start();
    let (service, asker) = (node(&redis).await, asker(&redis).await);
    let before = service.stats().redis.bus_interruptions;
    for text in [&b"CK\x02q"[..], b"CK\x03q", b"invalidate\nall", b"\xff"] {
        let mut client = redis.client();
        client.run(&[&b"PUBLISH"[..], b"shop:node:ask", text]);
    }
    // Messages of one subscription keep their order: this answer comes after the four.
    let answers = asker.ask_stats(LONG).await.expect("Redis answers");
    assert_eq!(answers.nodes.len(), 1);
    assert_eq!(service.stats().redis.bus_interruptions, before);
}

#[tokio::test]
async fn a_loop_of_questions_does_not_load_a_service() {
    let redis = Redis::start();
    let (_service, asker) = (node(&redis).await, asker(&redis).await);
    let (start, mut answered) = (Instant::now(), 0);
    for _ in 0..60 {
        let answers = asker.ask_stats(Duration::from_millis(10)).await;
        answered += answers.expect("Redis answers").nodes.len();
    }
    let seconds = usize::try_from(start.elapsed().as_secs()).expect("few");
    assert!(
        (1..=10 * (seconds + 2)).contains(&answered),
        "{answered} in {seconds} s"
    );
}
