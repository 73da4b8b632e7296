//! How a line of the log looks: a JSON object for machines, or text for people.

use std::fmt;
use std::ops::Range;
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
        taken.text("ts", &format!("{:.3}", self.clock.now()));
        taken.text("level", &event.metadata().level().as_str().to_ascii_lowercase());
        if !event.metadata().target().starts_with("context_handler") {
            taken.text("target", event.metadata().target());
        }
        event.record(&mut taken);
        match self.format {
            Format::Json => taken.write_json(&mut to),
            Format::Text => taken.write_text(&mut to),
        }
    }
}

/// The fields of one event, as far as the list knows them: all values in one text, and where in it each of them stands.
#[derive(Default)]
struct Taken {
    values: String,
    places: [Option<Place>; FIELDS.len()],
}

struct Place {
    within: Range<usize>,
    is_text: bool,
}

impl Taken {
    fn text(&mut self, name: &str, value: &str) {
        self.put(name, true, |field, values| values.push_str(&field.clean(value)));
    }

    /// Numbers and truth values look the same in JSON and to people.
    fn plain(&mut self, name: &str, value: impl Into<Value>) {
        self.put(name, false, |_, values| values.push_str(&value.into().to_string()));
    }

    fn put(&mut self, name: &str, is_text: bool, write: impl FnOnce(&Field, &mut String)) {
        // The message of an event is its name.
        let name = if name == "message" { "event" } else { name };
        let Some(field) = FIELDS.iter().position(|field| field.name == name) else { return };
        let from = self.values.len();
        write(&FIELDS[field], &mut self.values);
        self.places[field].get_or_insert(Place { within: from..self.values.len(), is_text });
    }

    /// Name, value, and whether it is a text.
    fn in_order(&self) -> impl Iterator<Item = (&'static str, &str, bool)> {
        let taken = FIELDS.iter().zip(&self.places);
        taken.filter_map(|(field, place)| {
            let place = place.as_ref()?;
            Some((field.name, &self.values[place.within.clone()], place.is_text))
        })
    }

    fn write_json(&self, to: &mut Writer<'_>) -> fmt::Result {
        let mut before = '{';
        for (name, value, is_text) in self.in_order() {
            write!(to, "{before}\"{name}\":")?;
            if is_text {
                write_quoted(value, to)?
            } else {
                to.write_str(value)?
            }
            before = ',';
        }
        to.write_str("}\n")
    }

    fn write_text(&self, to: &mut Writer<'_>) -> fmt::Result {
        for (name, value, _) in self.in_order() {
            match name {
                "ts" => to.write_str(value),
                "level" => write!(to, " {:5}", value.to_ascii_uppercase()),
                "event" => write!(to, " {value}"),
                name => write!(to, " {name}={value}"),
            }?;
        }
        to.write_char('\n')
    }
}

/// A cleaned text as JSON. It holds no control characters, so only these two have to be escaped.
fn write_quoted(text: &str, to: &mut Writer<'_>) -> fmt::Result {
    to.write_char('"')?;
    let mut rest = text;
    while let Some(at) = rest.find(['"', '\\']) {
        write!(to, "{}\\{}", &rest[..at], &rest[at..=at])?;
        rest = &rest[at + 1..];
    }
    to.write_str(rest)?;
    to.write_char('"')
}

impl Visit for Taken {
    fn record_debug(&mut self, field: &field::Field, value: &dyn fmt::Debug) {
        self.text(field.name(), &format!("{value:?}"));
    }

    fn record_str(&mut self, field: &field::Field, value: &str) {
        self.text(field.name(), value);
    }

    fn record_u64(&mut self, field: &field::Field, value: u64) {
        self.plain(field.name(), value);
    }

    fn record_i64(&mut self, field: &field::Field, value: i64) {
        self.plain(field.name(), value);
    }

    fn record_f64(&mut self, field: &field::Field, value: f64) {
        self.plain(field.name(), value);
    }

    fn record_bool(&mut self, field: &field::Field, value: bool) {
        self.plain(field.name(), value);
    }
}
