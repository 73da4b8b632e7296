//! `trust verify`: orders a run, says where somebody logs in or lets a robot do it, waits for the report, and compares it with
//! what was expected.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use clap::Args;
use serde_json::Value;

use super::remote::Remote;
use super::robot::Robot;
use super::shown::{Asked, Form};
use crate::app;
use crate::broker::trust::Order;
use crate::broker::{Broker, Visit};
use crate::cli::{Done, Exit, Session, wait_for, wrong};
use crate::domain::id::{Cvr, EntityId};
use crate::domain::trust::{Expected, Report, Scenario};
use crate::domain::written::{Complaint, nearest};
use crate::keyring::Keyring;
use crate::protocol::seal::Ticket;
use crate::system::SystemClock;

/// How often it is looked whether the report is there.
const LOOK_AGAIN: Duration = Duration::from_millis(500);

/// What `trust verify` takes.
#[derive(Debug, Args)]
pub(in crate::cli) struct Verify {
    /// The identity provider, by its entityID
    #[arg(value_name = "IDP", value_parser = EntityId::new)]
    idp: EntityId,

    /// What is tried
    #[arg(long, default_value = "basic", value_parser = scenario)]
    scenario: Scenario,

    /// The municipality, where the identity provider speaks for several
    #[arg(long, value_name = "CVR", value_parser = Cvr::new, conflicts_with = "url")]
    authority: Option<Cvr>,

    /// The fagsystem whose token the report is to show
    #[arg(long, value_name = "ENTITYID", value_parser = EntityId::new)]
    fagsystem: Option<EntityId>,

    /// What is expected beyond the checks, in TOML
    #[arg(long, value_name = "FILE")]
    expect: Option<PathBuf>,

    /// How long to wait for somebody to log in
    #[arg(long, value_name = "SECONDS", default_value_t = 600)]
    wait: u64,

    #[command(flatten)]
    form: Form,

    #[command(flatten)]
    robot: Robot,

    /// The broker, when it does not run on this machine
    #[arg(long, value_name = "BASE", requires = "token_file")]
    url: Option<String>,

    /// The token of the municipality's API client there
    #[arg(long, value_name = "FILE", requires = "url")]
    token_file: Option<PathBuf>,
}

fn scenario(id: &str) -> Result<Scenario, String> {
    Scenario::try_from(id.to_owned())
}

/// Where runs are ordered and reports come from: the store of this machine, or a broker elsewhere.
enum Desk {
    Here(Box<Broker>),
    There(Remote),
}

impl Verify {
    pub(super) fn run(self, session: &mut Session<'_>) -> Done {
        let expected = self.expect.as_deref().map(|file| read_expected(session, file)).transpose()?;
        let given = self.robot.given(session)?;
        let config = session.configuration();
        let (desk, base) = match (&self.url, &self.token_file) {
            (Some(url), Some(file)) => {
                let token = session.read(file)?;
                (Desk::There(Remote::new(url, &token)?), url.trim_end_matches('/').to_owned())
            }
            _ => {
                let config = config?;
                let keyring = Keyring::open(&config.keys)?;
                let broker = wait_for(app::look(&config, &keyring, Arc::new(SystemClock)))?;
                let broker = broker.map_err(|fault| wrong("the store and the keys", fault))?;
                (Desk::Here(Box::new(broker)), config.server.public_url.join(""))
            }
        };
        let link = match wait_for(self.order(&desk, &base))?? {
            Ok(link) => link,
            Err(unreachable) => return Ok(session.unreachable(&unreachable)),
        };
        session.tell(&match self.robot.robot {
            true => format!("A robot logs in: {link}"),
            false => format!("Open this address in a browser and log in: {link}"),
        });
        let arrived = wait_for(async {
            if self.robot.robot {
                self.robot.walk(&link, &given).await?;
            }
            self.wait_for_report(&desk, &link).await
        })?;
        match arrived {
            Ok(None) => {
                let unanswered = wait_for(self.unanswered(&desk, &link))?;
                Ok(session.nothing_came(unanswered, &format!("nobody came within {} s: {link}", self.wait)))
            }
            Ok(Some(report)) => {
                let expectations = expected.map(|expected| expected.compare(&report)).unwrap_or_default();
                self.form.show(session, &report, &Asked { expectations, base: &base })
            }
            Err(told) => Ok(session.unreachable(&told)),
        }
    }

