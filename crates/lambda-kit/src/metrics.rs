//! Figures for CloudWatch, in its embedded metric format.

use std::collections::HashSet;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, UNIX_EPOCH};

use metrique_writer::format::Format;
use metrique_writer::unit::NegativeScale;
use metrique_writer::value::MetricFlags;
use metrique_writer::{Entry, EntryWriter, Observation, Unit, Value, ValueWriter};
use metrique_writer_format_emf::{Emf, MetricDefinition, MetricDirective, NoMetric};
use orders::Timestamp;
use orders_events::EventReport;
use orders_http::{Figure, Report};

use crate::Account;
use crate::config::Reader;

const NAMESPACE: &str = "METRICS_NAMESPACE";
const DIMENSIONS: &str = "METRICS_DIMENSIONS";

/// CloudWatch takes 30, two of which are the kind and the outcome.
const MOST_DIMENSIONS: usize = 28;

/// Under which names the figures are kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MetricsSettings {
    /// CloudWatch's namespace.
    pub namespace: String,
    /// Name and value of each dimension, besides those that requests, or events, are counted by.
    pub dimensions: Vec<(String, String)>,
}

impl Reader<'_> {
    /// How the figures are written; `Some(None)` where they are switched off.
    pub fn metrics(&mut self) -> Option<Option<MetricsSettings>> {
        let namespace = self.get(NAMESPACE).unwrap_or("GetOrder");
        if namespace.eq_ignore_ascii_case("off") {
            return Some(None);
        }
        let allowed = |c: char| c.is_ascii_alphanumeric() || ".-_/#:".contains(c);
        if !namespace.chars().all(allowed) || namespace.starts_with("AWS/") || namespace.len() > 255
        {
            let problem = format!(
                "`{namespace}` must be up to 255 letters, digits and .-_/#: that do not begin with \
                 AWS/ (or `off`)"
            );
            self.mistake::<()>(NAMESPACE, problem);
        }
        let namespace = namespace.to_owned();
        let function = self.get("AWS_LAMBDA_FUNCTION_NAME");
        let function = function.map(|name| format!("FunctionName={name}")).unwrap_or_default();
        let pairs = self.get(DIMENSIONS).unwrap_or(&function).split(',');
        let pairs = pairs.filter(|pair| !pair.trim().is_empty()).map(dimension);
        let pairs: Option<Vec<_>> = pairs.collect();
        let Some(dimensions) = pairs.filter(|pairs| is_one_set(pairs)) else {
            let problem = "must be up to 28 name=value pairs, separated by commas; each name once, \
                           and none a field or a figure of the log";
            return self.mistake(DIMENSIONS, problem);
        };
        Some(Some(MetricsSettings { namespace, dimensions }))
    }
}

fn is_one_set(pairs: &[(String, String)]) -> bool {
    let names: HashSet<_> = pairs.iter().map(|(name, _)| name).collect();
    pairs.len() <= MOST_DIMENSIONS && names.len() == pairs.len()
}

fn dimension(pair: &str) -> Option<(String, String)> {
    let (name, value) = pair.split_once('=')?;
    let (name, value) = (name.trim(), value.trim());
    let is_one = |text: &str| {
        !text.is_empty() && text.len() <= 250 && !text.contains(|c: char| !matches!(c, ' '..='~'))
    };
    // The line of a request has these fields already.
    let is_taken = name == "_aws"
        || Report::FIELDS.contains(&name)
        || EventReport::FIELDS.contains(&name)
        || Figure::ALL.iter().any(|figure| figure.name() == name);
    (is_one(name) && is_one(value) && !name.starts_with(':') && !is_taken)
        .then(|| (name.to_owned(), value.to_owned()))
}

/// Writes figures in the embedded metric format.
pub struct EmbeddedMetrics {
    dimensions: Vec<(String, String)>,
    format: Mutex<Emf>,
}

impl EmbeddedMetrics {
    /// Under the given names, for accounts that are counted as the given figure.
    pub fn new(settings: MetricsSettings, counted_as: Figure) -> Self {
        let MetricsSettings { namespace, dimensions } = settings;
        let names: Vec<_> = dimensions.iter().map(|(name, _)| name.as_str()).collect();
        // One figure alone is kept by outcome: each set of dimensions is one more to pay for.
        let counted_by = counted_as.kept_by().iter().copied();
        let by_outcome = MetricDirective {
            dimensions: vec![names.iter().copied().chain(counted_by).collect()],
            metrics: vec![MetricDefinition {
                name: counted_as.name(),
                unit: Unit::Count,
                storage_resolution: None,
            }],
            namespace: &namespace,
        };
        let names = names.iter().map(|name| (*name).to_owned()).collect();
        let format = Emf::builder(namespace.clone(), vec![names]).directive(by_outcome).build();
        Self { dimensions, format: Mutex::new(format) }
    }

