//! `doctor`: looks at everything that a deployment needs, from its keys to its partners, and says what to do about what it
//! finds. It changes nothing.

mod machine;
mod partners;

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

use super::{Done, Exit, Session, wait_for, wrong};
use crate::broker::egress::Egress;
use crate::config::Config;
use crate::keyring::{Keyring, roots};

/// What ends sooner than this wants attention now.
const SOON: SignedDuration = SignedDuration::from_hours(24 * 30);
/// How long we and partners may take to answer.
const PATIENCE: Duration = Duration::from_secs(5);

/// How something is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
enum State {
    Ok,
    /// It works today.
    Warning,
    /// It does not work.
    Failed,
    /// A partner does not answer.
    Unreachable,
}

/// One thing that was looked at.
#[derive(Debug, Serialize)]
struct Check {
    /// Its stable name.
    id: &'static str,
    state: State,
    /// What was found.
    found: String,
    /// What to do; empty where nothing is to be done.
    fix: &'static str,
}

/// What has been found so far.
#[derive(Default)]
struct Findings(Vec<Check>);

impl Findings {
    fn ok(&mut self, id: &'static str, found: impl Into<String>) {
        self.tell(id, State::Ok, found.into(), "");
    }

    fn warning(&mut self, id: &'static str, found: impl Into<String>, fix: &'static str) {
        self.tell(id, State::Warning, found.into(), fix);
    }

    fn failed(&mut self, id: &'static str, found: impl Into<String>, fix: &'static str) {
        self.tell(id, State::Failed, found.into(), fix);
    }

    fn unreachable(&mut self, id: &'static str, found: impl Into<String>, fix: &'static str) {
        self.tell(id, State::Unreachable, found.into(), fix);
    }

    fn tell(&mut self, id: &'static str, state: State, found: String, fix: &'static str) {
        self.0.push(Check { id, state, found, fix });
    }

    fn exit(&self) -> Exit {
        let any = |state| self.0.iter().any(|check| check.state == state);
        match () {
            () if any(State::Failed) => Exit::CheckFailed,
            () if any(State::Unreachable) => Exit::Unreachable,
            () => Exit::Ok,
        }
    }
}

pub(super) fn run(session: &mut Session<'_>) -> Done {
    let config = session.configuration()?;
    let now = session.desk.clock.now();
    let mut findings = Findings::default();
    findings.ok("config", format!("{} is the address", config.server.public_url));
    let keyring = machine::keys(&config, now, &mut findings);
    machine::crypto(keyring.as_ref(), session.desk.random, &mut findings);
    wait_for(look(&config, keyring.as_ref(), now, &mut findings))??;
    session.answer(&findings.0, || findings.0.iter().map(text).collect::<Vec<_>>().join("\n"));
    Ok(findings.exit())
}

async fn look(
    config: &Config,
    keyring: Option<&Keyring>,
    now: Timestamp,
    findings: &mut Findings,
) -> Result<(), Vec<crate::domain::written::Complaint>> {
    let skew = config.login.clock_skew_seconds.duration();
    let allowed = config.egress.allow_hosts.iter().map(|host| host.as_str().to_owned());
    let roots = roots(&config.egress.ca_roots)?;
    let egress = |more: Option<String>| Egress::trusting(&roots, allowed.clone().chain(more), PATIENCE);
    // Our own address may well lie in our own network.
    let to_us =
        egress(Some(config.server.public_url.host().to_owned())).map_err(|fault| wrong("egress", fault))?;
    let to_partners = egress(None).map_err(|fault| wrong("egress", fault))?;
    if let Some(store) = machine::store(config, now, findings).await {
        partners::register((&store, keyring), &to_partners, (now, skew), findings).await;
    }
    if let Some(keyring) = keyring {
        machine::public_url(config, keyring, &to_us, findings).await;
    }
    Ok(())
}

fn text(check: &Check) -> String {
    let Check { id, state, found, fix } = check;
    match state {
        State::Ok => format!("ok           {id}: {found}"),
        State::Warning => format!("warning      {id}: {found}\n             {fix}"),
        State::Failed => format!("FAILED       {id}: {found}\n             {fix}"),
        State::Unreachable => format!("unreachable  {id}: {found}\n             {fix}"),
    }
}
