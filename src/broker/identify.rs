//! Who the user is, by the register's measure: from an accepted answer to a [`Subject`]. What an assertion says about
//! itself only narrows; which municipality it may speak for and how high a level it may state stands in the register.

use jiff::Timestamp;

use super::Broker;
use super::case::Case;
use super::registry::KnownIdp;
use super::session::OpenSession;
use crate::domain::assurance::{Achieved, Stated};
use crate::domain::federation::{Agreement, AttributeProfile, Dialect, Federation};
use crate::domain::id::Cvr;
use crate::domain::person::Person;
use crate::domain::privilege::{Constraint, PrivilegeList, constraints, is_parameter};
use crate::domain::reason::{Fault, Reason};
use crate::domain::robot;
use crate::domain::subject::{Subject, SubjectName};
use crate::protocol::saml::assertion::{Attributes, Said};
use crate::protocol::saml::attribute as name;
use crate::protocol::saml::response::Response;
use crate::protocol::{Accepted, bpp};

/// What a user is weighed by. It is born here alone, so that everything that is weighed has one of these origins.
#[derive(Clone, Copy)]
pub(super) struct Grounds<'s>(&'s Said);

impl<'s> Grounds<'s> {
    /// An identity provider's answer, which is proved, for us, now, and to our question.
    pub(super) fn answered(answer: &'s Accepted<Response>) -> Self {
        Self(&answer.assertion().said)
    }

    /// What a session of this browser remembers of such an answer.
    pub(super) fn remembered(open: &'s OpenSession) -> Self {
        Self(open.municipal())
    }

    /// What nobody has proved: good for saying what would be issued, and for nothing else.
    pub(super) fn imagined(said: &'s Said) -> Self {
        Self(said)
    }

    /// What is said.
    pub(super) fn said(self) -> &'s Said {
        self.0
    }
}

impl Broker {
    pub(super) fn identify(
        &self,
        said: &Said,
        agreement: &Agreement<'_>,
        idp: &KnownIdp<'_>,
    ) -> Result<Subject, Fault> {
        let chosen = agreement.authority().cvr;
        let dialect = idp.registered.profile.dialect();
        check_profile(said, dialect)?;
        let user = SubjectName::new(&said.name_id)?;
        self.check_name(&user, chosen, idp)?;
        check_cvr(said, chosen, dialect)?;
        let mut level = level(said, idp)?;
        level.noticed.extend(reserved(said, dialect)?);
        level.noticed.extend(chain(said, idp));
        let is_robot = is_called_robot(said)?
            || self.snapshot.load().federation().robot(chosen, user.serial()).is_some();
        if is_robot {
            level = level.of_robot();
        }
        Ok(Subject {
            authority: chosen,
            idp: idp.registered.entity_id.clone(),
            name: user,
            person: Person::read(agreement.fagsystem().attributes, |claim| {
                said.attributes.all(name::of_claim(claim))
            })?,
            level,
            rights: rights(&said.attributes)?,
            parameters: parameters(&said.attributes)?,
            is_robot,
        })
    }

    /// What the municipality told beforehand about the person, for a fagsystem that is told more than any assertion of
    /// most providers holds. What the assertion says goes before it.
    pub(super) async fn learn_person(
        &self,
        subject: Subject,
        agreement: &Agreement<'_>,
    ) -> Result<Subject, Fault> {
        let profile = agreement.fagsystem().attributes;
        if profile != AttributeProfile::Seb {
            return Ok(subject);
        }
        let user = self.user(subject.authority, subject.name.serial()).await?;
        let claims = user.map(|user| user.claims).unwrap_or_default();
        let stored = Person::read(profile, |claim| {
            let named = claims.iter().filter(|(known, _)| name::of_claim(claim).is(known));
            Ok(named.flat_map(|(_, values)| values.iter().cloned()).collect())
        })?;
        Ok(Subject { person: subject.person.or(stored), ..subject })
    }

    /// The name must be one of a municipality that the provider speaks for, and of the one that was chosen.
    pub(super) fn check_name(
        &self,
        user: &SubjectName,
        chosen: Cvr,
        idp: &KnownIdp<'_>,
    ) -> Result<(), Fault> {
        let provider = &idp.registered.entity_id;
        let now = self.clock.now();
        if !self.snapshot.load().federation().speaks_for(provider, user.cvr(), now) {
            let detail = format!("the NameID names {}, which {provider} does not speak for", user.cvr());
            return Err(Fault::new(Reason::TenantNameid, detail));
        }
        if user.cvr() != chosen {
            let detail = format!("chosen was {chosen}, the NameID names {}", user.cvr());
            return Err(Fault::new(Reason::TenantMismatch, detail));
        }
        Ok(())
    }
}

