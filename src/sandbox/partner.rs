//! What the neighbours know about the broker: its metadata, fetched from the broker and proved with the one certificate
//! that they were given beforehand, as real partners do.

use std::time::Duration;

use tokio::task::JoinHandle;

use super::files::BROKER_SIGNING;
use super::saml::{POST, REDIRECT, Refused, ds, md, refused, time};
use super::wire::client;
use super::{Failed, Places};
use crate::browser::Browser;
use crate::domain::world::Clock;
use crate::protocol::keys::{Certificate, TrustedKeys};
use crate::protocol::xml::{Document, Element, verify};
use crate::system::SystemClock;

/// How often, and how long apart, the broker is asked while it starts.
const TRIES: u32 = 200;
const BETWEEN: Duration = Duration::from_millis(50);

/// The broker as its neighbours see it.
#[derive(Debug)]
pub(super) struct Partner {
    pub(super) entity_id: String,
    /// The keys that it signs with.
    pub(super) keys: TrustedKeys,
    /// Where it takes a request in an address, and where in a form; identity providers are not told.
    pub(super) sso: Option<[String; 2]>,
    /// Where it takes answers.
    pub(super) acs: String,
    /// Where it takes the end of sessions: from fagsystemer, and from identity providers.
    pub(super) logout: [Option<String>; 2],
    /// What is encrypted to.
    pub(super) encryption: Certificate,
}

/// Waits until the broker shows its metadata; none when it stopped before.
pub(super) async fn meet<T>(places: &Places, serving: &JoinHandle<T>) -> Result<Option<Partner>, Failed> {
    let browser = Browser::new(client().map_err(Failed::Other)?);
    let address = |role: &str| format!("{}/saml/{role}/metadata", places.broker());
    for _ in 0..TRIES {
        if serving.is_finished() {
            return Ok(None);
        }
        let fetched = (browser.fetch(&address("idp")).await, browser.fetch(&address("sp")).await);
        if let (Ok(idp), Ok(sp)) = fetched {
            let read = read(idp.as_bytes(), sp.as_bytes());
            return read.map(Some).map_err(|Refused(why)| Failed::Other(format!("its metadata: {why}")));
        }
        tokio::time::sleep(BETWEEN).await;
    }
    Err(Failed::Other("the broker does not answer".to_owned()))
}

/// What a fagsystem reads, out of both of the broker's documents.
fn read(idp: &[u8], sp: &[u8]) -> Result<Partner, Refused> {
    let pinned = TrustedKeys::new(vec![Certificate::from_pem(BROKER_SIGNING)?])?;
    let idp = Document::parse_metadata(idp)?;
    let idp = in_force(verify(idp.root(), &pinned)?.element())?;
    let role = idp.only_child(md("IDPSSODescriptor"))?;
    let asks_at = [REDIRECT, POST].map(|binding| location(role, "SingleSignOnService", binding));
    let [redirect, post] = asks_at;
    let partner = as_sp(sp, Some(&pinned))?;
    Ok(Partner {
        entity_id: idp.attribute("entityID").unwrap_or_default().to_owned(),
        sso: Some([redirect?, post?]),
        logout: [location(role, "SingleLogoutService", REDIRECT).ok(), partner.logout[1].clone()],
        ..partner
    })
}

/// What an identity provider reads: the broker as a service provider. Who has no key of the broker's beforehand takes those
/// that the document itself names, so it is worth as much as the way that it came.
pub(super) fn as_sp(document: &[u8], pinned: Option<&TrustedKeys>) -> Result<Partner, Refused> {
    let document = Document::parse_metadata(document)?;
    let named =
        TrustedKeys::new(certificates(document.root().only_child(md("SPSSODescriptor"))?, "signing")?)?;
    let entity = in_force(verify(document.root(), pinned.unwrap_or(&named))?.element())?;
    let sp = entity.only_child(md("SPSSODescriptor"))?;
    let Some(encryption) = certificates(sp, "encryption")?.into_iter().next() else {
        return refused("there is no encryption key");
    };
    Ok(Partner {
        entity_id: entity.attribute("entityID").unwrap_or_default().to_owned(),
        keys: TrustedKeys::new(certificates(sp, "signing")?)?,
        sso: None,
        logout: [None, location(sp, "SingleLogoutService", REDIRECT).ok()],
        acs: location(sp, "AssertionConsumerService", POST)?,
        encryption,
    })
}

fn in_force(entity: Element<'_>) -> Result<Element<'_>, Refused> {
    match time(entity, "validUntil")? {
        Some(until) if until <= SystemClock.now() => refused("the metadata is too old"),
        _ => Ok(entity),
    }
}

fn certificates(role: Element<'_>, used_for: &str) -> Result<Vec<Certificate>, Refused> {
    let fitting = role.children().filter(|child| {
        child.is(md("KeyDescriptor")) && child.attribute("use").is_none_or(|used| used == used_for)
    });
    let certificate = |descriptor: Element<'_>| {
        let data = descriptor.only_child(ds("KeyInfo"))?.only_child(ds("X509Data"))?;
        Certificate::from_base64(&data.only_child(ds("X509Certificate"))?.text()?)
    };
    fitting.map(|descriptor| certificate(descriptor).map_err(Refused::from)).collect()
}

fn location(role: Element<'_>, service: &'static str, binding: &str) -> Result<String, Refused> {
    let mut services = role.children().filter(|child| child.is(md(service)));
    let service = services.find(|service| service.attribute("Binding") == Some(binding));
    match service.and_then(|service| service.attribute("Location")) {
        Some(location) => Ok(location.to_owned()),
        None => refused("an address is missing"),
    }
}
