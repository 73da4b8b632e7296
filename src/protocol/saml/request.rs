//! The question: an `AuthnRequest`, as fagsystemer put it to us and as we put it to identity providers.

use jiff::{SignedDuration, Timestamp};

use super::binding::Arrived;
use super::offered::Offered;
use super::{
    Binding, Header, address, boolean, check_made_for, ds, entity_id, issuer, required, saml, samlp,
    wrapping, written,
};
use crate::domain::assurance::{Comparison, Level};
use crate::domain::id::{EntityId, MessageId};
use crate::domain::reason::{Fault, Reason};
use crate::protocol::keys::{Signer, TrustedKeys};
use crate::protocol::xml::{Canonical, Document, Element, Writer};
use crate::protocol::{Accepted, Unverified, Verified};

/// What a fagsystem asks for.
#[derive(Clone, Debug)]
pub struct AuthnRequest {
    /// Its ID.
    pub id: MessageId,
    /// Who asks.
    pub issuer: EntityId,
    /// When it was made.
    pub issue_instant: Timestamp,
    /// The address that it was made for.
    pub destination: Option<String>,
    /// Where the answer is wanted, and how.
    pub answer_at: AnswerAt,
    /// Whether the user must authenticate anew.
    pub force_authn: bool,
    /// Whether no page may be shown.
    pub is_passive: bool,
    /// The levels that it names; classes that are no levels are left out.
    pub levels: Vec<Level>,
    /// How the levels are to be compared.
    pub comparison: Comparison,
    /// The NameID format that it wants.
    pub name_id_format: Option<String>,
    /// The identity providers that it will accept; empty means any.
    pub only_idps: Vec<EntityId>,
    /// How many proxies may stand between us and who authenticates.
    pub proxy_count: Option<u32>,
    /// On whose behalf it asks, where it is a broker as we are.
    pub requesters: Vec<EntityId>,
    /// What it wants back unchanged.
    pub relay_state: Option<String>,
}

/// How a request points at the address for its answer. It only ever chooses among registered addresses.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AnswerAt {
    /// By address.
    pub url: Option<String>,
    /// By number in the metadata.
    pub index: Option<u16>,
    /// The binding that it wants.
    pub binding: Option<String>,
}

/// A request that was parsed and not yet proved.
pub struct Question<'d> {
    offered: Offered<'d>,
    relay_state: Option<String>,
}

/// Looks at an arrived request as far as is needed to find its sender's keys.
pub fn claimed<'d>(document: &'d Document<'_>, arrived: &Arrived) -> Result<Unverified<Question<'d>>, Fault> {
    let root = document.root();
    if root.is(ds("Signature")) {
        return Err(Fault::new(Reason::SigStructure, "a signature around the message"));
    }
    if !root.is(samlp("AuthnRequest")) {
        return Err(Fault::new(Reason::XmlSchema, format!("expected an AuthnRequest, got {}", root.local())));
    }
    let offered = Offered::by_browser(root, arrived)?;
    let issuer = issuer(root).map_err(|fault| wrapping(root, fault))?;
    let question = Question { offered, relay_state: arrived.relay_state.clone() };
    Ok(Unverified { issuer, message: question })
}

impl Unverified<Question<'_>> {
    /// Proves the request with the keys that its sender is registered with.
    pub fn verify(self, keys: &TrustedKeys) -> Result<Verified<AuthnRequest>, Fault> {
        let Question { offered, relay_state } = self.message;
        let (root, proof) = offered.verify(keys)?;
        Ok(Verified { message: read(root, relay_state)?, proof })
    }
}

impl AuthnRequest {
    /// Whether it can be met at all: it contradicts itself in nothing, and has not been with us before. A broker that we
    /// ask, and that asks us in turn, would send the user round in circles.
    pub fn check(&self, us: &EntityId) -> Result<(), Fault> {
        let cannot = |reason, why: &'static str| Err(Fault::new(reason, why));
        match () {
            () if self.force_authn && self.is_passive => {
                cannot(Reason::RequestUnsupported, "ForceAuthn and IsPassive at once")
            }
            () if self.proxy_count == Some(0) => {
                cannot(Reason::ProxyCount, "ProxyCount is 0 and the users' own provider is behind us")
            }
            () if self.requesters.contains(us) => {
                cannot(Reason::Scoping, "RequesterID names us: the request goes round in circles")
            }
            () => Ok(()),
        }
    }
}

impl Verified<AuthnRequest> {
    /// Accepts the request if it was made for this address and not long ago.
    pub fn accept(
        self,
        here: &str,
        now: Timestamp,
        skew: SignedDuration,
    ) -> Result<Accepted<AuthnRequest>, Fault> {
        let AuthnRequest { destination, issue_instant, .. } = &self.message;
        check_made_for(destination.as_deref(), *issue_instant, here, now, skew)?;
        Ok(Accepted { message: self.message, proof: self.proof })
    }
}

fn read(root: Element<'_>, relay_state: Option<String>) -> Result<AuthnRequest, Fault> {
    let header = Header::read(root)?;
    let flag = |name| root.attribute(name).map_or(Ok(false), boolean);
    let (levels, comparison) = requested_levels(root)?;
    let Scoping { only_idps, proxy_count, requesters } = Scoping::read(root)?;
    let name_id_format = root
        .optional_child(samlp("NameIDPolicy"))?
        .and_then(|policy| policy.attribute("Format"))
        .map(str::to_owned);
    Ok(AuthnRequest {
        id: header.id,
        issuer: issuer(root)?,
        issue_instant: header.issue_instant,
        destination: address(root, "Destination")?,
        answer_at: answer_at(root)?,
        force_authn: flag("ForceAuthn")?,
        is_passive: flag("IsPassive")?,
        levels,
        comparison,
        name_id_format,
        only_idps,
        proxy_count,
        requesters,
        relay_state,
    })
}

