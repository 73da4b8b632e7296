//! `bpp`: privilege lists, as attributes carry them, for people. It judges the form of a list with exactly the code of a
//! login; what the list gives is decided in a login by the register.

use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use serde_json::{Value, json};

use super::{Complaint, Done, Exit, Session, table, wrong};
use crate::domain::federation::Dialect;
use crate::domain::privilege::{Constraint, PrivilegeGroup, PrivilegeList, Scope, is_parameter};
use crate::domain::reason::{Fault, Reason};
use crate::protocol::bpp::{Stated, from_json, inspect, to_json, write, xml};
use crate::protocol::saml::shown::Mask;

/// What is done with a privilege list.
#[derive(Debug, Subcommand)]
pub(super) enum Bpp {
    /// Turn the value of a privilege attribute into JSON
    Decode(Shown),

    /// Turn JSON into the value of a privilege attribute
    Encode(Encode),

    /// Say whether a login would read the value of a privilege attribute
    Validate(Input),

    /// Show readably what the value of a privilege attribute says, and what is odd about it
    Explain(Shown),
}

/// Where the list is.
#[derive(Debug, Args)]
pub(super) struct Input {
    /// The value, in base64 or as plain XML; `-` is standard input
    #[arg(default_value = "-")]
    file: PathBuf,
}

/// What is shown of it.
#[derive(Debug, Args)]
pub(super) struct Shown {
    #[command(flatten)]
    input: Input,

    /// Show personal data as well
    #[arg(long)]
    reveal: bool,
}

/// How it is written.
#[derive(Debug, Args)]
pub(super) struct Encode {
    /// The list as JSON, as `bpp decode` writes it; `-` is standard input
    #[arg(default_value = "-")]
    file: PathBuf,

    /// The profile of the receiver, which decides the namespace: OIOSAML2 or OIOSAML3
    #[arg(long, value_parser = dialect, default_value = "OIOSAML3")]
    profile: Dialect,

    /// Write the XML without base64
    #[arg(long)]
    xml: bool,
}

fn dialect(word: &str) -> Result<Dialect, String> {
    match word {
        "OIOSAML2" => Ok(Dialect::Oiosaml2),
        "OIOSAML3" => Ok(Dialect::Oiosaml3),
        _ => Err("expected OIOSAML2 or OIOSAML3".to_owned()),
    }
}

impl Bpp {
    pub(super) fn run(self, session: &mut Session<'_>) -> Done {
        match self {
            Self::Decode(shown) => shown.decode(session),
            Self::Encode(encode) => encode.run(session),
            Self::Validate(input) => input.validate(session),
            Self::Explain(shown) => shown.explain(session),
        }
    }
}

impl Shown {
    fn decode(self, session: &mut Session<'_>) -> Done {
        let list = to_json(&self.stated(session)?.list);
        session.json = true; // what is asked for is JSON
        session.answer(&list, String::new);
        Ok(Exit::Ok)
    }

    fn explain(self, session: &mut Session<'_>) -> Done {
        let stated = self.stated(session)?;
        let warnings = warnings(&stated);
        let json = json!({ "groups": to_json(&stated.list), "warnings": warnings });
        session.answer(&json, || {
            let mut parts = vec![summary(&stated.list), table(&rows(&stated.list))];
            parts.push(warnings.iter().map(|warning| format!("! {warning}\n")).collect());
            parts.retain(|part| !part.is_empty());
            parts.join("\n\n")
        });
        Ok(Exit::Ok)
    }

    /// The list, with what tells who somebody is hidden.
    fn stated(&self, session: &mut Session<'_>) -> Result<Stated, Vec<Complaint>> {
        let file = &self.input.file;
        let stated = read(session, file)?.map_err(|fault| wrong(&file.display().to_string(), fault))?;
        let list = if self.reveal { stated.list } else { masked_list(&stated.list) };
        Ok(Stated { list, ..stated })
    }
}

impl Input {
    fn validate(self, session: &mut Session<'_>) -> Done {
        let (exit, json, line) = match read(session, &self.file)? {
            Ok(stated) => {
                let stated = Stated { list: masked_list(&stated.list), ..stated };
                let said = summary(&stated.list);
                (Exit::Ok, json!({ "valid": true, "warnings": warnings(&stated) }), format!("valid: {said}"))
            }
            Err(fault) => {
                let json = json!({ "valid": false, "reason": fault.reason.code(), "detail": fault.detail });
                (Exit::CheckFailed, json, format!("refused: {fault}"))
            }
        };
        session.answer(&json, || line);
        Ok(exit)
    }
}

