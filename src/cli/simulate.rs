//! `simulate`: how a login would end, and why, without a login. It runs the login's own steps over what an identity
//! provider is supposed to say.

mod report;

use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::{ArgGroup, Args};
use jiff::Timestamp;
use serde::Deserialize;

use super::{Done, Exit, Session, wait_for, wrong};
use crate::app;
use crate::broker::Broker;
use crate::broker::simulate::{AskService, Outcome, Question, Simulated, suppose};
use crate::domain::assurance::{Level, Nist, Nsis};
use crate::domain::id::{Cvr, EntityId};
use crate::domain::privilege::PrivilegeList;
use crate::domain::reason::{Fault, Reason};
use crate::domain::subject::SubjectName;
use crate::domain::world::Clock;
use crate::domain::written::Complaint;
use crate::keyring::Keyring;
use crate::protocol::bpp;
use crate::protocol::saml::assertion::Supposed;

use report::Report;

/// What `simulate` takes.
#[derive(Debug, Args)]
#[command(group = ArgGroup::new("who").required(true))]
pub(super) struct Simulate {
    /// What the identity provider would say: JSON or TOML with name-id, class and attributes, or the XML of an
    /// assertion, whose signature is not looked at; `-` is standard input
    #[arg(long, value_name = "FILE", group = "who")]
    attributes: Option<PathBuf>,

    /// A user that is kept here, by the id; the identity provider would say no more than it must
    #[arg(long, value_name = "ID", group = "who", requires = "authority")]
    user: Option<String>,

    /// The identity provider
    #[arg(long, value_name = "ENTITYID", value_parser = EntityId::new)]
    idp: EntityId,

    /// The fagsystem that the user wants to use
    #[arg(long, value_name = "ENTITYID", value_parser = EntityId::new)]
    fagsystem: EntityId,

    /// The municipality that the user chooses; without it the one that the NameID names
    #[arg(long, value_name = "CVR", value_parser = Cvr::new)]
    authority: Option<Cvr>,

    /// The moment, such as 2026-11-21T08:00:00Z; without it now
    #[arg(long, value_name = "RFC3339")]
    at: Option<Timestamp>,

    /// The level that the identity provider would state, whatever the attributes say: Low, Substantial, High or 1 to 4
    #[arg(long, value_parser = level)]
    level: Option<Level>,

    /// Where the user sits; robots may be bound to networks
    #[arg(long, value_name = "ADDRESS")]
    from: Option<IpAddr>,

    /// What the attribute service would say: a privilege list in base64, XML or JSON
    #[arg(long, value_name = "FILE", conflicts_with = "ask")]
    rights: Option<PathBuf>,

    /// Ask the attribute service over the network, where the rights stand there
    #[arg(long)]
    ask: bool,

    /// Show CPR numbers and tokens of other federations as well
    #[arg(long)]
    reveal: bool,
}

fn level(word: &str) -> Result<Level, String> {
    let level = Nsis::from_word(word).map(Level::Nsis).or_else(|| Nist::from_digit(word).map(Level::Nist));
    level.ok_or_else(|| "expected Low, Substantial, High, or 1 to 4".to_owned())
}

/// What a file says that an identity provider would say.
#[derive(Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct Written {
    name_id: String,
    class: Option<String>,
    #[serde(default)]
    attributes: std::collections::BTreeMap<String, Values>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Values {
    One(String),
    Several(Vec<String>),
}

/// A clock that stands still at the moment that is asked about.
struct Standing(Timestamp);

impl Clock for Standing {
    fn now(&self) -> Timestamp {
        self.0
    }
}

