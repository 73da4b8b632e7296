//! What a trust run sees beside what the login looks at: every check of an answer, to the end of the list. The checks are
//! the login's own functions, asked one by one.

use std::collections::BTreeSet;

use super::super::Broker;
use super::super::audit::Trail;
use super::super::identify::{chain, check_cvr, check_profile, is_called_robot, level, reserved, rights};
use super::super::registry::KnownIdp;
use super::observed::Observed;
use crate::domain::assurance::{Achieved, Level};
use crate::domain::id::Cvr;
use crate::domain::login::{Asked, Pending};
use crate::domain::person::Person;
use crate::domain::reason::{Fault, Reason};
use crate::domain::subject::SubjectName;
use crate::domain::trust::{Assurance, Attribute, Certified, Check, Finding, NOTHING, Name};
use crate::protocol::Unverified;
use crate::protocol::keys::{Certificate, KeyId};
use crate::protocol::saml::X509_SUBJECT_NAME;
use crate::protocol::saml::assertion::Said;
use crate::protocol::saml::attribute as name;
use crate::protocol::saml::response::{Answer, Expectation};
use crate::protocol::saml::shown::{HIDDEN, Mask};

impl Trail {
    /// A login that turns out to be a trust run's is looked at from all sides.
    pub(in crate::broker) fn may_observe(&mut self, pending: &Result<Pending, Fault>) {
        let asked = pending.as_ref().ok().map(Pending::asked);
        asked
            .filter(|asked| asked.reply.trial().is_some())
            .into_iter()
            .for_each(|asked| self.observes(asked));
    }

    pub(super) fn observes(&mut self, asked: &Asked) {
        self.asks(asked);
        self.observed = Some(Box::default());
    }

    /// What was seen in the leg before.
    pub(in crate::broker) fn saw_before(&mut self, before: Option<Box<Observed>>) {
        let (Some(now), Some(before)) = (self.observed.as_mut(), before) else { return };
        let Observed { findings, shown, said, question, level, subject } =
            std::mem::replace(now.as_mut(), *before);
        now.findings.extend(findings);
        now.shown.messages.extend(shown.messages);
        now.shown.certificates.extend(shown.certificates);
        now.said = now.said.take().or(said);
        now.question = now.question.take().or(question);
        now.level = level.or(now.level.take());
        now.subject = now.subject.take().or(subject);
    }
}

impl Broker {
    /// Looks at an answer from all sides, if a trust run wants it.
    pub(in crate::broker) fn observe(
        &self,
        trail: &mut Trail,
        answer: &Unverified<Answer<'_>>,
        idp: &KnownIdp<'_>,
        expected: &Expectation<'_>,
    ) {
        let (Some(mut observed), Some(asked)) = (trail.observed.take(), trail.may_be_told.as_ref()) else {
            return;
        };
        let seen = answer.inspect(idp.opening(self.keys.decrypters()), expected, self.clock.now());
        let is_second_leg = trail.record.step_up.is_some();
        let about = |finding: Finding| match is_second_leg {
            true => finding.about(idp.registered.name.as_str()),
            false => finding,
        };
        observed.findings.extend(seen.findings.into_iter().map(about));
        observed.shown.messages.extend(seen.messages);
        observed.shown.certificates.extend(certificates(idp, &seen.keys));
        if !is_second_leg {
            observed.question = expected.question.map(|(question, _)| question.clone());
        }
        if let (false, Some(said), Some(chosen)) = (is_second_leg, seen.said, trail.record.authority) {
            observed.shown.timing = seen.timing;
            self.observe_user(&mut observed, &said, (asked, chosen), idp);
            observed.said = Some(said);
        }
        trail.observed = Some(observed);
    }

