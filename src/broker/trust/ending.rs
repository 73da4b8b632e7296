//! How a run ends: the login's own word first, then what belongs to the scenario, then what the fagsystem would get; and
//! all of it into the store, with what the run used up.

use jiff::Timestamp;

use super::super::audit::Trail;
use super::super::{Broker, Next, Refusal, Visit};
use super::observe::levels_of;
use super::observed::Observed;
use super::preview::preview;
use super::rights::{self, Whose};
use super::scenario::{encrypted, let_in, scenario, status};
use crate::domain::assurance::Requirement;
use crate::domain::audit::{Actor, Event};
use crate::domain::id::{Cvr, EntityId, LoginId};
use crate::domain::login::{Asked, Trial};
use crate::domain::reason::{Fault, Reason};
use crate::domain::source::RightsSource;
use crate::domain::subject::Grant;
use crate::domain::trust::{self, Check, Finding, Report, Scenario, Sent, Service, Verdict};
use crate::store::{Batch, Kind, StoreError};

impl Broker {
    /// The login would have let the user in.
    pub(in crate::broker) async fn end_run_well(
        &self,
        trail: &mut Trail,
        grant: &Grant<'_>,
        batch: Batch,
    ) -> Result<Next, Fault> {
        let mut ended = self.ended(trail, Ok(grant));
        if let Some(observed) = &mut ended.observed {
            observed.findings.push(preview(&mut observed.shown, grant));
        }
        let received = trail.allowed(trail.record.actor, Reason::LoginOk);
        match self.way_out(&ended) {
            Some(way) => Box::pin(self.begin_logout_of_run(trail, ended, way, (received, batch))).await,
            None => self.keep_report(trail, ended, Batch { records: vec![received], ..batch }).await,
        }
    }

    /// The login would have ended with this fault.
    pub(in crate::broker) async fn end_run_badly(&self, mut trail: Trail, fault: Fault) -> Next {
        let ended = self.ended(&mut trail, Err(&fault));
        trail.refuse(&fault);
        let received = trail.record.clone();
        let (login, at) = (trail.record.login, trail.record.at);
        let batch = Batch { records: vec![received], ..Batch::default() };
        let kept = self.keep_report(&mut trail, ended, batch).await;
        kept.unwrap_or(Next::Refuse(Refusal { login, reason: Reason::StoreDown, at, fagsystem: None }))
    }

    /// An answer arrived, and the browser did not bring the login back. If that was a run, its report says so: whoever holds
    /// the link would wait for ever.
    pub(in crate::broker) async fn lost_run(&self, login: LoginId, fault: &Fault) {
        let Ok(Some(run)) = self.store.run(login, self.clock.now()).await else { return };
        if run.report.is_some() {
            return;
        }
        let mut trail = self.trail(login, &Visit::default(), Event::TrustRunEnded);
        trail.record.authority = Some(run.authority);
        trail.record.idp = Some(run.idp.clone());
        let told = Err::<(), _>(fault.clone());
        let findings = vec![
            Finding::of(Check::Cookie, &told, "", fault.reason.code()),
            Finding::of(Check::LetIn, &told, "", fault.reason.code()),
        ];
        let mut observed = Observed { findings, ..Observed::default() };
        observed.shown.messages.extend(run.sent.map(|sent| sent.message));
        let report = self.report(&trail, observed, (run.scenario, None), (login, run.ordered));
        let record = trail.allowed(Actor::Broker, Reason::TrustEnded);
        let batch = Batch { records: vec![record], report: Some(report), ..Batch::default() };
        drop(self.store.commit(batch).await);
    }

