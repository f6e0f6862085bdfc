//! Plots as SVG, with colours for light and for dark pages.

use std::fmt::Write as _;

const WIDTH: f64 = 860.0;
/// The space to the left of the area of a plot, and the one on its right side for names.
const LEFT: f64 = 70.0;
const RIGHT: f64 = 262.0;
const TOP: f64 = 56.0;
/// The height of a plot of lines.
const HEIGHT: f64 = 420.0;
const BOTTOM: f64 = 40.0;
/// The least distance between the names of two lines.
const APART: f64 = 18.0;
/// The height of a bar with the space below it, and the space for names of bars.
const STEP: f64 = 26.0;
const NAMES: f64 = 316.0;

const STYLE: &str = "
  <style>
    .sheet { fill: #ffffff; stroke: #c9d0da; }
    .grid { stroke: #dde2ea; }
    text { fill: #1c2230; font: 14px system-ui, sans-serif; }
    .head { font-weight: 600; }
    .axis { fill: #5d6879; font-size: 13px; }
    .end { text-anchor: end; }
    .mid { text-anchor: middle; }
    .ours { stroke: #0b61a4; fill: #0b61a4; }
    .other { stroke: #8a93a3; fill: #8a93a3; }
    polyline { fill: none !important; stroke-width: 2; }
    .strong { font-weight: 600; }
    @media (prefers-color-scheme: dark) {
      .sheet { fill: #1a1e26; stroke: #3a4250; }
      .grid { stroke: #333b48; }
      text { fill: #e8ebf1; }
      .axis { fill: #9aa6b8; }
      .ours { stroke: #6cb6f5; fill: #6cb6f5; }
      .other { stroke: #7d8798; fill: #7d8798; }
    }
  </style>
";

/// Dashes of lines, in their order, so that lines differ without colours.
const DASHES: [&str; 5] = ["", "6 4", "2 4", "12 4", "12 4 2 4"];

/// A line of a plot.
#[derive(Debug)]
pub struct Line<'a> {
    /// The name beside the line.
    pub name: &'a str,
    /// `true` for a line of cachekit.
    pub is_ours: bool,
    /// The points, from left to right.
    pub points: Vec<(f64, f64)>,
}

/// A bar of a plot.
#[derive(Debug)]
pub struct Bar<'a> {
    /// The name beside the bar.
    pub name: &'a str,
    /// `true` for a bar of cachekit.
    pub is_ours: bool,
    /// The length.
    pub value: f64,
}

/// An axis between two numbers, on which equal distances are equal ratios.
#[derive(Debug, Clone, Copy)]
struct Ratios {
    least: f64,
    greatest: f64,
}

impl Ratios {
    fn of(values: impl Iterator<Item = f64> + Clone) -> Self {
        Self {
            least: values.clone().fold(f64::INFINITY, f64::min),
            greatest: values.fold(0.0, f64::max),
        }
    }

    /// Returns the place of a value: 0 is the least, 1 the greatest.
    fn place(self, value: f64) -> f64 {
        let whole = (self.greatest / self.least).ln();
        if whole > 0.0 {
            (value / self.least).ln() / whole
        } else {
            0.5
        }
    }

    /// Returns the numbers 1, 2 and 5 times a power of ten that are on the axis.
    fn marks(self) -> Vec<f64> {
        let numbers = (-3..=9).flat_map(|power| [1.0, 2.0, 5.0].map(|it| it * 10_f64.powi(power)));
        numbers
            .filter(|it| *it >= self.least * 0.999 && *it <= self.greatest * 1.001)
            .collect()
    }
}

/// Draws lines. Both axes show equal ratios as equal distances.
pub fn lines(title: &str, lines: &[Line<'_>]) -> String {
    let points = || lines.iter().flat_map(|line| line.points.iter().copied());
    let across = Ratios::of(points().map(|(x, _)| x));
    let up = Ratios::of(points().map(|(_, y)| y));
    let at_x = |x| LEFT + across.place(x) * (WIDTH - LEFT - RIGHT);
    let at_y = |y| HEIGHT - BOTTOM - up.place(y) * (HEIGHT - TOP - BOTTOM);
    let told = lines.iter().map(|line| {
        let points = line.points.iter();
        let points = points.map(|(x, y)| format!("{} at {}", number(*y), number(*x)));
        format!("{}: {}", line.name, points.collect::<Vec<_>>().join(", "))
    });
    let told = told.collect::<Vec<_>>().join("; ");
    let mut svg = begin(title, &told, HEIGHT);
    for mark in up.marks() {
        let (y, end) = (at_y(mark), WIDTH - RIGHT);
        let _ = writeln!(
            svg,
            "  <line class=\"grid\" x1=\"{LEFT}\" x2=\"{end}\" y1=\"{y:.1}\" y2=\"{y:.1}\"/>\
             <text class=\"axis end\" x=\"{:.1}\" y=\"{:.1}\">{}</text>",
            LEFT - 8.0,
            y + 4.0,
            number(mark),
        );
    }
    let mut shown: Vec<f64> = points().map(|(x, _)| x).collect();
    shown.sort_by(f64::total_cmp);
    shown.dedup();
    for x in shown {
        let _ = writeln!(
            svg,
            "  <text class=\"axis mid\" x=\"{:.1}\" y=\"{:.1}\">{}</text>",
            at_x(x),
            HEIGHT - BOTTOM + 22.0,
            number(x),
        );
    }
    for (line, dash) in lines.iter().zip(DASHES.iter().cycle()) {
        let places = line.points.iter();
        let places = places.map(|(x, y)| format!("{:.1},{:.1}", at_x(*x), at_y(*y)));
        let _ = writeln!(
            svg,
            "  <polyline class=\"{}\" stroke-dasharray=\"{dash}\" points=\"{}\"/>",
            class(line.is_ours),
            places.collect::<Vec<_>>().join(" "),
        );
    }
    for (line, y) in names(lines, at_y) {
        let _ = writeln!(
            svg,
            "  <text class=\"{}\" x=\"{:.1}\" y=\"{y:.1}\">{}</text>",
            if line.is_ours { "strong" } else { "" },
            WIDTH - RIGHT + 10.0,
            escaped(line.name),
        );
    }
    svg + "</svg>\n"
}

/// Returns the height of the name of each line: that of its last point, or a little lower if another
/// name is there.
fn names<'a>(lines: &'a [Line<'a>], at_y: impl Fn(f64) -> f64) -> Vec<(&'a Line<'a>, f64)> {
    let ends = lines.iter().filter_map(|line| {
        let (_, y) = line.points.last()?;
        Some((line, at_y(*y) + 5.0))
    });
    let mut names: Vec<_> = ends.collect();
    names.sort_by(|(_, a), (_, b)| a.total_cmp(b));
    for at in 1..names.len() {
        names[at].1 = names[at].1.max(names[at - 1].1 + APART);
    }
    names
}

/// Draws bars, one below the other, on an axis that shows equal ratios as equal distances.
pub fn bars(title: &str, bars: &[Bar<'_>]) -> String {
    let values = bars.iter().map(|bar| bar.value);
    // The shortest bar is seen, too.
    let axis = Ratios::of(values.clone().chain(values.map(|it| it / 1.5)));
    let area = WIDTH - NAMES - LEFT;
    let mut rest = TOP;
    let told = bars.iter();
    let told = told.map(|bar| format!("{}: {}", bar.name, number(bar.value)));
    let told = told.collect::<Vec<_>>().join("; ");
    let mut svg = begin(title, &told, TOP + f64_of(bars.len()) * STEP + 16.0);
    for bar in bars {
        let length = axis.place(bar.value) * area;
        let base = rest + STEP / 2.0 + 1.0;
        let strong = if bar.is_ours { " strong" } else { "" };
        let _ = writeln!(
            svg,
            "  <text class=\"end{strong}\" x=\"{:.1}\" y=\"{base:.1}\">{}</text>\
             <rect class=\"{}\" x=\"{NAMES}\" y=\"{rest:.1}\" width=\"{length:.1}\" \
             height=\"{:.1}\"/><text class=\"axis\" x=\"{:.1}\" y=\"{base:.1}\">{}</text>",
            NAMES - 10.0,
            escaped(bar.name),
            class(bar.is_ours),
            STEP - 8.0,
            NAMES + length + 8.0,
            number(bar.value),
        );
        rest += STEP;
    }
    svg + "</svg>\n"
}

/// Begins a plot. `told` has all its figures, for readers who do not see it.
fn begin(title: &str, told: &str, height: f64) -> String {
    let (title, told) = (escaped(title), escaped(told));
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height}\" \
         width=\"{WIDTH}\" height=\"{height}\" role=\"img\" aria-labelledby=\"title desc\">\n  \
         <title id=\"title\">{title}</title>\n  <desc id=\"desc\">{told}</desc>{STYLE}  \
         <rect class=\"sheet\" x=\"0.5\" y=\"0.5\" width=\"{}\" height=\"{}\" rx=\"8\"/>\n  \
         <text class=\"head\" x=\"20\" y=\"32\">{title}</text>\n",
        WIDTH - 1.0,
        height - 1.0,
    )
}

fn class(is_ours: bool) -> &'static str {
    if is_ours { "ours" } else { "other" }
}

fn f64_of(count: usize) -> f64 {
    u32::try_from(count).map_or(f64::INFINITY, f64::from)
}

fn escaped(text: &str) -> String {
    let text = text.replace('&', "&amp;").replace('<', "&lt;");
    text.replace('>', "&gt;")
}

/// With commas between thousands, and two digits after the point below ten.
fn number(value: f64) -> String {
    if value < 10.0 {
        let text = format!("{value:.2}");
        return text.trim_end_matches('0').trim_end_matches('.').to_owned();
    }
    let digits = format!("{value:.0}");
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_easy_to_read() {
        let numbers = [0.5, 1.0, 2.52, 60_000.0, 1_000_000.0, 999.0];
        let texts = ["0.5", "1", "2.52", "60,000", "1,000,000", "999"];
        assert_eq!(numbers.map(number), texts);
    }

    #[test]
    fn names_of_lines_do_not_cover_each_other() {
        let line = |name, y| Line {
            name,
            is_ours: false,
            points: vec![(1.0, 1.0), (2.0, y)],
        };
        let lines = [line("a", 100.0), line("b", 101.0), line("c", 300.0)];
        let heights: Vec<_> = names(&lines, |y| y).iter().map(|(_, y)| *y).collect();
        assert_eq!(heights, [105.0, 123.0, 305.0]);
    }

    #[test]
    fn equal_ratios_are_equal_distances() {
        let axis = Ratios::of([1.0, 10.0, 100.0].into_iter());
        assert!((axis.place(10.0) - 0.5).abs() < 1e-9);
        assert_eq!(axis.marks(), [1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0]);
        let bar = Bar {
            name: "a<b>",
            is_ours: true,
            value: 3.0,
        };
        assert!(bars("title", &[bar]).contains(">a&lt;b&gt;</text>"));
    }
}
