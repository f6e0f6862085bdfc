//! The table of metrics, the dashboard and the alert rules name what is recorded, and no more.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use cachekit::{Cache, testing};
use cachekit_tests::redis::Redis;
use metrics::Unit;
use serde_json::Value;

use super::promql::named;
use super::recorder::{Recorded, Shape};
use super::{four_calls, queued};

/// Every metric, from a cache with Redis in which a tag caused a miss.
async fn everything() -> (Recorded, Cache) {
    let redis = Redis::start();
    let builder = cachekit_tests::patient(redis.url());
    let cache = builder.volatile_queues(true).build().await;
    let cache = cache.expect("a valid set-up");
    testing::scope(cache.clone(), async {
        four_calls(&cache).await;
        queued(7).await.expect("Redis is there");
    })
    .await;
    (Recorded::of(&cache), cache)
}

fn read(path: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(path);
    std::fs::read_to_string(&path).expect("a file")
}

#[tokio::test]
async fn every_metric_is_described_with_its_unit() {
    let (recorded, _) = everything().await;
    let described = recorded.described();
    let shapes = recorded.shapes();
    let names: Vec<_> = shapes.keys().collect();
    assert_eq!(described.keys().collect::<Vec<_>>(), names);
    for (name, (kind, unit, help)) in described {
        assert_eq!(kind, shapes[&name].0, "{name}");
        assert!(help.ends_with('.') && help.trim() == help, "{name}: {help}");
        let is_counter = ["_total", "_bucket", "_count"];
        let is_counter = is_counter.iter().any(|it| name.ends_with(it));
        assert_eq!(is_counter, kind == "counter", "{name}");
        let bytes = name.trim_end_matches("_total").ends_with("_bytes");
        assert_eq!(bytes, unit == Unit::Bytes, "{name}");
        let seconds = name.trim_end_matches("_sum").ends_with("_seconds");
        assert_eq!(seconds, unit == Unit::Seconds, "{name}");
    }
}

/// The names of the fields of `value`, each behind `prefix`.
fn fields(value: &Value, prefix: &str) -> BTreeSet<String> {
    let fields = value.as_object().expect("a map").keys();
    fields.map(|it| format!("{prefix}{it}")).collect()
}

/// The name of the metric of a field of the statistics, without its unit and kind. `None`: a
/// scraper measures the time itself and divides, and of the others the fields are asked.
fn metric_of(field: &str) -> Option<String> {
    match field {
        "elapsed" | "hit_rate" | "name" | "functions" | "redis" | "background" | "queues"
        | "queue_function" | "redis_server" => None,
        "memory_hits" | "redis_hits" => Some("cachekit_hits".to_owned()),
        "by_cause" => Some("cachekit_misses_by_cause".to_owned()),
        field => Some(format!("cachekit_{}", field.replace("redis_is_", "redis_"))),
    }
}

/// A number that is added to the statistics and not to the metrics is found here.
#[tokio::test]
async fn every_number_of_the_statistics_is_a_metric() {
    let (recorded, cache) = everything().await;
    let shapes = recorded.shapes();
    let stats = serde_json::to_value(cache.stats()).expect("JSON");
    let mut all = fields(&stats, "");
    all.extend(fields(&stats["functions"][0], ""));
    all.extend(fields(&stats["redis"], "redis_"));
    all.extend(fields(&stats["background"], "background_"));
    all.extend(fields(&stats["queues"][0], "queue_"));
    assert!(all.len() > 50, "{all:?}");
    for name in all.iter().filter_map(|it| metric_of(it)) {
        let ends = ["", "_total", "_seconds", "_seconds_sum", "_state"];
        let mut names = ends.iter().map(|end| format!("{name}{end}"));
        let is_there = names.any(|it| shapes.contains_key(&it));
        assert!(is_there, "no metric for {name}");
    }
    let causes = values_of(&recorded, "cachekit_misses_by_cause_total", "cause");
    assert_eq!(causes, fields(&stats["by_cause"], ""));
    let reasons = values_of(&recorded, "cachekit_redis_misses_total", "reason");
    assert_eq!(reasons, fields(&stats["redis"]["misses"], ""));
}

fn values_of(recorded: &Recorded, name: &str, label: &str) -> BTreeSet<String> {
    let series = recorded.all(name, &[]).into_iter();
    series.map(|(labels, _)| labels[label].clone()).collect()
}

#[tokio::test]
async fn the_page_lists_the_metrics() {
    let page = read("docs/operating.md");
    let rows = page.lines().filter(|line| line.starts_with("| `cachekit_"));
    let row = |line: &str| {
        let cells: Vec<_> = line.split('|').map(str::trim).collect();
        let labels = cells[3].split(", ").map(|it| it.trim_matches('`'));
        let labels = labels.filter(|it| !it.is_empty()).map(str::to_owned);
        let labels = labels.chain(["namespace".to_owned()]).collect();
        (
            cells[1].trim_matches('`').to_owned(),
            cells[2].to_owned(),
            labels,
        )
    };
    let shown: Vec<(String, String, BTreeSet<String>)> = rows.map(row).collect();
    let mut sorted = shown.clone();
    sorted.sort();
    let (recorded, _) = everything().await;
    let known = recorded.shapes().into_iter();
    let known: Vec<_> = known
        .map(|(name, (kind, labels))| (name, kind.to_owned(), labels))
        .collect();
    assert_eq!(sorted, known);
}

