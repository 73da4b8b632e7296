//! What the register says about how a client speaks: where it is answered, how it proves itself, what it is given.

use std::fmt;

use jiff::SignedDuration;
use openssl::memcmp;
use serde::Deserialize;

use crate::domain::reason::{Fault, Reason};
use crate::protocol::address;
use crate::protocol::jose::Jwks;
use crate::protocol::jose::jwe::Sealing;
use crate::protocol::keys::SignatureAlgorithm;

/// What kind of program a client is, which says what it can keep secret.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Application {
    /// A server of its own; it can keep a secret.
    #[default]
    Web,
    /// An app on the user's device.
    Native,
    /// A page in the user's browser.
    JavaScript,
}

/// How a client proves itself where the user's browser is not between us.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Method {
    /// With a secret in the header `Authorization`.
    ClientSecretBasic,
    /// With a secret in the form.
    ClientSecretPost,
    /// With a token that it signs.
    PrivateKeyJwt,
    /// With its TLS certificate.
    TlsClientAuth,
    /// Not at all: only PKCE ties the code to it.
    None,
}

impl Method {
    /// The name by which it is registered and published.
    pub fn name(self) -> &'static str {
        match self {
            Self::ClientSecretBasic => "client_secret_basic",
            Self::ClientSecretPost => "client_secret_post",
            Self::PrivateKeyJwt => "private_key_jwt",
            Self::TlsClientAuth => "tls_client_auth",
            Self::None => "none",
        }
    }

    /// Every method there is.
    pub const ALL: [Self; 5] = [
        Self::PrivateKeyJwt,
        Self::TlsClientAuth,
        Self::ClientSecretBasic,
        Self::ClientSecretPost,
        Self::None,
    ];
}

/// How a client proves itself, with all that the proof is compared with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Authentication {
    /// With one of these secrets in the header: two, while it changes from one to the other.
    SecretBasic(Vec<SecretHash>),
    /// With one of these secrets in the form.
    SecretPost(Vec<SecretHash>),
    /// With a token signed by one of its keys.
    PrivateKeyJwt,
    /// With a TLS certificate of this subject.
    TlsClientAuth {
        /// The subject, as RFC 4514 writes it.
        subject: String,
    },
    /// Not at all.
    Public,
}

impl Authentication {
    /// Its method.
    pub fn method(&self) -> Method {
        match self {
            Self::SecretBasic(_) => Method::ClientSecretBasic,
            Self::SecretPost(_) => Method::ClientSecretPost,
            Self::PrivateKeyJwt => Method::PrivateKeyJwt,
            Self::TlsClientAuth { .. } => Method::TlsClientAuth,
            Self::Public => Method::None,
        }
    }
}

/// The SHA-256 of a secret. Secrets are long and random (`keys token` makes them), so a hash alone leads nobody to one.
#[derive(Clone, PartialEq, Eq)]
pub struct SecretHash([u8; 32]);

impl SecretHash {
    /// Reads 64 hexadecimal digits.
    pub fn new(digits: &str) -> Option<Self> {
        let fits = digits.len() == 64 && digits.bytes().all(|b| b.is_ascii_hexdigit());
        let byte = |at: usize| u8::from_str_radix(digits.get(2 * at..2 * at + 2)?, 16).ok();
        let bytes: Vec<u8> = (0..32).map_while(byte).collect();
        Some(Self(bytes.try_into().ok().filter(|_| fits)?))
    }

    /// Whether this is the secret.
    pub fn is_of(&self, secret: &str) -> bool {
        memcmp::eq(&self.0, &openssl::sha::sha256(secret.as_bytes()))
    }
}

impl fmt::Debug for SecretHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The beginning tells two entries of the register apart.
        write!(f, "SecretHash({:02x}{:02x}…)", self.0[0], self.0[1])
    }
}

/// Under which names claims are told.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ClaimNames {
    /// The URIs of the SAML profile.
    Uri,
    /// Short names.
    Short,
    /// Both.
    #[default]
    Both,
}

/// By what name a client knows its users.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SubjectKind {
    /// The name that SAML fagsystemer are told, the same everywhere.
    #[default]
    Name,
    /// A name of this client's own, which says nothing and joins no records of two fagsystemer.
    Pairwise,
}

/// The refresh tokens that a client is given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Refresh {
    /// Whether each is good once and answered with the next.
    pub rotates: bool,
    /// How long each lives.
    pub lives: SignedDuration,
}

/// Where a client is told that a user has logged out, and where it may send users who have.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LogoutAddresses {
    /// In the browser, within a frame.
    pub frontchannel: Option<String>,
    /// From us to it.
    pub backchannel: Option<String>,
    /// Where its users may return to.
    pub after: Vec<RedirectUri>,
}

/// What the register says about how a client speaks.
#[derive(Clone, Debug)]
pub struct Client {
    /// What kind of program it is.
    pub application: Application,
    /// Where it may be answered.
    pub redirect_uris: Vec<RedirectUri>,
    /// How it proves itself.
    pub authentication: Authentication,
    /// Its public keys.
    pub jwks: Option<Jwks>,
    /// Where it is told of a logout.
    pub logout: LogoutAddresses,
    /// How its ID tokens and logout tokens are signed.
    pub signed: SignatureAlgorithm,
    /// How its access tokens are signed.
    pub access_signed: SignatureAlgorithm,
    /// How its ID tokens are encrypted, if they are.
    pub encrypted: Option<Sealing>,
    /// How long its ID tokens and access tokens are good.
    pub tokens_live: SignedDuration,
    /// Its refresh tokens, if it is given any.
    pub refresh: Option<Refresh>,
    /// Whether its requests must be pushed to us before the browser comes.
    pub require_par: bool,
    /// Whether its tokens are good only together with a key of its own.
    pub dpop_bound: bool,
    /// Whether its proofs must repeat a value of ours.
    pub dpop_nonce: bool,
    /// Under which names claims are told.
    pub names: ClaimNames,
    /// By what name it knows its users.
    pub subject: SubjectKind,
}

