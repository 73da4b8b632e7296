//! How a line of the log looks: a JSON object for machines, or text for people.

use std::fmt;
use std::sync::Arc;

use serde_json::Value;
use tracing::field::{self, Visit};
use tracing::{Event, Subscriber};
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormatFields};
use tracing_subscriber::registry::LookupSpan;

use super::fields::{FIELDS, Field};
use crate::config::Format;
use crate::domain::world::Clock;

/// Writes events as lines.
pub(super) struct Lines {
    format: Format,
    clock: Arc<dyn Clock>,
}

impl Lines {
    pub(super) fn new(format: Format, clock: Arc<dyn Clock>) -> Self {
        Self { format, clock }
    }
}

impl<S, N> FormatEvent<S, N> for Lines
where
    S: Subscriber + for<'l> LookupSpan<'l>,
    N: for<'w> FormatFields<'w> + 'static,
{
    fn format_event(&self, _: &FmtContext<'_, S, N>, mut to: Writer<'_>, event: &Event<'_>) -> fmt::Result {
        let mut taken = Taken::default();
        let level = event.metadata().level().as_str().to_ascii_lowercase();
        taken.put("ts", Value::from(format!("{:.3}", self.clock.now())));
        taken.put("level", Value::from(level));
        if !event.metadata().target().starts_with("context_handler") {
            taken.put("target", Value::from(event.metadata().target()));
        }
        event.record(&mut taken);
        match self.format {
            Format::Json => writeln!(to, "{}", taken.as_json()),
            Format::Text => writeln!(to, "{}", taken.as_text()),
        }
    }
}

/// The fields of one event, as far as the list knows them.
#[derive(Default)]
struct Taken(Vec<(&'static Field, Value)>);

impl Taken {
    fn put(&mut self, name: &str, value: Value) {
        // The message of an event is its name.
        let name = if name == "message" { "event" } else { name };
        if let Some(field) = Field::named(name) {
            let value = match value {
                Value::String(text) => Value::from(field.clean(&text)),
                other => other,
            };
            self.0.push((field, value));
        }
    }

    fn in_order(&self) -> impl Iterator<Item = &(&'static Field, Value)> {
        FIELDS.iter().filter_map(|field| self.0.iter().find(|(taken, _)| *taken == field))
    }

    fn as_json(&self) -> String {
        let fields = self.in_order().map(|(field, value)| format!("{:?}:{value}", field.name));
        format!("{{{}}}", fields.collect::<Vec<_>>().join(","))
    }

    fn as_text(&self) -> String {
        let mut line = String::new();
        for (field, value) in self.in_order() {
            let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            line.push_str(&match field.name {
                "ts" => value,
                "level" => format!(" {:5}", value.to_ascii_uppercase()),
                "event" => format!(" {value}"),
                name => format!(" {name}={value}"),
            });
        }
        line
    }
}

impl Visit for Taken {
    fn record_debug(&mut self, field: &field::Field, value: &dyn fmt::Debug) {
        self.put(field.name(), Value::from(format!("{value:?}")));
    }

    fn record_str(&mut self, field: &field::Field, value: &str) {
        self.put(field.name(), Value::from(value));
    }

    fn record_u64(&mut self, field: &field::Field, value: u64) {
        self.put(field.name(), Value::from(value));
    }

    fn record_i64(&mut self, field: &field::Field, value: i64) {
        self.put(field.name(), Value::from(value));
    }

    fn record_f64(&mut self, field: &field::Field, value: f64) {
        self.put(field.name(), Value::from(value));
    }

    fn record_bool(&mut self, field: &field::Field, value: bool) {
        self.put(field.name(), Value::from(value));
    }
}
