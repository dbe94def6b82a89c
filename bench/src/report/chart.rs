//! Charts as SVG, in a few lines of our own.

use std::fmt::Write as _;

use super::spread::number;

const WIDTH: f64 = 720.0;
const HEIGHT: f64 = 400.0;
const LEFT: f64 = 70.0;
const RIGHT: f64 = 190.0;
const TOP: f64 = 40.0;
const BOTTOM: f64 = 50.0;
const COLORS: [&str; 6] = ["#1f6feb", "#d1242f", "#1a7f37", "#9a6700", "#8250df", "#57606a"];

/// A name, and what was measured at each step.
pub type Series = (String, Vec<(f64, f64)>);

/// Figures over steps that are evenly far from each other, as numbers of clients.
pub struct Lines<'a> {
    pub title: &'a str,
    pub across: &'a str,
    pub up: &'a str,
    /// Powers of ten are evenly far from each other.
    pub logarithmic: bool,
    pub series: Vec<Series>,
}

pub struct Bars<'a> {
    pub title: &'a str,
    pub up: &'a str,
    pub bars: Vec<(String, f64)>,
}

impl Lines<'_> {
    pub fn svg(&self) -> String {
        let mut steps: Vec<f64> =
            self.series.iter().flat_map(|(_, points)| points).map(|point| point.0).collect();
        steps.sort_by(f64::total_cmp);
        steps.dedup();
        let values = self.series.iter().flat_map(|(_, points)| points).map(|point| point.1);
        let scale = Scale::of(values, self.logarithmic);
        let across = |step: f64| {
            let place = steps.iter().position(|other| *other == step).unwrap_or_default();
            LEFT + (WIDTH - LEFT - RIGHT) * place as f64 / (steps.len().max(2) - 1) as f64
        };
        let mut svg = frame(self.title, self.up, &scale);
        for step in &steps {
            text(&mut svg, across(*step), HEIGHT - BOTTOM + 18.0, "middle", &number(*step, 0));
        }
        text(&mut svg, (LEFT + WIDTH - RIGHT) / 2.0, HEIGHT - 10.0, "middle", self.across);
        for ((name, points), (color, place)) in self.series.iter().zip(COLORS.iter().cycle().zip(0..)) {
            // a step without a figure has no place
            let path: Vec<String> = points
                .iter()
                .filter(|(_, value)| value.is_finite())
                .map(|(step, value)| format!("{:.1},{:.1}", across(*step), scale.height(*value)))
                .collect();
            let _ = writeln!(
                svg,
                r#"<polyline points="{}" fill="none" stroke="{color}" stroke-width="2"/>"#,
                path.join(" ")
            );
            for point in &path {
                let (x, y) = point.split_once(',').unwrap_or_default();
                let _ = writeln!(svg, r#"<circle cx="{x}" cy="{y}" r="3" fill="{color}"/>"#);
            }
            let height = TOP + 20.0 * f64::from(place);
            let _ = writeln!(
                svg,
                r#"<rect x="{}" y="{}" width="12" height="4" fill="{color}"/>"#,
                WIDTH - RIGHT + 14.0,
                height + 2.0
            );
            text(&mut svg, WIDTH - RIGHT + 32.0, height + 8.0, "start", name);
        }
        svg + "</svg>\n"
    }
}

impl Bars<'_> {
    pub fn svg(&self) -> String {
        let scale = Scale::of(self.bars.iter().map(|bar| bar.1), false);
        let mut svg = frame(self.title, self.up, &scale);
        let room = (WIDTH - LEFT - RIGHT) / self.bars.len().max(1) as f64;
        for ((name, value), (color, place)) in self.bars.iter().zip(COLORS.iter().cycle().zip(0..)) {
            let x = LEFT + room * (f64::from(place) + 0.2);
            let y = scale.height(*value);
            let _ = writeln!(
                svg,
                r#"<rect x="{x:.1}" y="{y:.1}" width="{:.1}" height="{:.1}" fill="{color}"/>"#,
                room * 0.6,
                HEIGHT - BOTTOM - y
            );
            let middle = x + room * 0.3;
            text(&mut svg, middle, y - 6.0, "middle", &number(*value, if *value < 100.0 { 1 } else { 0 }));
            text(&mut svg, middle, HEIGHT - BOTTOM + 18.0, "middle", name);
        }
        svg + "</svg>\n"
    }
}

/// Values to heights.
struct Scale {
    low: f64,
    high: f64,
    logarithmic: bool,
}

