//! Arguments of every kind: borrowed, moved, `mut`, and with any name.

use std::collections::BTreeMap;
use std::sync::Arc;

use cachekit::{CacheKey, cached, invalidates};

use crate::{Log, fresh, twins};

#[derive(Debug, Clone, CacheKey)]
struct Query {
    text: String,
    page: u32,
}

#[cached(skip(log))]
async fn borrowed(
    log: &Log,
    text: &str,
    list: &[u64],
    maybe: Option<&str>,
    query: &Query,
    deep: &&str,
    pairs: &[(u8, Option<&str>)],
) -> String {
    log.add("run");
    format!(
        "{text} {list:?} {maybe:?} {} {deep} {pairs:?}",
        query.text.repeat(query.page as usize)
    )
}

#[tokio::test]
async fn borrowed_arguments() {
    fresh(async {
        let log = Log::default();
        let query = Query {
            text: "q".to_owned(),
            page: 2,
        };
        for _ in 0..2 {
            let owned = "text".to_owned();
            let list = vec![1, 2];
            let value = borrowed(
                &log,
                &owned,
                &list,
                Some(&owned),
                &query,
                &"deep",
                &[(1, None)],
            )
            .await;
            assert_eq!(value, "text [1, 2] Some(\"text\") qq deep [(1, None)]");
        }
        assert_eq!(log.take(), ["run"]);
        borrowed(&log, "text", &[1, 2], None, &query, &"deep", &[(1, None)]).await;
        assert_eq!(log.take(), ["run"]);
        let key = borrowed::entry("a", &[], None, &query, &"b", &[])
            .key()
            .to_owned();
        assert_eq!(key, "macros::arguments::borrowed:a:():%-:(q,2):b:()");
    })
    .await;
}

twins! {
    #[cached(key = "moved:{text}:{list}:{count}", skip(log, map), tags = ["text:{text}", "{ret}:{count}"])]
    fn moved and plain_moved(
        log: &Log,
        text: String,
        mut list: Vec<u64>,
        mut count: u64,
        map: BTreeMap<u64, Arc<str>>,
    ) -> usize {
        let whole: String = text;
        list.push(7);
        count += 1;
        let consumed: Vec<u64> = list.into_iter().chain(map.into_keys()).collect();
        log.add(format!("{whole} {consumed:?} {count}"));
        consumed.len()
    }
}

#[tokio::test]
async fn arguments_the_body_takes_and_changes() {
    fresh(async {
        let (log, plain) = (Log::default(), Log::default());
        let map = || BTreeMap::from([(9, Arc::from("x"))]);
        for _ in 0..2 {
            assert_eq!(moved(&log, "a".to_owned(), vec![1], 4, map()).await, 3);
        }
        plain_moved(&plain, "a".to_owned(), vec![1], 4, map()).await;
        assert_eq!(log.take(), plain.take());
        let entry = moved::entry("a".to_owned(), vec![1], 4);
        assert_eq!(entry.key(), "moved:a:(1):4", "as they were at the call");
        cachekit::global().invalidate_tags(["3:4"]).await;
        assert_eq!(entry.get().await, None);
    })
    .await;
}

#[cached(key = "counted:{id}", skip(counter))]
async fn counted(counter: &mut u64, id: u64) -> u64 {
    *counter += 1;
    id
}

#[tokio::test]
async fn a_mutable_reference_is_the_callers() {
    fresh(async {
        let mut counter = 0;
        counted(&mut counter, 1).await;
        counted(&mut counter, 1).await;
        counted(&mut counter, 2).await;
        assert_eq!(counter, 2);
    })
    .await;
}

#[cached(
    key = "{key}:{result}:{value}:{plan}:{spec}:{labels}:{self_}:{cache}:{hit}:{miss}:{entry}"
)]
#[expect(clippy::too_many_arguments, reason = "every name is one of ours")]
async fn ours(
    key: u8,
    result: u8,
    value: u8,
    plan: u8,
    spec: u8,
    labels: u8,
    self_: u8,
    cache: u8,
    hit: u8,
    miss: u8,
    entry: u8,
) -> Vec<u8> {
    vec![
        key, result, value, plan, spec, labels, self_, cache, hit, miss, entry,
    ]
}

#[cached(
    key = "{text}:{out}:{stop}:{call}:{source}:{arg0}:{after}",
    tags = ["{text}:{ret.len()}:{name}"],
    ttl = std::time::Duration::from_secs(after + ret.len() as u64),
    skip(name)
)]
#[expect(clippy::too_many_arguments, reason = "every name is one of ours")]
async fn ours_too(
    text: &str,
    out: u8,
    stop: u8,
    call: u8,
    source: u8,
    arg0: u8,
    after: u64,
    name: &str,
) -> String {
    format!("{text}{out}{stop}{call}{source}{arg0}{after}{name}")
}

#[invalidates(ours(key, 1, 2, 3, 4, 5, 6, 7, 8, 9, plan), tags = ["{inv}:{around}"])]
async fn change(key: u8, plan: u8, inv: u8, around: u8) {
    let _ = (key, plan, inv, around);
}

#[tokio::test]
async fn arguments_with_names_of_the_expansion() {
    fresh(async {
        let ten = || ours(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10);
        assert_eq!(ten().await, (0..=10).collect::<Vec<_>>());
        let entry = || ours::entry(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10);
        assert_eq!(entry().key(), "0:1:2:3:4:5:6:7:8:9:10");
        assert!(entry().get().await.is_some());
        change(0, 10, 1, 1).await;
        assert!(entry().get().await.is_none());
        let text = ours_too("a", 1, 2, 3, 4, 5, 6, "n").await;
        assert_eq!(text, "a123456n");
        let entry = ours_too::entry("a", 1, 2, 3, 4, 5, 6, "n");
        let ttl = entry.ttl().await.expect("there").as_secs_f64();
        assert!((13.0..=14.0).contains(&ttl), "6 + 8 seconds: {ttl}");
    })
    .await;
}
