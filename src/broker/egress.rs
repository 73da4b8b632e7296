//! Outgoing HTTP: the one client, and the policy that it keeps. An address comes from the register or from a partner, so
//! it must not lead into our own network, to another scheme, or to an answer without end.

use std::error::Error;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;
use std::{fmt, io, iter};

use jiff::Timestamp;
use moka::sync::Cache;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use reqwest::redirect::{Attempt, Policy};
use reqwest::{Certificate, Client, ClientBuilder, RequestBuilder, Response, Url};

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

    /// The address, if revocation may be asked for there. Authorities publish revocation without encryption, since what
    /// they answer is signed: so `http` will do, at its own port, and nothing follows where such an answer leads.
    fn permitted_to_prove(&self, url: &str) -> Result<Url, Fault> {
        let plain = Url::parse(url).is_ok_and(|url| url.scheme() == "http" && url.port().is_none());
        match url.strip_prefix("http://").filter(|_| plain) {
            // All other rules are those of any address.
            Some(rest) => {
                let mut permitted = self.permitted(&format!("https://{rest}"))?;
                let back = permitted.set_scheme("http");
                back.map(|()| permitted).map_err(|()| Fault::new(Reason::EgressRefused, "expected http"))
            }
            None => self.permitted(url),
        }
    }

    /// The address, if its form allows a call. Whether its name leads to a public address is seen when it is looked up.
    fn permitted(&self, url: &str) -> Result<Url, Fault> {
        let refused = |what: &str| Fault::new(Reason::EgressRefused, format!("expected {what}, got {url:?}"));
        let parsed = Url::parse(url).map_err(|_| refused("an address"))?;
        let host = parsed.host_str().unwrap_or_default().trim_matches(['[', ']']).to_ascii_lowercase();
        let by_name = self.allowed.contains(&host);
        if parsed.scheme() != "https" && !(parsed.scheme() == "http" && by_name) {
            return Err(refused("https"));
        }
        if !parsed.username().is_empty() || parsed.password().is_some() {
            return Err(refused("an address without a user name"));
        }
        // Numbers are not looked up, so they are judged here.
        if host.parse().is_ok_and(|address| !is_public(address)) && !by_name {
            return Err(refused("a public address, or a host that egress.allow-hosts names"));
        }
        Ok(parsed)
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

/// Looks names up, and returns the addresses that may be called: the connection goes to exactly these.
struct PublicOnly(Arc<[String]>);

impl Resolve for PublicOnly {
    fn resolve(&self, name: Name) -> Resolving {
        let host = name.as_str().to_ascii_lowercase();
        let by_name = self.0.contains(&host);
        Box::pin(async move {
            let found: Vec<SocketAddr> = tokio::net::lookup_host((host.as_str(), 0)).await?.collect();
            let usable: Vec<SocketAddr> =
                found.into_iter().filter(|address| by_name || is_public(address.ip())).collect();
            if usable.is_empty() {
                return Err(Box::<dyn Error + Send + Sync>::from(NotPublic(host)));
            }
            Ok(Box::new(usable.into_iter()) as Addrs)
        })
    }
}

/// A host whose name leads nowhere that we may call.
#[derive(Debug)]
struct NotPublic(String);

impl fmt::Display for NotPublic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} has no public address, and egress.allow-hosts does not name it", self.0)
    }
}

impl Error for NotPublic {}

/// Whether an address is one of the open Internet.
fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => is_public_v6(address),
    }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    let [a, b, c, _] = address.octets();
    let reserved = a == 0
        || a >= 240
        || (a == 100 && (64..128).contains(&b))
        || (a == 192 && b == 0 && c == 0)
        || (a == 198 && (18..20).contains(&b));
    !(reserved
        || address.is_private()
        || address.is_loopback()
        || address.is_link_local()
        || address.is_multicast()
        || address.is_documentation())
}

fn is_public_v6(address: Ipv6Addr) -> bool {
    let [a, b, c, d, _, _, g, h] = address.segments();
    let v4 = |high: u16, low: u16| Ipv4Addr::from((u32::from(high) << 16) | u32::from(low));
    if let Some(mapped) = address.to_ipv4_mapped() {
        return is_public_v4(mapped);
    }
    // Addresses that carry one of the older kind: translated, and 6to4.
    if (a, b, c, d) == (0x64, 0xff9b, 0, 0) {
        return is_public_v4(v4(g, h));
    }
    if a == 0x2002 {
        return is_public_v4(v4(b, c));
    }
    // All that is handed out lies in 2000::/3; of that, 2001::/23 and 2001:db8::/32 are special.
    a & 0xe000 == 0x2000 && !(a == 0x2001 && (b < 0x200 || b == 0xdb8))
}

