//! Charts of tables, as SVG.

use std::path::Path;

use plotters::prelude::*;

use crate::figures::Table;

const SIZE: (u32, u32) = (760, 380);
const FONT: &str = "sans-serif";

/// Draws a figure of each line of a table as a bar, with its spread, on a logarithmic scale where
/// they lie far apart.
pub(crate) fn bars(table: &Table, column: usize, file: &Path) -> anyhow::Result<()> {
    let figures: Vec<_> =
        table.rows.iter().map(|row| (row.name.clone(), row.figures[column])).collect();
    let most = figures.iter().map(|(_, it)| it.high).fold(0.0, f64::max);
    let least = figures.iter().map(|(_, it)| it.median).fold(f64::INFINITY, f64::min);
    let root = SVGBackend::new(file, SIZE).into_drawing_area();
    root.fill(&WHITE)?;
    let count = figures.len();
    let title = format!("{}: {}", table.title, table.columns[column]);
    let names = |at: &SegmentValue<usize>| match at {
        SegmentValue::CenterOf(n) => figures.get(*n).map(|it| it.0.clone()).unwrap_or_default(),
        _ => String::new(),
    };
    let mut chart = ChartBuilder::on(&root);
    chart.caption(title, (FONT, 17)).margin(12).x_label_area_size(32).y_label_area_size(56);
    // On a logarithmic scale there is no zero to begin at.
    let is_wide = most / least > 20.0;
    let from = if is_wide { least / 3.0 } else { 0.0 };
    let bars = figures.iter().enumerate().map(|(n, (_, it))| {
        let (low, high) = (SegmentValue::Exact(n), SegmentValue::Exact(n + 1));
        let mut bar = Rectangle::new([(low, from), (high, it.median)], BLUE.mix(0.55).filled());
        bar.set_margin(0, 0, 28, 28);
        bar
    });
    let spreads = figures.iter().enumerate().map(|(n, (_, it))| {
        let at = SegmentValue::CenterOf(n);
        ErrorBar::new_vertical(at, it.low, it.median, it.high, BLACK.filled(), 12)
    });
    if is_wide {
        let scale = (from..most * 2.0).log_scale();
        let mut chart =
            chart.build_cartesian_2d((0..count.saturating_sub(1)).into_segmented(), scale)?;
        chart.configure_mesh().disable_x_mesh().x_label_formatter(&names).draw()?;
        chart.draw_series(bars)?;
        chart.draw_series(spreads)?;
    } else {
        let mut chart = chart
            .build_cartesian_2d((0..count.saturating_sub(1)).into_segmented(), from..most * 1.15)?;
        chart.configure_mesh().disable_x_mesh().x_label_formatter(&names).draw()?;
        chart.draw_series(bars)?;
        chart.draw_series(spreads)?;
    }
    root.present()?;
    Ok(())
}

/// Draws a figure of tables whose lines are named by numbers, a line each, both scales logarithmic.
pub(crate) fn lines(
    title: &str,
    tables: &[&Table],
    column: usize,
    file: &Path,
) -> anyhow::Result<()> {
    let points = |table: &Table| -> Vec<(f64, f64)> {
        let rows = table.rows.iter();
        rows.filter_map(|row| Some((row.name.parse().ok()?, row.figures[column].median))).collect()
    };
    let all: Vec<_> = tables.iter().flat_map(|table| points(table)).collect();
    let range = |figures: &mut dyn Iterator<Item = f64>| {
        figures.fold((f64::INFINITY, 0.0_f64), |(low, high), it| (low.min(it), high.max(it)))
    };
    let x = range(&mut all.iter().map(|point| point.0));
    let y = range(&mut all.iter().map(|point| point.1));
    let root = SVGBackend::new(file, SIZE).into_drawing_area();
    root.fill(&WHITE)?;
    let mut chart = ChartBuilder::on(&root)
        .caption(title, (FONT, 17))
        .margin(12)
        .x_label_area_size(32)
        .y_label_area_size(64)
        .build_cartesian_2d(
            (x.0 * 0.8..x.1 * 1.3).log_scale(),
            (y.0 * 0.6..y.1 * 1.8).log_scale(),
        )?;
    chart.configure_mesh().draw()?;
    for (n, table) in tables.iter().enumerate() {
        let colour = Palette99::pick(n).to_rgba();
        chart
            .draw_series(LineSeries::new(points(table), colour.stroke_width(2)).point_size(3))?
            .label(table.title.clone())
            .legend(move |(x, y)| PathElement::new([(x, y), (x + 18, y)], colour.stroke_width(2)));
    }
    chart
        .configure_series_labels()
        .background_style(WHITE.mix(0.85))
        .position(SeriesLabelPosition::UpperLeft)
        .draw()?;
    root.present()?;
    Ok(())
}
