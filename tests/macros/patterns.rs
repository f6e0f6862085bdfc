//! Arguments that are patterns.

use std::time::Duration;

use cachekit::{CacheKey, cached, invalidates, write_through};

use crate::{Log, fresh, twins};

#[derive(Debug, Clone, CacheKey)]
struct Point {
    x: u64,
    y: u64,
}

/// Cannot be in a key.
struct Context;

twins! {
    #[cached(key = "pair:{a}:{b}", skip(log))]
    fn pair and plain_pair(log: &Log, (a, mut b): (u64, u64)) -> u64 {
        b += 1;
        log.add(format!("{a} {b}"));
        a + b
    }
}

#[cached(key = "point:{x}:{up}", skip(log))]
async fn point(log: &Log, Point { x, y: up }: Point) -> u64 {
    log.add(format!("{x} {up}"));
    x + up
}

#[cached(key = "nested:{x}:{name}:{first}:{third}", skip(_y, second))]
async fn nested(
    (Point { x, y: _y }, name): (Point, String),
    &[first, second, third]: &[u8; 3],
    _: &Context,
    _: Context,
) -> String {
    format!("{x} {} {first} {second} {third}", name + "!")
}

#[cached(key = "reference:{a}:{b}:{c}:{d}")]
async fn reference(&(a, b): &(u64, u64), (c, d): &(u64, String)) -> u64 {
    a + b + c + d.len() as u64
}

#[tokio::test]
async fn the_key_names_what_a_pattern_binds() {
    fresh(async {
        let (log, plain) = (Log::default(), Log::default());
        assert_eq!(pair(&log, (1, 2)).await, plain_pair(&plain, (1, 2)).await);
        assert_eq!(pair(&log, (1, 2)).await, 4);
        assert_eq!(log.take(), plain.take());
        assert_eq!(pair::entry((1, 2)).key(), "pair:1:2", "not what `mut` made");
        for _ in 0..2 {
            assert_eq!(point(&log, Point { x: 1, y: 2 }).await, 3);
        }
        assert_eq!(log.take(), ["1 2"]);
        assert_eq!(point::entry(Point { x: 1, y: 2 }).key(), "point:1:2");

        let argument = || (Point { x: 1, y: 2 }, "n".to_owned());
        let text = nested(argument(), &[1, 2, 3], &Context, Context).await;
        assert_eq!(text, "1 n! 1 2 3");
        let entry = nested::entry(argument(), &[1, 9, 3]);
        assert_eq!(entry.key(), "nested:1:n:1:3");
        assert_eq!(entry.get().await, Some(text));

        let argument = (3, "four".to_owned());
        assert_eq!(reference(&(1, 2), &argument).await, 10);
        assert_eq!(
            reference::entry(&(1, 2), &argument).key(),
            "reference:1:2:3:four"
        );
    })
    .await;
}

#[expect(
    clippy::type_complexity,
    clippy::needless_borrowed_reference,
    reason = "what a pattern may be"
)]
#[cached(key = "references:{a}:{b}:{c}", tags = ["of:{a}:{ret}"], ttl = Duration::from_secs(*a + c.len() as u64))]
async fn references((&a, (&mut b, [&(ref c, _)])): (&u64, (&mut u64, [&(String, u8); 1]))) -> u64 {
    a + b + c.len() as u64
}

#[tokio::test]
async fn references_inside_of_patterns() {
    fresh(async {
        let (one, mut two, three) = (1, 2, ("three".to_owned(), 0));
        let total = references((&one, (&mut two, [&three]))).await;
        assert_eq!(total, 8);
        let entry = references::entry((&one, (&mut two, [&three])));
        assert_eq!(entry.key(), "references:1:2:three");
        assert_eq!(entry.get().await, Some(8));
    })
    .await;
}

#[cached(skip(log))]
async fn default_key(log: &Log, (a, b): (u64, u64), Point { x, .. }: &Point) -> u64 {
    log.add(format!("{a} {b} {x}"));
    a + b + x
}

#[cached(skip(b, y))]
async fn without_some((a, b): (u64, u64), Point { x, y }: Point) -> u64 {
    a + b + x + y
}

#[tokio::test]
async fn without_a_key_the_whole_argument_is_in_it() {
    fresh(async {
        let log = Log::default();
        let point = |y| Point { x: 1, y };
        default_key(&log, (1, 2), &point(5)).await;
        default_key(&log, (1, 2), &point(5)).await;
        default_key(&log, (1, 2), &point(6)).await;
        assert_eq!(log.take(), ["1 2 1", "1 2 1"], "`y` is in it, too");
        assert_eq!(
            default_key::entry((1, 2), &point(5)).key(),
            "macros::patterns::default_key:(1,2):(1,5)"
        );
        assert_eq!(
            without_some::entry((1, 2), point(5)).key(),
            "macros::patterns::without_some:1:1"
        );
        assert_eq!(without_some((1, 2), point(5)).await, 9);
    })
    .await;
}

struct By {
    seconds: u64,
}

#[cached(
    key = "labelled:{id}",
    skip(more, by),
    tags = ["more:{more}", "of:{ret}:{more}", ..[format!("by:{by}")]],
    ttl = std::time::Duration::from_secs(*ret + *by),
    when = *id > 0
)]
async fn labelled((id, more): (u64, String), By { seconds: by }: By) -> u64 {
    drop(more);
    id + by
}

#[tokio::test]
async fn tags_and_expressions_name_what_a_pattern_binds() {
    fresh(async {
        let call = |id| labelled((id, "m".to_owned()), By { seconds: 4 });
        let entry = || labelled::entry((1, "m".to_owned()), By { seconds: 4 });
        assert_eq!(call(0).await, 4);
        assert_eq!(labelled::stats().bypassed, 1);
        for tag in ["more:m", "of:5:m", "by:4"] {
            assert_eq!(call(1).await, 5);
            let ttl = entry().ttl().await.expect("there").as_secs_f64();
            assert!((8.0..=9.0).contains(&ttl), "5 + 4 seconds: {ttl}");
            cachekit::global().invalidate_tags([tag]).await;
            assert_eq!(entry().get().await, None, "{tag}");
        }
        entry().put(7).await;
        cachekit::global().invalidate_tags(["of:7:m"]).await;
        assert_eq!(entry().get().await, None);
    })
    .await;
}

#[invalidates(pair(_, (*a, *b)), point(_, Point { x: *a, y: 2 }), tags = ["{a}:{ret}"])]
async fn change((a, b): (u64, u64), _: Context, name @ Point { x: _, .. }: Point) -> u64 {
    a + b + name.x
}

#[write_through(pair(_, pair.clone()), value = *ret + pair.0)]
async fn store(pair @ (_, _): (u64, u64)) -> Option<u64> {
    Some(pair.0 + pair.1)
}

#[tokio::test]
async fn functions_that_write_take_patterns_too() {
    fresh(async {
        let log = Log::default();
        pair(&log, (1, 2)).await;
        point(&log, Point { x: 1, y: 2 }).await;
        assert_eq!(change((1, 2), Context, Point { x: 1, y: 1 }).await, 4);
        assert_eq!(pair::entry((1, 2)).get().await, None);
        assert_eq!(point::entry(Point { x: 1, y: 2 }).get().await, None);
        store((1, 2)).await;
        assert_eq!(pair::entry((1, 2)).get().await, Some(4));
    })
    .await;
}
