//! Metadata: where a party is reached and which keys are its own. Theirs read, ours written.
//!
//! Reading metadata never switches a check off: a party without a signing key is refused, and an address that is no
//! web address is refused before anybody can be sent there.

mod authority;
mod keys;
mod logout;
mod ours;

use jiff::Timestamp;

use super::request::AnswerAt;
use super::{Binding, boolean, md, moment, required};
use crate::domain::id::EntityId;
use crate::domain::reason::{Fault, Reason};
use crate::protocol::address;
use crate::protocol::keys::{Certificate, TrustedKeys};
use crate::protocol::xml::{Document, Element, Encryption, namespace, verify};

pub use authority::AttributeServiceMetadata;
pub(super) use keys::{certificates, check_count, readable};
use keys::{encryption_key, signing_keys};
pub use logout::{BrowserLogout, LogoutAddresses};
pub use ours::{OurLogoutAddresses, OurMetadata};

/// What metadata says about an identity provider.
#[derive(Debug)]
pub struct IdpMetadata {
    /// Its name.
    pub entity_id: EntityId,
    /// Where it takes requests by Redirect.
    pub sso_redirect: Option<String>,
    /// Where it takes requests by POST.
    pub sso_post: Option<String>,
    /// Where it takes messages about logout.
    pub logout: LogoutAddresses,
    /// The keys that it signs with.
    pub keys: TrustedKeys,
    /// Until when the document holds.
    pub valid_until: Option<Timestamp>,
}

/// What metadata says about a fagsystem.
#[derive(Debug)]
pub struct SpMetadata {
    /// Its name.
    pub entity_id: EntityId,
    /// Where it takes answers, in the order of the document.
    pub acs: Vec<Acs>,
    /// Where it takes messages about logout.
    pub logout: LogoutAddresses,
    /// The keys that it signs with.
    pub keys: TrustedKeys,
    /// What is encrypted to it, and how; none when it has no encryption key.
    pub encryption: Option<(Certificate, Encryption)>,
    /// Until when the document holds.
    pub valid_until: Option<Timestamp>,
}

/// An address for answers by POST.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Acs {
    /// Its number.
    pub index: Option<u16>,
    /// Whether it is the default.
    pub is_default: bool,
    /// The address.
    pub location: String,
}

impl SpMetadata {
    /// The registered address that a request points at. A request chooses among addresses; it never brings one.
    pub fn answer_address(&self, wanted: &AnswerAt) -> Result<&str, Fault> {
        if wanted.binding.as_deref().is_some_and(|binding| binding != Binding::Post.uri()) {
            return Err(Fault::new(Reason::RequestUnsupported, "expected the answer to be wanted by POST"));
        }
        let found = match (&wanted.url, wanted.index) {
            (Some(url), None) => self.acs.iter().find(|acs| acs.location == *url),
            (None, Some(index)) => self.acs.iter().find(|acs| acs.index == Some(index)),
            (None, None) => self.acs.iter().find(|acs| acs.is_default).or(self.acs.first()),
            (Some(_), Some(_)) => None,
        };
        let unknown = || {
            let shown: String = format!("{wanted:?}").chars().take(200).collect();
            Fault::new(
                Reason::AcsUnknown,
                format!("expected a registered address for the answer, got {shown}"),
            )
        };
        found.map(|acs| acs.location.as_str()).ok_or_else(unknown)
    }
}

/// A metadata document that was parsed. Whether it may be believed is for the caller to know: because an operator
/// put it into the register, or because [`Parsed::signed_by`] proved it.
pub struct Parsed<'d> {
    root: Element<'d>,
}

impl<'d> Parsed<'d> {
    /// Takes a parsed document.
    pub fn new(document: &'d Document<'_>) -> Self {
        Self { root: document.root() }
    }

    /// Proves the whole document with keys known from before.
    pub fn signed_by(self, keys: &TrustedKeys) -> Result<Self, Fault> {
        Ok(Self { root: verify(self.root, keys)?.element() })
    }

    /// Reads the description of an identity provider.
    pub fn idp(&self, entity_id: Option<&EntityId>) -> Result<IdpMetadata, Fault> {
        let (entity, name) = self.entity(entity_id)?;
        let role = only_role(entity, "IDPSSODescriptor")?;
        let sso = endpoints(role, "SingleSignOnService")?;
        let at =
            |binding: Binding| sso.iter().find(|e| e.binding == binding.uri()).map(|e| e.location.to_owned());
        let idp = IdpMetadata {
            entity_id: name,
            sso_redirect: at(Binding::Redirect),
            sso_post: at(Binding::Post),
            logout: LogoutAddresses::read(role)?,
            keys: signing_keys(entity, role)?,
            valid_until: valid_until(self.root, entity)?,
        };
        if idp.sso_redirect.is_none() && idp.sso_post.is_none() {
            return Err(refused("expected a SingleSignOnService with Redirect or POST"));
        }
        Ok(idp)
    }

