//! The picture: the queries and the slowest requests of each act, with the cache and without it. One
//! SVG without external resources, for a light and a dark theme.

use std::fmt::Write as _;
use std::time::Duration;

use crate::acts::Act;
use crate::html::{SIDES, queries};
use crate::load::Measured;
use crate::numbers::{few, quantile, shown, time};
use crate::plot::{HEIGHT, WIDTH, bars};
use crate::table::per_1_000;

const STYLE: &str = "\
    .sheet { fill: #ffffff; stroke: #c9d0da; }
    text { fill: #1c2230; font: 12px system-ui, sans-serif; }
    .head { font-size: 15px; font-weight: 600; }
    .axis { fill: #59636e; }
    .value { paint-order: stroke; stroke: #ffffff; stroke-width: 3px; }
    .grid { stroke: #d8dde3; }
    .bar.with { fill: #0a6ebd; }
    .bar.without { fill: #b4500f; }
    @media (prefers-color-scheme: dark) {
      .sheet { fill: #1a1e26; stroke: #3a4250; }
      text { fill: #e8ebf1; }
      .axis { fill: #a3adb8; }
      .value { stroke: #1a1e26; }
      .grid { stroke: #363d46; }
      .bar.with { fill: #5fb2f2; }
      .bar.without { fill: #f0a35e; }
    }
";

/// The room for a heading.
const HEAD: f64 = 30.0;

/// The margin around the plots.
const MARGIN: f64 = 12.0;

/// Returns the picture.
pub(crate) fn svg(acts: &[Act]) -> String {
    let (width, panel) = (WIDTH + 2.0 * MARGIN, HEIGHT + HEAD);
    let height = 2.0 * panel + 2.0 * MARGIN;
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" \
         width=\"{width}\" height=\"{height}\" role=\"img\" aria-labelledby=\"title desc\">\n  \
         <title id=\"title\">A shop with the cache and without it</title>\n  \
         <desc id=\"desc\">{}</desc>\n  <style>\n{STYLE}  </style>\n  \
         <rect class=\"sheet\" x=\"0.5\" y=\"0.5\" width=\"{}\" height=\"{}\" rx=\"8\"/>\n",
        described(acts),
        width - 1.0,
        height - 1.0,
    );
    for (top, (head, plot)) in [0.0, panel].into_iter().zip([
        (
            "Queries for 1,000 requests (logarithmic scale)",
            queries(acts),
        ),
        (
            "Time of a request, 99th percentile (logarithmic scale)",
            slowest(acts),
        ),
    ]) {
        let (x, y) = (2.0 * MARGIN, MARGIN + top);
        let place = format!(
            "<svg x=\"{MARGIN}\" y=\"{}\" width=\"{WIDTH}\" height=\"{HEIGHT}\" ",
            y + HEAD
        );
        let plot = plot.replacen("<svg ", &place, 1);
        let y = y + 20.0;
        let _ = write!(
            svg,
            "<text class=\"head\" x=\"{x}\" y=\"{y}\">{head}</text>\n{plot}"
        );
    }
    svg + "</svg>\n"
}

/// Returns the picture in words.
fn described(acts: &[Act]) -> String {
    let mut text = "Two diagrams with two bars for each act, on logarithmic axes.".to_owned();
    for act in acts {
        let _ = write!(
            text,
            " {}: {} queries for 1,000 requests with the cache, {} without; 99 % of the requests \
             took at most {} with the cache, {} without.",
            act.name,
            few(per_1_000(&act.with)),
            few(per_1_000(&act.without)),
            shown(&act.with.part.latency, 0.99),
            shown(&act.without.part.latency, 0.99),
        );
    }
    text
}

/// Draws the 99th percentile of the times of the requests in each act.
fn slowest(acts: &[Act]) -> String {
    let p99 = |it: &Measured| quantile(&it.part.latency, 0.99).unwrap_or_default();
    let group = |act: &Act| [&act.with, &act.without].map(|it| p99(it).as_secs_f64());
    let groups: Vec<_> = acts
        .iter()
        .map(|act| (act.name, group(act).to_vec()))
        .collect();
    let shown = |seconds: f64| time(Duration::from_secs_f64(seconds));
    bars(
        "Time of a request, 99th percentile",
        &SIDES,
        &groups,
        1e-3,
        shown,
    )
}
