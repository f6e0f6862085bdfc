//! An invalidation costs as much for one entry as for very many.

use cachekit::{Cache, Policy, Tier};
use cachekit_tests::proxy::Proxy;
use cachekit_tests::redis::{Client, Redis};

use crate::world::quiet;

/// How many entries hang on what is invalidated; storing more takes a debug build too long.
const MANY: usize = if cfg!(debug_assertions) {
    20_000
} else {
    100_000
};

/// How many of them are stored at the same time.
const WRITERS: usize = 64;

/// How often each invalidation is measured, each time of another tag.
const TIMES: usize = 20;

/// How much more the server may take for many entries. One by one it would take thousands of
/// times as much; what it really takes is a few microseconds, which are never quite the same.
const SAME: u64 = 20;

#[derive(Debug, Clone, Copy)]
enum By {
    Tag,
    Function,
    Clear,
}

/// What one invalidation cost.
#[derive(Debug, PartialEq)]
struct Cost {
    round_trips: usize,
    commands: Vec<String>,
    /// How many words they had: no invalidation names the entries that it takes away.
    words: usize,
    /// How many keys are gone.
    removed: i64,
}

/// Every entry hangs on all tags, so that each can be invalidated once.
fn policy() -> Policy {
    let tagged = |policy: Policy, time| policy.tag(format!("group:{time}"));
    (0..TIMES).fold(Policy::new().tier(Tier::Redis), tagged)
}

async fn fill(cache: &Cache, count: usize) {
    let before = cache.stats().redis.stores;
    let writers = (0..WRITERS).map(|writer| {
        let cache = cache.clone();
        tokio::spawn(async move {
            let policy = policy();
            for n in (writer..count).step_by(WRITERS) {
                cache.put(&format!("entry:{n}"), n, &policy).await;
            }
        })
    });
    for writer in writers.collect::<Vec<_>>() {
        writer.await.expect("it stores");
    }
    let stored = cache.stats().redis.stores - before;
    assert_eq!(stored, count as u64, "{:?}", cache.stats().redis);
}

async fn invalidate(cache: &Cache, by: By, time: usize) {
    match by {
        By::Tag => cache.invalidate_tags([format!("group:{time}")]).await,
        By::Function => assert!(cache.invalidate_function("(direct)").await),
        By::Clear => cache.clear().await,
    }
}

/// What it costs, and the median of the microseconds that the server took.
async fn cost(cache: &Cache, proxy: &Proxy, client: &mut Client, by: By) -> (Cost, u64) {
    let mut costs = Vec::new();
    let mut micros = Vec::new();
    // Takes away what guarded the first values, of which it was not known what tags they have.
    cache.put("one", 1, &policy()).await;
    cache.invalidate_tags(["another"]).await;
    for time in 0..TIMES {
        // Every version that an invalidation removes is there.
        cache.put("one", 1, &policy()).await;
        let keys = client.int(&["DBSIZE"]);
        client.run(&["CONFIG", "RESETSTAT"]);
        proxy.clear();
        invalidate(cache, by, time).await;
        micros.push(server_micros(client));
        costs.push(Cost {
            round_trips: proxy.round_trips(),
            commands: proxy.commands(),
            words: proxy.log().iter().map(|sent| sent.args.len()).sum(),
            removed: keys - client.int(&["DBSIZE"]),
        });
    }
    micros.sort_unstable();
    costs.dedup();
    assert_eq!(costs.len(), 1, "{by:?} is the same each time: {costs:?}");
    (costs.remove(0), micros[TIMES / 2])
}

/// How long the server took for removals and messages since its counts began.
fn server_micros(client: &mut Client) -> u64 {
    let commands = ["cmdstat_unlink", "cmdstat_publish"];
    let micros = commands.map(|command| {
        let stats = client.info("commandstats", command);
        let stats = stats.unwrap_or_else(|| panic!("{command} ran"));
        let mut fields = stats.split(',').filter_map(|field| field.split_once('='));
        let (_, micros) = fields.find(|(name, _)| *name == "usec").expect("a time");
        micros.parse::<u64>().expect("a number")
    });
    micros.iter().sum()
}

#[tokio::test(flavor = "multi_thread")]
async fn g4_an_invalidation_of_one_entry_costs_what_one_of_very_many_does() {
    let redis = Redis::start();
    let proxy = Proxy::to(redis.addr());
    // The entries are stored past the proxy, which keeps a log of everything.
    let direct = quiet(&redis.url()).await;
    let cache = quiet(&proxy.url()).await;
    let mut client = redis.client();
    let ways = [By::Tag, By::Function, By::Clear];
    let mut alone = Vec::new();
    for by in ways {
        alone.push(cost(&cache, &proxy, &mut client, by).await);
    }
    // Once: what is no longer good stays where it is, so an invalidation that touched entries
    // would have the same to do each time.
    fill(&direct, MANY).await;
    let last = format!("entry:{}", MANY - 1);
    assert_eq!(direct.get::<usize>(&last).await, Some(MANY - 1));
    for (by, (cost_alone, micros_alone)) in ways.into_iter().zip(alone) {
        let (cost, micros) = cost(&cache, &proxy, &mut client, by).await;
        assert_eq!(cost.commands, ["UNLINK", "PUBLISH"], "{by:?}");
        assert_eq!(cost.round_trips, 1, "{by:?}");
        assert_eq!(cost, cost_alone, "{by:?}");
        assert!(
            micros <= micros_alone.max(1) * SAME,
            "{by:?}: {micros} µs for {MANY} entries, {micros_alone} µs for one"
        );
        assert_eq!(direct.get::<usize>(&last).await, None, "{by:?}");
        let keys = usize::try_from(client.int(&["DBSIZE"])).expect("a count");
        assert!(keys > MANY, "{by:?}: they are still there");
    }
}
