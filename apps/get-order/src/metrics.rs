//! Figures for CloudWatch, as lines of its embedded metric format on standard output.

use metrics_cloudwatch_embedded::{Builder, Collector};

use crate::config::{Mistake, Reader};

const NAMESPACE: &str = "METRICS_NAMESPACE";
const DIMENSIONS: &str = "METRICS_DIMENSIONS";

/// Under which names the figures are kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MetricsSettings {
    /// CloudWatch's namespace.
    pub namespace: String,
    /// Name and value of each dimension, besides the outcome of the count of requests.
    pub dimensions: Vec<(String, String)>,
}

impl Reader<'_> {
    /// How the figures are written; `Some(None)` where they are switched off.
    pub fn metrics(&mut self) -> Option<Option<MetricsSettings>> {
        let namespace = self.environment.get(NAMESPACE).unwrap_or("GetOrder");
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
            return self.mistake(NAMESPACE, problem);
        }
        let namespace = namespace.to_owned();
        let function = self.environment.get("AWS_LAMBDA_FUNCTION_NAME");
        let function = function.map(|name| format!("FunctionName={name}")).unwrap_or_default();
        let pairs = self.environment.get(DIMENSIONS).unwrap_or(&function).split(',');
        let pairs = pairs.filter(|pair| !pair.trim().is_empty()).map(dimension);
        let Some(dimensions) = pairs.collect() else {
            return self.mistake(DIMENSIONS, "must be name=value pairs, separated by commas");
        };
        Some(Some(MetricsSettings { namespace, dimensions }))
    }
}

fn dimension(pair: &str) -> Option<(String, String)> {
    let (name, value) = pair.split_once('=')?;
    let (name, value) = (name.trim(), value.trim());
    let is_one = |text: &str| !text.is_empty() && text.is_ascii() && text.len() <= 250;
    // `outcome` is the endpoint's own.
    (is_one(name) && is_one(value) && !name.starts_with(':') && name != "outcome")
        .then(|| (name.to_owned(), value.to_owned()))
}

/// Starts counting. Called once.
pub fn start(settings: MetricsSettings) -> Result<&'static Collector, Mistake> {
    let mut builder = Builder::new().cloudwatch_namespace(settings.namespace);
    for (name, value) in settings.dimensions {
        builder = builder.with_dimension(name, value);
    }
    let collector = builder.init().map_err(|error| Mistake {
        variable: NAMESPACE,
        problem: format!("the figures cannot be counted: {error}"),
    })?;
    orders_http::metrics::describe();
    Ok(collector)
}

/// Writes what was counted since the last time.
pub fn flush(collector: &Collector) {
    // Where standard output is gone there is nowhere to say so, and the answer matters more.
    let _ = collector.flush(std::io::stdout().lock());
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Environment;

    fn read(pairs: &[(&str, &str)]) -> Result<Option<MetricsSettings>, Vec<String>> {
        let mut environment = Environment::from([("AWS_LAMBDA_FUNCTION_NAME", "get-order")]);
        for (name, value) in pairs {
            environment.set(name, value);
        }
        let mut reader = Reader::new(&environment);
        let metrics = reader.metrics();
        let mistakes = |list: Vec<Mistake>| list.iter().map(ToString::to_string).collect();
        reader.finish(metrics).map_err(mistakes)
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
        assert_eq!(read(&[]), Ok(Some(default)));
        let chosen = [("METRICS_NAMESPACE", "Shop/Orders"), ("METRICS_DIMENSIONS", "a=1, b = 2,")];
        assert_eq!(read(&chosen), Ok(Some(settings("Shop/Orders", &[("a", "1"), ("b", "2")]))));
        assert_eq!(read(&[("METRICS_NAMESPACE", "Off")]), Ok(None));
    }

    #[test]
    fn what_cloudwatch_would_not_take_is_a_mistake() {
        for (name, value) in [
            ("METRICS_NAMESPACE", "AWS/Lambda"),
            ("METRICS_NAMESPACE", "two words"),
            ("METRICS_DIMENSIONS", "stage"),
            ("METRICS_DIMENSIONS", "stage="),
            ("METRICS_DIMENSIONS", "=prod"),
            ("METRICS_DIMENSIONS", ":stage=prod"),
            ("METRICS_DIMENSIONS", "outcome=mine"),
        ] {
            let mistakes = read(&[(name, value)]).unwrap_err();
            assert_eq!(mistakes.len(), 1);
            assert!(mistakes[0].starts_with(name), "{mistakes:?}");
        }
    }
}
