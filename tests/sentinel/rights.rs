//! The rights that the page lists for a set with Sentinel: enough, and no more than needed.

use std::fs;
use std::path::Path;

use cachekit::Policy;
use cachekit_tests::redis::{Client, Reply};
use cachekit_tests::sentinel::SentinelSet;
use cachekit_tests::until;

use crate::world::{is_at, settings};

/// The rights in the line of the page that begins with these words.
fn of_page(begin: &str) -> Vec<String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let page = fs::read_to_string(root.join("docs/redis.md")).expect("the page");
    let line = page.lines().rfind(|line| line.starts_with(begin));
    let words = line.expect("a line with rights").split(' ');
    words.skip(5).map(str::to_owned).collect()
}

fn grant(client: &mut Client, rights: &[String]) {
    let mut words = vec!["ACL", "SETUSER", "app", "reset", "on", ">secret"];
    words.extend(rights.iter().map(String::as_str));
    assert_eq!(client.run(&words), Reply::Text("OK".to_owned()));
}

/// What a server or a sentinel refused since the last time.
fn refused(client: &mut Client) -> String {
    let log = format!("{:?}", client.run(&["ACL", "LOG"]));
    client.run(&["ACL", "LOG", "RESET"]);
    log
}

/// A set whose servers and sentinels have the account `app`, the sentinels with these rights.
fn set(of_sentinels: &[String]) -> SentinelSet {
    let set = SentinelSet::start();
    let of_servers = of_page("ACL SETUSER shop on >PASSWORD ~shop:* &shop:* -@all");
    for server in &set.servers {
        grant(&mut server.client(), &of_servers);
    }
    for sentinel in &set.sentinels {
        grant(&mut sentinel.client(), of_sentinels);
    }
    set
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_rights_of_the_page_are_enough() {
    let rights = of_page("ACL SETUSER watcher");
    let set = set(&rights);
    let builder = settings(&set.url_as("app:secret@"));
    let builder = builder.sentinel_user("app").sentinel_password("secret");
    let node = builder.build().await.expect("enough");
    until("it is connected", || is_at(&node, set.servers[0].addr())).await;
    let policy = Policy::new().tag("kind");
    node.get_or_compute("a", &policy, || async { 1 }).await;
    set.fail_over();
    let [_, one, two] = [0, 1, 2].map(|number: usize| set.servers[number].addr());
    until("it has moved", || is_at(&node, one) || is_at(&node, two)).await;
    node.get_or_compute("b", &policy, || async { 1 }).await;
    node.invalidate_tags(["kind"]).await;
    node.shutdown().await;
    for server in &set.servers {
        assert_eq!(refused(&mut server.client()), "List([])");
    }
    for sentinel in &set.sentinels {
        assert_eq!(refused(&mut sentinel.client()), "List([])", "a sentinel");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_right_to_ask_is_needed_and_named() {
    let rights = of_page("ACL SETUSER watcher");
    let set = set(&rights);
    let mut count = 0;
    for word in rights.iter().filter(|it| it.starts_with("+sentinel|")) {
        let rest: Vec<_> = rights.iter().filter(|it| *it != word).cloned().collect();
        for sentinel in &set.sentinels {
            grant(&mut sentinel.client(), &rest);
        }
        let builder = settings(&set.url_as("app:secret@"));
        let builder = builder.sentinel_user("app").sentinel_password("secret");
        let error = builder.build().await.expect_err(word).to_string();
        assert!(
            error.contains(word.as_str()) && error.contains("docs/redis.md"),
            "{error}"
        );
        count += 1;
    }
    assert_eq!(count, 2, "{rights:?}");
}
