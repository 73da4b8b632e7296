//! What the log and the metrics promise.

use std::collections::BTreeSet;
use std::io::{Read, Write};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::Router;
use axum::routing::get;
use jiff::Timestamp;
use serde_json::Value;

use super::*;
use crate::config::Format;
use crate::domain::id::{EntityId, LoginId};
use crate::domain::reason::Reason;

struct StoppedClock;

impl Clock for StoppedClock {
    fn now(&self) -> Timestamp {
        "2026-11-21T10:11:12.0345Z".parse().expect("a time")
    }
}

#[derive(Clone, Default)]
struct Kept(Arc<Mutex<Vec<u8>>>);

impl Write for Kept {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().expect("no panic").write(bytes)
    }
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Kept {
    fn lines(&self) -> Vec<String> {
        let bytes = self.0.lock().expect("no panic").clone();
        String::from_utf8(bytes).expect("UTF-8").lines().map(str::to_owned).collect()
    }
}

/// Whoever listens in listens alone: whether a line is wanted is remembered for the whole process, and two who begin at the
/// same moment may each be told the other's answer.
static ALONE: Mutex<()> = Mutex::new(());

struct Listening {
    _until_dropped: tracing::subscriber::DefaultGuard,
    _alone: MutexGuard<'static, ()>,
}

/// Keeps what is logged on this thread while the guard lives.
fn listen_in(format: Format, level: Level) -> (Kept, Listening) {
    let alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    let kept = Kept::default();
    let writer = kept.clone();
    let subscriber = subscriber(&Logging { format, level }, Arc::new(StoppedClock), move || writer.clone());
    let listening = Listening { _until_dropped: tracing::subscriber::set_default(subscriber), _alone: alone };
    (kept, listening)
}

/// One request over a real connection to a small router with our layer.
fn ask(path: &str) -> (Vec<String>, String) {
    let (kept, _guard) = listen_in(Format::Json, Level::Info);
    let metrics = Arc::new(Metrics::new());
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(asked(path, metrics.clone()));
    (kept.lines(), metrics.text())
}

async fn asked(path: &str, metrics: Arc<Metrics>) {
    let noted = Noted {
        robot: true,
        login: Some(LoginId::from_bits(7)),
        fagsystem: EntityId::new("https://fagsystem.example.dk").ok(),
        idp: None,
        reason: Some(Reason::Replay),
        outcome: Some(Outcome::Refused),
    };
    let answer = move || async move { (axum::Extension(noted), "refused") };
    let router = Router::new()
        .route("/errors/{code}", get(answer))
        .route("/broken", get(|| async { axum::http::StatusCode::INTERNAL_SERVER_ERROR }))
        .layer(axum::middleware::from_fn_with_state(metrics, request_line));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    let server = tokio::spawn(async move { axum::serve(listener, router).await });
    let request = format!("GET {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n");
    let answer = tokio::task::spawn_blocking(move || {
        let mut stream = std::net::TcpStream::connect(address)?;
        stream.write_all(request.as_bytes())?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer).map(|_| answer)
    });
    answer.await.expect("no panic").expect("an answer");
    server.abort();
}

#[test]
fn a_request_is_one_line_with_its_route_pattern_and_what_the_handler_noted() {
    let (lines, metrics) = ask("/errors/0101701234?SAMLResponse=secret");
    assert_eq!(lines.len(), 1, "{lines:?}");
    let mut line: Value = serde_json::from_str(&lines[0]).expect("JSON");
    assert!(line["ms"].take().as_f64().is_some_and(|ms| ms < 5_000.0));
    let expected = serde_json::json!({
        "ts": "2026-11-21T10:11:12.034Z", "level": "info", "event": "request", "method": "GET",
        "route": "/errors/{code}", "status": 200, "ms": null, "outcome": "refused", "reason": "replay",
        "correlation": "00000000000000000000000000000007", "case": "0000 000 007",
        "fagsystem": "https://fagsystem.example.dk",
    });
    assert_eq!(line, expected);
    assert!(
        metrics.contains("context_handler_http_requests_total{route=\"/errors/{code}\",status=\"2xx\"} 1\n")
    );
    assert!(metrics.contains("context_handler_reasons_total{reason=\"replay\"} 1\n"), "{metrics}");
    assert!(metrics.contains("context_handler_robot_logins_total{outcome=\"refused\"} 1\n"), "{metrics}");
}

