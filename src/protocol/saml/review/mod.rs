//! A review of somebody's metadata: everything that can be judged without asking anybody, told finding by finding. What a
//! login itself demands is asked of the reader that logins use.

mod keys;
mod schema;
mod shapes;
mod values;

pub(super) use keys::signer;

use jiff::Timestamp;

use super::metadata::{
    IdpMetadata, Parsed, SpMetadata, check_count, collect_entities, endpoints, only_role, valid_until,
};
use super::{Binding, X509_SUBJECT_NAME, entity_id, md, required, soap};
use crate::domain::id::EntityId;
use crate::domain::reason::{Fault, Reason};
use crate::domain::trust::{Check, Finding, NOTHING};
use crate::protocol::keys::Certificate;
use crate::protocol::xml::{Document, Element};

/// What an entity does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// It logs users in.
    Idp,
    /// Users are logged in to it.
    Sp,
    /// It tells what users may do.
    Service,
}

impl Role {
    /// Every one.
    pub const ALL: [Role; 3] = [Role::Idp, Role::Sp, Role::Service];

    /// The element that describes it.
    pub const fn element(self) -> &'static str {
        match self {
            Self::Idp => "IDPSSODescriptor",
            Self::Sp => "SPSSODescriptor",
            Self::Service => "AttributeAuthorityDescriptor",
        }
    }
}

/// What a login reads of a role.
#[derive(Debug)]
pub enum Known {
    /// Of an identity provider.
    Idp(IdpMetadata),
    /// Of a fagsystem.
    Sp(SpMetadata),
    /// Of an attribute service.
    Service,
}

/// A party in one role, as the document describes it.
#[derive(Debug)]
pub struct Described {
    /// The party.
    pub entity_id: EntityId,
    /// The role.
    pub role: Role,
    /// The certificates that sign.
    pub signing: Vec<Certificate>,
    /// The certificates that are encrypted to.
    pub encryption: Vec<Certificate>,
    /// What a login reads of it, if it can.
    pub read: Option<Known>,
}

impl Described {
    /// As findings call it.
    pub fn about(&self) -> String {
        about(&self.entity_id, self.role)
    }

    /// Every certificate once.
    pub fn certificates(&self) -> Vec<&Certificate> {
        let mut all: Vec<&Certificate> = Vec::new();
        for certificate in self.signing.iter().chain(&self.encryption) {
            if !all.contains(&certificate) {
                all.push(certificate);
            }
        }
        all
    }
}

/// What came of a review.
#[derive(Debug)]
pub struct Reviewed {
    /// What was looked at, those of the whole document first.
    pub findings: Vec<Finding>,
    /// The entities that have a name.
    pub entities: Vec<EntityId>,
    /// Who is described, as far as it can be read.
    pub roles: Vec<Described>,
}

/// More entities than this are a federation's list, not the metadata of a party.
const MOST_ENTITIES: usize = 10;

/// Looks at a metadata document: at one party of it, or at all.
pub fn review(content: &[u8], only: Option<&EntityId>, now: Timestamp) -> Reviewed {
    let reviewed = Reviewed { findings: Vec::new(), entities: Vec::new(), roles: Vec::new() };
    let mut review = Review { now, about: None, reviewed };
    match Document::parse_metadata(content) {
        Ok(document) => review.document(&document, only),
        Err(fault) => review.fault(Check::MetadataXml, "XML", &fault),
    }
    review.reviewed
}

struct Review {
    now: Timestamp,
    about: Option<String>,
    reviewed: Reviewed,
}

impl Review {
    fn document(&mut self, document: &Document<'_>, only: Option<&EntityId>) {
        self.pass(Check::MetadataXml, "XML", "XML");
        let mut entities = Vec::new();
        let collected = collect_entities(document.root(), &mut entities);
        entities.retain(|entity| only.is_none_or(|only| entity.attribute("entityID") == Some(only.as_str())));
        match collected {
            Err(fault) => self.fault(Check::MetadataEntity, "EntityDescriptor", &fault),
            Ok(()) if entities.is_empty() => {
                self.fail(Check::MetadataEntity, Reason::MdRefused, "EntityDescriptor", NOTHING);
            }
            Ok(()) if entities.len() > MOST_ENTITIES => {
                let received = format!("EntityDescriptor × {}", entities.len());
                let expected = format!("EntityDescriptor ≤ {MOST_ENTITIES}");
                entities.clear();
                self.fail(Check::MetadataEntity, Reason::MdLimit, &expected, &received);
            }
            Ok(()) => self.schema(document.root()),
        }
        if let Err(fault) = check_count(entities.iter().copied()) {
            return self.fault(Check::MetadataKeys, "X509Certificate", &fault);
        }
        for entity in entities {
            self.entity(document, entity);
        }
    }