    /// The link to the run, or why the broker cannot be reached.
    async fn order(&self, desk: &Desk, base: &str) -> Result<Result<String, String>, Vec<Complaint>> {
        let (idp, scenario) = (self.idp.clone(), self.scenario);
        match desk {
            Desk::There(remote) => remote.order(&idp, scenario, self.fagsystem.as_ref()).await,
            Desk::Here(broker) => {
                let authority = self.authority_of(broker)?;
                let order = Order { authority, idp, scenario, fagsystem: self.fagsystem.clone() };
                let visit = Visit { endpoint: "trust verify", ..Visit::default() };
                let ticket = broker.order_run(&visit, order).await;
                let ticket = ticket.map_err(|fault| wrong("the order", fault))?;
                Ok(Ok(format!("{base}/trust/runs/{}", ticket.text())))
            }
        }
    }

    fn authority_of(&self, broker: &Broker) -> Result<Cvr, Vec<Complaint>> {
        let snapshot = broker.snapshot();
        let known = snapshot.federation().authorities_of(&self.idp, broker.now());
        match (self.authority, known.as_slice()) {
            (Some(authority), _) => Ok(authority),
            (None, [only]) => Ok(only.cvr),
            (None, []) => {
                let names: Vec<&str> =
                    snapshot.federation().idps().map(|idp| idp.entity_id.as_str()).collect();
                Err(self.without_authority(&names))
            }
            (None, several) => {
                let names: Vec<String> =
                    several.iter().map(|one| format!("{} ({})", one.cvr, one.name)).collect();
                Err(wrong("--authority", format!("expected one of {}, got none", names.join(", "))))
            }
        }
    }

    /// What is wrong with an identity provider that speaks for nobody.
    fn without_authority(&self, known: &[&str]) -> Vec<Complaint> {
        let idp = self.idp.as_str();
        if known.contains(&idp) {
            return wrong("IDP", format!("expected a federation agreement in force, got none with {idp}"));
        }
        let unknown =
            Complaint::whole_file("IDP", format!("expected a registered identity provider, got {idp}"));
        vec![match nearest(idp, known) {
            Some(near) => unknown.hint(format!("did you mean `{near}`?")),
            None => unknown,
        }]
    }

    async fn unanswered(&self, desk: &Desk, link: &str) -> Option<Value> {
        match desk {
            Desk::There(remote) => remote.unanswered(link).await,
            Desk::Here(broker) => {
                let ticket = link.rsplit('/').next().and_then(Ticket::read)?;
                let run = broker.ordered_run(&ticket).await.ok()?;
                serde_json::to_value(run.unanswered()?).ok()
            }
        }
    }

    /// The report, or nothing when it did not come in time.
    async fn wait_for_report(&self, desk: &Desk, link: &str) -> Result<Option<Report>, String> {
        let ticket = link.rsplit('/').next().and_then(Ticket::read);
        let mut left = Duration::from_secs(self.wait);
        loop {
            let report = match (desk, &ticket) {
                (Desk::There(remote), _) => remote.report(link).await?,
                (Desk::Here(broker), Some(ticket)) => {
                    broker.ordered_run(ticket).await.map_err(|fault| fault.to_string())?.report
                }
                (Desk::Here(_), None) => None,
            };
            match report {
                Some(report) => return Ok(Some(report)),
                None if left.is_zero() => return Ok(None),
                None => {
                    tokio::time::sleep(LOOK_AGAIN.min(left)).await;
                    left = left.saturating_sub(LOOK_AGAIN);
                }
            }
        }
    }
}

fn read_expected(session: &mut Session<'_>, file: &std::path::Path) -> Result<Expected, Vec<Complaint>> {
    let content = session.read(file)?;
    let name = file.display().to_string();
    let text = String::from_utf8(content).map_err(|_| wrong(&name, "expected text in UTF-8"))?;
    Expected::read(&name, &text)
}

impl Session<'_> {
    /// Says something to the person beside the answer.
    pub(in crate::cli) fn tell(&mut self, what: &str) {
        let _ = writeln!(self.desk.err, "{}", crate::cli::harmless(what));
    }

    /// Says that there is no report: what was asked and what it can be, where somebody was sent off.
    pub(super) fn nothing_came(&mut self, unanswered: Option<Value>, otherwise: &str) -> Exit {
        let Some(unanswered) = unanswered else {
            return self.unreachable(&format!("expected a login, {otherwise}"));
        };
        let text = |pointer| unanswered.pointer(pointer).and_then(Value::as_str).unwrap_or_default();
        let told = || {
            let [begun, means, fix, asked] = ["/begun", "/means/en", "/fix/en", "/sent/xml"].map(text);
            format!("begun {begun}\n{means}\n{fix}\n\n{asked}")
        };
        self.answer(&unanswered, told);
        self.tell(&format!("error: {}", text("/reason")));
        Exit::Unreachable
    }

    /// Says who cannot be reached.
    pub(in crate::cli) fn unreachable(&mut self, what: &str) -> Exit {
        if self.json {
            self.answer(&serde_json::json!({ "unreachable": what }), String::new);
        }
        self.tell(&format!("error: {what}"));
        Exit::Unreachable
    }
}
