//! What every handler has at hand, and who stands in front of it.

use std::convert::Infallible;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};

use axum::body::Bytes;
use axum::extract::{ConnectInfo, FromRequest, FromRequestParts, Request};
use axum::http::request::Parts;
use axum::http::{HeaderMap, header};
use base64_simd::STANDARD;
use jiff::{SignedDuration, Timestamp};

use super::visitor::Visitor;
use super::{MAX_BODY, cookies};
use crate::broker::{Broker, Refusal, Visit};
use crate::domain::id::{Cvr, LoginId};
use crate::domain::network::Network;
use crate::domain::reason::{Fault, Reason};
use crate::protocol::saml::binding::Parameters;
use crate::protocol::seal::Ticket;

/// What a form is said to be.
pub(super) const FORM: &str = "application/x-www-form-urlencoded";

/// What every handler has at hand.
pub struct Door {
    pub(super) broker: Arc<Broker>,
    trusted_proxies: Vec<Network>,
    pub(super) idp_metadata: Kept,
    pub(super) sp_metadata: Kept,
    pub(super) aa_metadata: Kept,
}

impl Door {
    /// A door to a broker, behind proxies of these networks, if any.
    pub fn new(broker: Arc<Broker>, trusted_proxies: Vec<Network>) -> Self {
        Self {
            broker,
            trusted_proxies,
            idp_metadata: Kept::default(),
            sp_metadata: Kept::default(),
            aa_metadata: Kept::default(),
        }
    }

    /// What the broker is told about a visitor.
    pub(super) fn visit(&self, knock: &Knock, endpoint: &'static str) -> Visit {
        Visit {
            endpoint,
            source: self.source(knock),
            hint: knock.hint,
            browser: knock.browser,
            tickets: knock.tickets.clone(),
        }
    }

    /// Where the visitor comes from: the last address that one of our own proxies did not add itself.
    fn source(&self, knock: &Knock) -> Option<IpAddr> {
        let peer = knock.peer?;
        let said = knock.forwarded_for.iter().rev().copied();
        std::iter::once(Some(peer))
            .chain(said)
            .take_while(Option::is_some)
            .flatten()
            .find(|address| !self.is_ours(*address))
            .or(Some(peer))
    }

    /// Whether one of our own proxies stands before us, so that what it adds to a request may be believed.
    fn is_behind_proxy(&self, knock: &Knock) -> bool {
        knock.peer.is_some_and(|peer| self.is_ours(peer))
    }

    /// The client certificate in DER form. It counts only when one of our own proxies hands it over: anybody can write a
    /// header.
    pub(super) fn certificate(&self, knock: &Knock, headers: &HeaderMap) -> Option<Vec<u8>> {
        let written = only(headers, "client-cert").filter(|_| self.is_behind_proxy(knock))?;
        STANDARD.decode_to_vec(written.trim().strip_prefix(':')?.strip_suffix(':')?).ok()
    }

    fn is_ours(&self, address: IpAddr) -> bool {
        self.trusted_proxies.iter().any(|network| network.contains(address))
    }

    /// A login that this browser does not have, told on a page.
    pub(super) fn lost(&self, login: LoginId, reason: Reason) -> Refusal {
        Refusal { login, reason, at: self.broker.now(), fagsystem: None }
    }
}

/// A header that stands once: of two nobody could say which one counts.
pub(super) fn only<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    let mut values = headers.get_all(name).iter();
    let first = values.next()?.to_str().ok()?;
    values.next().is_none().then_some(first)
}

/// Who knocks.
#[derive(Clone, Debug)]
pub(super) struct Knock {
    pub(super) visitor: Visitor,
    peer: Option<IpAddr>,
    forwarded_for: Vec<Option<IpAddr>>,
    hint: Option<Cvr>,
    browser: Option<LoginId>,
    tickets: Vec<(Cvr, Ticket)>,
}

impl<S: Sync> FromRequestParts<S> for Knock {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        let forwarded =
            parts.headers.get_all("x-forwarded-for").iter().filter_map(|value| value.to_str().ok());
        let query = Parameters::read(parts.uri.query().unwrap_or_default()).ok();
        let hint = |name| Cvr::new(&query.as_ref()?.get(name)?).ok();
        Ok(Self {
            visitor: Visitor::of(parts),
            peer: parts.extensions.get::<ConnectInfo<SocketAddr>>().map(|info| info.0.ip()),
            forwarded_for: forwarded
                .flat_map(|line| line.split(','))
                .map(|part| part.trim().parse().ok())
                .collect(),
            browser: cookies::browser(&parts.headers),
            tickets: cookies::tickets(&parts.headers),
            hint: ["authority", "cvr", "whr", "domain_hint"].into_iter().find_map(hint),
        })
    }
}

/// A document of ours that is signed anew now and then, not at every request: anybody may ask for it.
#[derive(Default)]
pub(super) struct Kept(Mutex<Option<(Timestamp, Arc<str>)>>);

impl Kept {
    const FOR: SignedDuration = SignedDuration::from_mins(10);

    pub(super) fn get(
        &self,
        now: Timestamp,
        write: impl FnOnce() -> Result<String, Fault>,
    ) -> Result<String, Fault> {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match kept.as_ref() {
            Some((written, document)) if now.duration_since(*written) < Self::FOR => Ok(document.to_string()),
            _ => {
                let document = write()?;
                *kept = Some((now, document.as_str().into()));
                Ok(document)
            }
        }
    }
}

/// A message as it was posted. Handlers take it whole, so that all that is wrong with it is refused and written down in one
/// place.
pub(super) struct Posted {
    /// What stood in the address.
    pub(super) query: String,
    pub(super) headers: HeaderMap,
    body: Result<Bytes, Fault>,
}

impl<S: Send + Sync> FromRequest<S> for Posted {
    type Rejection = Infallible;

    async fn from_request(request: Request, state: &S) -> Result<Self, Infallible> {
        let query = request.uri().query().unwrap_or_default().to_owned();
        let headers = request.headers().clone();
        // A message that was not read to its end is refused like any other.
        let body = Bytes::from_request(request, state).await.map_err(|rejection| {
            let got = rejection.status();
            let detail = format!("expected a whole message of at most {MAX_BODY} bytes, got {got}");
            Fault::new(Reason::LimitXml, detail)
        });
        Ok(Self { query, headers, body })
    }
}

impl Posted {
    /// The content, whatever it is said to be.
    pub(super) fn body(&self) -> Result<&Bytes, Fault> {
        self.body.as_ref().map_err(Clone::clone)
    }

    /// Whether it is said to be of this kind.
    pub(super) fn is(&self, kind: &str) -> bool {
        let stated = self.headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
        let stated = stated.unwrap_or_default().split(';').next().unwrap_or_default();
        stated.trim().eq_ignore_ascii_case(kind)
    }

    /// The text of a form.
    pub(super) fn form(&self) -> Result<&str, Fault> {
        if !self.is(FORM) {
            return Err(Fault::new(Reason::HttpMethod, format!("expected the content type {FORM}")));
        }
        std::str::from_utf8(self.body()?)
            .map_err(|_| Fault::new(Reason::ParamEncoded, "expected an ASCII form"))
    }
}