/// Labels that Prometheus adds to every time series.
const OF_SCRAPES: [&str; 2] = ["instance", "job"];

/// Checks the names in `expr`, and returns the labels that its result may have.
fn check(expr: &str, known: &BTreeMap<String, Shape>) -> BTreeSet<String> {
    let named = named(expr);
    assert!(!named.metrics.is_empty(), "{expr}");
    let mut all = BTreeSet::new();
    for (metric, matched) in named.metrics {
        let (_, labels) = known
            .get(&metric)
            .unwrap_or_else(|| panic!("{expr}: nothing records {metric}"));
        for label in matched {
            assert!(labels.contains(&label), "{expr}: {metric} has no {label}");
        }
        let all_of = labels.iter().cloned();
        let added = OF_SCRAPES.iter().map(|it| (*it).to_owned());
        let all_of: BTreeSet<_> = all_of.chain(added).collect();
        for label in &named.kept {
            assert!(all_of.contains(label), "{expr}: {metric} has no {label}");
        }
        all.extend(all_of);
    }
    if named.kept.is_empty() {
        all
    } else {
        named.kept
    }
}

/// The words that follow `start` in `text`.
fn following<'a>(text: &'a str, start: &str) -> Vec<&'a str> {
    let rest = text.split(start).skip(1);
    let is_in_word = |it: char| it.is_ascii_alphanumeric() || it == '_';
    rest.map(str::trim_start)
        .map(|it| it.split(|c| !is_in_word(c)).next().unwrap_or_default())
        .collect()
}

/// Adds every text of `value` under `wanted` to `found`.
fn texts<'a>(value: &'a Value, wanted: &str, found: &mut Vec<&'a str>) {
    match value {
        Value::Object(fields) => {
            for (name, value) in fields {
                match value.as_str() {
                    Some(text) if name == wanted => found.push(text),
                    _ => texts(value, wanted, found),
                }
            }
        }
        Value::Array(values) => values.iter().for_each(|it| texts(it, wanted, found)),
        _ => {}
    }
}

#[tokio::test]
async fn the_dashboard_asks_for_what_is_recorded() {
    let known = everything().await.0.shapes();
    let dashboard = read("docs/operations/grafana.json");
    let dashboard: Value = serde_json::from_str(&dashboard).expect("JSON");
    let panels = dashboard["panels"].as_array().expect("panels");
    let targets = panels.iter().filter_map(|it| it["targets"].as_array());
    let targets: Vec<_> = targets.flatten().collect();
    for target in &targets {
        let expr = target["expr"].as_str().expect("an expression");
        let labels = check(expr, &known);
        for label in following(target["legendFormat"].as_str().expect("a legend"), "{{") {
            assert!(labels.contains(label), "{expr} has no {label}");
        }
    }
    assert!(targets.len() > 30, "{}", targets.len());
    let mut all = Vec::new();
    texts(&dashboard, "expr", &mut all);
    assert_eq!(all.len(), targets.len(), "one is outside of the panels");
}

#[tokio::test]
async fn the_variables_of_the_dashboard_are_labels() {
    let known = everything().await.0.shapes();
    let dashboard = read("docs/operations/grafana.json");
    let dashboard: Value = serde_json::from_str(&dashboard).expect("JSON");
    let mut queries = Vec::new();
    texts(&dashboard["templating"], "query", &mut queries);
    queries.retain(|it| *it != "prometheus");
    assert_eq!(queries.len(), 2, "{queries:?}");
    for query in queries {
        let (expr, label) = query
            .strip_prefix("label_values(")
            .and_then(|it| it.strip_suffix(')')?.rsplit_once(", "))
            .expect("the values of a label");
        assert!(check(expr, &known).contains(label), "{query}");
    }
}

/// The expression of a rule: on the line of `expr`, or in the block below it.
fn expression(rule: &str) -> String {
    let mut lines = rule.lines().skip_while(|line| !line.contains(" expr: "));
    let first = lines.next().and_then(|line| line.split_once(": "));
    let first = first.expect(rule).1;
    if first != "|" {
        return first.to_owned();
    }
    let block = lines.take_while(|line| line.starts_with("          "));
    block.collect::<Vec<_>>().join("\n")
}

#[tokio::test]
async fn the_alerts_ask_for_what_is_recorded() {
    let mut known = everything().await.0.shapes();
    let rules = read("docs/operations/alerts.yml");
    let rules = rules.split("\n      - ").skip(1);
    let mut alerts = BTreeSet::new();
    for rule in rules {
        let (kind, name) = rule
            .lines()
            .next()
            .and_then(|it| it.split_once(": "))
            .expect(rule);
        let labels = check(&expression(rule), &known);
        for label in following(rule, "$labels.") {
            assert!(labels.contains(label), "{name} has no label {label}");
        }
        if kind == "record" {
            known.insert(name.to_owned(), ("gauge", labels));
        } else {
            alerts.insert(name.to_owned());
        }
    }
    assert_eq!(alerts.len(), 14, "{alerts:?}");
    let tests = read("docs/operations/alerts_test.yml");
    let untested: Vec<_> = alerts
        .iter()
        .filter(|it| !tests.contains(&format!("alertname=\"{it}\"")))
        .collect();
    assert!(untested.is_empty(), "{untested:?}");
}
