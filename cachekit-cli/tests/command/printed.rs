//! The outputs that `docs/command.md` shows have the form of those that the command prints.

use std::time::Duration;

use cachekit::testing::scope;
use cachekit::{Cache, Codec, cached};
use cachekit_tests::redis::Redis;

use crate::dead_writes::with_dead_writes;
use crate::{Running, command, node, run};

#[cached(key = "population:{city}", name = "shared::population", ttl = 60)]
async fn population(city: &str) -> Result<u32, std::io::Error> {
    let _ = city;
    Ok(724_290)
}

#[cached(key = "product:{id}", name = "shop::products::product", ttl = 60)]
async fn product(id: u64) -> Result<u64, std::io::Error> {
    tokio::time::sleep(Duration::from_millis(2)).await;
    Ok(id)
}

/// Returns the lines that the document shows after the command `words`.
fn shown(words: &str) -> Vec<&'static str> {
    let page = include_str!("../../../docs/command.md");
    let of = format!("$ cachekit {words}");
    let after = page.lines().skip_while(|line| *line != of).skip(1);
    let lines = after.take_while(|line| !line.starts_with("$ ") && !line.starts_with("```"));
    let lines: Vec<_> = lines.collect();
    assert!(!lines.is_empty(), "the document has no output of `{of}`");
    lines
}

/// Returns `line` with one sign for each number, address, process and length of spaces, so that only
/// its form is left.
fn form(line: &str) -> String {
    let words = line.split_whitespace();
    // The unit of a length of time depends on the length.
    let words = words.filter(|word| !matches!(*word, "s" | "ms" | "us"));
    let words = words.map(|word| {
        let is_node = word.trim_end_matches(')').len() == 32;
        let hex = word.trim_end_matches([')', ',']);
        let is_hex = hex.len() >= 16 && hex.chars().all(|c| c.is_ascii_hexdigit());
        if word.starts_with("redis://") {
            "ADDRESS".to_owned()
        } else if is_hex && is_node {
            "NODE".to_owned()
        } else if is_hex || word.starts_with(|c: char| c.is_ascii_digit()) {
            let end =
                word.trim_start_matches(|c: char| c.is_ascii_hexdigit() || c == '.' || c == '-');
            format!("0{end}")
        } else {
            word.to_owned()
        }
    });
    words.collect::<Vec<_>>().join(" ")
}

fn forms<'a>(lines: impl IntoIterator<Item = &'a str>) -> Vec<String> {
    lines.into_iter().map(form).collect()
}

/// The first word of each line that does not belong to the value above it.
fn labels<'a>(lines: impl IntoIterator<Item = &'a str>) -> Vec<&'a str> {
    let lines = lines.into_iter();
    let lines = lines.filter(|line| line.starts_with(|c: char| c.is_ascii_lowercase()));
    lines
        .filter_map(|line| line.split_whitespace().next())
        .collect()
}

#[tokio::test]
async fn the_doctor() {
    let redis = Redis::start();
    let rights = "ACL SETUSER app on >secret ~shop:* &shop:* +@all -publish -subscribe";
    redis.client().run(&rights.split(' ').collect::<Vec<_>>());
    let url = format!("redis://app:secret@{}", redis.addr());
    let (_, said, _) = run(&redis, &["--redis", &url, "doctor"]).await;
    assert_eq!(forms(said.lines()), forms(shown("doctor")), "{said}");
}

#[tokio::test]
async fn an_entry() {
    let redis = Redis::start();
    let builder = Cache::builder().namespace("shop").redis(redis.url());
    let cache = builder.codec(Codec::Bincode).build().await;
    let cache = cache.expect("a valid set-up");
    let call = scope(cache.clone(), population("Oslo")).await;
    call.expect("it does not fail");
    let inspect = ["inspect", "population:Oslo"];
    while run(&redis, &inspect).await.0 == Some(1) {}
    let words = ["invalidate", "--function", "shared::population"];
    run(&redis, &words).await;
    let (_, said, _) = run(&redis, &inspect).await;
    let page = shown("inspect population:Oslo");
    assert_eq!(forms(said.lines()), forms(page), "{said}");
}

