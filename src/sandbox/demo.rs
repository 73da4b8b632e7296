//! One login, played by a small browser through the real addresses: Agnes of Korsbæk logs in to BBR. Each hop tells
//! who spoke to whom, what was checked, and how long it took.

use std::time::Instant;

use serde::Serialize;

use super::wire::client;
use super::{Sandbox, fagsystem, idp};
use crate::browser::{Browser, Form, Page};
use crate::domain::audit::Event;
use crate::domain::id::LoginId;
use crate::store::{AuditQuery, Logged};

/// One step of the browser, which carries what parties say to each other.
#[derive(Clone, Debug, Serialize)]
pub struct Hop {
    /// Counted from 1.
    pub number: u32,
    /// Whose word the browser brings: its own, or a party's.
    pub from: &'static str,
    /// Who receives it.
    pub to: &'static str,
    /// What happens, in words.
    pub what: &'static str,
    /// What was checked or said, as the receiver itself noted it.
    pub checked: Vec<String>,
    /// How long it took.
    pub milliseconds: u64,
}

/// Who speaks to whom, and what about.
type Line = (&'static str, &'static str, &'static str);

const USER: &str = "browser";
const BROKER: &str = "context-handler";
const BBR: &str = fagsystem::BBR.name;
const KORSBAEK: &str = idp::KORSBAEK.name;

/// Plays the login; tells each hop as it happens, and at the end what the exchange log holds about it.
pub async fn play(sandbox: &Sandbox, tell: &mut dyn FnMut(&Hop)) -> Result<Vec<Logged>, String> {
    let mut stage =
        Stage { sandbox, browser: Browser::new(client()?), tell, number: 0, login: None, logged: 0 };
    let bbr = sandbox.places().neighbour(fagsystem::BBR.place);
    let front = stage.open((USER, BBR, "opens the front page"), &bbr).await?;
    let log_in = front.form(None).ok_or("BBR has no button to log in")?;
    let sent = stage.submit((USER, BBR, "presses Log ind"), &log_in).await?;
    let question = sent.onward().ok_or("BBR does not send the browser on")?;
    let received = stage.open((BBR, BROKER, "AuthnRequest"), &question).await?;
    let choice = received.onward().ok_or("the broker does not ask for a municipality")?;
    let choices = stage.open((USER, BROKER, "sees the municipalities"), &choice).await?;
    let korsbaek = choices.form(Some(("choice", "11111111"))).ok_or("Korsbæk Kommune is not offered")?;
    let chosen = stage.submit((USER, BROKER, "chooses Korsbæk Kommune"), &korsbaek).await?;
    let asked = chosen.onward().ok_or("the broker does not send the browser on")?;
    let asked = stage.open((BROKER, KORSBAEK, "AuthnRequest"), &asked).await?;
    let people = asked.onward().ok_or("Korsbæk does not show its people")?;
    let people = stage.open((USER, KORSBAEK, "sees the login page"), &people).await?;
    let agnes = people.form(Some(("who", "agnes"))).ok_or("Agnes Holm is not there")?;
    let said = stage.submit((USER, KORSBAEK, "logs in as Agnes Holm"), &agnes).await?;
    let answer = said.form(None).ok_or("Korsbæk does not answer")?;
    let issued = stage.submit((KORSBAEK, BROKER, "Response"), &answer).await?;
    let token = issued.form(None).ok_or("the broker issues no token")?;
    let taken = stage.submit((BROKER, BBR, "Response"), &token).await?;
    let home = taken.onward().ok_or("BBR does not let Agnes in")?;
    let home = stage.open((USER, BBR, "is logged in as Agnes Holm"), &home).await?;
    if !home.body.contains("<span id=\"who\">Agnes Holm</span>") {
        return Err("BBR does not show that Agnes Holm is logged in".to_owned());
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
    async fn open(&mut self, line: Line, address: &str) -> Result<Page, String> {
        let begun = Instant::now();
        let page = self.browser.open(address).await;
        self.arrived(line, begun, page).await
    }

    async fn submit(&mut self, line: Line, form: &Form) -> Result<Page, String> {
        let begun = Instant::now();
        let page = self.browser.submit(form).await;
        self.arrived(line, begun, page).await
    }

    async fn arrived(
        &mut self,
        (from, to, what): Line,
        begun: Instant,
        page: Result<Page, String>,
    ) -> Result<Page, String> {
        let milliseconds = u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX);
        self.number += 1;
        let way = format!("{from} → {to}, {what}");
        let page = page.map_err(|error| format!("hop {}, {way}: {error}", self.number))?;
        // The exchange log names the login; the browser learns its name from the address of the choice.
        let named = page.location.as_deref().and_then(|to| to.split("login=").nth(1));
        self.login = self.login.or_else(|| named.and_then(|id| LoginId::new(id).ok()));
        let mut checked = self.sandbox.journal.take();
        checked.extend(self.news().await?);
        let hop = Hop { number: self.number, from, to, what, checked, milliseconds };
        (self.tell)(&hop);
        if page.status >= 400 {
            let why = self.why(&page).await;
            return Err(format!("hop {}, {way}: the answer is {}{why}", self.number, page.status));
        }
        Ok(page)
    }

    /// Why a page says no: a neighbour says it on the page, the broker in the exchange log.
    async fn why(&self, page: &Page) -> String {
        if let Some(said) = page.code() {
            return format!(": {said}");
        }
        let query = AuditQuery { limit: 1, ..AuditQuery::default() };
        let youngest = self.sandbox.broker.search_audit(query).await.ok().and_then(|mut found| found.pop());
        let Some(youngest) = youngest else { return String::new() };
        let detail = youngest.record.detail.as_deref().unwrap_or_default();
        format!("; the exchange log ends with {:?} {}: {detail}", youngest.record.event, told(&youngest))
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
    let mut parts = vec![format!("{verdict}: {}", record.reason)];
    if let (Some(key), Some(algorithm)) = (&record.key, &record.algorithm) {
        let algorithm = algorithm.rsplit('#').next().unwrap_or_default();
        let key: String = key.chars().take(8).collect();
        parts.push(match record.event {
            Event::TokenIssued => format!("token signed with key {key} ({algorithm})"),
            _ => format!("signed by the registered key {key} ({algorithm})"),
        });
    }
    match (&record.level, &record.required) {
        (Some(level), _) => parts.push(format!("level {}", short(level))),
        (None, Some(required)) if record.event == Event::RequestReceived => parts.push(short(required)),
        _ => {}
    }
    parts.join(", ")
}

/// Levels as people say them.
fn short(levels: &str) -> String {
    let nsis = levels.replace("https://data.gov.dk/concept/core/nsis/loa/", "NSIS ");
    nsis.replace("urn:dk:gov:saml:attribute:AssuranceLevel:", "NIST ")
}
