//! JSON Web Tokens as this fagsystem signs and verifies them, with `openssl` alone beneath. It knows one algorithm, PS256,
//! so that no header can choose another.

use base64_simd::URL_SAFE_NO_PAD;
use openssl::bn::BigNum;
use openssl::error::ErrorStack;
use openssl::hash::MessageDigest;
use openssl::pkey::{HasPublic, PKey, Private, Public};
use openssl::rsa::{Padding, Rsa};
use openssl::sign::{RsaPssSaltlen, Signer, Verifier};
use openssl::x509::X509;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::sandbox::saml::{Refused, refused};

/// The only algorithm.
const ALGORITHM: &str = "PS256";
/// Smaller keys are not trusted.
const FEWEST_BITS: u32 = 2048;

/// What a token says.
pub(super) type Claims = Map<String, Value>;

/// The fagsystem's own key.
pub(super) struct OwnKey {
    key: PKey<Private>,
    /// The name of the key: the digest of its certificate.
    kid: String,
}

impl OwnKey {
    /// Reads a file that holds the key and its certificate.
    pub(super) fn read(pem: &[u8]) -> Result<Self, ErrorStack> {
        let digest = X509::from_pem(pem)?.digest(MessageDigest::sha256())?;
        Ok(Self { key: PKey::private_key_from_pem(pem)?, kid: base64url(&digest) })
    }

    /// Signs what is to be said.
    pub(super) fn sign(&self, claims: &Value) -> Result<String, ErrorStack> {
        let header = json!({ "alg": ALGORITHM, "kid": self.kid, "typ": "JWT" });
        let signed = format!("{}.{}", part(&header), part(claims));
        let mut signer = Signer::new(MessageDigest::sha256(), &self.key)?;
        signer.set_rsa_padding(Padding::PKCS1_PSS)?;
        signer.set_rsa_mgf1_md(MessageDigest::sha256())?;
        signer.set_rsa_pss_saltlen(RsaPssSaltlen::DIGEST_LENGTH)?;
        let signature = signer.sign_oneshot_to_vec(signed.as_bytes())?;
        Ok(format!("{signed}.{}", base64url(&signature)))
    }
}

/// The keys that the provider publishes.
#[derive(Deserialize)]
pub(super) struct Keys {
    keys: Vec<Key>,
}

/// One of them; what is not written here is not looked at.
#[derive(Deserialize)]
struct Key {
    kty: String,
    kid: Option<String>,
    #[serde(rename = "use")]
    used_for: Option<String>,
    alg: Option<String>,
    n: Option<String>,
    e: Option<String>,
}

#[derive(Deserialize)]
struct Header {
    alg: String,
    kid: String,
    typ: Option<String>,
    crit: Option<Value>,
}

impl Keys {
    /// What a token says, once one of these keys is known to have signed it, and it is of this type.
    pub(super) fn open(&self, token: &str, typ: &str) -> Result<Claims, Refused> {
        let parts: Vec<&str> = token.split('.').collect();
        let [header, claims, signature] = parts.as_slice() else {
            return refused(format!("a token of {} parts", parts.len()));
        };
        let read: Header = from_json(&decoded(header)?)?;
        if read.alg != ALGORITHM {
            return refused(format!("expected a signature by {ALGORITHM}, got {}", read.alg));
        }
        if read.crit.is_some() {
            return refused("a header that must be understood, and is not");
        }
        // A token that says nothing of its type is a plain one.
        let got = read.typ.as_deref().unwrap_or("JWT");
        if !got.eq_ignore_ascii_case(typ) {
            return refused(format!("expected a token of type {typ}, got {got}"));
        }
        let signed = &token[..header.len() + 1 + claims.len()];
        let key = self.named(&read.kid)?;
        if !verified(&key, signed.as_bytes(), &decoded(signature)?).unwrap_or(false) {
            return refused("the signature does not fit");
        }
        from_json(&decoded(claims)?)
    }

    fn named(&self, kid: &str) -> Result<PKey<Public>, Refused> {
        let fits = |key: &&Key| {
            key.kid.as_deref() == Some(kid)
                && key.used_for.as_deref().is_none_or(|used| used == "sig")
                && key.alg.as_deref().is_none_or(|alg| alg == ALGORITHM)
        };
        let Some(key) = self.keys.iter().find(fits) else {
            return refused("no published key has the name that the token says");
        };
        let (Some(n), Some(e), "RSA") = (&key.n, &key.e, key.kty.as_str()) else {
            return refused("the published key is no RSA key");
        };
        let (n, e) = (decoded(n)?, decoded(e)?);
        let key =
            || PKey::from_rsa(Rsa::from_public_components(BigNum::from_slice(&n)?, BigNum::from_slice(&e)?)?);
        match key() {
            Ok(key) if key.bits() >= FEWEST_BITS => Ok(key),
            Ok(key) => refused(format!("a key of {} bits", key.bits())),
            Err(_) => refused("the published key cannot be read"),
        }
    }
}

fn verified<T: HasPublic>(key: &PKey<T>, signed: &[u8], signature: &[u8]) -> Result<bool, ErrorStack> {
    let mut verifier = Verifier::new(MessageDigest::sha256(), key)?;
    verifier.set_rsa_padding(Padding::PKCS1_PSS)?;
    verifier.set_rsa_mgf1_md(MessageDigest::sha256())?;
    verifier.set_rsa_pss_saltlen(RsaPssSaltlen::DIGEST_LENGTH)?;
    verifier.verify_oneshot(signature, signed)
}