impl Encode {
    fn run(self, session: &mut Session<'_>) -> Done {
        let shown = self.file.display().to_string();
        let json: Value = serde_json::from_slice(&session.read(&self.file)?).map_err(|error| {
            wrong(&shown, format!("expected JSON (line {}, column {})", error.line(), error.column()))
        })?;
        let list = from_json(&json).map_err(|fault| wrong(&shown, fault))?;
        if let Some(number) = list.groups.iter().position(|group| !group.gives()) {
            let what =
                "gives nothing, for want of a scope or of a value in a constraint, so it cannot be written";
            return Err(wrong(&shown, format!("group {} of the list {what}", number + 1)));
        }
        let written = if self.xml { xml(&list, self.profile) } else { write(&list, self.profile) };
        let written = written.map_err(|fault| wrong(&shown, fault))?;
        session.answer(&written, || written.clone());
        Ok(Exit::Ok)
    }
}

/// The value as a login would read it.
fn read(session: &mut Session<'_>, file: &Path) -> Result<Result<Stated, Fault>, Vec<Complaint>> {
    let content = session.read(file)?;
    let text = std::str::from_utf8(&content);
    Ok(text.map_err(|_| Fault::new(Reason::BppXml, "expected text in UTF-8")).and_then(inspect))
}

fn masked_list(list: &PrivilegeList) -> PrivilegeList {
    PrivilegeList { groups: list.groups.iter().map(masked).collect() }
}

fn masked(group: &PrivilegeGroup) -> PrivilegeGroup {
    let masked = |text: &String| Mask::On.text(text);
    let limit = |limit: &Constraint| Constraint {
        name: masked(&limit.name),
        values: limit.values.iter().map(masked).collect(),
    };
    PrivilegeGroup {
        scope: match &group.scope {
            Scope::Cpr(_) => Scope::Cpr("******-****".to_owned()),
            Scope::Other(text) => Scope::Other(masked(text)),
            known => known.clone(),
        },
        privileges: group.privileges.iter().map(masked).collect(),
        constraints: group.constraints.iter().map(limit).collect(),
    }
}

fn summary(list: &PrivilegeList) -> String {
    let privileges: usize = list.groups.iter().map(|group| group.privileges.len()).sum();
    format!("groups: {}, privileges: {privileges}", list.groups.len())
}

/// A line for each privilege and one for each limit beneath it.
pub(super) fn rows(list: &PrivilegeList) -> Vec<Vec<String>> {
    let mut rows = Vec::new();
    for group in &list.groups {
        let scope = match &group.scope {
            Scope::Cvr(cvr) => format!("CVR {cvr}"),
            Scope::ProductionUnit(number) => format!("P-number {number}"),
            Scope::Se(number) => format!("SE {number}"),
            Scope::Cpr(number) => format!("CPR {number}"),
            Scope::Other(text) => text.clone(),
            Scope::Missing => "no scope".to_owned(),
        };
        rows.extend(group.privileges.iter().map(|privilege| vec![scope.clone(), privilege.clone()]));
        rows.extend(group.constraints.iter().map(|limit| {
            vec![String::new(), format!("  only {} = {}", limit.name, limit.values.join(" or "))]
        }));
    }
    rows
}

/// What is taken and yet worth a look.
fn warnings(stated: &Stated) -> Vec<String> {
    let mut all = Vec::new();
    if stated.dialect == Dialect::Oiosaml2 {
        all.push(
            "old namespace: version 1.2 of the profile has http://digst.dk/, this is the one before".into(),
        );
    }
    if !stated.is_encoded {
        all.push("plain XML: the profile asks for base64".into());
    }
    if stated.list.is_empty() {
        all.push("no groups: the profile asks to leave the attribute out".into());
    }
    for (group, number) in stated.list.groups.iter().zip(1..) {
        all.extend(oddities(group).into_iter().map(|what| format!("group {number}: {what}")));
    }
    all
}

fn oddities(group: &PrivilegeGroup) -> Vec<String> {
    let mut all: Vec<String> = Vec::new();
    match &group.scope {
        Scope::Missing => all.push("no scope: gives nothing".into()),
        Scope::Other(_) => {
            all.push("a scope that is none of the profile's: gives nothing unless it is agreed".into());
        }
        _ => {}
    }
    if group.privileges.len() > 1 {
        all.push("several privileges in one group: some fagsystemer refuse that".into());
    }
    let is_role = |uri: &&String| uri.contains("/roles/jobrole/") || uri.contains("/roles/usersystemrole/");
    if !group.privileges.iter().all(|uri| is_role(&uri)) {
        all.push("not the URI of a job function role (…/roles/jobrole/<name>/<version>), nor of a user system role".into());
    }
    let nothing = group.constraints.iter().filter(|limit| limit.values.is_empty());
    all.extend(nothing.map(|limit| format!("{} leaves no value: gives nothing", limit.name)));
    let parameters = group.constraints.iter().filter(|limit| is_parameter(&limit.name));
    all.extend(parameters.map(|limit| format!("{} is a parameter: it fills in a restriction", limit.name)));
    all
}
