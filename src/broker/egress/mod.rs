//! Outgoing HTTP: the one client, and the policy that it keeps. An address comes from the register or from a partner, so
//! it must not lead into our own network, to another scheme, or to an answer without end.

mod failure;
mod permitted;
mod public;

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use moka::sync::Cache;
use reqwest::redirect::{Attempt, Policy};
use reqwest::{Certificate, Client, ClientBuilder, RequestBuilder, Response, Url};

use failure::{told, unreachable};
use public::PublicOnly;

use super::breaker::Breaker;
use crate::domain::reason::{Fault, Reason};
use crate::protocol::address::escaped;
use crate::protocol::keys::Roots;
use crate::protocol::saml::soap;

/// How often an answer may send us on.
const REDIRECTS: usize = 3;
/// How long whoever tells of revoked certificates may take.
const REVOCATION: Duration = Duration::from_secs(5);

/// Of so many that we call it is known whether they fail. Who is forgotten starts anew.
const CALLED: u64 = 10_000;

/// Calls others, within the policy, and knows who is left alone for a while. That is lost with a restart and does no harm
/// by it.
#[derive(Clone, Debug)]
pub struct Egress {
    client: Client,
    /// Follows nothing: what is posted is for who was asked, and for nobody whom it names.
    poster: Client,
    allowed: Arc<[String]>,
    breakers: Cache<String, Arc<Breaker>>,
}

/// What came back for what was posted.
#[derive(Clone, Debug)]
pub struct Posted {
    status: u16,
    body: Vec<u8>,
}

impl Posted {
    /// What came back, where the receiver says that all is well.
    pub fn accepted(self) -> Result<Vec<u8>, Fault> {
        if (200..300).contains(&self.status) {
            return Ok(self.body);
        }
        Err(Fault::new(Reason::MdUnreachable, format!("expected status 200, got {}", self.status)))
    }

    /// The message, where there can be one: SOAP tells its faults with status 500.
    pub fn with_message(self) -> Result<Vec<u8>, Fault> {
        let may_be_fault = self.status == 500 && self.body.windows(5).any(|part| part == b"Fault");
        if (200..300).contains(&self.status) || may_be_fault {
            return Ok(self.body);
        }
        Err(Fault::new(Reason::MdUnreachable, format!("expected an answer, got status {}", self.status)))
    }
}

/// What somebody answered.
#[derive(Clone, Debug)]
pub struct Fetched {
    /// The content.
    pub body: Vec<u8>,
    /// The answerer's clock, if it told the time.
    pub date: Option<Timestamp>,
}

impl Egress {
    /// A client that waits so long for a whole answer. Hosts that are allowed by name may have a private address, and
    /// may be called without encryption.
    pub fn new(allowed_hosts: impl IntoIterator<Item = String>, patience: Duration) -> Result<Self, Fault> {
        Self::trusting(&Roots::default(), allowed_hosts, patience)
    }

    /// The same, where these roots vouch for servers as well, beside those of the machine.
    pub fn trusting(
        roots: &Roots,
        allowed_hosts: impl IntoIterator<Item = String>,
        patience: Duration,
    ) -> Result<Self, Fault> {
        let allowed: Arc<[String]> =
            allowed_hosts.into_iter().map(|host| host.to_ascii_lowercase()).collect();
        let broken = |error: reqwest::Error| Fault::new(Reason::Internal, told(&error));
        let mut vouching = Vec::new();
        for root in roots.in_der()? {
            vouching.push(Certificate::from_der(&root).map_err(broken)?);
        }
        let client = |redirects| {
            client(&allowed, patience, redirects).tls_certs_merge(vouching.clone()).build().map_err(broken)
        };
        Ok(Self {
            client: client(Policy::custom(follow))?,
            poster: client(Policy::none())?,
            allowed: allowed.clone(),
            breakers: Cache::new(CALLED),
        })
    }

    /// What is known of how calls of somebody end, by name or by address.
    pub(super) fn breaker(&self, called: &str) -> Arc<Breaker> {
        self.breakers.get_with_by_ref(called, Arc::default)
    }