    /// Who the answer says that the user is, statement by statement.
    fn observe_user(
        &self,
        observed: &mut Observed,
        said: &Said,
        (asked, chosen): (&Asked, Cvr),
        idp: &KnownIdp<'_>,
    ) {
        observed.shown.name = Some(shown_name(said));
        observed.shown.attributes = shown_attributes(said);
        let mut tell = |finding| observed.findings.push(finding);
        let named = SubjectName::new(&said.name_id);
        tell(Finding::of(Check::NameForm, &named, "C=DK,O=…,CN=…,Serial=…", Mask::On.name_id(&said.name_id)));
        tell(name_format(said));
        if let Ok(named) = &named {
            let proved = self.check_name(named, chosen, idp);
            tell(Finding::of(Check::NameTenant, &proved, chosen.to_string(), named.cvr().to_string()));
        }
        let dialect = idp.registered.profile.dialect();
        let profile = check_profile(said, dialect);
        let version = text_of(said, name::SPEC_VERSION.in_dialect(dialect));
        tell(Finding::of(Check::Profile, &profile, name::spec_version(dialect), version));
        let cvr = said.attributes.all(name::CVR).unwrap_or_default().join(", ");
        tell(Finding::of(Check::AttributeCvr, &check_cvr(said, chosen, dialect), chosen.to_string(), cvr));
        let profile = self.snapshot().federation().fagsystem(&asked.fagsystem).map(|known| known.attributes);
        let person =
            Person::read(profile.unwrap_or_default(), |claim| said.attributes.all(name::of_claim(claim)));
        tell(Finding::of(Check::AttributePerson, &person, "", ""));
        tell(only_once(said, idp));
        tell(noticed(Check::AttributeReserved, reserved(said, dialect).ok().flatten().or(chain(said, idp))));
        tell(match (rights(&said.attributes), shown_rights(said)) {
            (Ok(_), nothing) if nothing.is_empty() => Finding::not_applicable(Check::RightsReadable, nothing),
            (read, shown) => Finding::of(Check::RightsReadable, &read, "OIOBPP", shown),
        });
        levels(observed, said, asked, idp);
    }
}

/// Attributes of which one value is expected and several came.
fn only_once(said: &Said, idp: &KnownIdp<'_>) -> Finding {
    let all = [
        level(said, idp).map(drop),
        is_called_robot(said).map(drop),
        rights(&said.attributes).map(drop),
        said.attributes.one(name::CVR).map(drop),
        said.attributes.one_named(name::PERSISTENT_UUID).map(drop),
    ];
    let several = |fault: &Fault| matches!(fault.reason, Reason::AttrDuplicate | Reason::AttrAmbiguous);
    match all.into_iter().filter_map(Result::err).find(several) {
        Some(fault) => Finding::of(Check::AttributeOnce, &Err::<(), _>(fault), "1", "> 1"),
        None => Finding::pass(Check::AttributeOnce, "1", "1"),
    }
}

/// Levels as they are shown, each once.
pub(super) fn levels_of(levels: impl Iterator<Item = Level>) -> String {
    let levels: BTreeSet<String> = levels.map(|level| level.to_string()).collect();
    let levels = levels.into_iter().collect::<Vec<_>>().join(", ");
    if levels.is_empty() { NOTHING.to_owned() } else { levels }
}

/// What is stated about the level, and what of it counts.
fn levels(observed: &mut Observed, said: &Said, asked: &Asked, idp: &KnownIdp<'_>) {
    let read = level(said, idp);
    let mut tell = |finding| observed.findings.push(finding);
    let stated = stated(said);
    let received =
        stated.iter().map(|(name, value)| format!("{name} {value}")).collect::<Vec<_>>().join(", ");
    let wanted = levels_of(asked.requirement.levels());
    let nothing = |level: &Achieved| level.nist.is_none() && level.nsis.is_none();
    tell(match &read {
        Ok(level) if nothing(level) && level.noticed.is_empty() => {
            match asked.requirement.levels().next().is_some() {
                true => Finding::fail(Check::LevelStated, Reason::LoaMissing, wanted, received),
                false => Finding::warning(Check::LevelStated, Reason::LoaMissing, wanted, received),
            }
        }
        read => Finding::of(Check::LevelStated, read, wanted, received),
    });
    let ceiling = &idp.registered.ceiling;
    let highest = [
        ceiling.nsis.map(|level| format!("NSIS {}", level.word())),
        ceiling.nist.map(|level| format!("NIST {}", level.digit())),
    ];
    let highest = highest.into_iter().flatten().collect::<Vec<_>>().join(", ");
    if let Ok(level) = &read {
        let of = |reason| level.noticed.contains(&reason).then_some(reason);
        tell(noticed(Check::LevelConsistent, of(Reason::LoaInconsistent)));
        let counts = level.to_string();
        tell(match of(Reason::LoaCap) {
            Some(reason) => Finding::warning(Check::LevelCeiling, reason, highest.as_str(), counts),
            None => Finding::pass(Check::LevelCeiling, highest.as_str(), counts),
        });
    }
    observed.level = read.as_ref().ok().cloned();
    observed.shown.assurance = Some(Assurance {
        requested: levels_of(asked.requirement.requested.iter().copied()),
        stated,
        ceiling: highest,
        counts: read.as_ref().map_or(NOTHING.to_owned(), ToString::to_string),
        required: asked.requirement.registered.map_or(NOTHING.to_owned(), |level| level.to_string()),
        rule: None,
        robot: is_called_robot(said).unwrap_or(false),
    });
}

