//! Every fault between a cache and its Redis.

use std::time::Duration;

use cachekit::{Cache, CacheBuilder, Capacity, Policy, SingleFlight, cached, testing};
use cachekit_tests::proxy::{Direction, Mangled, Proxy};
use cachekit_tests::redis::{Client, Redis};
use tokio::time::sleep;

use crate::values::{Unreadable, Unwritable, Usual};
use crate::{ARGUMENT, ENCODED, PASSWORD, USER, VALUE, show};

const NAMESPACE: &str = "secrets";

#[cached(key = "item:{name}:{id}", name = "secrets_item", tags = ["kind:{name}", "late:{name}:{ret.number}"])]
async fn item(name: &str, id: u64) -> Result<Usual, String> {
    if id == 0 {
        return Err(VALUE.to_owned());
    }
    Ok(Usual::new(id))
}

#[cached(key = "unwritable:{name}", name = "secrets_unwritable")]
async fn unwritable(name: &str) -> Unwritable {
    let _ = name;
    Unwritable(VALUE.to_owned())
}

/// A server whose only user that may do anything is `USER`.
fn server() -> Redis {
    let redis = Redis::start();
    let password = format!(">{PASSWORD}");
    redis
        .client()
        .run(&["ACL", "SETUSER", USER, "on", &password, "~*", "&*", "+@all"]);
    redis
}

pub(crate) fn url(addr: &str) -> String {
    format!("redis://{USER}:{ENCODED}@{addr}")
}

fn settings(proxy: &Proxy) -> CacheBuilder {
    Cache::builder()
        .namespace(NAMESPACE)
        .redis(url(&proxy.addr().to_string()))
        .lock_timeout(Duration::from_millis(100))
        .bus_timeout(Duration::from_millis(200))
}

/// Some of everything that a service does.
async fn work(cache: &Cache) {
    let policy = Policy::new().tag(format!("kind:{ARGUMENT}"));
    testing::scope(cache.clone(), async {
        for id in 0..4 {
            // What it gives is not the matter here.
            let _ = item(ARGUMENT, id).await;
        }
        unwritable(ARGUMENT).await;
        item::entry(ARGUMENT, 1).invalidate().await;
        item::entry(ARGUMENT, 2).put(Usual::new(2)).await;
    })
    .await;
    for n in 0..4 {
        let key = format!("direct:{ARGUMENT}:{n}");
        cache.put(&key, Usual::new(n), &policy).await;
        cache.get::<Usual>(&key).await;
        let compute = || async { Unreadable(VALUE.to_owned()) };
        let key = format!("unreadable:{ARGUMENT}:{n}");
        cache.get_or_compute(&key, &policy, compute).await;
    }
    cache.invalidate_tags([format!("kind:{ARGUMENT}")]).await;
    cache.emit_about(ARGUMENT, [("name", VALUE)]).await;
}

/// Something happens, then work goes on, then it is over.
async fn during(cache: &Cache, begin: impl FnOnce(), end: impl FnOnce()) {
    begin();
    for _ in 0..5 {
        work(cache).await;
    }
    end();
    sleep(Duration::from_millis(100)).await;
    work(cache).await;
}

pub(crate) async fn all() {
    let redis = server();
    let proxy = Proxy::to(redis.addr());
    let cache = settings(&proxy).build().await.expect("a valid set-up");
    work(&cache).await;
    between_calls(&cache).await;
    strange_data(&redis, &proxy).await;
    network(&cache, &proxy).await;
    server_trouble(&cache, &redis).await;
    sleep(Duration::from_millis(300)).await;
    show("statistics", &cache.stats());
    logins(&redis).await;
}

/// What the cache says of calls that get in each other's way.
async fn between_calls(cache: &Cache) {
    let key = format!("refused:{ARGUMENT}");
    let policy = Policy::new().single_flight(SingleFlight::Process);
    let value = cache.get_or_compute(&key, &policy, || async {
        cache.invalidate(&key).await;
        Usual::new(1)
    });
    value.await;
    let slow = || async {
        sleep(Duration::from_millis(400)).await;
        Usual::new(2)
    };
    let key = format!("slow:{ARGUMENT}");
    tokio::join!(
        cache.get_or_compute(&key, &policy, slow),
        cache.get_or_compute(&key, &policy, slow),
    );
    let region = |entries| {
        cache
            .region::<Usual>("region")
            .capacity(Capacity::entries(entries))
    };
    region(10).set(ARGUMENT, Usual::new(1)).await;
    region(20).set(ARGUMENT, Usual::new(1)).await;
    let panicking = {
        let cache = cache.clone();
        tokio::spawn(async move {
            let compute = || async { std::panic::panic_any(7) };
            let key = format!("panic:{ARGUMENT}");
            cache
                .get_or_compute::<Usual, _, _>(&key, &Policy::new(), compute)
                .await
        })
    };
    assert!(panicking.await.is_err());
}

