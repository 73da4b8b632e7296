//! The certificate weather: a page, an Atom feed and a calendar of the same rows.

use askama::Template;
use axum::http::StatusCode;
use axum::response::Response;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};

use super::super::answer::{FormAction, answer};
use super::super::console::titled;
use super::super::{Frame, words};
use crate::domain::faults::Sentence;
use crate::domain::trust::{CertificateUse, Holder, Outlook, Verdict};
use crate::http::text::{ChecksText, Text};
use crate::http::visitor::{Lang, Visitor};
use crate::protocol::keys;

/// So many names are told of those who stop working; of more only how many there are.
const NAMED: usize = 10;

/// The page.
pub fn certificates(visitor: &Visitor, seen: &[Outlook]) -> Response {
    let lang = visitor.lang();
    let c = ChecksText::of(lang);
    let rows = seen.iter().map(|outlook| Row { outlook, c, lang });
    let (due, later): (Vec<_>, Vec<_>) = rows.partition(|row| row.outlook.warning().is_some());
    let mut tables = vec![(c.due, due), (c.later, later)];
    // That nothing is due is told; that nothing is left besides is not.
    tables.retain(|(caption, rows)| *caption == c.due && !seen.is_empty() || !rows.is_empty());
    let page = Page { frame: titled(visitor, c.certificates), t: Text::of(lang), c, tables };
    answer(StatusCode::OK, &page, visitor, FormAction::None, None)
}

/// One entry for each warning that is due.
pub fn atom(visitor: &Visitor, seen: &[Outlook], public_url: &str, now: Timestamp) -> String {
    let lang = visitor.lang();
    let c = ChecksText::of(lang);
    let rows: Vec<Row<'_>> = seen
        .iter()
        .filter(|outlook| outlook.warning().is_some())
        .map(|outlook| Row { outlook, c, lang })
        .collect();
    let updated = rows.iter().filter_map(|row| row.outlook.warned()).max().unwrap_or(now);
    let feed = Feed { c, lang: lang.tag(), url: public_url, updated, rows };
    feed.render().unwrap_or_default()
}

/// One event for the end of each certificate, with an alarm for each warning.
pub fn calendar(visitor: &Visitor, seen: &[Outlook], public_url: &str, now: Timestamp) -> String {
    let lang = visitor.lang();
    let c = ChecksText::of(lang);
    let mut lines = vec![
        "BEGIN:VCALENDAR".to_owned(),
        "VERSION:2.0".to_owned(),
        "PRODID:-//context-handler//certificates//DA".to_owned(),
        format!("NAME:{}", plain(c.certificates)),
        format!("X-WR-CALNAME:{}", plain(c.certificates)),
        "REFRESH-INTERVAL;VALUE=DURATION:P1D".to_owned(),
    ];
    for outlook in seen {
        event(&mut lines, &Row { outlook, c, lang }, public_url, now);
    }
    lines.push("END:VCALENDAR".to_owned());
    lines.iter().map(|line| folded(line)).collect()
}

fn event(lines: &mut Vec<String>, row: &Row<'_>, public_url: &str, now: Timestamp) {
    let day = row.outlook.not_after.to_zoned(TimeZone::UTC).date();
    let next = day.checked_add(1.day()).unwrap_or(day);
    let stamp = now.to_zoned(TimeZone::UTC).strftime("%Y%m%dT%H%M%SZ");
    let summary = format!("{}: {} ({})", row.c.ends, row.outlook.name, row.used_for());
    let description = format!("{}\n{}: {}", row.outlook.subject, row.c.who_stops, row.stops());
    lines.extend([
        "BEGIN:VEVENT".to_owned(),
        format!("UID:{}@{}", row.id(), host(public_url)),
        format!("DTSTAMP:{stamp}"),
        format!("DTSTART;VALUE=DATE:{}", day.strftime("%Y%m%d")),
        format!("DTEND;VALUE=DATE:{}", next.strftime("%Y%m%d")),
        format!("SUMMARY:{}", plain(&summary)),
        format!("DESCRIPTION:{}", plain(&description)),
        format!("URL:{public_url}/trust/certificates"),
        "TRANSP:TRANSPARENT".to_owned(),
    ]);
    for days in crate::domain::trust::WARNED_AT {
        lines.extend([
            "BEGIN:VALARM".to_owned(),
            "ACTION:DISPLAY".to_owned(),
            format!("DESCRIPTION:{}", plain(&summary)),
            format!("TRIGGER:-P{days}D"),
            "END:VALARM".to_owned(),
        ]);
    }
    lines.push("END:VEVENT".to_owned());
}

/// The name of a host, for names of events.
fn host(url: &str) -> &str {
    url.split("://").nth(1).unwrap_or(url)
}

/// A text as calendars carry it.
fn plain(text: &str) -> String {
    let text = text.replace('\\', "\\\\").replace(';', "\\;").replace(',', "\\,").replace('\n', "\\n");
    text.chars().filter(|c| !c.is_control()).collect()
}

