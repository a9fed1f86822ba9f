//! Figures with their spread, and tables of them.

use std::fmt::Write;

use serde::Serialize;

/// The median of some figures, and between which two of them it lies with 95 percent certainty
/// (the ranks of a binomial distribution, half of which is below the median). Of few figures, that
/// is all of them.
#[derive(Clone, Copy, Debug, Serialize)]
pub(crate) struct Spread {
    pub(crate) median: f64,
    pub(crate) low: f64,
    pub(crate) high: f64,
}

impl Spread {
    /// Of at least one figure.
    pub(crate) fn of(mut figures: Vec<f64>) -> Self {
        figures.sort_by(f64::total_cmp);
        let (middle, reach) = (figures.len() / 2, figures.len().isqrt());
        let at = |rank: usize| figures.get(rank).copied().unwrap_or(f64::NAN);
        Self {
            median: at(middle),
            low: at(middle.saturating_sub(reach)),
            high: at((middle + reach).min(figures.len().saturating_sub(1))),
        }
    }

    /// `1.23 (1.20 to 1.31)`; the median alone where all figures are the same.
    pub(crate) fn text(&self, digits: usize) -> String {
        let Self { median, low, high } = self;
        if high.total_cmp(low).is_eq() {
            return format!("{median:.digits$}");
        }
        format!("{median:.digits$} ({low:.digits$} to {high:.digits$})")
    }
}

/// The figures of `it` in relation to those that were taken side by side with them.
pub(crate) fn ratio(it: &[f64], other: &[f64]) -> Spread {
    Spread::of(it.iter().zip(other).map(|(it, other)| it / other).collect())
}

/// The figure below which that many percent of the figures lie.
pub(crate) fn percentile(figures: &[f64], percent: usize) -> f64 {
    let mut sorted = figures.to_vec();
    sorted.sort_by(f64::total_cmp);
    let rank = (sorted.len() * percent).div_ceil(100).saturating_sub(1);
    sorted.get(rank).copied().unwrap_or(f64::NAN)
}

/// A table, for a person or as JSON for a machine.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Table {
    pub(crate) title: String,
    pub(crate) columns: Vec<&'static str>,
    pub(crate) rows: Vec<Row>,
}

/// A line of a table.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Row {
    pub(crate) name: String,
    pub(crate) figures: Vec<Spread>,
    #[serde(skip)]
    pub(crate) digits: Vec<usize>,
}

impl Table {
    pub(crate) fn new(title: impl Into<String>, columns: &[&'static str]) -> Self {
        Self { title: title.into(), columns: columns.to_vec(), rows: Vec::new() }
    }

    /// Adds a line: its name, and its figures with how many digits of each are shown.
    pub(crate) fn add(
        &mut self,
        name: impl Into<String>,
        figures: impl IntoIterator<Item = (Spread, usize)>,
    ) {
        let (figures, digits) = figures.into_iter().unzip();
        self.rows.push(Row { name: name.into(), figures, digits });
    }

    /// In Markdown, with its columns aligned.
    pub(crate) fn text(&self) -> String {
        let head =
            std::iter::once(String::new()).chain(self.columns.iter().map(|c| (*c).to_owned()));
        let mut lines = vec![head.collect::<Vec<_>>()];
        for row in &self.rows {
            let figures = row.figures.iter().zip(&row.digits).map(|(it, digits)| it.text(*digits));
            lines.push(std::iter::once(row.name.clone()).chain(figures).collect());
        }
        let width = |column: usize| {
            lines.iter().filter_map(|line| line.get(column)).map(|cell| cell.chars().count()).max()
        };
        let widths: Vec<_> = (0..=self.columns.len()).map(|c| width(c).unwrap_or(0)).collect();
        let mut text = format!("{}\n\n", self.title);
        for (number, line) in lines.iter().enumerate() {
            for (cell, width) in line.iter().zip(&widths) {
                // A `String` takes whatever is written to it.
                let _ = write!(text, "| {cell:width$} ");
            }
            text.push_str("|\n");
            if number == 0 {
                for width in &widths {
                    let _ = write!(text, "| {:-<width$} ", "");
                }
                text.push_str("|\n");
            }
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_spread_has_the_median_and_the_ranks_around_it() {
        let spread = Spread::of((1..=100).rev().map(f64::from).collect());
        assert_eq!(spread.text(0), "51 (41 to 61)");
        assert_eq!(Spread::of(vec![2.0, 2.0]).text(1), "2.0");
        assert!(percentile(&[4.0, 1.0, 3.0, 2.0], 50).total_cmp(&2.0).is_eq());
        assert!(percentile(&[4.0, 1.0, 3.0, 2.0], 99).total_cmp(&4.0).is_eq());
    }
}
