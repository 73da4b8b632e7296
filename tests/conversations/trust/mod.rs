//! Trust runs: a login that lets nobody in and tells everything it sees.

mod evidence;
mod faults;
mod logout;
mod registered;
mod runs;
mod unanswered;

use context_handler::broker::Visit;
use context_handler::broker::trust::Order;
use context_handler::domain::id::{Cvr, EntityId};
use context_handler::domain::reason::Fault;
use context_handler::domain::trust::{Report, Scenario, Verdict};
use context_handler::protocol::saml::binding::Arrived;

use crate::support::{Answer, Browser, Idp, Town};

/// A run that waits for the identity provider's answer.
pub(crate) struct Run {
    pub(crate) ticket: String,
    pub(crate) browser: Browser,
    pub(crate) question: String,
    pub(crate) arrived: Arrived,
}

/// Orders a run with Korsbæk's identity provider.
pub(crate) async fn order(town: &Town, scenario: Scenario, fagsystem: Option<&str>) -> Result<String, Fault> {
    let order = Order {
        authority: Cvr::new("11111111").unwrap(),
        idp: EntityId::new(&town.korsbaek.entity_id).unwrap(),
        scenario,
        fagsystem: fagsystem.map(|name| EntityId::new(name).unwrap()),
    };
    town.broker.order_run(&Visit::default(), order).await.map(|ticket| ticket.text())
}

/// Follows the link and is sent to the identity provider.
pub(crate) async fn begin(town: &Town, ticket: &str) -> (Browser, Answer) {
    let mut browser = town.browser();
    let sent = browser.post(&format!("{}/trust/runs/{ticket}", town.url), &[]).await;
    (browser, sent)
}

/// A run up to the identity provider.
pub(crate) async fn at_idp(town: &Town, idp: &Idp, scenario: Scenario, fagsystem: Option<&str>) -> Run {
    let ticket = order(town, scenario, fagsystem).await.unwrap();
    let (browser, sent) = begin(town, &ticket).await;
    let (question, arrived) = idp.question(&sent.onward());
    Run { ticket, browser, question, arrived }
}

/// The report, as the holder of the link reads it.
pub(crate) async fn report(town: &Town, ticket: &str) -> Option<Report> {
    let answer = town.browser().get(&format!("{}/trust/runs/{ticket}/report.json", town.url)).await;
    (answer.status == 200).then(|| serde_json::from_str(&answer.body).unwrap())
}

/// Everything that is not as it should be: `check reason` for what fails, with a question mark for what only warns.
pub(crate) fn told(report: &Report) -> Vec<String> {
    let wrong = report.findings.iter().filter(|finding| finding.verdict >= Verdict::Warning);
    let mark = |verdict| if verdict == Verdict::Warning { "?" } else { "" };
    let reason = |reason: Option<context_handler::domain::reason::Reason>| reason.map_or("-", |r| r.code());
    wrong.map(|f| format!("{} {}{}", f.check, reason(f.reason), mark(f.verdict))).collect()
}