    pub(super) async fn keep_report(
        &self,
        trail: &mut Trail,
        ended: Ended,
        batch: Batch,
    ) -> Result<Next, Fault> {
        let Ended { observed, asked } = ended;
        let (Some(observed), Some(asked)) = (observed, asked) else {
            return Err(Fault::new(Reason::Internal, "a trust run that observes nothing"));
        };
        let observed = self.begun_with(trail, observed, asked.login).await;
        let Some(Trial { scenario, ticket, .. }) = asked.reply.trial().cloned() else {
            return Err(Fault::new(Reason::Internal, "a trust run without a link"));
        };
        let tried = (scenario, Some(&asked.fagsystem));
        let mut report = self.report(trail, *observed, tried, (asked.login, asked.begun));
        let mut ended = trail.allowed(Actor::Broker, Reason::TrustEnded);
        ended.event = Event::TrustRunEnded;
        let records = trail.all(batch.records.into_iter().chain([ended]));
        let batch = Batch { records, report: Some(report.clone()), ..batch };
        let again = Batch { records: batch.records.clone(), ..Batch::default() };
        match self.store.commit(batch).await {
            // Used before: that is a finding, too.
            Err(StoreError::Used(Kind::Assertion | Kind::Question)) => {
                report.findings.retain(|finding| finding.check != Check::Once);
                report.findings.push(Finding::fail(Check::Once, Reason::Replay, "", ""));
                sort(&mut report);
                self.store.commit(Batch { report: Some(report), ..again }).await?;
            }
            kept => kept?,
        }
        Ok(Next::Read { login: asked.login, page: format!("/trust/runs/{ticket}"), console: None })
    }

    /// What was ordered counts where nothing that came could be read, and what was asked stands before what was answered.
    async fn begun_with(
        &self,
        trail: &mut Trail,
        mut observed: Box<Observed>,
        run: LoginId,
    ) -> Box<Observed> {
        let Some(run) = self.store.run(run, self.clock.now()).await.ok().flatten() else { return observed };
        trail.record.authority.get_or_insert(run.authority);
        trail.record.idp.get_or_insert(run.idp);
        let fits = |sent: &Sent| observed.question.as_ref().is_none_or(|question| *question == sent.question);
        if let Some(sent) = run.sent.filter(fits) {
            observed.shown.messages.insert(0, sent.message);
        }
        observed
    }

    fn report(
        &self,
        trail: &Trail,
        observed: Observed,
        (scenario, fagsystem): (Scenario, Option<&EntityId>),
        (run, begun): (LoginId, Timestamp),
    ) -> Report {
        let snapshot = self.snapshot();
        let federation = snapshot.federation();
        let authority = trail.record.authority.unwrap_or(Cvr::NOBODY);
        let idp = trail.record.idp.clone().unwrap_or_else(EntityId::ourselves);
        let authority_name = federation.authority(authority).map(|known| known.name.clone());
        let idp_name = federation.registered_idp(&idp).map(|known| known.name.clone());
        let mut report = Report {
            run,
            environment: self.settings.environment.clone(),
            scenario,
            authority,
            authority_name: authority_name.unwrap_or_default(),
            idp,
            idp_name: idp_name.unwrap_or_default(),
            fagsystem: fagsystem.filter(|name| **name != EntityId::ourselves()).cloned(),
            begun,
            finished: self.clock.now(),
            verdict: Verdict::NotApplicable,
            findings: observed.findings,
            shown: observed.shown,
        };
        sort(&mut report);
        report
    }

    /// Everything that can be said once the login has come to its end.
    fn ended(&self, trail: &mut Trail, outcome: Result<&Grant<'_>, &Fault>) -> Ended {
        let (mut observed, asked) = (trail.observed.take(), trail.may_be_told.clone());
        if let (Some(observed), Some(asked)) = (&mut observed, &asked)
            && let Some(trial) = asked.reply.trial()
        {
            // After a step-up the level is another one than the municipality's.
            outcome.iter().for_each(|grant| observed.subject = Some(grant.subject().clone()));
            let outcome = outcome.map(drop);
            self.observe_rights(trail, observed, trial.scenario);
            let status = status(trial.scenario, observed);
            services(trail, observed);
            levels(trail, observed, &asked.requirement);
            encrypted(trial.scenario, observed);
            let tried = (trial.scenario, asked, status.as_ref());
            observed.findings.extend(scenario(trail, observed, outcome, tried));
            self.logout_address(trail, observed, trial.scenario);
            observed.findings.push(Finding::pass(Check::Arrived, "POST", "POST"));
            if outcome.is_ok() {
                observed.findings.push(Finding::pass(Check::RelayState, "", ""));
                observed.findings.push(Finding::pass(Check::Cookie, "", ""));
                observed.findings.push(Finding::pass(Check::Once, "", ""));
            }
            let let_in = let_in(trial.scenario, outcome, status.as_ref());
            untold(observed, outcome, &let_in);
            observed.findings.push(let_in);
        }
        Ended { observed, asked }
    }

