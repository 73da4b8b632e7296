//! What tokens say: the claims of ID tokens, access tokens and logout tokens, and how a fagsystem's attributes are named
//! among them.

use base64_simd::URL_SAFE_NO_PAD;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::client::{ClaimNames, SubjectKind};
use crate::domain::id::{EntityId, LoginId};
use crate::domain::privilege::PrivilegeList;
use crate::domain::reason::{Fault, Reason};
use crate::protocol::bpp;
use crate::protocol::keys::SignatureAlgorithm;
use crate::protocol::saml::attribute::{self as name, AttributeName};

/// What an ID token says beside its attributes: who the user is, to one client, about one login.
#[derive(Clone, Serialize)]
pub struct IdToken {
    /// We.
    pub iss: String,
    /// The user.
    pub sub: String,
    /// The client.
    pub aud: String,
    /// Until when it is good.
    pub exp: i64,
    /// When it was made.
    pub iat: i64,
    /// When the user authenticated.
    pub auth_time: i64,
    /// What the client wanted to see again.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub nonce: Option<String>,
    /// The level, as it is asked for.
    pub acr: String,
    /// How the user authenticated, where the identity provider said so.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub amr: Vec<String>,
    /// The client's part of the session.
    pub sid: LoginId,
    /// What ties the access token to it.
    pub at_hash: String,
}

/// What an access token says beside its attributes (RFC 9068). It is told apart from an ID token by its header `typ`.
#[derive(Clone, Serialize, Deserialize)]
pub struct AccessToken {
    /// We.
    pub iss: String,
    /// The user.
    pub sub: String,
    /// Where it may be used.
    pub aud: Vec<String>,
    /// Until when it is good.
    pub exp: i64,
    /// When it was made.
    pub iat: i64,
    /// Its own name.
    pub jti: String,
    /// Who was given it.
    pub client_id: EntityId,
    /// What it may be used for.
    pub scope: String,
    /// When the user authenticated.
    pub auth_time: i64,
    /// The level, as it is asked for.
    pub acr: String,
    /// How the user authenticated, where the identity provider said so.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub amr: Vec<String>,
    /// The client's part of the session: with it the token ends.
    pub sid: LoginId,
    /// The key that it is bound to.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub cnf: Option<Confirmation>,
}

/// An access token that somebody showed us.
#[derive(Clone, Serialize, Deserialize)]
pub struct ShownToken {
    /// What it says of itself.
    #[serde(flatten)]
    pub token: AccessToken,
    /// The rest.
    #[serde(flatten)]
    pub attributes: Map<String, Value>,
}

/// The key without which a token is good for nothing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Confirmation {
    /// The one of DPoP proofs, by its thumbprint (RFC 9449).
    #[serde(rename = "jkt")]
    Dpop(String),
    /// The one of a TLS certificate, by the SHA-256 of the certificate (RFC 8705).
    #[serde(rename = "x5t#S256")]
    Certificate(String),
}

/// What `/oauth2/userinfo` says.
#[derive(Clone, Serialize)]
pub struct UserInfo {
    /// The user.
    pub sub: String,
    /// The rest.
    #[serde(flatten)]
    pub attributes: Map<String, Value>,
}

/// What a logout token says: that a session has ended. It never has a nonce, so that nobody takes it for an ID token.
#[derive(Clone, Serialize)]
pub struct LogoutToken {
    iss: String,
    sub: String,
    aud: String,
    iat: i64,
    exp: i64,
    jti: String,
    sid: LoginId,
    events: Value,
}

/// How long a logout token is good: it is told at once, and again when nobody answers.
const TOLD_WITHIN: i64 = 120;

impl LogoutToken {
    /// Tells a client that the session of a user has ended.
    pub fn new(
        issuer: &str,
        client: &EntityId,
        (sub, sid): (String, LoginId),
        jti: LoginId,
        now: Timestamp,
    ) -> Self {
        Self {
            iss: issuer.to_owned(),
            sub,
            aud: client.as_str().to_owned(),
            iat: now.as_second(),
            exp: now.as_second() + TOLD_WITHIN,
            jti: jti.to_string(),
            sid,
            events: json!({ "http://schemas.openid.net/event/backchannel-logout": {} }),
        }
    }
}

/// The name of a user towards a client.
///
/// The pairwise name is a hash of the client and the name that others are told. It has no secret in it, so that it
/// survives every change of keys and every restore of the store, and no change can ever lose a fagsystem its users. It
/// keeps records of two fagsystemer from being joined by whoever only has the records; who knows a user's name already
/// can compute it.
pub fn subject(kind: SubjectKind, client: &EntityId, name: &str) -> String {
    match kind {
        SubjectKind::Name => name.to_owned(),
        SubjectKind::Pairwise => {
            // Neither part can hold the mark between them.
            let both = ["context-handler pairwise subject", client.as_str(), name].join("\0");
            URL_SAFE_NO_PAD.encode_to_string(openssl::sha::sha256(both.as_bytes()))
        }
    }
}