impl Scale {
    fn of(values: impl Iterator<Item = f64>, logarithmic: bool) -> Self {
        let values: Vec<f64> =
            values.filter(|value| value.is_finite() && (!logarithmic || *value > 0.0)).collect();
        let most = values.iter().copied().fold(f64::MIN_POSITIVE, f64::max);
        let least = values.iter().copied().fold(most, f64::min);
        match logarithmic {
            true => Self {
                low: least.log10().floor(),
                high: most.log10().ceil().max(least.log10().floor() + 1.0),
                logarithmic,
            },
            false => Self { low: 0.0, high: step(most) * (most / step(most)).ceil(), logarithmic },
        }
    }

    fn height(&self, value: f64) -> f64 {
        let value = if self.logarithmic { value.max(f64::MIN_POSITIVE).log10() } else { value };
        let share = ((value - self.low) / (self.high - self.low)).clamp(0.0, 1.0);
        HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * share
    }

    /// Where lines are drawn across.
    fn marks(&self) -> Vec<f64> {
        let step = if self.logarithmic { 1.0 } else { step(self.high) };
        let count = ((self.high - self.low) / step).round() as u32;
        let marks = (0..=count).map(|mark| self.low + step * f64::from(mark));
        marks.map(|mark| if self.logarithmic { 10_f64.powf(mark) } else { mark }).collect()
    }
}

/// 1, 2 or 5 times a power of ten, so that there are four to ten of them.
fn step(most: f64) -> f64 {
    let power = 10_f64.powf(most.log10().floor());
    let times = most / power;
    power
        * if times < 2.0 {
            0.2
        } else if times < 5.0 {
            0.5
        } else {
            1.0
        }
}

fn frame(title: &str, up: &str, scale: &Scale) -> String {
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {HEIGHT}\"\n\
         \x20 font-family=\"sans-serif\" font-size=\"12\">\n\
         <rect width=\"{WIDTH}\" height=\"{HEIGHT}\" fill=\"white\"/>\n"
    );
    text(&mut svg, LEFT, 18.0, "start", &format!("{title} ({up})"));
    for mark in scale.marks() {
        let y = scale.height(mark);
        let _ = writeln!(
            svg,
            "<line x1=\"{LEFT}\" x2=\"{}\" y1=\"{y:.1}\" y2=\"{y:.1}\" stroke=\"#d0d7de\"/>",
            WIDTH - RIGHT
        );
        let decimals =
            if mark < 1.0 && mark > 0.0 { 2 } else { usize::from(scale.high < 5.0 && !scale.logarithmic) };
        text(&mut svg, LEFT - 8.0, y + 4.0, "end", &number(mark, decimals));
    }
    svg
}

fn text(svg: &mut String, x: f64, y: f64, anchor: &str, words: &str) {
    let words = words.replace('&', "&amp;").replace('<', "&lt;");
    let _ = writeln!(
        svg,
        r##"<text x="{x:.1}" y="{y:.1}" text-anchor="{anchor}" fill="#24292f">{words}</text>"##
    );
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_scale_begins_at_nothing_and_holds_the_most() {
        let scale = Scale::of([300.0, 4700.0].into_iter(), false);
        assert_eq!(scale.marks(), [0.0, 1000.0, 2000.0, 3000.0, 4000.0, 5000.0]);
        assert!(scale.height(4700.0) > TOP && scale.height(0.0) == HEIGHT - BOTTOM);
    }

    #[test]
    fn a_logarithmic_scale_goes_in_powers_of_ten() {
        assert_eq!(Scale::of([0.5, 80.0].into_iter(), true).marks(), [0.1, 1.0, 10.0, 100.0]);
    }

    #[test]
    fn a_step_without_a_figure_is_left_out() {
        let lines = Lines {
            title: "",
            across: "",
            up: "",
            logarithmic: true,
            series: vec![(String::new(), vec![(1.0, f64::NAN), (8.0, 3.0)])],
        };
        assert_eq!(lines.svg().matches("<circle").count(), 1);
    }

    #[test]
    fn names_are_no_markup() {
        let lines = Lines {
            title: "a < b",
            across: "clients",
            up: "a second",
            logarithmic: false,
            series: vec![("x & y".to_owned(), vec![(1.0, 2.0), (8.0, 3.0)])],
        };
        let svg = lines.svg();
        assert!(svg.contains("a &lt; b") && svg.contains("x &amp; y") && svg.ends_with("</svg>\n"));
    }
}