#[test]
fn what_failed_on_our_side_is_an_error_and_an_unknown_address_is_not_repeated() {
    let (lines, _) = ask("/broken");
    assert!(
        lines[0].contains(r#""level":"error""#) && lines[0].contains(r#""outcome":"failed""#),
        "{lines:?}"
    );
    let (lines, metrics) = ask("/made-up/0101701234");
    assert!(lines[0].contains(r#""route":"none""#) && !lines[0].contains("made-up"), "{lines:?}");
    assert!(metrics.contains("{route=\"none\",status=\"4xx\"} 1\n"), "{metrics}");
}

#[test]
fn a_field_outside_of_the_list_is_not_written_whoever_wrote_it() {
    let (kept, _guard) = listen_in(Format::Json, Level::Trace);
    tracing::info!(name_id = "C=DK,Serial=7", token = "eyJ", count = 3, "applied");
    let line = &kept.lines()[0];
    assert!(line.contains(r#""event":"applied","count":3"#), "{line}");
    assert!(!line.contains("Serial") && !line.contains("eyJ"), "{line}");
}

#[test]
fn free_text_is_cleaned_of_cpr_numbers_and_mail_addresses_and_nothing_else() {
    let (kept, _guard) = listen_in(Format::Json, Level::Info);
    let detail = "CPR 010170-1234, 0101701234, 610170-1234; anna@korsbaek.dk. Case 4829 137 502, id 4829137502, 2026-11-21";
    tracing::warn!(detail, "odd");
    let line: Value = serde_json::from_str(&kept.lines()[0]).expect("JSON");
    assert_eq!(
        line["detail"],
        "CPR [cpr], [cpr], [cpr]; [mail]. Case 4829 137 502, id 4829137502, 2026-11-21"
    );
}

#[test]
fn a_hostile_value_stays_in_its_line_and_in_its_length() {
    for format in [Format::Json, Format::Text] {
        let (kept, _guard) = listen_in(format, Level::Info);
        let hostile = format!("x\n{{\"level\":\"info\"}}\u{202e}{}", "y".repeat(5_000));
        tracing::info!(idp = hostile, "odd");
        let lines = kept.lines();
        assert_eq!(lines.len(), 1);
        assert!(lines[0].chars().count() < 1_300 && !lines[0].contains('\u{202e}'));
    }
}

#[test]
fn quotes_and_backslashes_come_back_out_of_the_json_as_they_went_in() {
    let (kept, _guard) = listen_in(Format::Json, Level::Info);
    let quoted = r#"C:\"path"\"#;
    tracing::info!(idp = quoted, "odd");
    let line: Value = serde_json::from_str(&kept.lines()[0]).expect("JSON");
    assert_eq!(line["idp"], quoted);
}

#[test]
fn text_is_for_people() {
    let (kept, _guard) = listen_in(Format::Text, Level::Info);
    tracing::info!(address = "127.0.0.1:8080", "listening");
    assert_eq!(kept.lines(), ["2026-11-21T10:11:12.034Z INFO  listening address=127.0.0.1:8080"]);
}

#[test]
fn other_crates_speak_only_when_something_is_wrong() {
    let (kept, _guard) = listen_in(Format::Json, Level::Trace);
    tracing::info!(target: "hyper::client", "connected to idp");
    tracing::warn!(target: "hyper::client", "connection lost");
    let lines = kept.lines();
    assert_eq!(lines.len(), 1, "{lines:?}");
    assert!(lines[0].contains(r#""event":"connection lost","target":"hyper::client""#), "{lines:?}");
}

/// The names in the first column of the tables of a page.
fn documented(page: &str) -> BTreeSet<&str> {
    let cells = page.lines().filter_map(|line| line.strip_prefix("| `"));
    cells.filter_map(|rest| rest.split_once('`')).map(|(name, _)| name).collect()
}

#[test]
fn the_page_about_the_log_names_exactly_the_fields_of_the_log() {
    let fields: BTreeSet<_> = FIELDS.iter().map(|field| field.name).collect();
    assert_eq!(documented(include_str!("../../docs/logging.md")), fields);
}

#[test]
fn the_page_about_metrics_names_exactly_the_metrics() {
    let metrics: BTreeSet<_> = METRICS.iter().map(|metric| metric.name).collect();
    assert_eq!(documented(include_str!("../../docs/metrics.md")), metrics);
}

#[test]
fn a_histogram_counts_every_duration_once_in_each_bucket_that_holds_it() {
    let metrics = Metrics::default();
    for ms in [1, 3, 20_000] {
        metrics.observe(names::SECONDS, &["/"], Duration::from_millis(ms));
    }
    let text = metrics.text();
    let has = |line: &str| {
        assert!(text.contains(&format!("context_handler_http_request_duration_seconds{line}\n")), "{text}")
    };
    has("_bucket{route=\"/\",le=\"0.001\"} 1");
    has("_bucket{route=\"/\",le=\"0.0025\"} 1");
    has("_bucket{route=\"/\",le=\"0.005\"} 2");
    has("_bucket{route=\"/\",le=\"10\"} 2");
    has("_bucket{route=\"/\",le=\"+Inf\"} 3");
    has("_sum{route=\"/\"} 20.004");
    has("_count{route=\"/\"} 3");
}

#[test]
fn label_values_beyond_the_bound_are_counted_together() {
    let metrics = Metrics::default();
    for number in 0..2_000 {
        metrics.count(names::REASONS, &[&format!("made.up\"{number}\n")]);
    }
    let text = metrics.text();
    assert!(text.contains("context_handler_reasons_total{reason=\"other\"} 1500\n"), "{text}");
    assert!(text.contains("context_handler_reasons_total{reason=\"made.up\\\"7\\n\"} 1\n"), "{text}");
    assert!(text.lines().count() < 520);
}