fn answer_at(root: Element<'_>) -> Result<AnswerAt, Fault> {
    let index = root.attribute("AssertionConsumerServiceIndex").map(str::parse).transpose();
    Ok(AnswerAt {
        url: root.attribute("AssertionConsumerServiceURL").map(str::to_owned),
        index: index.map_err(|_| Fault::new(Reason::XmlSchema, "expected a number as index"))?,
        binding: root.attribute("ProtocolBinding").map(str::to_owned),
    })
}

fn requested_levels(root: Element<'_>) -> Result<(Vec<Level>, Comparison), Fault> {
    let Some(context) = root.optional_child(samlp("RequestedAuthnContext"))? else {
        return Ok((Vec::new(), Comparison::Exact));
    };
    let known = |word| {
        Comparison::from_word(word)
            .ok_or_else(|| Fault::new(Reason::XmlSchema, "expected a known Comparison"))
    };
    let comparison = context.attribute("Comparison").map_or(Ok(Comparison::Exact), known)?;
    let classes = context.children().filter(|child| child.is(saml("AuthnContextClassRef")));
    let mut levels = Vec::new();
    for class in classes {
        let unknown = |fault: Fault| Fault::new(Reason::RequestUnsupported, fault.detail);
        levels.extend(Level::in_class(&class.text()?).map_err(unknown)?);
    }
    Ok((levels, comparison))
}

/// What a request says about brokers and those behind them.
#[derive(Default)]
struct Scoping {
    only_idps: Vec<EntityId>,
    proxy_count: Option<u32>,
    requesters: Vec<EntityId>,
}

impl Scoping {
    fn read(root: Element<'_>) -> Result<Self, Fault> {
        let Some(scoping) = root.optional_child(samlp("Scoping"))? else { return Ok(Self::default()) };
        let number = |count: &str| {
            count.parse().map_err(|_| Fault::new(Reason::XmlSchema, "expected a number as ProxyCount"))
        };
        let requesters = scoping.children().filter(|child| child.is(samlp("RequesterID")));
        let list = scoping.optional_child(samlp("IDPList"))?;
        let entries =
            list.iter().flat_map(|list| list.children()).filter(|child| child.is(samlp("IDPEntry")));
        Ok(Self {
            only_idps: entries
                .map(|entry| entity_id(required(entry, "ProviderID")?))
                .collect::<Result<_, _>>()?,
            proxy_count: scoping.attribute("ProxyCount").map(number).transpose()?,
            requesters: requesters.map(|one| entity_id(&one.text()?)).collect::<Result<_, _>>()?,
        })
    }
}

/// What we ask an identity provider.
#[derive(Clone, Debug)]
pub struct OurRequest<'q> {
    /// Its ID.
    pub id: &'q MessageId,
    /// Our name.
    pub issuer: &'q EntityId,
    /// Now.
    pub issue_instant: Timestamp,
    /// The address that it goes to.
    pub destination: &'q str,
    /// Where we want the answer.
    pub acs: &'q str,
    /// Whether the user must authenticate anew.
    pub force_authn: bool,
    /// Whether no page may be shown.
    pub is_passive: bool,
    /// The classes that we ask for.
    pub classes: &'q [String],
    /// How they are meant.
    pub comparison: Comparison,
    /// The fagsystem that asks, where the identity provider wants to be told.
    pub requester: Option<&'q EntityId>,
    /// How many more proxies may follow.
    pub proxy_count: Option<u32>,
}

impl OurRequest<'_> {
    /// Writes it; the signature goes beside it, in the address.
    pub fn write(&self) -> Result<Canonical, Fault> {
        let mut xml = self.begin();
        self.finish(&mut xml);
        xml.finish()
    }

    /// Writes it with a signature inside, for a form.
    pub fn write_signed(&self, signer: &dyn Signer) -> Result<Canonical, Fault> {
        let mut xml = self.begin();
        xml.signature_goes_here();
        self.finish(&mut xml);
        xml.finish_signed(self.id.as_str(), signer)
    }

    fn begin(&self) -> Writer {
        let mut xml = Writer::new();
        xml.start(samlp("AuthnRequest"));
        xml.attribute("AssertionConsumerServiceURL", self.acs);
        xml.attribute("Destination", self.destination);
        if self.force_authn {
            xml.attribute("ForceAuthn", "true");
        }
        xml.attribute("ID", self.id.as_str());
        if self.is_passive {
            xml.attribute("IsPassive", "true");
        }
        xml.attribute("IssueInstant", &written(self.issue_instant));
        xml.attribute("ProtocolBinding", Binding::Post.uri());
        xml.attribute("Version", "2.0");
        xml.element(saml("Issuer"), self.issuer.as_str());
        xml
    }

    fn finish(&self, xml: &mut Writer) {
        xml.start(samlp("NameIDPolicy"));
        xml.attribute("AllowCreate", "true");
        xml.end();
        if !self.classes.is_empty() {
            xml.start(samlp("RequestedAuthnContext"));
            xml.attribute("Comparison", self.comparison.word());
            for class in self.classes {
                xml.element(saml("AuthnContextClassRef"), class);
            }
            xml.end();
        }
        if self.requester.is_some() || self.proxy_count.is_some() {
            xml.start(samlp("Scoping"));
            if let Some(count) = self.proxy_count {
                xml.attribute("ProxyCount", &count.to_string());
            }
            if let Some(requester) = self.requester {
                xml.element(samlp("RequesterID"), requester.as_str());
            }
            xml.end();
        }
        xml.end();
    }
}
