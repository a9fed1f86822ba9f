/// The median of some figures, and between which two of them it lies with 95 percent certainty (the
/// ranks of a binomial distribution, half of which is below the median). Of few figures, that is
/// all of them.
pub(crate) fn spread(mut figures: Vec<f64>, digits: usize) -> String {
    figures.sort_by(f64::total_cmp);
    let (middle, reach) = (figures.len() / 2, figures.len().isqrt());
    let median = figures[middle];
    let low = figures[middle.saturating_sub(reach)];
    let high = figures[(middle + reach).min(figures.len() - 1)];
    format!("{median:.digits$} ({low:.digits$} to {high:.digits$})")
}