    fn entity(&mut self, document: &Document<'_>, entity: Element<'_>) {
        let name = match required(entity, "entityID").and_then(entity_id) {
            Ok(name) => name,
            Err(fault) => return self.fault(Check::MetadataEntity, "entityID", &fault),
        };
        self.about = Some(name.to_string());
        self.pass(Check::MetadataEntity, "entityID", name.as_str());
        self.reviewed.entities.push(name.clone());
        self.validity(document.root(), entity);
        let roles = Role::ALL.map(|role| (role, only_role(entity, role.element())));
        if let [(_, Err(fault)), (_, Err(_)), (_, Err(_))] = &roles {
            let expected = Role::ALL.map(Role::element).join(" | ");
            self.fault(Check::MetadataUsable, &expected, fault);
        }
        let mut signing = Vec::new();
        for (role, element) in roles {
            if let Ok(element) = element {
                self.about = Some(about(&name, role));
                self.role(document, &name, (role, element), &mut signing);
            }
        }
        self.about = Some(name.to_string());
        self.same_key_in_two_roles(entity);
        self.signature(document.root(), signing);
    }

    fn role(
        &mut self,
        document: &Document<'_>,
        name: &EntityId,
        (role, element): (Role, Element<'_>),
        signers: &mut Vec<Certificate>,
    ) {
        let read = self.readable(document, name, role);
        self.endpoints(element, role);
        if role != Role::Service {
            self.logout(element);
            self.name_formats(element, role);
        }
        let (signing, encryption) = self.keys(element, role);
        signers.extend(signing.iter().cloned());
        if role == Role::Sp {
            self.encryption(element);
            self.requests(element);
        }
        self.reviewed.roles.push(Described { entity_id: name.clone(), role, signing, encryption, read });
    }

    fn validity(&mut self, root: Element<'_>, entity: Element<'_>) {
        let expected = format!("validUntil > {}", self.now);
        match valid_until(root, entity) {
            Err(fault) => self.fault(Check::MetadataValid, &expected, &fault),
            Ok(None) => self.pass(Check::MetadataValid, &expected, NOTHING),
            Ok(Some(until)) if until <= self.now => {
                self.fail(Check::MetadataValid, Reason::MdExpired, &expected, &until.to_string());
            }
            Ok(Some(until)) => self.pass(Check::MetadataValid, &expected, until.to_string()),
        }
    }

    /// What `apply` would say: the very reading that a login relies on.
    fn readable(&mut self, document: &Document<'_>, name: &EntityId, role: Role) -> Option<Known> {
        let parsed = Parsed::new(document);
        let read = match role {
            Role::Idp => parsed.idp(Some(name)).map(Known::Idp),
            Role::Sp => parsed.sp(Some(name)).map(Known::Sp),
            Role::Service => parsed.attribute_service(Some(name)).map(|_| Known::Service),
        };
        match &read {
            Ok(_) => self.pass(Check::MetadataUsable, role.element(), role.element()),
            Err(fault) => self.fault(Check::MetadataUsable, role.element(), fault),
        }
        read.ok()
    }

    fn endpoints(&mut self, element: Element<'_>, role: Role) {
        let (kind, binding) = demanded(role);
        let expected = format!("{kind} {}", short(binding));
        let found = match endpoints(element, kind) {
            Ok(found) => found,
            Err(fault) => return self.fault(Check::MetadataLocations, &format!("{kind} https"), &fault),
        };
        self.pass(Check::MetadataLocations, format!("{kind} https"), found.len().to_string());
        match found.iter().find(|endpoint| endpoint.binding == binding) {
            Some(endpoint) => self.pass(Check::MetadataEndpoints, &expected, endpoint.location),
            // Requests go by POST as well, but the production federation insists.
            None if role == Role::Idp && !found.is_empty() => {
                let others: Vec<&str> = found.iter().map(|endpoint| short(endpoint.binding)).collect();
                self.warning(Check::MetadataEndpoints, Reason::MdEndpoint, &expected, &others.join(", "));
            }
            None => self.fail(Check::MetadataEndpoints, Reason::MdEndpoint, &expected, NOTHING),
        }
        if role == Role::Sp && !found.is_empty() {
            let defaults = found.iter().filter(|endpoint| endpoint.is_default).count();
            let numbers: Vec<String> = found
                .iter()
                .map(|endpoint| endpoint.index.map_or(NOTHING.to_owned(), |index| index.to_string()))
                .collect();
            let received = format!("index {}; isDefault × {defaults}", numbers.join(", "));
            let expected = "index 0…65535; isDefault ≤ 1";
            match defaults > 1 || found.iter().any(|endpoint| endpoint.index.is_none()) {
                true => self.warning(Check::MetadataIndexes, Reason::MdEndpoint, expected, &received),
                false => self.pass(Check::MetadataIndexes, expected, received),
            }
        }
    }

    fn logout(&mut self, role: Element<'_>) {
        let expected = "SingleLogoutService HTTP-Redirect";
        match endpoints(role, "SingleLogoutService") {
            Err(fault) => self.fault(Check::MetadataLocations, "SingleLogoutService https", &fault),
            Ok(found) => match found.iter().find(|endpoint| endpoint.binding == Binding::Redirect.uri()) {
                Some(endpoint) => self.pass(Check::MetadataEndpoints, expected, endpoint.location),
                None => {
                    let others: Vec<&str> = found.iter().map(|endpoint| short(endpoint.binding)).collect();
                    self.warning(Check::MetadataEndpoints, Reason::SloMissing, expected, &others.join(", "));
                }
            },
        }
    }

    fn name_formats(&mut self, element: Element<'_>, role: Role) {
        let formats: Vec<String> = element
            .children()
            .filter(|child| child.is(md("NameIDFormat")))
            .filter_map(|format| format.text().ok().map(|text| text.trim().to_owned()))
            .collect();
        let expected = match role {
            Role::Idp | Role::Service => "X509SubjectName",
            Role::Sp => "X509SubjectName | persistent | unspecified",
        };
        let fits = |format: &String| {
            format == X509_SUBJECT_NAME
                || role == Role::Sp && (format.ends_with(":persistent") || format.ends_with(":unspecified"))
        };
        match formats.is_empty() || formats.iter().any(fits) {
            true => self.pass(Check::MetadataNames, expected, formats.join(", ")),
            false => {
                self.warning(Check::MetadataNames, Reason::NameidFormat, expected, &formats.join(", "));
            }
        }
    }

    fn requests(&mut self, element: Element<'_>) {
        let expected = "AuthnRequestsSigned=\"true\"";
        match element.attribute("AuthnRequestsSigned") {
            Some("true" | "1") => self.pass(Check::MetadataRequests, expected, "true"),
            other => {
                self.warning(Check::MetadataRequests, Reason::SigMissing, expected, other.unwrap_or(NOTHING))
            }
        }
    }

    fn pass(&mut self, check: Check, expected: impl Into<String>, received: impl Into<String>) {
        self.tell(Finding::pass(check, expected, received));
    }

    fn warning(&mut self, check: Check, reason: Reason, expected: &str, received: &str) {
        self.tell(Finding::warning(check, reason, expected, received));
    }

    fn fail(&mut self, check: Check, reason: Reason, expected: &str, received: &str) {
        self.tell(Finding::fail(check, reason, expected, received));
    }

    fn fault(&mut self, check: Check, expected: &str, fault: &Fault) {
        let finding = Finding::fail(check, fault.reason, expected, NOTHING);
        self.tell(finding.with_evidence(&fault.detail));
    }

    fn tell(&mut self, finding: Finding) {
        let about = self.about.clone().filter(|_| finding.about.is_none());
        self.reviewed.findings.push(match about {
            Some(about) => finding.about(about),
            None => finding,
        });
    }
}

/// Whose metadata a finding is about, and in which role.
fn about(name: &EntityId, role: Role) -> String {
    format!("{name} {}", role.element())
}

/// The address that the federation demands of a role, beside the one for logout.
fn demanded(role: Role) -> (&'static str, &'static str) {
    match role {
        Role::Idp => ("SingleSignOnService", Binding::Redirect.uri()),
        Role::Sp => ("AssertionConsumerService", Binding::Post.uri()),
        Role::Service => ("AttributeService", soap::BINDING),
    }
}

/// The name of a binding without what all of them have.
fn short(binding: &str) -> &str {
    binding.strip_prefix("urn:oasis:names:tc:SAML:2.0:bindings:").unwrap_or(binding)
}