    /// Appends an object with the figures of a request, and a line break.
    pub(crate) fn write(
        &self,
        now: Timestamp,
        report: &impl Account,
        stands: Stands,
        output: &mut Vec<u8>,
    ) {
        let mut format = self.format.lock().unwrap_or_else(PoisonError::into_inner);
        let figures = Figures { now, report, stands, dimensions: &self.dimensions };
        // Names are constants or were checked at start, and figures are finite.
        let written = format.format(&figures, output);
        debug_assert!(written.is_ok(), "{written:?}");
    }
}

/// Where the figures of a request stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stands {
    /// In a line of their own.
    Alone,
    /// In the line of the request, which has its outcome already.
    WithTheRequest,
}

/// The figures of a request, as the format wants them.
struct Figures<'a, A> {
    now: Timestamp,
    report: &'a A,
    stands: Stands,
    dimensions: &'a [(String, String)],
}

impl<A: Account> Entry for Figures<'_, A> {
    fn write<'a>(&'a self, writer: &mut impl EntryWriter<'a>) {
        let since = Duration::from_millis(u64::try_from(self.now.millis()).unwrap_or(0));
        writer.timestamp(UNIX_EPOCH + since);
        for (name, value) in self.dimensions {
            writer.value(name, value);
        }
        if self.stands == Stands::Alone {
            for (name, value) in A::COUNTED_AS.kept_by().iter().zip(self.report.counted_by()) {
                writer.value(*name, value);
            }
        }
        for (figure, value) in self.report.figures() {
            let reading = Reading { figure, value };
            if figure == A::COUNTED_AS {
                writer.value(figure.name(), &NoMetric::from(reading));
            } else {
                writer.value(figure.name(), &reading);
            }
        }
    }
}

struct Reading {
    figure: Figure,
    value: f64,
}

impl Value for Reading {
    fn write(&self, writer: impl ValueWriter) {
        let unit = if self.figure.is_duration() {
            Unit::Second(NegativeScale::Milli)
        } else {
            Unit::Count
        };
        writer.metric([Observation::Floating(self.value)], unit, [], MetricFlags::empty());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::environment::read;

    fn metrics(pairs: &[(&str, &str)]) -> Result<Option<MetricsSettings>, Vec<String>> {
        let of_lambda = [("AWS_LAMBDA_FUNCTION_NAME", "get-order")];
        read(&[&of_lambda, pairs].concat(), |reader: &mut Reader<'_>| reader.metrics())
    }

    #[test]
    fn the_namespace_and_the_dimensions_can_be_chosen_or_all_of_it_switched_off() {
        let settings = |namespace: &str, dimensions: &[(&str, &str)]| MetricsSettings {
            namespace: namespace.to_owned(),
            dimensions: dimensions
                .iter()
                .map(|(n, v)| ((*n).to_owned(), (*v).to_owned()))
                .collect(),
        };
        let default = settings("GetOrder", &[("FunctionName", "get-order")]);
        assert_eq!(metrics(&[]), Ok(Some(default)));
        let chosen = [("METRICS_NAMESPACE", "Shop/Orders"), ("METRICS_DIMENSIONS", "a=1, b = 2,")];
        assert_eq!(metrics(&chosen), Ok(Some(settings("Shop/Orders", &[("a", "1"), ("b", "2")]))));
        assert_eq!(metrics(&[("METRICS_NAMESPACE", "Off")]), Ok(None));
    }

    #[test]
    fn what_cloudwatch_would_not_take_is_a_mistake() {
        let thirty = (0..30).map(|n| format!("d{n}={n},")).collect::<Vec<_>>().concat();
        for (name, value) in [
            ("METRICS_NAMESPACE", "AWS/Lambda"),
            ("METRICS_NAMESPACE", "two words"),
            ("METRICS_DIMENSIONS", "stage"),
            ("METRICS_DIMENSIONS", "stage="),
            ("METRICS_DIMENSIONS", "=prod"),
            ("METRICS_DIMENSIONS", ":stage=prod"),
            ("METRICS_DIMENSIONS", "outcome=mine"),
            ("METRICS_DIMENSIONS", "kind=mine"),
            ("METRICS_DIMENSIONS", "status=mine"),
            ("METRICS_DIMENSIONS", "denied_total=mine"),
            ("METRICS_DIMENSIONS", "_aws=mine"),
            ("METRICS_DIMENSIONS", "a=1,b=2,a=3"),
            ("METRICS_DIMENSIONS", &thirty),
        ] {
            let mistakes = metrics(&[(name, value)]).unwrap_err();
            assert_eq!(mistakes.len(), 1);
            assert!(mistakes[0].starts_with(name), "{mistakes:?}");
        }
    }
}