/// The classes of authentication that say how the user authenticated, and the names of that (RFC 8176). A level says
/// nothing about it.
const METHODS: [(&str, &str); 8] = [
    ("urn:oasis:names:tc:SAML:2.0:ac:classes:Password", "pwd"),
    ("urn:oasis:names:tc:SAML:2.0:ac:classes:PasswordProtectedTransport", "pwd"),
    ("urn:oasis:names:tc:SAML:2.0:ac:classes:TimeSyncToken", "otp"),
    ("urn:oasis:names:tc:SAML:2.0:ac:classes:Smartcard", "sc"),
    ("urn:oasis:names:tc:SAML:2.0:ac:classes:SmartcardPKI", "sc"),
    ("urn:federation:authentication:windows", "wia"),
    ("http://schemas.microsoft.com/claims/multipleauthn", "mfa"),
    ("https://refeds.org/profile/mfa", "mfa"),
];

/// How the user authenticated, as far as these classes say it.
pub fn methods<'c>(classes: impl Iterator<Item = &'c str>) -> Vec<String> {
    let method = |class| METHODS.iter().find(|(known, _)| *known == class).map(|(_, method)| *method);
    let mut methods: Vec<String> = classes.filter_map(method).map(str::to_owned).collect();
    methods.dedup();
    methods
}

/// The half of a token's hash by which an ID token ties it to itself.
pub fn half_hash(token: &str, signed: SignatureAlgorithm) -> String {
    let hash = signed.digest.of(token.as_bytes());
    URL_SAFE_NO_PAD.encode_to_string(&hash[..hash.len() / 2])
}

/// The short name of each attribute.
const SHORT: [(AttributeName, &str); 13] = [
    (name::SPEC_VERSION, "spec_version"),
    (name::KOMBIT_SPEC_VERSION, "kombit_spec_version"),
    (alike(name::LOA), "loa"),
    (alike(name::ASSURANCE_LEVEL), "assurance_level"),
    (name::CVR, "cvr"),
    (name::ORGANISATION, "org_name"),
    (name::EMAIL, "email"),
    (name::COMMON_NAME, "name"),
    (name::UID, "uid"),
    (name::CPR, "cpr"),
    (alike(name::PERSISTENT_UUID), "person_uuid"),
    (alike(name::BOOTSTRAP_TOKEN), "bootstrap_token"),
    (name::PRIVILEGES, "privileges"),
];

const fn alike(name: &'static str) -> AttributeName {
    AttributeName { oiosaml2: name, oiosaml3: name }
}

/// What a fagsystem is told about its user, by the names that it wants: written once as members of a JSON object, for
/// both tokens of a login.
pub struct Attributes(Vec<u8>);

impl Attributes {
    /// Names a fagsystem's attributes as it wants them. Under its URI an attribute has all its values, a list where there
    /// are several; under its short name it has the first, since that is what libraries expect. Rights are base64 under
    /// their URI and JSON under their short name.
    pub fn new(
        told: &[(&'static str, Vec<String>)],
        rights: &PrivilegeList,
        names: ClaimNames,
    ) -> Result<Self, Fault> {
        let mut members = Self(Vec::with_capacity(4 * 1024));
        for (uri, values) in told {
            match &values[..] {
                [] => continue,
                _ if names == ClaimNames::Short => {}
                [one] => members.add(uri, one)?,
                several => members.add(uri, several)?,
            }
            match SHORT.iter().find(|(name, _)| names != ClaimNames::Uri && name.is(uri)) {
                None => {}
                Some((name, short)) if *name == name::PRIVILEGES => {
                    members.add(short, &bpp::to_json(&rights.normalised()))?;
                }
                Some((_, short)) => members.add(short, &values[0])?,
            }
        }
        Ok(members)
    }

    fn add(&mut self, name: &str, value: &(impl Serialize + ?Sized)) -> Result<(), Fault> {
        self.0.push(b',');
        serde_json::to_writer(&mut self.0, name).map_err(unwritten)?;
        self.0.push(b':');
        serde_json::to_writer(&mut self.0, value).map_err(unwritten)
    }

    /// The claims of a token, and these at their end. No attribute has the name of a claim.
    pub fn after(&self, claims: &impl Serialize) -> Result<Vec<u8>, Fault> {
        let mut written = Vec::with_capacity(1024 + self.0.len());
        serde_json::to_writer(&mut written, claims).map_err(unwritten)?;
        let end = written.pop();
        written.extend_from_slice(&self.0);
        written.extend(end);
        Ok(written)
    }
}

fn unwritten(error: serde_json::Error) -> Fault {
    Fault::new(Reason::Internal, error.to_string())
}

/// Every short name there is.
pub fn short_names() -> impl Iterator<Item = &'static str> {
    SHORT.iter().map(|(_, short)| *short)
}

#[cfg(test)]
mod tests;