    fn observe_rights(&self, trail: &Trail, observed: &mut Observed, scenario: Scenario) {
        let (Some(authority), Some(idp)) = (trail.record.authority, trail.record.idp.as_ref()) else {
            return;
        };
        let snapshot = self.snapshot();
        let of_subject =
            observed.subject.as_ref().map(|subject| (subject.rights.clone(), subject.parameters.clone()));
        let stated = || {
            let said = observed.said.as_ref()?;
            let rights = super::super::identify::rights(&said.attributes).ok()?;
            Some((rights, super::super::identify::parameters(&said.attributes).unwrap_or_default()))
        };
        let Some((rights, parameters)) = of_subject.or_else(stated) else { return };
        let whose = Whose { authority, idp };
        let (roles, findings) =
            rights::roles(snapshot.federation(), &whose, (&rights, &parameters), self.clock.now());
        let wanted = matches!(scenario, Scenario::Rights | Scenario::Service);
        observed.findings.push(match (roles.len(), wanted) {
            (0, true) => Finding::fail(Check::RightsPresent, Reason::BppMissing, "≥ 1", "0"),
            (0, false) => Finding::not_applicable(Check::RightsPresent, "0"),
            (some, _) => Finding::pass(Check::RightsPresent, "≥ 1", some.to_string()),
        });
        if !roles.is_empty() {
            observed.findings.extend(findings);
        }
        observed.shown.roles = roles;
        let by_groups = snapshot
            .federation()
            .registered_idp(idp)
            .is_some_and(|idp| idp.rights.contains(&RightsSource::Groups));
        let overage = trail.record.noticed.iter().any(|code| code == Reason::GroupsOverage.code());
        observed.findings.push(match (by_groups, overage) {
            (_, true) => Finding::fail(Check::RightsGroups, Reason::GroupsOverage, "", ""),
            (true, false) => Finding::pass(Check::RightsGroups, "", ""),
            (false, false) => Finding::not_applicable(Check::RightsGroups, ""),
        });
    }

    fn logout_address(&self, trail: &Trail, observed: &mut Observed, scenario: Scenario) {
        let snapshot = self.snapshot();
        let Some(known) = trail.record.idp.as_ref().and_then(|idp| snapshot.idp_metadata(idp)) else {
            return;
        };
        let logout = &known.logout;
        let lacks = match scenario {
            Scenario::LogoutSoap => logout.soap.is_none(),
            Scenario::LogoutRedirect => logout.browser.is_none(),
            _ => false,
        };
        let (check, expected, addresses) = (Check::LogoutAddress, "SingleLogoutService", logout.to_string());
        observed.findings.push(match (lacks, addresses.is_empty()) {
            (true, _) => Finding::fail(check, Reason::SloMissing, expected, addresses),
            (false, true) => Finding::warning(check, Reason::SloMissing, expected, addresses),
            (false, false) => Finding::pass(check, expected, addresses),
        });
    }
}

/// A run at its end, before it is kept.
pub(super) struct Ended {
    pub(super) observed: Option<Box<Observed>>,
    pub(super) asked: Option<Asked>,
}