    /// Fetches what stands at an address, if it is no larger than the limit.
    pub async fn get(&self, url: &str, limit: usize) -> Result<Fetched, Fault> {
        let url = self.permitted(url)?;
        let answer = self.client.get(url).send().await.map_err(unreachable)?;
        if !answer.status().is_success() {
            let detail = format!("expected an answer with content, got status {}", answer.status().as_u16());
            return Err(Fault::new(Reason::MdUnreachable, detail));
        }
        let date = answer.headers().get("date").and_then(|date| date.to_str().ok());
        let date = date.and_then(|date| jiff::fmt::rfc2822::parse(date).ok()).map(|date| date.timestamp());
        Ok(Fetched { body: content(answer, limit).await?, date })
    }

    /// Posts an envelope of SOAP, waits so long for the whole answer, and takes it if it is no larger than the limit.
    pub async fn post_soap(
        &self,
        url: &str,
        envelope: String,
        limit: usize,
        patience: Duration,
    ) -> Result<Posted, Fault> {
        let url = self.permitted(url)?;
        let (action, says) = soap::ACTION;
        let request = self.poster.post(url).header("content-type", soap::CONTENT_TYPE).header(action, says);
        sent(request.body(envelope), limit, patience).await
    }

    /// Posts a form of one field, by the same rules.
    pub async fn post_form(
        &self,
        url: &str,
        (name, value): (&str, &str),
        limit: usize,
        patience: Duration,
    ) -> Result<Posted, Fault> {
        let url = self.permitted(url)?;
        let form = format!("{name}={}", escaped(value));
        let request = self.poster.post(url).header("content-type", "application/x-www-form-urlencoded");
        sent(request.body(form), limit, patience).await
    }

    /// Fetches a list of revoked certificates. The address stands in a certificate that is proved up to a configured root.
    pub async fn get_revoked(&self, url: &str, limit: usize) -> Result<Vec<u8>, Fault> {
        let request = self.poster.get(self.permitted_to_prove(url)?);
        sent(request, limit, REVOCATION).await?.accepted()
    }

    /// Asks an OCSP responder whose address stands in such a certificate.
    pub async fn ask_responder(&self, url: &str, question: Vec<u8>, limit: usize) -> Result<Vec<u8>, Fault> {
        let request = self.poster.post(self.permitted_to_prove(url)?);
        let request = request.header("content-type", "application/ocsp-request").body(question);
        sent(request, limit, REVOCATION).await?.accepted()
    }
}

fn client(allowed: &Arc<[String]>, patience: Duration, redirects: Policy) -> ClientBuilder {
    #[expect(clippy::disallowed_methods, reason = "this is the one client, and here is its policy")]
    let builder = Client::builder();
    builder
        .no_proxy()
        .referer(false)
        .redirect(redirects)
        .dns_resolver(Arc::new(PublicOnly(allowed.clone())))
        .connect_timeout(patience)
        .timeout(patience)
        .user_agent(concat!("context-handler/", env!("CARGO_PKG_VERSION")))
}

async fn sent(request: RequestBuilder, limit: usize, patience: Duration) -> Result<Posted, Fault> {
    let answer = request.timeout(patience).send().await.map_err(unreachable)?;
    Ok(Posted { status: answer.status().as_u16(), body: content(answer, limit).await? })
}

/// The content of an answer that is no larger than the limit.
async fn content(mut answer: Response, limit: usize) -> Result<Vec<u8>, Fault> {
    let mut body = Vec::new();
    while let Some(chunk) = answer.chunk().await.map_err(unreachable)? {
        if body.len() + chunk.len() > limit {
            return Err(Fault::new(Reason::MdLimit, format!("expected at most {limit} bytes, got more")));
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

/// Follows to the same host by the same scheme only: anything else is an address that nobody registered.
fn follow(attempt: Attempt<'_>) -> reqwest::redirect::Action {
    let origin =
        |url: &Url| (url.scheme().to_owned(), url.host_str().map(str::to_owned), url.port_or_known_default());
    let first = attempt.previous().first().map(origin);
    if attempt.previous().len() > REDIRECTS {
        attempt.error("sent on too often")
    } else if first != Some(origin(attempt.url())) {
        let detail = format!("sent on to another place: {}", attempt.url());
        attempt.error(detail)
    } else {
        attempt.follow()
    }
}
