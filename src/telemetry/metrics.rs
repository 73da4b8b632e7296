//! Counters, gauges and one histogram, in the text format that Prometheus reads.
//!
//! The names are a closed list. Label values come from closed lists or from the register; should one metric still
//! grow beyond [`MOST_SERIES`], further values are counted together as `other`, so that nobody can fill our memory.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// What a metric is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Counter,
    Gauge,
    Histogram,
}

/// One metric: its name is a promise to whoever draws it.
#[derive(Debug, PartialEq, Eq)]
pub struct Metric {
    /// Its name, as in `docs/metrics.md`.
    pub name: &'static str,
    kind: Kind,
    labels: &'static [&'static str],
    help: &'static str,
}

/// The metrics by name.
pub mod names {
    use super::{Kind, Metric};

    /// Requests answered, by route and class of status.
    pub const REQUESTS: &Metric = &Metric {
        name: "context_handler_http_requests_total",
        kind: Kind::Counter,
        labels: &["route", "status"],
        help: "Requests answered, by route and class of status.",
    };
    /// Requests that carried a reason, by reason code.
    pub const REASONS: &Metric = &Metric {
        name: "context_handler_reasons_total",
        kind: Kind::Counter,
        labels: &["reason"],
        help: "Requests that ended with a reason code, by code.",
    };
    /// How long requests took, by route.
    pub const SECONDS: &Metric = &Metric {
        name: "context_handler_http_request_duration_seconds",
        kind: Kind::Histogram,
        labels: &["route"],
        help: "Seconds from request to answer, by route.",
    };
    /// Logins of robots, by how they ended.
    pub const ROBOTS: &Metric = &Metric {
        name: "context_handler_robot_logins_total",
        kind: Kind::Counter,
        labels: &["outcome"],
        help: "Logins of robots, by how they ended: done, refused or failed.",
    };
    /// Fetched metadata, by what became of it.
    pub const METADATA: &Metric = &Metric {
        name: "context_handler_metadata_fetched_total",
        kind: Kind::Counter,
        labels: &["outcome"],
        help: "Metadata fetched from partners: new, unchanged, or the reason why it was kept out.",
    };
    /// How many days certificates have left.
    pub const CERTIFICATES: &Metric = &Metric {
        name: "context_handler_certificate_days_left",
        kind: Kind::Gauge,
        labels: &["party", "use", "certificate"],
        help: "Days until a certificate ends, by party, use and the beginning of its SHA-256.",
    };
    /// Always 1; the version stands in the label.
    pub const BUILD: &Metric = &Metric {
        name: "context_handler_build_info",
        kind: Kind::Gauge,
        labels: &["version"],
        help: "Always 1; the version stands in the label.",
    };
}

/// Every metric there is.
pub const METRICS: &[&Metric] = &[
    names::REQUESTS,
    names::REASONS,
    names::SECONDS,
    names::ROBOTS,
    names::METADATA,
    names::CERTIFICATES,
    names::BUILD,
];

/// More label values than this are counted together.
const MOST_SERIES: usize = 500;

/// Upper bounds in seconds. A login's own work takes a few milliseconds; slow partners take seconds.
const BUCKETS: [f64; 11] = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0, 2.5, 10.0];

/// What was counted so far.
#[derive(Debug, Default)]
pub struct Metrics {
    series: Mutex<BTreeMap<&'static str, BTreeMap<Vec<String>, Series>>>,
}

#[derive(Clone, Debug, Default)]
struct Series {
    value: f64,
    buckets: [u64; BUCKETS.len()],
    count: u64,
}

impl Metrics {
    /// Nothing counted yet, but the version known.
    pub fn new() -> Self {
        let metrics = Self::default();
        metrics.set(names::BUILD, &[env!("CARGO_PKG_VERSION")], 1.0);
        metrics
    }

    /// Counts one more.
    pub fn count(&self, metric: &'static Metric, labels: &[&str]) {
        self.change(metric, labels, |series| series.value += 1.0);
    }

    /// Sets a gauge.
    pub fn set(&self, metric: &'static Metric, labels: &[&str], value: f64) {
        self.change(metric, labels, |series| series.value = value);
    }

    /// Sets a gauge to these series and no others. Of more than there is room for, the first count.
    pub fn replace(&self, metric: &'static Metric, series: impl IntoIterator<Item = (Vec<String>, f64)>) {
        let series = series.into_iter().take(MOST_SERIES);
        let series = series.map(|(labels, value)| (labels, Series { value, ..Series::default() }));
        self.lock().insert(metric.name, series.collect());
    }

    /// Puts one duration into a histogram.
    pub fn observe(&self, metric: &'static Metric, labels: &[&str], took: Duration) {
        let seconds = took.as_secs_f64();
        self.change(metric, labels, |series| {
            series.value += seconds;
            series.count += 1;
            for (bucket, bound) in series.buckets.iter_mut().zip(BUCKETS) {
                *bucket += u64::from(seconds <= bound);
            }
        });
    }

    /// Everything, as Prometheus reads it.
    pub fn text(&self) -> String {
        let all = self.lock().clone();
        let mut text = String::new();
        for metric in METRICS {
            let kind = format!("{:?}", metric.kind).to_ascii_lowercase();
            let _ = writeln!(text, "# HELP {0} {1}\n# TYPE {0} {kind}", metric.name, metric.help);
            for (labels, series) in all.get(metric.name).into_iter().flatten() {
                metric.write(&mut text, labels, series);
            }
        }
        text
    }

    fn change(&self, metric: &'static Metric, labels: &[&str], change: impl FnOnce(&mut Series)) {
        debug_assert_eq!(metric.labels.len(), labels.len(), "{}", metric.name);
        let mut all = self.lock();
        let of_this = all.entry(metric.name).or_default();
        let mut labels: Vec<String> = labels.iter().map(|&label| label.to_owned()).collect();
        if of_this.len() >= MOST_SERIES && !of_this.contains_key(&labels) {
            labels.fill("other".to_owned());
        }
        change(of_this.entry(labels).or_default());
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<&'static str, BTreeMap<Vec<String>, Series>>> {
        // A thread that panicked while counting leaves at worst one count too few.
        self.series.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Metric {
    fn write(&self, text: &mut String, values: &[String], series: &Series) {
        let named = |(name, value): (&&str, &String)| {
            format!("{name}=\"{}\"", value.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n"))
        };
        let mut labels: Vec<String> = self.labels.iter().zip(values).map(named).collect();
        if self.kind != Kind::Histogram {
            let _ = writeln!(text, "{}{} {}", self.name, braces(&labels), series.value);
            return;
        }
        let (plain, name) = (braces(&labels), self.name);
        labels.push(String::new());
        for (bound, count) in BUCKETS.iter().map(f64::to_string).zip(series.buckets) {
            labels[self.labels.len()] = format!("le=\"{bound}\"");
            let _ = writeln!(text, "{name}_bucket{} {count}", braces(&labels));
        }
        labels[self.labels.len()] = "le=\"+Inf\"".to_owned();
        let _ = writeln!(text, "{name}_bucket{} {}", braces(&labels), series.count);
        let _ = writeln!(text, "{name}_sum{plain} {}\n{name}_count{plain} {}", series.value, series.count);
    }
}

fn braces(labels: &[String]) -> String {
    if labels.is_empty() { String::new() } else { format!("{{{}}}", labels.join(",")) }
}
