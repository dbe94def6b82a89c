//! One figure of several rounds.

#[derive(Clone, Debug, Default)]
pub struct Spread {
    /// From the least to the most.
    values: Vec<f64>,
    /// Rounds that had none.
    missing: usize,
}

impl Spread {
    /// Round by round; NaN where one had none.
    pub fn of(rounds: impl IntoIterator<Item = f64>) -> Self {
        let (missing, mut values): (Vec<f64>, Vec<f64>) =
            rounds.into_iter().partition(|value| value.is_nan());
        values.sort_by(f64::total_cmp);
        Self { values, missing: missing.len() }
    }

    /// Of the rounds that had one; NaN where none had.
    pub fn median(&self) -> f64 {
        let middle = self.values.len() / 2;
        match self.values.as_slice() {
            [] => f64::NAN,
            values if values.len() % 2 == 1 => values[middle],
            values => f64::midpoint(values[middle - 1], values[middle]),
        }
    }

    /// Whether every round had one.
    pub fn is_whole(&self) -> bool {
        self.missing == 0
    }

    /// Median (least–most).
    pub fn show(&self, decimals: usize) -> String {
        let (Some(least), Some(most)) = (self.values.first(), self.values.last()) else {
            return "–".to_owned();
        };
        let [median, least, most] = [self.median(), *least, *most].map(|value| number(value, decimals));
        match self.missing {
            0 => format!("{median} ({least}–{most})"),
            missing => {
                format!("{median} ({least}–{most}; none in {missing} of {})", missing + self.values.len())
            }
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
        assert_eq!(Spread::of([f64::NAN, 3.0, 1.0, -f64::NAN]).show(0), "2 (1–3; none in 2 of 4)");
        assert_eq!(number(-1_234_567.0, 0), "-1,234,567");
    }
}