impl Simulate {
    pub(super) fn run(self, session: &mut Session<'_>) -> Done {
        let now = self.at.unwrap_or_else(|| session.desk.clock.now());
        let rights = self.rights.as_deref().map(|file| privileges(session, file)).transpose()?;
        let written = self.attributes.as_deref().map(|file| supposed(session, file)).transpose()?;
        let config = session.configuration()?;
        let keyring = Keyring::open(&config.keys)?;
        let report = wait_for(async {
            let broker = app::look(&config, &keyring, Arc::new(Standing(now))).await;
            let broker = broker.map_err(|fault| wrong("the store and the keys", fault))?;
            let said = self.said(&broker, written).await?;
            let name_id = said.name_id.clone();
            let authority = self.authority.or_else(|| SubjectName::new(&name_id).ok().map(|name| name.cvr()));
            let authority =
                authority.ok_or_else(|| wrong("the NameID", "names no municipality; give --authority"))?;
            let service = match &rights {
                Some(rights) => AskService::Instead(rights),
                None if self.ask => AskService::Yes,
                None => AskService::No,
            };
            let (idp, fagsystem) = (&self.idp, &self.fagsystem);
            let question = Question { said, idp, authority, fagsystem, source: self.from, service };
            Ok::<_, Vec<Complaint>>((authority, broker.simulate(question).await))
        })?;
        let (authority, simulated) = report?;
        let exit = exit(&simulated);
        let report = Report::new(&self, now, authority, simulated);
        session.answer(&report, || report.text());
        Ok(exit)
    }

    async fn said(&self, broker: &Broker, written: Option<Supposed>) -> Result<Supposed, Vec<Complaint>> {
        let said = match (written, &self.user, self.authority) {
            (Some(said), ..) => said,
            (None, Some(id), Some(authority)) => self.stored(broker, authority, id).await?,
            (None, ..) => return Err(wrong("simulate", "expected --attributes, or --user with --authority")),
        };
        Ok(match self.level {
            Some(level) => said.at_level(level),
            None => said,
        })
    }

    async fn stored(&self, broker: &Broker, authority: Cvr, id: &str) -> Result<Supposed, Vec<Complaint>> {
        let snapshot = broker.snapshot();
        let idp = snapshot.federation().registered_idp(&self.idp);
        let idp = idp.ok_or_else(|| wrong("--idp", "expected an identity provider that is registered"))?;
        let user = broker.user(authority, id).await.map_err(|fault| wrong("the store", fault))?;
        let user =
            user.ok_or_else(|| wrong("--user", format!("expected a user that {authority} keeps here")))?;
        Ok(suppose(&user, idp))
    }
}

/// Whether the login would end well. What nobody was asked about is a matter of how we were called.
fn exit(simulated: &Simulated) -> Exit {
    match &simulated.outcome {
        Outcome::Issued(_) | Outcome::StepUp(..) => Exit::Ok,
        Outcome::Refused(fault) if fault.reason == Reason::AsUnasked => Exit::Usage,
        Outcome::Refused(_) => Exit::CheckFailed,
    }
}

fn supposed(session: &mut Session<'_>, file: &Path) -> Result<Supposed, Vec<Complaint>> {
    let content = session.read(file)?;
    let shown = file.display().to_string();
    let content = content.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(&content);
    let written: Written = match content.trim_ascii_start().first() {
        Some(b'<') => return Supposed::read(content).map_err(|fault| wrong(&shown, fault)),
        Some(b'{') => serde_json::from_slice(content).map_err(|error| wrong(&shown, error))?,
        _ => {
            let text = str::from_utf8(content).map_err(|error| wrong(&shown, error))?;
            toml::from_str(text).map_err(|error| wrong(&shown, error.message()))?
        }
    };
    let values = |values| match values {
        Values::One(value) => vec![value],
        Values::Several(values) => values,
    };
    let attributes = written.attributes.into_iter().map(|(name, stated)| (name, values(stated)));
    Ok(Supposed { name_id: written.name_id, class: written.class, attributes: attributes.collect() })
}

fn privileges(session: &mut Session<'_>, file: &Path) -> Result<PrivilegeList, Vec<Complaint>> {
    let content = session.read(file)?;
    let read = || match content.trim_ascii_start().first() {
        Some(b'[') => {
            let json = serde_json::from_slice(&content);
            json.map_err(|_| Fault::new(Reason::BppXml, "expected JSON"))
                .and_then(|json| bpp::from_json(&json))
        }
        _ => {
            let text = str::from_utf8(&content);
            text.map_err(|_| Fault::new(Reason::BppXml, "expected text in UTF-8")).and_then(bpp::read)
        }
    };
    read().map_err(|fault| wrong(&file.display().to_string(), fault))
}
