//! What a municipality expects of a run of its own, in a file that it keeps beside its configuration: claims, level,
//! roles, rights, and how single checks end. What is not written is not expected.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::{Check, NOTHING, Report, Shown, Verdict};
use crate::domain::assurance::{Nist, Nsis};
use crate::domain::written::{Complaint, Source, Spanned, read};

/// An expectation file.
#[derive(Debug)]
pub struct Expected {
    verdict: Option<Verdict>,
    level: Option<String>,
    roles: Vec<String>,
    rights: BTreeMap<String, Vec<String>>,
    attributes: BTreeMap<String, Vec<String>>,
    checks: BTreeMap<Check, Verdict>,
}

/// One thing that was expected, and what came.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Expectation {
    /// What it is about: `level`, `role …`, `attribute …`, `check …`.
    pub what: String,
    /// What was expected.
    pub expected: String,
    /// What came.
    pub received: String,
    /// Whether that is enough.
    pub met: bool,
}

/// The file as it is written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    #[serde(default)]
    expect: Claims,
    #[serde(default)]
    checks: BTreeMap<Spanned<String>, Verdict>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Claims {
    verdict: Option<Verdict>,
    level: Option<Spanned<String>>,
    #[serde(default)]
    roles: Vec<String>,
    #[serde(default)]
    rights: BTreeMap<String, Values>,
    #[serde(default)]
    attributes: BTreeMap<String, Values>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Values {
    One(String),
    Several(Vec<String>),
}

/// The value that stands for any.
const ANY: &str = "*";

impl Expected {
    /// Reads an expectation file, or says everything that is wrong with it.
    pub fn read(file: &str, text: &str) -> Result<Self, Vec<Complaint>> {
        let Written { expect, checks } = read(file, text)?;
        let source = Source::new(file, text);
        let mut complaints = Vec::new();
        let mut known = BTreeMap::new();
        for (id, verdict) in checks {
            match Check::from_id(id.get_ref()) {
                Some(check) => drop(known.insert(check, verdict)),
                None => complaints.push(unknown(source, &id)),
            }
        }
        if let Some(level) = &expect.level
            && rank(level.get_ref()).is_none()
        {
            let got = format!("expected Low, Substantial, High, or 1 to 4, got `{}`", level.get_ref());
            complaints.push(source.complain(level.span(), got));
        }
        let values = |values: BTreeMap<String, Values>| {
            let several = |values| match values {
                Values::One(value) => vec![value],
                Values::Several(values) => values,
            };
            values.into_iter().map(|(name, values)| (name, several(values))).collect()
        };
        let expected = Self {
            verdict: expect.verdict,
            level: expect.level.map(Spanned::into_inner),
            roles: expect.roles,
            rights: values(expect.rights),
            attributes: values(expect.attributes),
            checks: known,
        };
        if complaints.is_empty() { Ok(expected) } else { Err(complaints) }
    }

    /// Compares a report with what was expected, everything in the order of the file format.
    pub fn compare(&self, report: &Report) -> Vec<Expectation> {
        let mut told = Vec::new();
        told.extend(
            self.verdict.map(|most| {
                Expectation::of("verdict", most.id(), report.verdict.id(), report.verdict <= most)
            }),
        );
        told.extend(self.level.as_deref().map(|level| level_of(level, &report.shown)));
        told.extend(self.roles.iter().map(|role| role_of(role, &report.shown)));
        for (fagsystem, rights) in &self.rights {
            told.extend(rights.iter().map(|right| right_of(fagsystem, right, &report.shown)));
        }
        told.extend(self.attributes.iter().map(|(name, values)| attribute_of(name, values, &report.shown)));
        told.extend(self.checks.iter().map(|(check, verdict)| check_of(*check, *verdict, report)));
        told
    }
}

impl Expectation {
    fn of(what: impl Into<String>, expected: &str, received: &str, met: bool) -> Self {
        let received = if received.is_empty() { NOTHING } else { received };
        Self { what: what.into(), expected: expected.to_owned(), received: received.to_owned(), met }
    }
}

/// A level as a number within its scale; the scale is `true` for NSIS.
fn rank(level: &str) -> Option<(bool, u8)> {
    let word = level.split_whitespace().last()?;
    let nsis = Nsis::from_word(word).and_then(|level| Nsis::ALL.iter().position(|known| *known == level));
    let nsis = nsis.and_then(|at| u8::try_from(at).ok()).map(|at| (true, at));
    nsis.or_else(|| Nist::from_digit(word).map(|level| (false, level.digit())))
}

/// The level that counts is the one expected or a higher one of the same scale.
fn level_of(expected: &str, shown: &Shown) -> Expectation {
    let counts = shown.assurance.as_ref().map_or("", |assurance| assurance.counts.as_str());
    let met = matches!((rank(expected), rank(counts)), (Some(want), Some(got)) if want.0 == got.0 && got.1 >= want.1);
    Expectation::of("level", expected, counts, met)
}

fn role_of(expected: &str, shown: &Shown) -> Expectation {
    let roles: Vec<&str> = shown.roles.iter().map(|role| role.role.as_str()).collect();
    Expectation::of(format!("role {expected}"), expected, &roles.join(", "), roles.contains(&expected))
}

fn right_of(fagsystem: &str, expected: &str, shown: &Shown) -> Expectation {
    let becomes = shown.roles.iter().flat_map(|role| &role.becomes);
    let there = becomes.filter(|becomes| becomes.fagsystem == fagsystem);
    let rights: Vec<&str> = there.filter_map(|becomes| becomes.right.as_deref()).collect();
    let met = rights.contains(&expected);
    Expectation::of(format!("right {expected} in {fagsystem}"), expected, &rights.join(", "), met)
}

/// An attribute is known by the name that it came by, the one that people know, or the one that it is told by.
fn attribute_of(name: &str, expected: &[String], shown: &Shown) -> Expectation {
    let known = |attribute: &&super::Attribute| {
        let names = [attribute.known_as.as_deref(), attribute.told_as.as_deref()];
        attribute.name == name || names.contains(&Some(name))
    };
    let received: Vec<&str> =
        shown.attributes.iter().filter(known).flat_map(|a| &a.values).map(String::as_str).collect();
    let met = match expected {
        [any] if any == ANY => !received.is_empty(),
        _ => expected.len() == received.len() && expected.iter().all(|v| received.contains(&v.as_str())),
    };
    Expectation::of(format!("attribute {name}"), &expected.join(", "), &received.join(", "), met)
}

/// A check that was made several times ended as the worst of them did.
fn check_of(check: Check, expected: Verdict, report: &Report) -> Expectation {
    let made = report.findings.iter().filter(|finding| finding.check == check);
    let received = made.max_by_key(|finding| finding.verdict);
    let verdict = received.map_or(Verdict::NotApplicable, |finding| finding.verdict);
    let told = match received {
        Some(finding) if verdict != expected => format!("{}: {}", verdict.id(), finding.received),
        _ => verdict.id().to_owned(),
    };
    Expectation::of(format!("check {check}"), expected.id(), &told, verdict == expected)
}

fn unknown(source: Source<'_>, id: &Spanned<String>) -> Complaint {
    let known: Vec<&str> = Check::ALL.iter().map(|check| check.id()).collect();
    let complaint = source.complain(id.span(), format!("expected the id of a check, got `{}`", id.get_ref()));
    match crate::domain::written::nearest(id.get_ref(), &known) {
        Some(near) => complaint.hint(format!("did you mean `{near}`?")),
        None => complaint,
    }
}
