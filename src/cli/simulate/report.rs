//! What a simulation found, for people and for programs.

use jiff::Timestamp;
use serde::Serialize;
use serde_json::Value;

use super::Simulate;
use crate::broker::simulate::{Outcome, Simulated, Token};
use crate::cli::bpp::rows;
use crate::cli::explain::{Explained, explained};
use crate::cli::table;
use crate::domain::assurance::Rule;
use crate::domain::audit::Ruling;
use crate::domain::audit::without_cpr;
use crate::domain::faults::Sentence;
use crate::domain::id::Cvr;
use crate::domain::reason::{Fault, Reason};
use crate::protocol::bpp::to_json;
use crate::protocol::saml::attribute as name;

/// What is true of every simulation.
const SUPPOSED: &str =
    "simulated: what the identity provider says is supposed, no signature was looked at, nothing was issued";

#[derive(Serialize)]
pub(super) struct Report {
    verdict: &'static str,
    supposed: &'static str,
    at: Timestamp,
    authority: Cvr,
    identity_provider: String,
    fagsystem: String,
    level: Achieved,
    robot: bool,
    noticed: Vec<Said>,
    step_up: Option<StepUp>,
    rights: Vec<Right>,
    refusal: Option<Refusal>,
    token: Option<Shown>,
}

#[derive(Serialize)]
struct Achieved {
    required: Option<String>,
    reached: Option<String>,
    rule: Option<Said>,
}

/// A code with what it means.
#[derive(Serialize)]
struct Said {
    code: String,
    da: &'static str,
    en: &'static str,
}

#[derive(Serialize)]
struct StepUp {
    level: &'static str,
    provider: String,
}

/// What becomes of one role by one mapping.
#[derive(Serialize)]
struct Right {
    kept: bool,
    scope: String,
    role: String,
    user_system_role: Option<String>,
    reason: Said,
    detail: String,
}

#[derive(Serialize)]
struct Refusal {
    detail: String,
    #[serde(flatten)]
    explanation: Explained,
}

/// The token as it is shown.
#[derive(Serialize)]
struct Shown {
    name_id: String,
    class: String,
    attributes: Vec<Attribute>,
    privileges: Value,
    /// The same for people.
    #[serde(skip)]
    rights: String,
}

#[derive(Serialize)]
struct Attribute {
    name: &'static str,
    values: Vec<String>,
}

impl Report {
    pub(super) fn new(asked: &Simulate, at: Timestamp, authority: Cvr, simulated: Simulated) -> Self {
        let Simulated { outcome, record, rulings } = simulated;
        let rule = record.rule.as_deref().and_then(|code| Rule::ALL.iter().find(|rule| rule.code() == code));
        let noticed = record.noticed.iter().filter_map(|code| Reason::from_code(code));
        let shown = |token| Some(Shown::new(token, asked.reveal));
        let (verdict, step_up, refusal, token) = match outcome {
            Outcome::Issued(token) => ("issued", None, None, shown(token)),
            Outcome::StepUp(token, level, provider) => {
                let step_up = StepUp { level: level.word(), provider: provider.to_string() };
                ("step-up", Some(step_up), None, shown(token))
            }
            Outcome::Refused(fault) => ("refused", None, Some(Refusal::new(&fault)), None),
        };
        Self {
            verdict,
            supposed: SUPPOSED,
            at,
            authority,
            identity_provider: asked.idp.to_string(),
            fagsystem: asked.fagsystem.to_string(),
            level: Achieved {
                required: record.required,
                reached: record.level,
                rule: rule.map(|rule| Said::new(rule.code(), rule.sentence())),
            },
            robot: record.robot,
            noticed: noticed.map(Said::of).collect(),
            step_up,
            rights: rulings.into_iter().map(Right::new).collect(),
            refusal,
            token,
        }
    }