impl Client {
    /// Whether its pages, which run in the browser, come from this origin.
    pub fn has_origin(&self, origin: &str) -> bool {
        self.application == Application::JavaScript
            && self.redirect_uris.iter().any(|uri| uri.origin().is_some_and(|known| known == origin))
    }

    /// Whether users who have logged out may return to this address.
    pub fn check_after_logout(&self, asked: &str) -> Result<(), Fault> {
        match self.logout.after.iter().any(|known| known.is(asked, self.application)) {
            true => Ok(()),
            false => Err(Fault::new(
                Reason::SloRedirect,
                "expected a registered post_logout_redirect_uri, letter by letter",
            )),
        }
    }

    /// Whether codes may be sent to this address.
    pub fn check_redirect(&self, asked: &str) -> Result<(), Fault> {
        let fits = asked.len() <= RedirectUri::LONGEST;
        match fits && self.redirect_uris.iter().any(|known| known.is(asked, self.application)) {
            true => Ok(()),
            false => Err(Fault::new(Reason::OidcRedirect, "expected a registered address, letter by letter")),
        }
    }
}

/// An address that codes may be sent to.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct RedirectUri(String);

impl RedirectUri {
    /// The longest that we carry: it travels in a cookie with the pending login.
    pub const LONGEST: usize = 512;

    /// Takes a registered address, or says what was expected.
    pub fn new(uri: &str, application: Application) -> Result<Self, String> {
        let fits = uri.len() <= Self::LONGEST && uri.bytes().all(|b| b.is_ascii_graphic());
        if !fits || uri.contains(['*', '#', '\\', '"', '<', '>', '{', '}']) {
            let longest = Self::LONGEST;
            return Err(format!(
                "expected one exact address of at most {longest} ASCII characters, without wildcard or fragment"
            ));
        }
        // Else the answer's own parameters would stand twice in it.
        let query = uri.split_once('?').map_or("", |(_, query)| query);
        if query.split('&').any(|pair| OURS.contains(&pair.split('=').next().unwrap_or_default())) {
            return Err(format!("expected an address without any of the parameters {}", OURS.join(", ")));
        }
        let is_taken = match application {
            Application::Web | Application::JavaScript => address::check(uri).is_ok(),
            Application::Native => is_private_scheme(uri) || loopback(uri).is_some(),
        };
        match (is_taken, application) {
            (true, _) => Ok(Self(uri.to_owned())),
            (false, Application::Native) => {
                Err("expected a scheme of the app's own, as in dk.example.app:/callback, or http on the loopback \
                     address of the device"
                    .to_owned())
            }
            (false, _) => Err("expected an https address without a user name".to_owned()),
        }
    }

    /// The address.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Scheme, host and port, as a browser names the origin of a page.
    fn origin(&self) -> Option<&str> {
        let authority = self.0.find("://")? + 3;
        let path = self.0[authority..].find(['/', '?']).map_or(self.0.len(), |path| authority + path);
        Some(&self.0[..path])
    }

    /// Whether this is the address that was asked for: letter by letter, but for the port of an app that listens on
    /// whatever port the device gives it.
    pub fn is(&self, asked: &str, application: Application) -> bool {
        self.0 == asked
            || application == Application::Native
                && loopback(&self.0).is_some()
                && loopback(&self.0) == loopback(asked)
    }
}

/// The parameters that we add to the address of a client.
const OURS: [&str; 9] = [
    "code",
    "state",
    "iss",
    "error",
    "error_description",
    "error_uri",
    "id_token",
    "access_token",
    "response",
];

/// An address on the loopback interface, apart from its port: host and path.
fn loopback(uri: &str) -> Option<(&str, &str)> {
    let rest = uri.strip_prefix("http://")?;
    let (authority, path) = rest.split_at(rest.find(['/', '?']).unwrap_or(rest.len()));
    let host = ["localhost", "127.0.0.1", "[::1]"].into_iter().find(|host| authority.starts_with(host))?;
    let port = authority.strip_prefix(host)?;
    let is_port = |port: &str| {
        port.bytes().all(|b| b.is_ascii_digit()) && !port.starts_with('0') && port.parse::<u16>().is_ok()
    };
    let fits = port.is_empty() || port.strip_prefix(':').is_some_and(is_port);
    fits.then_some((host, path))
}

/// A scheme with a dot in it belongs to whoever owns the domain, so no other app takes it by accident.
fn is_private_scheme(uri: &str) -> bool {
    let Some((scheme, rest)) = uri.split_once(':') else { return false };
    let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'.' | b'-' | b'+');
    scheme.starts_with(|c: char| c.is_ascii_lowercase())
        && scheme.bytes().all(plain)
        && scheme.contains('.')
        && rest.starts_with('/')
        && !rest.contains('@')
}

#[cfg(test)]
mod tests;