/// A line of at most 75 bytes, continued by lines that begin with a blank.
fn folded(line: &str) -> String {
    let (mut out, mut length) = (String::with_capacity(line.len() + 8), 0);
    for c in line.chars() {
        if length + c.len_utf8() > 75 {
            out.push_str("\r\n ");
            length = 1;
        }
        out.push(c);
        length += c.len_utf8();
    }
    out + "\r\n"
}

/// A certificate in the words of a language.
struct Row<'o> {
    outlook: &'o Outlook,
    c: &'static ChecksText,
    lang: Lang,
}

impl Row<'_> {
    fn holder(&self) -> &'static str {
        match self.outlook.holder {
            Holder::Ours => self.c.ours,
            Holder::IdentityProvider => self.c.identity_provider,
            Holder::Fagsystem => self.c.fagsystem,
            Holder::Service => self.c.service,
        }
    }

    fn used_for(&self) -> &'static str {
        match self.outlook.used_for {
            CertificateUse::Signing => self.c.signing,
            CertificateUse::Other => self.c.other_use,
        }
    }

    fn days(&self) -> String {
        let (c, left) = (self.c, self.outlook.days_left);
        match left {
            1 => format!("1 {}", c.days_one),
            -1 => format!("1 {}", c.ended_one),
            _ if left < 0 => format!("{} {}", left.unsigned_abs(), c.ended_many),
            _ => format!("{left} {}", c.days_many),
        }
    }

    fn state(&self) -> Verdict {
        match self.outlook.warning() {
            None => Verdict::Pass,
            Some(_) if self.outlook.days_left < 7 && !self.outlook.followed => Verdict::Fail,
            Some(_) => Verdict::Warning,
        }
    }

    fn time(&self, at: &Timestamp) -> String {
        words::time(*at, self.lang)
    }

    fn municipalities(&self) -> String {
        named(self.outlook.authorities.iter().map(|(_, name)| name.as_str()), self.c.more)
    }

    fn fagsystemer(&self) -> String {
        named(self.outlook.fagsystemer.iter().map(|(_, name)| name.as_str()), self.c.more)
    }

    /// Who stops working, in one line.
    fn stops(&self) -> String {
        let (c, outlook) = (self.c, self.outlook);
        match (outlook.authorities.is_empty(), outlook.fagsystemer.is_empty()) {
            _ if outlook.followed => c.followed.to_owned(),
            (true, true) => c.stops_nobody.to_owned(),
            _ => {
                let parts = [(c.municipalities, self.municipalities()), (c.fagsystemer, self.fagsystemer())];
                let parts = parts.into_iter().filter(|(_, names)| !names.is_empty());
                parts.map(|(of, names)| format!("{of}: {names}")).collect::<Vec<_>>().join(". ")
            }
        }
    }

    /// The same for the same certificate of the same party, whoever looks.
    fn id(&self) -> String {
        let Outlook { party, fingerprint, used_for, .. } = self.outlook;
        let name = keys::fingerprint(format!("{party} {used_for:?} {fingerprint}").as_bytes());
        name.chars().take(32).collect()
    }
}

/// The first names, and how many more there are.
fn named<'n>(names: impl ExactSizeIterator<Item = &'n str>, more: &str) -> String {
    let rest = names.len().saturating_sub(NAMED);
    let mut all: Vec<String> = names.take(NAMED).map(str::to_owned).collect();
    if rest > 0 {
        all.push(format!("+ {rest} {more}"));
    }
    all.join(", ")
}

#[derive(Template)]
#[template(path = "trust-weather.html")]
struct Page<'o> {
    frame: Frame<'o>,
    t: &'static Text,
    c: &'static ChecksText,
    tables: Vec<(&'static str, Vec<Row<'o>>)>,
}

impl Page<'_> {
    fn say(&self, sentence: impl std::borrow::Borrow<Sentence>) -> &'static str {
        self.t.say(sentence.borrow())
    }
}

#[derive(Template)]
#[template(path = "trust-weather.xml")]
struct Feed<'o> {
    c: &'static ChecksText,
    lang: &'static str,
    url: &'o str,
    updated: Timestamp,
    rows: Vec<Row<'o>>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_of_a_calendar_is_never_too_long_and_loses_nothing() {
        let line = format!("DESCRIPTION:{}", "æøå,".repeat(60));
        let folded = folded(&line);
        assert!(folded.ends_with("\r\n"));
        assert!(folded.lines().all(|line| line.len() <= 75), "{folded}");
        assert_eq!(folded.replace("\r\n ", "").trim_end(), line);
        assert_eq!(plain("a;b,c\\d\ne\r"), "a\\;b\\,c\\\\d\\ne");
    }

    #[test]
    fn many_names_become_a_number() {
        let names: Vec<String> = (0..12).map(|number| number.to_string()).collect();
        let shown = |count: usize| named(names.iter().take(count).map(String::as_str), "more");
        assert_eq!(shown(2), "0, 1");
        assert_eq!(shown(12), "0, 1, 2, 3, 4, 5, 6, 7, 8, 9, + 2 more");
    }
}