    pub(super) fn text(&self) -> String {
        let mut lines = vec![format!("{}, as of {}", self.verdict, self.at), format!("  {}", self.supposed)];
        lines.push(format!(
            "\nfrom   {} at {}\nto     {}",
            self.authority, self.identity_provider, self.fagsystem
        ));
        if let Some(refusal) = &self.refusal {
            lines.push(format!("\nrefused: {}\n{}", refusal.detail, refusal.explanation.text()));
        }
        lines.extend(self.level_lines());
        lines.extend(self.noticed.iter().map(|said| format!("\nnoticed {}: {}", said.code, said.en)));
        if self.token.is_some() || !self.rights.is_empty() {
            let none = if self.rights.is_empty() { ": nobody stated any role" } else { "" };
            lines.push(format!("\nrights{none}"));
        }
        lines.extend(self.rights.iter().map(Right::text));
        lines.extend(self.token.as_ref().map(Shown::text));
        lines.join("\n")
    }

    fn level_lines(&self) -> Vec<String> {
        let Achieved { required, reached, rule } = &self.level;
        let mut lines = Vec::new();
        if let Some(reached) = reached {
            let robot = if self.robot { ", a robot" } else { "" };
            lines.push(format!("\nlevel  reached: {reached}{robot}"));
            lines.extend(required.as_ref().map(|required| format!("       required: {required}")));
        }
        lines.extend(rule.as_ref().map(|rule| format!("       {}: {}", rule.code, rule.en)));
        lines.extend(self.step_up.as_ref().map(|step_up| {
            let StepUp { level, provider } = step_up;
            format!("       step-up to {level} at {provider}; what follows is told after it")
        }));
        lines
    }
}

impl Said {
    fn new(code: &str, means: Sentence) -> Self {
        Self { code: code.to_owned(), da: means.da, en: means.en }
    }

    fn of(reason: Reason) -> Self {
        Self::new(reason.code(), reason.explanation().means)
    }
}

impl Right {
    fn new(ruling: Ruling) -> Self {
        Self {
            kept: ruling.reason == Reason::BppKept,
            scope: ruling.scope,
            role: ruling.role,
            user_system_role: ruling.mapping,
            reason: Said::of(ruling.reason),
            detail: ruling.detail,
        }
    }

    fn text(&self) -> String {
        let verdict = if self.kept { "kept   " } else { "dropped" };
        let mut lines = vec![format!("  {verdict} {} in the matters of {}", self.role, self.scope)];
        lines.extend(self.user_system_role.as_ref().map(|right| format!("          → {right}")));
        lines.push(format!("          {}: {}", self.reason.code, self.reason.en));
        if !self.detail.is_empty() {
            lines.push(format!("          {}", self.detail));
        }
        lines.join("\n")
    }
}

impl Refusal {
    fn new(fault: &Fault) -> Self {
        Self { detail: without_cpr(&fault.detail), explanation: explained(fault.reason) }
    }
}

impl Shown {
    fn new(token: Token, reveal: bool) -> Self {
        let hide = |text: &str| if reveal { text.to_owned() } else { without_cpr(text) };
        let attribute = |(name, values): (&'static str, Vec<String>)| Attribute {
            name,
            values: values.iter().map(|value| masked(name, value, reveal)).collect(),
        };
        Self {
            name_id: hide(&token.name_id),
            class: token.level.class(),
            attributes: token.attributes.into_iter().map(attribute).collect(),
            privileges: to_json(&token.rights),
            rights: table(&rows(&token.rights)),
        }
    }

    fn text(&self) -> String {
        let mut lines = vec![format!("\ntoken\n  NameID = {}\n  class = {}", self.name_id, self.class)];
        for Attribute { name, values } in &self.attributes {
            lines.push(format!("  {name} = {}", values.join(" | ")));
        }
        lines.extend(self.rights.lines().map(|right| format!("    {right}")));
        lines.join("\n")
    }
}

/// The list of rights stands beside the attribute readably; the token of another federation is worth a login.
fn masked(attribute: &str, value: &str, reveal: bool) -> String {
    if reveal {
        return value.to_owned();
    }
    match attribute {
        name::BOOTSTRAP_TOKEN => format!("*** ({} characters)", value.len()),
        _ if name::CPR.is(attribute) => "******-****".to_owned(),
        _ if name::PRIVILEGES.is(attribute) => format!("*** ({} characters, shown below)", value.len()),
        _ => without_cpr(value),
    }
}
