//! What operators see while we run: the log, one line per request, and metrics. Nothing is decided here.
//!
//! Only fields of the list [`FIELDS`] reach the log, whoever wrote them: what is not in the list is dropped. Free
//! text is cleaned of what looks like a CPR number or a mail address. So no level writes personal data, and neither
//! attributes nor tokens have a field to stand in.

mod fields;
mod lines;
mod metrics;
mod request;

use std::io;
use std::sync::Arc;

use tracing::Subscriber;
use tracing::level_filters::LevelFilter;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::layer::SubscriberExt;

use crate::config::{Level, Logging};
use crate::domain::world::Clock;

pub use fields::{FIELDS, Field};
pub use metrics::{METRICS, Metric, Metrics, names};
pub use request::{Noted, Outcome, request_line};

/// Starts the log on standard output. Later calls change nothing.
pub fn start(logging: &Logging, clock: Arc<dyn Clock>) {
    let subscriber = subscriber(logging, clock, io::stdout);
    if tracing::subscriber::set_global_default(subscriber).is_err() {
        tracing::warn!("log was started twice");
    }
}

/// A subscriber that writes our lines. Other crates speak only when something is wrong: we don't know what they say.
pub fn subscriber<W>(
    logging: &Logging,
    clock: Arc<dyn Clock>,
    writer: W,
) -> impl Subscriber + Send + Sync + use<W>
where
    W: for<'w> MakeWriter<'w> + Send + Sync + 'static,
{
    let ours = match logging.level {
        Level::Error => LevelFilter::ERROR,
        Level::Warn => LevelFilter::WARN,
        Level::Info => LevelFilter::INFO,
        Level::Debug => LevelFilter::DEBUG,
        Level::Trace => LevelFilter::TRACE,
    };
    let levels =
        Targets::new().with_target("context_handler", ours).with_default(ours.min(LevelFilter::WARN));
    let lines = lines::Lines::new(logging.format, clock);
    let layer = tracing_subscriber::fmt::layer().event_format(lines).with_writer(writer);
    tracing_subscriber::registry().with(levels).with(layer)
}

#[cfg(test)]
mod tests;
