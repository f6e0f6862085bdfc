//! The report: one HTML page without external resources, for a light and a dark theme.

use std::fmt::Write as _;
use std::time::Duration;

use crate::acts::Act;
use crate::load::{Measured, Sample};
use crate::numbers::{count, few, float, quantile, time};
use crate::plot::{Line, bars, lines};
use crate::table::{self, HEADS, Promise, per_1_000};

const STYLE: &str = "\
:root { color-scheme: light dark; --paper: #fff; --ink: #1b1f24; --weak: #59636e; --grid: #d8dde3;
  --with: #0a6ebd; --without: #b4500f; --requests: #6639ba; --queries: #1a7f37; }
@media (prefers-color-scheme: dark) { :root { --paper: #14171b; --ink: #e8ebef; --weak: #a3adb8;
  --grid: #363d46; --with: #5fb2f2; --without: #f0a35e; --requests: #c297ff; --queries: #6bd083; } }
body { background: var(--paper); color: var(--ink); font: 15px/1.5 system-ui, sans-serif;
  margin: 2rem auto; max-width: 76rem; padding: 0 1rem; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
th, td { border-bottom: 1px solid var(--grid); padding: .3rem .7rem; text-align: right;
  white-space: nowrap; }
th:first-child, td:first-child { text-align: left; white-space: pre; }
.scroll { overflow-x: auto; }
.plots { display: grid; gap: 1rem; grid-template-columns: repeat(auto-fit, minmax(22rem, 1fr)); }
figure { margin: 0; } figcaption, .notes { color: var(--weak); }
svg { width: 100%; max-width: 40rem; height: auto; } svg text { fill: var(--ink); font-size: 12px; }
svg .axis { fill: var(--weak); } .grid { stroke: var(--grid); }
svg .value { paint-order: stroke; stroke: var(--paper); stroke-width: 3px; }
.with { --colour: var(--with); } .without { --colour: var(--without); }
.requests { --colour: var(--requests); } .queries { --colour: var(--queries); }
.line { fill: none; stroke: var(--colour); stroke-width: 2; } .bar { fill: var(--colour); }
";

/// Returns the page. `about` describes the run in a sentence.
pub(crate) fn page(acts: &[Act], promises: &[Promise], about: &str) -> String {
    let mut page = format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <title>A shop with cachekit</title>\n<style>\n{STYLE}</style>\n</head>\n<body>\n\
         <h1>A shop with cachekit</h1>\n<p>{about}</p>\n<ul>\n"
    );
    for promise in promises {
        let word = if promise.is_kept { "kept" } else { "broken" };
        let _ = writeln!(page, "<li><strong>{word}</strong>: {}</li>", promise.text);
    }
    page.push_str("</ul>\n");
    table(&mut page, acts);
    page.push_str("<h2>Queries for 1,000 requests</h2>\n");
    figure(&mut page, &queries(acts), "The axis is logarithmic.");
    for act in acts {
        let _ = writeln!(page, "<h2>{}</h2>\n<div class=\"plots\">", act.name);
        figure(
            &mut page,
            &rates(act),
            "Requests and queries in a second, with the cache.",
        );
        figure(
            &mut page,
            &latencies(act),
            "The time of a request, by its rank.",
        );
        page.push_str("</div>\n");
    }
    page + "</body>\n</html>\n"
}

fn table(page: &mut String, acts: &[Act]) {
    page.push_str("<div class=\"scroll\"><table>\n<thead><tr>");
    for head in HEADS {
        let _ = write!(page, "<th scope=\"col\">{head}</th>");
    }
    page.push_str("</tr></thead>\n<tbody>\n");
    for row in table::rows(acts) {
        page.push_str("<tr>");
        for cell in row {
            let _ = write!(page, "<td>{cell}</td>");
        }
        page.push_str("</tr>\n");
    }
    let _ = writeln!(
        page,
        "</tbody>\n</table></div>\n<p class=\"notes\">{}</p>",
        table::NOTES
    );
}

fn figure(page: &mut String, plot: &str, caption: &str) {
    let _ = writeln!(
        page,
        "<figure>{plot}<figcaption>{caption}</figcaption></figure>"
    );
}

/// The two colours, with their names.
pub(crate) const SIDES: [(&str, &str); 2] = [("with the cache", "with"), ("without", "without")];

/// Draws the queries for 1,000 requests in each act.
pub(crate) fn queries(acts: &[Act]) -> String {
    let group = |act: &Act| vec![per_1_000(&act.with), per_1_000(&act.without)];
    let groups: Vec<_> = acts.iter().map(|act| (act.name, group(act))).collect();
    bars("Queries for 1,000 requests", &SIDES, &groups, 0.01, few)
}

/// The samples between which a rate is computed.
const APART: usize = 3;

/// Draws the requests and the queries in a second.
fn rates(act: &Act) -> String {
    let samples = &act.with.samples;
    let rate = |of: fn(&Sample) -> u64| {
        let pairs = samples.iter().zip(samples.iter().skip(APART));
        let points = pairs.map(move |(before, after)| {
            let seconds = after.at.saturating_sub(before.at).as_secs_f64().max(0.001);
            let middle = f64::midpoint(before.at.as_secs_f64(), after.at.as_secs_f64());
            (middle, float(of(after) - of(before)) / seconds)
        });
        points.collect::<Vec<_>>()
    };
    let drawn = [
        Line {
            name: "requests",
            class: "requests",
            points: rate(|sample| sample.answers),
        },
        Line {
            name: "queries",
            class: "queries",
            points: rate(|sample| sample.queries),
        },
    ];
    let wall = act.with.wall.as_secs_f64();
    let across = [0.0, 0.5, 1.0].map(|part| (part * wall, format!("{:.1} s", part * wall)));
    lines(
        "Requests and queries in a second",
        &drawn,
        &across,
        1.0,
        count,
    )
}

/// The quantiles that are drawn, at equal distances.
const QUANTILES: [(f64, &str); 6] = [
    (0.5, "p50"),
    (0.75, "p75"),
    (0.9, "p90"),
    (0.99, "p99"),
    (0.999, "p99.9"),
    (1.0, "max"),
];

fn latencies(act: &Act) -> String {
    let points = |measured: &Measured| {
        let times = QUANTILES.map(|(wanted, _)| quantile(&measured.part.latency, wanted));
        let times = (0_u32..).zip(times.into_iter().flatten());
        times
            .map(|(x, it)| (f64::from(x), it.as_secs_f64()))
            .collect()
    };
    let drawn = [
        Line {
            name: SIDES[0].0,
            class: SIDES[0].1,
            points: points(&act.with),
        },
        Line {
            name: SIDES[1].0,
            class: SIDES[1].1,
            points: points(&act.without),
        },
    ];
    let across: Vec<_> = (0_u32..)
        .zip(QUANTILES)
        .map(|(x, (_, name))| (f64::from(x), name.to_owned()))
        .collect();
    let shown = |seconds: f64| time(Duration::from_secs_f64(seconds));
    lines("The time of a request", &drawn, &across, 1e-5, shown)
}