pub(super) fn base64url(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode_to_string(bytes)
}

fn part(value: &Value) -> String {
    base64url(value.to_string().as_bytes())
}

fn decoded(text: &str) -> Result<Vec<u8>, Refused> {
    URL_SAFE_NO_PAD.decode_to_vec(text).map_err(|_| Refused("a token that is not base64url".to_owned()))
}

fn from_json<T: for<'de> Deserialize<'de>>(bytes: &[u8]) -> Result<T, Refused> {
    serde_json::from_slice(bytes).map_err(|_| Refused("a token that is not JSON as it should be".to_owned()))
}

/// A provider's key for tests, with the keys that it publishes.
#[cfg(test)]
pub(super) mod forge {
    use super::*;

    /// A key that signs whatever a test wants.
    pub(in crate::sandbox::oidc) struct Forge(PKey<Private>);

    impl Forge {
        pub(in crate::sandbox::oidc) fn new() -> Self {
            Self(PKey::from_rsa(Rsa::generate(2048).unwrap()).unwrap())
        }

        /// What the provider publishes.
        pub(in crate::sandbox::oidc) fn published(&self) -> Value {
            let rsa = self.0.rsa().unwrap();
            let [n, e] = [rsa.n().to_vec(), rsa.e().to_vec()].map(|number| base64url(&number));
            json!({ "keys": [{ "kty": "RSA", "kid": "1", "use": "sig", "alg": ALGORITHM, "n": n, "e": e }] })
        }

        pub(in crate::sandbox::oidc) fn keys(&self) -> Keys {
            serde_json::from_value(self.published()).unwrap()
        }

        /// A token with this header, whose `alg` and `kid` are as they should be unless it says otherwise.
        pub(in crate::sandbox::oidc) fn token(&self, header: &Value, claims: &Value) -> String {
            let mut whole = json!({ "alg": ALGORITHM, "kid": "1" });
            whole.as_object_mut().unwrap().extend(header.as_object().unwrap().clone());
            let signed = format!("{}.{}", part(&whole), part(claims));
            let mut signer = Signer::new(MessageDigest::sha256(), &self.0).unwrap();
            signer.set_rsa_padding(Padding::PKCS1_PSS).unwrap();
            signer.set_rsa_pss_saltlen(RsaPssSaltlen::DIGEST_LENGTH).unwrap();
            format!("{signed}.{}", base64url(&signer.sign_oneshot_to_vec(signed.as_bytes()).unwrap()))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::forge::Forge;
    use super::*;
    use crate::sandbox::files::OIDC_BYGGESAG;

    fn why(opened: Result<Claims, Refused>) -> String {
        opened.expect_err("it is refused").0
    }

    #[test]
    fn a_token_that_a_published_key_signed_says_what_it_says() {
        let forge = Forge::new();
        let token = forge.token(&json!({}), &json!({ "sub": "agnes" }));
        assert_eq!(forge.keys().open(&token, "JWT").unwrap()["sub"], "agnes");
        let logout = forge.token(&json!({ "typ": "logout+jwt" }), &json!({ "sub": "agnes" }));
        assert_eq!(forge.keys().open(&logout, "logout+jwt").unwrap()["sub"], "agnes");
    }

    #[test]
    fn a_token_that_somebody_made_or_changed_is_not_taken() {
        let (forge, stranger) = (Forge::new(), Forge::new());
        let (keys, claims) = (forge.keys(), json!({ "sub": "agnes" }));
        assert_eq!(why(keys.open(&stranger.token(&json!({}), &claims), "JWT")), "the signature does not fit");
        let token = forge.token(&json!({}), &claims);
        let changed = token.replace(&part(&claims), &part(&json!({ "sub": "viggo" })));
        assert_ne!(token, changed);
        assert_eq!(why(keys.open(&changed, "JWT")), "the signature does not fit");
        for (header, expected) in [
            (json!({ "alg": "none" }), "expected a signature by PS256, got none"),
            (json!({ "alg": "HS256" }), "expected a signature by PS256, got HS256"),
            (json!({ "kid": "2" }), "no published key has the name that the token says"),
            (json!({ "typ": "at+jwt" }), "expected a token of type JWT, got at+jwt"),
            (json!({ "crit": ["b64"] }), "a header that must be understood, and is not"),
        ] {
            assert_eq!(why(keys.open(&forge.token(&header, &claims), "JWT")), expected);
        }
        let unsigned = token.rsplit_once('.').unwrap().0;
        assert_eq!(why(keys.open(unsigned, "JWT")), "a token of 2 parts");
        assert_eq!(why(keys.open(&format!("{unsigned}."), "JWT")), "the signature does not fit");
        assert_eq!(why(keys.open(&format!("{token}="), "JWT")), "a token that is not base64url");
    }

    #[test]
    fn the_fagsystem_signs_with_its_own_key_and_names_it() {
        let own = OwnKey::read(OIDC_BYGGESAG).unwrap();
        let rsa = own.key.rsa().unwrap();
        let [n, e] = [rsa.n().to_vec(), rsa.e().to_vec()].map(|number| base64url(&number));
        let published = json!({ "keys": [{ "kty": "RSA", "kid": own.kid, "n": n, "e": e }] });
        let keys: Keys = serde_json::from_value(published).unwrap();
        let token = own.sign(&json!({ "iss": "me" })).unwrap();
        assert_eq!(keys.open(&token, "JWT").unwrap()["iss"], "me");
    }
}