/// Findings in the order of the checks, and the worst of them.
fn sort(report: &mut Report) {
    report.findings.sort_by_key(|finding| finding.check);
    report.verdict = trust::verdict(&report.findings);
}

/// A fault of the login that no check has told gets its own line in the part of the report where it belongs.
fn untold(observed: &mut Observed, outcome: Result<(), &Fault>, let_in: &Finding) {
    let Err(fault) = outcome else { return };
    let is_told =
        |finding: &Finding| finding.verdict == Verdict::Fail && finding.reason == Some(fault.reason);
    if let_in.verdict != Verdict::Fail || observed.findings.iter().any(is_told) {
        return;
    }
    if let Some(check) = place(fault.reason) {
        observed.findings.retain(|finding| finding.check != check || finding.verdict == Verdict::Fail);
        observed.findings.push(Finding::of(check, &Err::<(), _>(fault.clone()), "", fault.reason.code()));
    }
}

/// Where a fault belongs that is found before the answer can be looked at from all sides.
fn place(reason: Reason) -> Option<Check> {
    let family = reason.code().split('.').next().unwrap_or_default();
    match (reason, family) {
        (Reason::BrowserBinding | Reason::StateForged, _) => Some(Check::Cookie),
        (Reason::RelayState | Reason::RelayStateLost, _) => Some(Check::RelayState),
        (Reason::Replay, _) => Some(Check::Once),
        (Reason::IrtMissing | Reason::IrtUnknown, _) => Some(Check::InResponseTo),
        (Reason::IdpUnexpected | Reason::IssuerSelf | Reason::IssuerMismatch, _) => Some(Check::Issuer),
        (Reason::AssertionCount, _) => Some(Check::OneAssertion),
        (Reason::AsDown | Reason::AsKey | Reason::AsRefused | Reason::AsAnswer | Reason::AsUnasked, _) => {
            Some(Check::ServiceAnswered)
        }
        (Reason::BppNone, _) => Some(Check::Preview),
        (Reason::ConditionUnknown, _) => Some(Check::Conditions),
        (_, "xml" | "limit" | "encoding" | "http" | "param") => Some(Check::Arrived),
        (_, "sig" | "alg" | "key") => Some(Check::Signed),
        (_, "dec") => Some(Check::Opens),
        (_, "attr" | "value") => Some(Check::AttributePerson),
        (_, "robot") => Some(Check::Robot),
        _ => None,
    }
}

/// What was asked of attribute services on the way.
fn services(trail: &Trail, observed: &mut Observed) {
    for record in trail.beside.iter().filter(|record| record.event == Event::AttributesReceived) {
        let service = record.attribute_service.as_ref().map_or_else(String::new, ToString::to_string);
        let reason = Reason::from_code(&record.reason).filter(|_| !record.allowed);
        observed.findings.push(match reason {
            Some(reason) => {
                let told =
                    Finding::fail(Check::ServiceAnswered, reason, service.as_str(), record.reason.as_str());
                record.detail.as_deref().map_or(told.clone(), |detail| told.with_evidence(detail))
            }
            None => Finding::pass(Check::ServiceAnswered, service.as_str(), record.reason.as_str()),
        });
        let (reason, detail) = (record.reason.clone(), record.detail.clone());
        observed.shown.services.push(Service { name: service, reason, detail });
    }
}

/// Whether the level is enough, and by which rule.
fn levels(trail: &Trail, observed: &mut Observed, requirement: &Requirement) {
    if let Some(assurance) = &mut observed.shown.assurance {
        assurance.rule = trail.record.rule.clone();
        assurance.robot |= trail.record.robot;
    }
    let of_subject = observed.subject.as_ref().map(|subject| subject.level.clone());
    let Some(level) = of_subject.or_else(|| observed.level.clone()) else { return };
    let judged = level.judge(requirement, false);
    let proved = judged.without_step_up();
    observed.findings.push(Finding::of(
        Check::LevelEnough,
        &proved,
        levels_of(requirement.levels()),
        level.to_string(),
    ));
}
