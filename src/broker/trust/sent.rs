//! What a run asks, as it leaves: for its report, and for whoever waits for an answer that does not come. And the answer
//! whose RelayState does not lead back: a real login ends there, a run is found by the question that the answer names.

use super::super::audit::Trail;
use super::super::{Broker, ByBrowser, SealedLogin, Step, Visit};
use super::observed::Observed;
use crate::domain::audit::Event;
use crate::domain::id::{EntityId, LoginId};
use crate::domain::login::{AtIdp, Handle, Pending};
use crate::domain::reason::{Fault, Reason};
use crate::domain::trust::{Check, Finding, Message, NOTHING};
use crate::protocol::saml::binding::{Arrived, Carries};
use crate::protocol::saml::response;
use crate::protocol::saml::shown::excerpt;
use crate::protocol::xml::Document;
use crate::store::RunQuery;

/// So much of a RelayState that came back is shown.
const SHOWN: usize = 200;

/// A message of ours as it leaves, masked: it is read from what the browser carries.
pub(super) fn shown(carried: &ByBrowser, us: &EntityId) -> Option<Message> {
    let (binding, arrived) = match carried {
        ByBrowser::Redirect(to) => {
            ("Redirect", Arrived::by_redirect(to.split_once('?')?.1, Carries::Request))
        }
        ByBrowser::Post(form) => ("POST", Arrived::in_form(form)),
        ByBrowser::Fields { .. } => return None,
    };
    let arrived = arrived.ok()?;
    let document = Document::parse(&arrived.xml).ok()?;
    let (what, from) = (document.root().local().to_owned(), us.to_string());
    Some(Message { what, from, binding: binding.to_owned(), xml: excerpt(document.root()) })
}

impl Observed {
    /// A message of ours leaves.
    pub(in crate::broker) fn sends(&mut self, carried: &ByBrowser, us: &EntityId) {
        self.shown.messages.extend(shown(carried, us));
    }
}

impl Broker {
    /// An answer arrived that leads to no login of this browser. Should a trust run wait for it, that would wait for ever.
    pub(in crate::broker) async fn answer_lost_run(
        &self,
        visit: &Visit,
        arrived: &Result<Arrived, Fault>,
        (handle, fault): (Option<LoginId>, &Fault),
        cookie: &impl Fn(LoginId) -> Option<String>,
    ) -> Option<Step> {
        if let Ok(arrived) = arrived
            && let Some(login) = self.astray(arrived, cookie).await
        {
            let mut trail = self.trail(login.asked.login, visit, Event::AnswerReceived);
            let fault = self.look_astray(&mut trail, arrived, &login).err();
            let fault = fault.unwrap_or_else(|| relay_state(arrived, &login));
            return Some(self.conclude(trail, Err(fault)).await);
        }
        if let Some(login) = handle {
            self.lost_run(login, fault).await;
        }
        None
    }

    /// The run of this browser that left with the question that the answer names. The answer's word finds it; that it is
    /// this browser's is proved by the cookie, as in any login.
    async fn astray(&self, arrived: &Arrived, cookie: &impl Fn(LoginId) -> Option<String>) -> Option<AtIdp> {
        let question = {
            let document = Document::parse(&arrived.xml).ok()?;
            response::claimed(&document).ok()?.question()?
        };
        let query = RunQuery { question: Some(question.clone()), limit: 1, ..RunQuery::default() };
        let run = self.store.runs(query).await.ok()?.into_iter().next().filter(|run| run.report.is_none())?;
        let sealed = SealedLogin { login: run.id, content: cookie(run.id)? };
        match self.unseal(&sealed) {
            Ok(Pending::AtIdp(login)) if login.question == question => {
                (login.asked.reply.trial().is_some() && !login.asked.is_over()).then_some(login)
            }
            _ => None,
        }
    }

    /// Looks at the answer from all sides, for the report alone.
    fn look_astray(&self, trail: &mut Trail, arrived: &Arrived, login: &AtIdp) -> Result<(), Fault> {
        trail.saw(arrived);
        trail.observes(&login.asked);
        trail.expects(login);
        let (expected, got) = states(arrived, login);
        let told = Finding::fail(Check::RelayState, Reason::RelayStateLost, expected, got);
        trail.observed.iter_mut().for_each(|observed| observed.findings.push(told.clone()));
        login.asked.check_age(self.clock.now())?;
        let document = Document::parse(&arrived.xml)?;
        let answer = response::claimed(&document)?;
        trail.claimed(answer.claimed_issuer());
        let snapshot = self.snapshot();
        let (_, idp) = snapshot.agreed(&login.asked, (login.authority, &login.idp), self.clock.now())?;
        self.accept_answer(trail, answer, &idp, (&login.question, login.at)).map(drop)
    }
}

/// What RelayState should be, and what it is.
fn states(arrived: &Arrived, login: &AtIdp) -> (String, String) {
    let expected = Handle { login: login.asked.login, levels: Vec::new() }.to_string();
    let got = arrived.relay_state.as_deref().unwrap_or(NOTHING);
    (expected, got.chars().take(SHOWN).collect())
}

fn relay_state(arrived: &Arrived, login: &AtIdp) -> Fault {
    let (expected, got) = states(arrived, login);
    Fault::new(Reason::RelayStateLost, format!("expected RelayState {expected}, got {got}"))
}