pub(super) fn check_profile(said: &Said, dialect: Dialect) -> Result<(), Fault> {
    let of_a_person = |name: &str| name.starts_with(name::OF_A_PERSON);
    if of_a_person(&said.name_id) || said.attributes.names().any(of_a_person) {
        let detail = format!("expected a user of an organisation, got {}…", name::OF_A_PERSON);
        return Err(Fault::new(Reason::Profile, detail));
    }
    let expected = name::spec_version(dialect);
    match said.attributes.one_named(name::SPEC_VERSION.in_dialect(dialect))? {
        Some(version) if version == expected => Ok(()),
        got => {
            let name = name::SPEC_VERSION.in_dialect(dialect);
            let got = got
                .map_or("none".to_owned(), |got| format!("{:?}", got.chars().take(40).collect::<String>()));
            Err(Fault::new(Reason::Profile, format!("expected {name} = {expected}, got {got}")))
        }
    }
}

pub(super) fn check_cvr(said: &Said, chosen: Cvr, dialect: Dialect) -> Result<(), Fault> {
    let Some(stated) = said.attributes.one(name::CVR)? else {
        return match dialect {
            // The older profile names the organisation in the NameID and leaves the attribute optional.
            Dialect::Oiosaml2 => Ok(()),
            Dialect::Oiosaml3 => {
                Err(Fault::new(Reason::AttrMissing, format!("expected {}", name::CVR.oiosaml3)))
            }
        };
    };
    let stated = Cvr::new(stated).map_err(|bad| Fault::new(Reason::ValueFormat, bad.to_string()))?;
    if stated != chosen {
        let detail = format!("chosen was {chosen}, the assertion says {stated}");
        return Err(Fault::new(Reason::TenantMismatch, detail));
    }
    Ok(())
}

pub(super) fn level(said: &Said, idp: &KnownIdp<'_>) -> Result<Achieved, Fault> {
    let attributes = &said.attributes;
    let stated = Stated {
        class: said.authn.class.as_deref(),
        loa: attributes.one_named(name::LOA)?,
        ial: attributes.one_named(name::IAL)?,
        aal: attributes.one_named(name::AAL)?,
        assurance_level: attributes.one_named(name::ASSURANCE_LEVEL)?,
    };
    Achieved::read(&stated, idp.registered.ceiling)
}

/// The job function roles as the identity provider states them. There is one list: where both names of the attribute
/// are used they must say the same, and nothing is ever joined.
pub(super) fn rights(attributes: &Attributes) -> Result<PrivilegeList, Fault> {
    let mut stated: Option<PrivilegeList> = None;
    for name in [name::PRIVILEGES.oiosaml3, name::PRIVILEGES.oiosaml2] {
        let value = attributes.one_named(name).map_err(|fault| match fault.reason {
            Reason::AttrDuplicate => Fault::new(Reason::AttrAmbiguous, fault.detail),
            _ => fault,
        })?;
        let Some(list) = value.map(bpp::read).transpose()? else { continue };
        if stated.as_ref().is_some_and(|other| other.normalised() != list.normalised()) {
            let detail = "expected the same privilege list under both names of the attribute, got two";
            return Err(Fault::new(Reason::AttrAmbiguous, detail));
        }
        stated = Some(list);
    }
    Ok(stated.unwrap_or_default())
}

/// Values that limit roles and came as attributes of their own.
pub(super) fn parameters(attributes: &Attributes) -> Result<Vec<Constraint>, Fault> {
    let mut stated = Vec::new();
    for (name, values) in attributes.iter().filter(|(name, _)| is_parameter(name)) {
        for value in values {
            stated.push((name, value.as_deref().map_err(Clone::clone)?));
        }
    }
    Ok(constraints(stated))
}

/// Attributes that only we set towards a fagsystem are never passed on; one with another value than the profile's is
/// noticed, since somebody may be trying.
pub(super) fn reserved(said: &Said, dialect: Dialect) -> Result<Option<Reason>, Fault> {
    let stated = said.attributes.one(name::KOMBIT_SPEC_VERSION)?;
    let foreign = stated.is_some_and(|version| version != name::kombit_spec_version(dialect));
    Ok(foreign.then_some(Reason::AttrReserved))
}

/// Whom else a provider names as having authenticated the user is never passed on: we name the provider that we asked.
pub(super) fn chain(said: &Said, idp: &KnownIdp<'_>) -> Option<Reason> {
    let provider = idp.registered.entity_id.as_str();
    said.authn.authorities.iter().any(|named| named != provider).then_some(Reason::Chain)
}

/// What the identity provider itself says. The register may know more robots, never fewer.
pub(super) fn is_called_robot(said: &Said) -> Result<bool, Fault> {
    match said.attributes.one_named(name::IS_ROBOT)? {
        Some("true") => Ok(true),
        Some("false") | None => Ok(false),
        Some(_) => {
            Err(Fault::new(Reason::ValueFormat, format!("expected true or false in {}", name::IS_ROBOT)))
        }
    }
}

/// A robot only where robots may, at its hours and from its networks.
pub(super) fn check_robot(
    federation: &Federation,
    subject: &Subject,
    case: &Case<'_>,
    now: Timestamp,
) -> Result<(), Fault> {
    if !subject.is_robot {
        return Ok(());
    }
    robot::check_level(case.requirement)?;
    match federation.robot(subject.authority, subject.name.serial()) {
        Some(declared) => declared.check(&case.agreement.fagsystem().entity_id, case.source, now),
        None => Ok(()), // called a robot by its identity provider only: judged like everybody
    }
}