fn noticed(check: Check, reason: Option<Reason>) -> Finding {
    match reason {
        Some(reason) => Finding::warning(check, reason, "", ""),
        None => Finding::pass(check, "", ""),
    }
}

fn name_format(said: &Said) -> Finding {
    let (check, received) = (Check::NameFormat, said.name_format.as_deref().unwrap_or(NOTHING));
    match received == X509_SUBJECT_NAME {
        true => Finding::pass(check, X509_SUBJECT_NAME, received),
        false => Finding::warning(check, Reason::NameidFormat, X509_SUBJECT_NAME, received),
    }
}

fn text_of(said: &Said, name: &str) -> String {
    said.attributes.all_named(name).unwrap_or_default().join(", ").chars().take(100).collect()
}

fn stated(said: &Said) -> Vec<(String, String)> {
    let class = said.authn.class.clone().map(|class| ("AuthnContextClassRef".to_owned(), class));
    let attributes =
        [name::LOA, name::IAL, name::AAL, name::ASSURANCE_LEVEL].into_iter().filter_map(|name| {
            let value = text_of(said, name);
            let shown = name::known_as(name).unwrap_or(name);
            (!value.is_empty()).then(|| (shown.to_owned(), value))
        });
    class.into_iter().chain(attributes).collect()
}

fn shown_rights(said: &Said) -> String {
    let values = said.attributes.all(name::PRIVILEGES).unwrap_or_default();
    let lengths: Vec<String> = values.iter().map(|value| format!("{} B", value.len())).collect();
    lengths.join(", ")
}

fn shown_name(said: &Said) -> Name {
    let named = SubjectName::new(&said.name_id).ok();
    let serial = named.as_ref().map_or(0, |named| named.serial().chars().count());
    Name {
        format: said.name_format.clone(),
        authority: named.as_ref().map(SubjectName::cvr),
        person: HIDDEN.to_owned(),
        serial: format!("{HIDDEN} ({serial})"),
    }
}

fn shown_attributes(said: &Said) -> Vec<Attribute> {
    let shown = |(attribute, values): (&str, &[Result<String, Fault>])| Attribute {
        name: attribute.to_owned(),
        known_as: name::known_as(attribute).map(str::to_owned),
        values: values
            .iter()
            .map(|value| match value {
                Ok(value) => Mask::On.attribute(attribute, value),
                Err(fault) => fault.reason.code().to_owned(),
            })
            .collect(),
        told_as: None,
    };
    said.attributes.iter().map(shown).collect()
}

fn certificates(idp: &KnownIdp<'_>, used: &[KeyId]) -> Vec<Certified> {
    let name = &idp.registered.name;
    let keys = idp.metadata.keys.certificates().iter();
    keys.map(|certificate| certified(certificate, name, used.contains(certificate.id()))).collect()
}

fn certified(certificate: &Certificate, whose: &str, used: bool) -> Certified {
    Certified {
        usage: whose.to_owned(),
        subject: certificate.subject().to_owned(),
        issuers: vec![certificate.issuer()],
        fingerprint: certificate.id().to_string(),
        serial: certificate.serial().to_owned(),
        key: certificate.key_size(),
        not_before: certificate.not_before(),
        not_after: certificate.not_after(),
        used,
    }
}