/// Without the address, which the caller knows and which may hold a secret.
fn unreachable(error: reqwest::Error) -> Fault {
    Fault::new(why(&error), told(&error.without_url()))
}

/// Which of the ways there are not to get an answer this one is. A connection that came about and yet cannot be used
/// failed in TLS: all else that happens before the first byte is an error of the machine's network.
fn why(error: &reqwest::Error) -> Reason {
    let causes = || iter::successors(error.source(), |&cause: &&(dyn Error + 'static)| cause.source());
    let of_network = causes().any(|cause| cause.is::<io::Error>());
    match () {
        () if causes().any(|cause| cause.is::<NotPublic>()) => Reason::EgressRefused,
        () if error.is_timeout() => Reason::NetSilent,
        () if error.is_redirect() => Reason::MdUnreachable,
        () if error.is_connect() && !of_network => Reason::NetTls,
        () => Reason::NetClosed,
    }
}

/// The error with its causes.
fn told(error: &dyn Error) -> String {
    let mut parts = vec![error.to_string()];
    let mut cause = error.source();
    while let Some(inner) = cause {
        parts.push(inner.to_string());
        cause = inner.source();
    }
    parts.join(": ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_addresses_of_the_open_internet_are_public() {
        for public in ["8.8.8.8", "185.1.2.3", "2a00:1450::1", "::ffff:8.8.8.8", "64:ff9b::808:808"] {
            assert!(is_public(public.parse().unwrap()), "{public}");
        }
        for private in [
            "0.0.0.0",
            "10.1.2.3",
            "100.64.0.1",
            "127.0.0.1",
            "169.254.169.254",
            "172.16.0.1",
            "192.168.0.1",
            "192.0.0.1",
            "198.18.0.1",
            "224.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "fe80::1",
            "fd00::1",
            "ff02::1",
            "::ffff:127.0.0.1",
            "64:ff9b::7f00:1",
            "2002:7f00:1::",
            "2001:db8::1",
            "2001::1",
        ] {
            assert!(!is_public(private.parse().unwrap()), "{private}");
        }
    }

    #[test]
    fn revocation_is_asked_for_without_encryption_too_and_nowhere_inside() {
        let egress = Egress::new(["inside.test".to_owned()], Duration::from_secs(1)).unwrap();
        for allowed in [
            "http://ca1.gov.dk/ocsp",
            "https://ca1.gov.dk/x.crl",
            "http://inside.test:8888/x",
            "http://8.8.8.8/x",
        ] {
            assert_eq!(egress.permitted_to_prove(allowed).map(|url| url.to_string()).unwrap(), allowed);
        }
        for refused in [
            "http://ca1.gov.dk:8080/ocsp",
            "http://10.0.0.1/ocsp",
            "http://127.0.0.1/ocsp",
            "http://user:secret@ca1.gov.dk/ocsp",
            "ldap://ca1.gov.dk/x",
            "file:///etc/passwd",
        ] {
            let fault = egress.permitted_to_prove(refused).map(|_| ()).unwrap_err();
            assert_eq!(fault.reason, Reason::EgressRefused, "{refused}");
        }
        assert!(egress.permitted("http://ca1.gov.dk/ocsp").is_err(), "everything else is encrypted");
    }

    #[test]
    fn an_address_that_may_not_be_called_is_refused_before_it_is() {
        let patience = Duration::from_secs(1);
        let egress = Egress::new(["Inside.test".to_owned()], patience).unwrap();
        let with_address = Egress::new(["127.0.0.1".to_owned()], patience).unwrap();
        for allowed in ["https://idp.example.dk/m", "http://inside.test:8080/m", "https://8.8.8.8/m"] {
            assert!(egress.permitted(allowed).is_ok(), "{allowed}");
        }
        assert!(with_address.permitted("http://127.0.0.1:8080/m").is_ok());
        for refused in [
            "http://idp.example.dk/m",
            "file:///etc/passwd",
            "ftp://inside.test/m",
            "https://10.0.0.1/m",
            "https://[::1]/m",
            "https://[::ffff:10.0.0.1]/m",
            "https://2130706433/m",
            "https://0x7f.1/m",
            "https://user:secret@idp.example.dk/m",
            "idp.example.dk",
            "",
        ] {
            let fault = egress.permitted(refused).map(|_| ()).unwrap_err();
            assert_eq!(fault.reason, Reason::EgressRefused, "{refused}");
        }
    }
}