/// Keys of another kind, values of another shape, messages of another form.
async fn strange_data(redis: &Redis, proxy: &Proxy) {
    let mut client = redis.client();
    for key in client.keys(&format!("{NAMESPACE}:*")).iter().step_by(2) {
        client.run(&["DEL", key]);
        client.run(&["HSET", key, VALUE, VALUE]);
    }
    for key in client.keys(&format!("{NAMESPACE}:k:*")) {
        client.run(&["SET", &key, VALUE]);
        client.run(&["PEXPIRE", &key, "5000"]);
    }
    let bus = format!("{NAMESPACE}:bus");
    for text in [VALUE, "invalidate\nkey", "CK\x07 in a form to come"] {
        client.run(&["PUBLISH", &bus, text]);
    }
    // It has nothing in memory.
    let cache = settings(proxy).build().await.expect("a valid set-up");
    work(&cache).await;
    let another = settings(proxy).build().await.expect("a valid set-up");
    work(&another).await;
    show("statistics", &another.stats());
}

async fn network(cache: &Cache, proxy: &Proxy) {
    for how in [
        Mangled::Garbage,
        Mangled::Half,
        Mangled::Cut,
        Mangled::Swapped,
    ] {
        let mangle = || proxy.mangle_reply_if(how, |_| fastrand::usize(..5) == 0);
        during(cache, mangle, || proxy.heal()).await;
        // What is cut stays so for its connection.
        proxy.close_clients();
    }
    for direction in [Direction::ToServer, Direction::ToClient] {
        during(cache, || proxy.black_hole(direction), || proxy.heal()).await;
    }
    let refuse = || {
        proxy.stop_listening();
        proxy.close_clients();
    };
    during(cache, refuse, || proxy.heal()).await;
}

async fn server_trouble(cache: &Cache, redis: &Redis) {
    let run = |command: &[&str]| {
        redis.client().run(command);
    };
    let config = |name: &str, value: &str| run(&["CONFIG", "SET", name, value]);
    let kill = |client: &mut Client| {
        for kind in ["normal", "pubsub"] {
            client.run(&["CLIENT", "KILL", "TYPE", kind]);
        }
    };
    during(
        cache,
        || config("maxmemory", "1"),
        || config("maxmemory", "0"),
    )
    .await;
    let password = format!(">{PASSWORD}");
    let wrong = || {
        run(&["ACL", "SETUSER", USER, "resetpass", ">another"]);
        kill(&mut redis.client());
    };
    let right = || run(&["ACL", "SETUSER", USER, &password]);
    during(cache, wrong, right).await;
    let revoke = || run(&["ACL", "SETUSER", USER, "-@all"]);
    during(cache, revoke, || run(&["ACL", "SETUSER", USER, "+@all"])).await;
    let no_keys = || run(&["ACL", "SETUSER", USER, "resetkeys"]);
    during(cache, no_keys, || run(&["ACL", "SETUSER", USER, "~*"])).await;
    let replica = || run(&["REPLICAOF", "127.0.0.1", "1"]);
    during(cache, replica, || run(&["REPLICAOF", "NO", "ONE"])).await;
    during(cache, || run(&["SCRIPT", "FLUSH"]), || run(&["FLUSHALL"])).await;
    during(cache, || redis.freeze(), || redis.thaw()).await;
    // It is forgotten with the server.
    let back = || {
        redis.restart();
        run(&["ACL", "SETUSER", USER, "on", &password, "~*", "&*", "+@all"]);
    };
    during(cache, || redis.kill(), back).await;
}

/// Logins and addresses that are of no use, at the start.
async fn logins(redis: &Redis) {
    let addr = redis.addr().to_string();
    let wrong = format!("redis://{USER}:{ENCODED}x@{addr}");
    let addresses = [
        wrong.clone(),
        url("127.0.0.1:1"),
        url("no-such-host.invalid"),
        url("host:port"),
        url(""),
        url("host/database"),
        url("host:6379:1"),
        format!("rediss://{USER}:{ENCODED}@{addr}"),
        format!("http://{USER}:{ENCODED}@{addr}"),
        format!("{USER}:{ENCODED}@{addr}"),
        format!("redis://{USER}:{PASSWORD}@{addr}"),
        format!("unix:///none?user={USER}&pass={ENCODED}"),
    ];
    for address in addresses {
        let built = Cache::builder().redis(address).build().await;
        show("a start", &built);
        if let Err(error) = built {
            println!("{error}");
        }
    }
    let built = Cache::builder().redis(format!("redis://{addr}"));
    let built = built.redis_password(PASSWORD).build().await;
    show("a start with a password of its own", &built);
    let named = Cache::builder()
        .namespace(format!("{VALUE} "))
        .build()
        .await;
    // The namespace is no value, but it must be said without it here.
    assert!(named.is_err());
}
