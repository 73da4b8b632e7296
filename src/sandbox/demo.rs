//! One login, played by a small browser through the real addresses: Agnes of Korsbæk logs in to BBR. Each hop tells
//! who spoke to whom, what was checked, and how long it took.

use std::time::Instant;

use serde::Serialize;

use super::browser::{Browser, Form, Page};
use super::{Sandbox, fagsystem, idp};
use crate::domain::audit::Event;
use crate::domain::id::LoginId;
use crate::store::{AuditQuery, Logged};

/// One step of the browser.
#[derive(Clone, Debug, Serialize)]
pub struct Hop {
    /// Counted from 1.
    pub number: u32,
    /// Who receives it.
    pub to: &'static str,
    /// What happens, in words.
    pub what: &'static str,
    /// What was checked or said, as the receiver itself noted it.
    pub checked: Vec<String>,
    /// How long it took.
    pub milliseconds: u64,
}

const BROKER: &str = "context-handler";

/// Plays the login; tells each hop as it happens, and at the end what the exchange log holds about it.
pub async fn play(sandbox: &Sandbox, tell: &mut dyn FnMut(&Hop)) -> Result<Vec<Logged>, String> {
    let mut stage = Stage { sandbox, browser: Browser::new()?, tell, number: 0, login: None, logged: 0 };
    let bbr = sandbox.places().neighbour(4);
    let front = stage.open(fagsystem::BBR.name, "the front page", &bbr).await?;
    let log_in = front.form(None).ok_or("BBR has no button to log in")?;
    let sent = stage.submit(fagsystem::BBR.name, "Log ind: the system writes a request", &log_in).await?;
    let question = sent.onward().ok_or("BBR does not send the browser on")?;
    let received = stage.open(BROKER, "the request arrives", &question).await?;
    let choice = received.onward().ok_or("the broker does not ask for a municipality")?;
    let choices = stage.open(BROKER, "the choice of municipality", &choice).await?;
    let korsbaek = choices.form(Some(("choice", "11111111"))).ok_or("Korsbæk Kommune is not offered")?;
    let chosen = stage.submit(BROKER, "Korsbæk Kommune is chosen", &korsbaek).await?;
    let asked = chosen.onward().ok_or("the broker does not send the browser on")?;
    let asked = stage.open(idp::KORSBAEK.name, "the broker's question arrives", &asked).await?;
    let people = asked.onward().ok_or("Korsbæk does not show its people")?;
    let people = stage.open(idp::KORSBAEK.name, "the login page", &people).await?;
    let agnes = people.form(Some(("who", "agnes"))).ok_or("Agnes Holm is not there")?;
    let said = stage.submit(idp::KORSBAEK.name, "Agnes Holm logs in", &agnes).await?;
    let answer = said.form(None).ok_or("Korsbæk does not answer")?;
    let issued = stage.submit(BROKER, "the answer arrives, a token is issued", &answer).await?;
    let token = issued.form(None).ok_or("the broker issues no token")?;
    let taken = stage.submit(fagsystem::BBR.name, "the token arrives", &token).await?;
    let home = taken.onward().ok_or("BBR does not let Agnes in")?;
    let home = stage.open(fagsystem::BBR.name, "the front page again", &home).await?;
    if !home.body.contains("Agnes Holm") {
        return Err("BBR does not show who is logged in".to_owned());
    }
    stage.log().await
}

struct Stage<'s> {
    sandbox: &'s Sandbox,
    browser: Browser,
    tell: &'s mut dyn FnMut(&Hop),
    number: u32,
    login: Option<LoginId>,
    /// How many records of the exchange log were told.
    logged: usize,
}

impl Stage<'_> {
    async fn open(&mut self, to: &'static str, what: &'static str, address: &str) -> Result<Page, String> {
        let begun = Instant::now();
        let page = self.browser.open(address).await;
        self.arrived(to, what, begun, page).await
    }

    async fn submit(&mut self, to: &'static str, what: &'static str, form: &Form) -> Result<Page, String> {
        let begun = Instant::now();
        let page = self.browser.submit(form).await;
        self.arrived(to, what, begun, page).await
    }

    async fn arrived(
        &mut self,
        to: &'static str,
        what: &'static str,
        begun: Instant,
        page: Result<Page, String>,
    ) -> Result<Page, String> {
        let milliseconds = u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX);
        self.number += 1;
        let page = page.map_err(|error| format!("hop {}, {to}: {error}", self.number))?;
        // The exchange log names the login; the browser learns its name from the address of the choice.
        let named = page.location.as_deref().and_then(|to| to.split("login=").nth(1));
        self.login = self.login.or_else(|| named.and_then(|id| LoginId::new(id).ok()));
        let mut checked = self.sandbox.journal.take();
        checked.extend(self.news().await?);
        let hop = Hop { number: self.number, to, what, checked, milliseconds };
        (self.tell)(&hop);
        if page.status >= 400 {
            let shown: String = page.body.chars().take(2000).collect();
            return Err(format!("hop {}, {to}: the answer is {}\n{shown}", self.number, page.status));
        }
        Ok(page)
    }

    /// What the exchange log holds about this login, the oldest first.
    async fn log(&self) -> Result<Vec<Logged>, String> {
        let Some(login) = self.login else { return Ok(Vec::new()) };
        let query = AuditQuery { login: Some(login), limit: 100, ..AuditQuery::default() };
        let found = self.sandbox.broker.search_audit(query).await;
        let mut found = found.map_err(|fault| format!("the exchange log: {fault}"))?;
        found.reverse();
        Ok(found)
    }

    /// What the broker has written down since the last hop.
    async fn news(&mut self) -> Result<Vec<String>, String> {
        let all = self.log().await?;
        let news = all.iter().skip(self.logged).map(told).collect();
        self.logged = all.len();
        Ok(news)
    }
}

/// One record of the exchange log in a few words.
fn told(logged: &Logged) -> String {
    let record = &logged.record;
    let verdict = if record.allowed { "allowed" } else { "refused" };
    let mut parts = vec![format!("{:?} {verdict} ({})", record.event, record.reason)];
    if let (Some(key), Some(algorithm)) = (&record.key, &record.algorithm) {
        let algorithm = algorithm.rsplit('#').next().unwrap_or_default();
        let did = if record.event == Event::TokenIssued { "signed with" } else { "signed by registered" };
        parts.push(format!("{did} key {}… ({algorithm})", key.chars().take(8).collect::<String>()));
    }
    if let Some(required) = &record.required {
        parts.push(format!("required: {required}"));
    }
    if let Some(level) = &record.level {
        parts.push(format!("level: {level}"));
    }
    parts.join(", ")
}
