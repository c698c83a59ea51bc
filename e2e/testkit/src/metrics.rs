//! A parser for metrics in text form.

/// All samples of one scrape.
#[derive(Debug, Clone, Default)]
pub struct Metrics(Vec<(String, String, f64)>);

impl Metrics {
    /// Parses the exposition format, ignoring comments.
    #[must_use]
    pub fn parse(text: &str) -> Self {
        let samples = text.lines().filter(|line| !line.starts_with('#')).filter_map(|line| {
            let (series, value) = line.trim().rsplit_once(' ')?;
            let (name, labels) = series.split_once('{').map_or((series, ""), |(name, rest)| (name, rest.trim_end_matches('}')));
            Some((name.to_owned(), labels.to_owned(), value.parse().ok()?))
        });
        Self(samples.collect())
    }

    /// The sum of a metric over all its series; 0 if it is absent.
    #[must_use]
    pub fn sum(&self, name: &str) -> f64 {
        self.sum_where(name, "")
    }

    /// The sum over the series whose labels contain `labels`.
    #[must_use]
    pub fn sum_where(&self, name: &str, labels: &str) -> f64 {
        self.0.iter().filter(|(n, l, _)| n == name && l.contains(labels)).map(|(_, _, value)| value).sum()
    }

    /// The sum of a counter, by its name without prefix and suffix.
    #[must_use]
    pub fn counter(&self, name: &str) -> f64 {
        self.sum(&format!("sticky_{name}_total"))
    }

    /// Open sockets, summed over all workers.
    #[must_use]
    pub fn sockets(&self) -> f64 {
        self.sum("sticky_sockets")
    }

    /// Whether a metric has any series.
    #[must_use]
    pub fn has(&self, name: &str) -> bool {
        self.0.iter().any(|(n, ..)| n == name)
    }

    /// The number of series of all metrics.
    #[must_use]
    pub fn series(&self) -> usize {
        self.0.len()
    }
}
