//! Plots as SVG, with colours that the style of the page sets for both themes.

use std::fmt::Write as _;

/// The size of a plot, and the margins of its area.
pub(crate) const WIDTH: f64 = 640.0;
pub(crate) const HEIGHT: f64 = 240.0;
const LEFT: f64 = 70.0;
const RIGHT: f64 = 24.0;
const TOP: f64 = 22.0;
const BOTTOM: f64 = 48.0;

/// A line of a plot: its name, the class of its colour, and its points.
#[derive(Debug)]
pub(crate) struct Line {
    pub(crate) name: &'static str,
    pub(crate) class: &'static str,
    pub(crate) points: Vec<(f64, f64)>,
}

/// The axis of values, which is logarithmic: a power of ten at each end.
#[derive(Debug, Clone, Copy)]
struct Powers {
    least: i32,
    greatest: i32,
}

impl Powers {
    /// Returns the axis on which all `values` are. Values below `least` are at its end.
    fn of(values: impl Iterator<Item = f64>, least: f64) -> Self {
        let values: Vec<f64> = values.map(|it| it.max(least)).collect();
        let low = values.iter().copied().fold(f64::INFINITY, f64::min);
        let high = values.iter().copied().fold(least, f64::max);
        let power = |value: f64| {
            #[expect(clippy::cast_possible_truncation, reason = "a small power of ten")]
            let power = value as i32;
            power
        };
        let first = power(low.min(high).log10().floor());
        Self {
            least: first,
            greatest: power(high.log10().ceil()).max(first + 1),
        }
    }

    /// Returns the place of a value between 0 and 1.
    fn place(self, value: f64) -> f64 {
        let (least, greatest) = (f64::from(self.least), f64::from(self.greatest));
        let power = value.max(f64::MIN_POSITIVE).log10().clamp(least, greatest);
        (power - least) / (greatest - least)
    }
}

fn at_x(place: f64) -> f64 {
    LEFT + place * (WIDTH - LEFT - RIGHT)
}

fn at_y(place: f64) -> f64 {
    HEIGHT - BOTTOM - place * (HEIGHT - TOP - BOTTOM)
}

/// Begins a plot.
fn begin(title: &str) -> String {
    format!("<svg viewBox=\"0 0 {WIDTH} {HEIGHT}\" role=\"img\"><title>{title}</title>\n")
}

/// Draws a line across for each power of ten, with its value.
fn grid(svg: &mut String, powers: Powers, shown: fn(f64) -> String) {
    for power in powers.least..=powers.greatest {
        let value = 10_f64.powi(power);
        let y = at_y(powers.place(value));
        let _ = writeln!(
            svg,
            "<line class=\"grid\" x1=\"{LEFT}\" x2=\"{:.1}\" y1=\"{y:.1}\" y2=\"{y:.1}\"/>\
             <text class=\"axis\" x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"end\">{}</text>",
            WIDTH - RIGHT,
            LEFT - 6.0,
            y + 4.0,
            shown(value),
        );
    }
}

/// Draws a text below the area of the plot at `place`, between 0 and 1.
fn below(svg: &mut String, place: f64, text: &str) {
    let (x, y) = (at_x(place), HEIGHT - BOTTOM + 18.0);
    let _ = writeln!(
        svg,
        "<text class=\"axis\" x=\"{x:.1}\" y=\"{y:.1}\" text-anchor=\"middle\">{text}</text>"
    );
}

/// Draws the names of the lines or bars with their colours.
fn legend(svg: &mut String, names: &[(&str, &str)]) {
    let mut x = LEFT;
    for (name, class) in names {
        let y = HEIGHT - 10.0;
        let _ = writeln!(
            svg,
            "<rect class=\"bar {class}\" x=\"{x:.1}\" y=\"{:.1}\" width=\"12\" height=\"8\"/>\
             <text x=\"{:.1}\" y=\"{y:.1}\">{name}</text>",
            y - 8.0,
            x + 17.0,
        );
        x += 180.0;
    }
}

/// Draws lines. The axis across goes from 0 to the greatest place of the texts `across`. The axis of
/// values is logarithmic and does not go below `least`.
pub(crate) fn lines(
    title: &str,
    lines: &[Line],
    across: &[(f64, String)],
    least: f64,
    shown: fn(f64) -> String,
) -> String {
    let points = || lines.iter().flat_map(|line| &line.points);
    let end = across.iter().map(|(x, _)| *x);
    let end = end.fold(f64::MIN_POSITIVE, f64::max);
    let powers = Powers::of(points().map(|(_, y)| *y), least);
    let mut svg = begin(title);
    grid(&mut svg, powers, shown);
    for (x, text) in across {
        below(&mut svg, x / end, text);
    }
    for line in lines {
        let places = line.points.iter().map(|(x, y)| {
            let (x, y) = (at_x(x / end), at_y(powers.place(*y)));
            format!("{x:.1},{y:.1}")
        });
        let places = places.collect::<Vec<_>>().join(" ");
        let class = line.class;
        let _ = writeln!(
            svg,
            "<polyline class=\"line {class}\" points=\"{places}\"/>"
        );
    }
    let names: Vec<_> = lines.iter().map(|line| (line.name, line.class)).collect();
    legend(&mut svg, &names);
    svg + "</svg>\n"
}

/// Draws groups of bars with their values, on a logarithmic axis that begins at `least`: a name for
/// each group, and a value for each of `names`, which are names with the classes of their colours.
pub(crate) fn bars(
    title: &str,
    names: &[(&str, &str)],
    groups: &[(&str, Vec<f64>)],
    least: f64,
    shown: fn(f64) -> String,
) -> String {
    let values = groups.iter().flat_map(|(_, values)| values).copied();
    let powers = Powers::of(values.chain([least]), least);
    let mut svg = begin(title);
    grid(&mut svg, powers, shown);
    let all = f64::from(u32::try_from(groups.len()).unwrap_or(1));
    let width = (WIDTH - LEFT - RIGHT) / all * 0.42;
    for (number, (name, values)) in (0_u32..).zip(groups) {
        let middle = (f64::from(number) + 0.5) / all;
        below(&mut svg, middle, name);
        for (bar, (value, (_, class))) in (0_u32..).zip(values.iter().zip(names)) {
            let x = at_x(middle) + (f64::from(bar) - 1.0) * width;
            let height = (HEIGHT - BOTTOM - at_y(powers.place(*value))).max(1.0);
            let y = HEIGHT - BOTTOM - height;
            let _ = writeln!(
                svg,
                "<rect class=\"bar {class}\" x=\"{x:.1}\" y=\"{y:.1}\" width=\"{:.1}\" \
                 height=\"{height:.1}\"/><text class=\"value\" x=\"{:.1}\" y=\"{:.1}\" \
                 text-anchor=\"middle\">{}</text>",
                width - 2.0,
                x + width / 2.0 - 1.0,
                y - 4.0,
                shown(*value),
            );
        }
    }
    legend(&mut svg, names);
    svg + "</svg>\n"
}

#[cfg(test)]
mod tests {
    use super::Powers;

    #[test]
    fn an_axis_begins_and_ends_with_a_power_of_ten() {
        let powers = Powers::of([0.0, 30.0, 4_000.0].into_iter(), 1.0);
        assert_eq!((powers.least, powers.greatest), (0, 4));
        assert!(powers.place(0.0).abs() < 1e-9);
        assert!((powers.place(100.0) - 0.5).abs() < 1e-9);
    }
}