    /// Reads the description of a fagsystem.
    pub fn sp(&self, entity_id: Option<&EntityId>) -> Result<SpMetadata, Fault> {
        let (entity, name) = self.entity(entity_id)?;
        let role = only_role(entity, "SPSSODescriptor")?;
        let acs: Vec<Acs> = endpoints(role, "AssertionConsumerService")?
            .into_iter()
            .filter(|endpoint| endpoint.binding == Binding::Post.uri())
            .map(|e| Acs { index: e.index, is_default: e.is_default, location: e.location.to_owned() })
            .collect();
        if acs.is_empty() {
            return Err(refused("expected an AssertionConsumerService with POST"));
        }
        let encryption = encryption_key(role)?;
        Ok(SpMetadata {
            entity_id: name,
            acs,
            logout: LogoutAddresses::read(role)?,
            keys: signing_keys(entity, role)?,
            encryption: encryption.map(|to| Ok::<_, Fault>((to, readable(role)?))).transpose()?,
            valid_until: valid_until(self.root, entity)?,
        })
    }

    /// The one entity that is asked for; in a document of one it need not be named.
    fn entity(&self, wanted: Option<&EntityId>) -> Result<(Element<'d>, EntityId), Fault> {
        let mut entities = Vec::new();
        collect_entities(self.root, &mut entities)?;
        let mut named = Vec::new();
        for entity in entities {
            let name = EntityId::new(required(entity, "entityID")?);
            named.push((entity, name.map_err(|bad| Fault::new(Reason::ValueFormat, bad.to_string()))?));
        }
        let mut fitting = named.into_iter().filter(|(_, name)| wanted.is_none_or(|wanted| wanted == name));
        match (fitting.next(), fitting.next(), wanted) {
            (Some(only), None, _) => check_count(std::iter::once(only.0)).map(|()| only),
            (None, _, Some(wanted)) => {
                Err(Fault::new(Reason::MdLimit, format!("expected metadata of {wanted}, got another's")))
            }
            (None, _, None) => Err(refused("expected an EntityDescriptor")),
            _ => Err(Fault::new(Reason::MdLimit, "expected one EntityDescriptor of that name, got several")),
        }
    }
}

/// Entities at the root or below nested lists.
pub(super) fn collect_entities<'d>(element: Element<'d>, found: &mut Vec<Element<'d>>) -> Result<(), Fault> {
    if element.is(md("EntityDescriptor")) {
        found.push(element);
    } else if element.is(md("EntitiesDescriptor")) {
        element.children().try_for_each(|child| collect_entities(child, found))?;
    } else if element.namespace() != namespace::MD && found.is_empty() {
        return Err(refused("expected SAML metadata"));
    }
    Ok(())
}

pub(super) fn only_role<'d>(entity: Element<'d>, role: &'static str) -> Result<Element<'d>, Fault> {
    let speaks_saml2 = |element: &Element<'d>| {
        let protocols = element.attribute("protocolSupportEnumeration").unwrap_or_default();
        element.is(md(role))
            && protocols.split_ascii_whitespace().any(|protocol| protocol == namespace::SAMLP)
    };
    let mut roles = entity.children().filter(speaks_saml2);
    match (roles.next(), roles.next()) {
        (Some(only), None) => Ok(only),
        (None, _) => Err(refused(&format!("expected a {role} for SAML 2.0"))),
        _ => Err(refused(&format!("expected one {role}, got several"))),
    }
}

pub(super) struct Endpoint<'d> {
    pub(super) binding: &'d str,
    pub(super) location: &'d str,
    /// Where answers go, if not to the same address.
    pub(super) response_location: Option<&'d str>,
    pub(super) index: Option<u16>,
    pub(super) is_default: bool,
}

pub(super) fn endpoints<'d>(role: Element<'d>, kind: &'static str) -> Result<Vec<Endpoint<'d>>, Fault> {
    let mut found = Vec::new();
    for endpoint in role.children().filter(|child| child.is(md(kind))) {
        let location = required(endpoint, "Location")?;
        let response_location = endpoint.attribute("ResponseLocation");
        [Some(location), response_location].into_iter().flatten().try_for_each(check_location)?;
        found.push(Endpoint {
            binding: required(endpoint, "Binding")?,
            location,
            response_location,
            index: endpoint.attribute("index").and_then(|index| index.parse().ok()),
            is_default: endpoint.attribute("isDefault").map_or(Ok(false), boolean)?,
        });
    }
    Ok(found)
}

/// A web address that a browser may be sent to with a message, and that has none of the parameters that the message
/// itself will bring.
pub fn check_location(location: &str) -> Result<(), Fault> {
    address::check(location)?;
    let query = location.split_once('?').map_or("", |(_, query)| query);
    match super::binding::Parameters::read(query) {
        Ok(parameters) if !parameters.has_protocol_names() => Ok(()),
        _ => Err(Fault::new(
            Reason::ParamShadow,
            format!("the address carries a SAML parameter: {location:?}"),
        )),
    }
}

pub(super) fn valid_until(root: Element<'_>, entity: Element<'_>) -> Result<Option<Timestamp>, Fault> {
    let of = |element: Element<'_>| element.attribute("validUntil").map(moment).transpose();
    Ok([of(root)?, of(entity)?].into_iter().flatten().min())
}

fn refused(detail: &str) -> Fault {
    Fault::new(Reason::MdRefused, detail.to_owned())
}