#[tokio::test]
async fn tables_of_functions() {
    let redis = Redis::start();
    let caches = [node(&redis).await, node(&redis).await];
    let calls = async || {
        for cache in &caches {
            scope(cache.clone(), product(7))
                .await
                .expect("it does not fail");
        }
    };
    calls().await;
    let calling = async {
        loop {
            calls().await;
            caches[0].invalidate("product:7").await;
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    let stats = run(&redis, &["stats"]).await.1;
    let top = ["top", "--once", "--sort", "misses", "--every", "0.3"];
    let top = tokio::select! {
        ran = run(&redis, &top) => ran.1,
        () = calling => unreachable!("it calls for ever"),
    };
    for (said, words) in [(stats, "stats"), (top, "top --once --sort misses")] {
        let (is, page) = (forms(said.lines()), forms(shown(words)));
        assert_eq!(is[..3], page[..3], "{said}");
        let first_cells = |rows: &[String]| {
            let row = rows
                .iter()
                .find(|row| row.starts_with("shop::products::product"));
            let row = row.unwrap_or_else(|| panic!("no row: {said}"));
            row.split(' ').take(7).collect::<Vec<_>>().join(" ")
        };
        assert_eq!(first_cells(&is), first_cells(&page), "{said}");
    }
}

#[tokio::test]
async fn a_configuration() {
    let redis = Redis::start();
    let _caches = [node(&redis).await, node(&redis).await];
    let (_, said, _) = run(&redis, &["config"]).await;
    let page = shown("config");
    assert_eq!(page.last(), Some(&".."), "there are more settings");
    let (page, said) = (&page[..page.len() - 1], said.lines().collect::<Vec<_>>());
    assert_eq!(form(said[0]), form(page[0]));
    let names = labels(page[1..].iter().copied());
    assert_eq!(labels(said[1..].iter().copied())[..names.len()], names);
}

#[tokio::test]
async fn invalidations() {
    let redis = Redis::start();
    let cache = node(&redis).await;
    for words in ["invalidate --tag category:4 --key product:7 --ack", "clear"] {
        let split: Vec<_> = words.split(' ').collect();
        let (_, said, _) = run(&redis, &split).await;
        assert_eq!(said.lines().collect::<Vec<_>>(), shown(words));
    }
    let page = form(shown("watch")[0]);
    let mut watch = Running::start(command(&redis, &["watch"]), false);
    let sending = async {
        loop {
            let names = cache.invalidation().soft();
            names.keys(["user:7"]).events(["sold"]).await;
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::select! {
        _ = watch.line("an invalidation", |line| form(line) == page) => {}
        () = sending => unreachable!("it sends for ever"),
    }
}

#[tokio::test]
async fn dead_writes() {
    let redis = Redis::start();
    let _cache = with_dead_writes(&redis).await;
    let (_, said, _) = run(&redis, &["dead-writes", "list", "shop::save"]).await;
    let listed = said.lines().next().expect("a dead write");
    let of_page = shown("dead-writes list")[0];
    let is_attempts = |word: &str| word.starts_with("attempt");
    let place = |line: &str| form(line).split(' ').position(is_attempts);
    assert_eq!(place(listed), place(of_page), "{said}");
    let id = |line: &str| line.split_whitespace().nth(1).expect("an id").to_owned();
    let all = || "--all".to_owned();
    for (word, own, of_page) in [
        ("show", id(listed), id(of_page)),
        ("replay", id(listed), id(of_page)),
        ("drop", all(), all()),
    ] {
        let words = ["dead-writes", word, "shop::save", &own];
        let (_, said, _) = run(&redis, &words).await;
        let page = shown(&format!(
            "dead-writes {word} shop::carts::save_cart {of_page}"
        ));
        if word == "show" {
            assert_eq!(labels(said.lines()), labels(page), "{said}");
        } else {
            assert_eq!(forms(said.lines()), forms(page), "{said}");
        }
    }
}
