//! One figure of several rounds.

#[derive(Clone, Debug, Default)]
pub struct Spread(Vec<f64>);

impl Spread {
    /// Round by round.
    pub fn of(rounds: impl IntoIterator<Item = f64>) -> Self {
        let mut values: Vec<f64> = rounds.into_iter().collect();
        values.sort_by(f64::total_cmp);
        Self(values)
    }

    /// NaN where nothing was measured.
    pub fn median(&self) -> f64 {
        let middle = self.0.len() / 2;
        match self.0.as_slice() {
            [] => f64::NAN,
            values if values.len() % 2 == 1 => values[middle],
            values => f64::midpoint(values[middle - 1], values[middle]),
        }
    }

    /// Median (least–most).
    pub fn show(&self, decimals: usize) -> String {
        let (least, most) = (self.0.first(), self.0.last());
        match (least, most) {
            (Some(least), Some(most)) if !self.median().is_nan() => format!(
                "{} ({}–{})",
                number(self.median(), decimals),
                number(*least, decimals),
                number(*most, decimals)
            ),
            _ => "–".to_owned(),
        }
    }
}

/// With commas between thousands.
pub fn number(value: f64, decimals: usize) -> String {
    let text = format!("{value:.decimals$}");
    let (whole, fraction) =
        text.split_once('.').map_or((text.as_str(), None), |(whole, rest)| (whole, Some(rest)));
    let digits = whole.trim_start_matches('-');
    let mut grouped = String::from(if whole.starts_with('-') { "-" } else { "" });
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place) % 3 == 0 {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    match fraction {
        Some(fraction) => format!("{grouped}.{fraction}"),
        None => grouped,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shows_the_median_and_how_far_apart_the_rounds_are() {
        assert_eq!(Spread::of([3.0, 1.0, 1234.5]).show(1), "3.0 (1.0–1,234.5)");
        assert_eq!(Spread::of([2.0, 4.0]).show(0), "3 (2–4)");
        assert_eq!(Spread::default().show(0), "–");
        assert_eq!(Spread::of([f64::NAN]).show(0), "–");
        assert_eq!(number(-1_234_567.0, 0), "-1,234,567");
    }
}
