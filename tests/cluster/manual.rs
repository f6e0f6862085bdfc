//! Names that a person or another program removes, as the page about the format says.

use cachekit::{Cache, Policy, Tier};
use cachekit_tests::cluster::Cluster;
use cachekit_tests::until;

use crate::world::node;

/// The value of an entry: 1 as stored, and 2 if Redis has none that counts.
async fn read(node: &Cache) -> i32 {
    let policy = Policy::new().tier(Tier::Redis).tag("org:7").event("sold");
    node.get_or_compute("user:42", &policy, || async { 2 })
        .await
}

/// The partition of a tag or an event, by its name without the namespace.
fn partition(cluster: &Cluster, name: &str) -> String {
    format!("{:02x}", cluster.slot(name) % 256)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_row_of_the_page_is_one_command_that_takes_effect() {
    let cluster = Cluster::start();
    let (tag, event) = (
        partition(&cluster, "t:org:7"),
        partition(&cluster, "e:sold"),
    );
    let rows = [
        vec!["shop:k:{user:42}".to_owned(), "shop:v:{user:42}".to_owned()],
        vec![
            format!("shop:t:{{{tag}}}org:7"),
            format!("shop:g:{{{tag}}}org:"),
            format!("shop:g:{{{tag}}}"),
        ],
        vec![
            format!("shop:e:{{{event}}}sold"),
            format!("shop:g:{{{event}}}"),
        ],
        vec!["shop:f:(direct)".to_owned()],
        vec!["shop:all".to_owned()],
    ];
    for names in rows {
        let writer = node(&cluster).await;
        let stored = Policy::new().tier(Tier::Redis).tag("org:7").event("sold");
        writer.put("user:42", 1, &stored).await;
        until("it is stored", || writer.stats().redis.stores == 1).await;
        assert_eq!(read(&writer).await, 1);
        let owner = &cluster.servers[cluster.owner(cluster.slot(&names[0]))];
        let command: Vec<_> = ["DEL"]
            .into_iter()
            .map(str::to_owned)
            .chain(names)
            .collect();
        assert!(owner.client().int(&command) > 0, "{command:?}");
        // A process that remembers no version.
        assert_eq!(read(&node(&cluster).await).await, 2, "{command:?}");
        writer.shutdown().await;
    }
}
