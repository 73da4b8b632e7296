//! A fagsystem that speaks OpenID Connect: asks, reads what comes back with judgement of its own, proves itself with its
//! own key. Nothing of the broker's own code is used.

use std::collections::BTreeMap;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use context_handler::broker::registry::Files;
use openssl::hash::MessageDigest;
use openssl::pkey::{PKey, Private};
use openssl::rsa::Padding;
use openssl::sha::sha256;
use openssl::sign::{RsaPssSaltlen, Signer};
use serde_json::{Value, json};

use super::{Answer, Browser, Say, Town};

/// A client with its own key.
#[derive(Clone)]
pub(crate) struct Client {
    pub(crate) client_id: &'static str,
    pub(crate) redirect_uri: &'static str,
    /// What the register says besides name and agreement. Every line can be bent.
    pub(crate) registered: String,
    pub(crate) key: PKey<Private>,
    pub(crate) kid: &'static str,
}

/// The parameters of a request. Every one can be bent.
pub(crate) type Parameters = BTreeMap<&'static str, String>;

/// What came back to the client's address.
#[derive(Debug)]
pub(crate) struct Back {
    pub(crate) by_form: bool,
    pub(crate) fields: BTreeMap<String, String>,
}

impl Client {
    /// A server that proves itself with its key and requires NSIS Substantial.
    pub(crate) fn byggesag() -> Self {
        let registered = "required-nsis = \"Substantial\"\n\
                          redirect-uris = [\"https://byggesag.test/callback\"]\n\
                          token-endpoint-auth-method = \"private_key_jwt\"\n\
                          jwks = \"byggesag.jwks.json\"\n\
                          backchannel-logout-uri = \"https://byggesag.test/logout\"\n\
                          post-logout-redirect-uris = [\"https://byggesag.test/bye\"]\n\
                          issue-refresh-token = true\n";
        Self {
            client_id: "https://oidc.byggesag.test",
            redirect_uri: "https://byggesag.test/callback",
            registered: registered.to_owned(),
            key: Self::key("oidc-byggesag"),
            kid: "byggesag",
        }
    }

    /// An app on the user's device, which proves itself by nothing but PKCE.
    pub(crate) fn app() -> Self {
        let registered = "required-nsis = \"Substantial\"\n\
                          application-type = \"native\"\n\
                          redirect-uris = [\"dk.tilsyn.app:/callback\", \"http://127.0.0.1/callback\"]\n\
                          token-endpoint-auth-method = \"none\"\n";
        Self {
            client_id: "dk.tilsyn.app",
            redirect_uri: "dk.tilsyn.app:/callback",
            registered: registered.to_owned(),
            ..Self::byggesag()
        }
    }

    /// Puts the client into the register, with agreements of both municipalities.
    pub(crate) fn register(&self, files: &mut Files) {
        let Self { client_id, registered, .. } = self;
        let mut toml = format!(
            "[[oidc-client]]\nclient-id = {client_id:?}\nname = {client_id:?}\ncvr = \"22222222\"\n{registered}\n"
        );
        for authority in ["11111111", "99999999"] {
            toml += &format!(
                "[[service-agreement]]\nauthority = {authority:?}\nservice-providers = [{client_id:?}]\n\n"
            );
        }
        files.insert(format!("{}.toml", client_id.replace(['/', ':'], "-")), toml.into_bytes());
        files.insert("byggesag.jwks.json".to_owned(), self.jwks().to_string().into_bytes());
    }

    /// Its public key set.
    pub(crate) fn jwks(&self) -> Value {
        let rsa = self.key.rsa().unwrap();
        let number = |number: &openssl::bn::BigNumRef| URL_SAFE_NO_PAD.encode(number.to_vec());
        let (n, e) = (number(rsa.n()), number(rsa.e()));
        json!({ "keys": [{ "kty": "RSA", "use": "sig", "kid": self.kid, "n": n, "e": e }] })
    }

    /// What its codes are tied to.
    pub(crate) fn verifier(&self) -> String {
        format!("{:-<43}", self.client_id.replace(['/', ':'], "."))
    }

    /// An ordinary request.
    pub(crate) fn ask(&self) -> Parameters {
        let challenge = URL_SAFE_NO_PAD.encode(sha256(self.verifier().as_bytes()));
        let ask = [
            ("client_id", self.client_id),
            ("response_type", "code"),
            ("scope", "openid"),
            ("redirect_uri", self.redirect_uri),
            ("state", "back to /case/7"),
            ("nonce", "n-0S6_WzA2Mj"),
            ("code_challenge", &challenge),
            ("code_challenge_method", "S256"),
            ("domain_hint", "11111111"),
        ];
        ask.into_iter().map(|(name, value)| (name, value.to_owned())).collect()
    }

    /// The ordinary request with these parameters changed; without those that are empty.
    pub(crate) fn asking(&self, changed: &[(&'static str, &str)]) -> Parameters {
        let mut ask = self.ask();
        ask.extend(changed.iter().map(|(name, value)| (*name, (*value).to_owned())));
        ask.retain(|_, value| !value.is_empty());
        ask
    }

    /// Sends the browser to the broker.
    pub(crate) async fn send(&self, town: &Town, browser: &mut Browser, ask: &Parameters) -> Answer {
        browser.get(&format!("{}/oauth2/authorize?{}", town.url, written(ask))).await
    }

    /// The same by a form.
    pub(crate) async fn post(&self, town: &Town, browser: &mut Browser, ask: &Parameters) -> Answer {
        let form: Vec<_> = ask.iter().map(|(name, value)| (*name, value.as_str())).collect();
        browser.post(&format!("{}/oauth2/authorize", town.url), &form).await
    }

    /// Pushes a request, proving itself by its key; tells the status and what is answered.
    pub(crate) async fn push(&self, town: &Town, ask: &Parameters, jti: &str) -> (u16, Value) {
        let mut form = ask.clone();
        form.insert("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer".into());
        form.insert("client_assertion", self.assertion(town, jti));
        let form: Vec<_> = form.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let answer = Browser::new().post(&format!("{}/oauth2/par", town.url), &form).await;
        (answer.status, serde_json::from_str(&answer.body).unwrap())
    }

    /// A login of a user of Korsbæk from the beginning to the end.
    pub(crate) async fn log_in(&self, town: &Town, browser: &mut Browser, ask: &Parameters) -> Back {
        let sent = self.send(town, browser, ask).await;
        self.logged_in(town, browser, &sent).await
    }

    /// The rest of a login, from the question to Korsbæk.
    pub(crate) async fn logged_in(&self, town: &Town, browser: &mut Browser, sent: &Answer) -> Back {
        let now = town.now();
        let fresh = |say: &mut Say| {
            say.at(now);
            let question = say.in_response_to.clone().unwrap();
            (say.response_id, say.assertion_id) = (format!("_r{question}"), format!("_a{question}"));
        };
        let answer = town.korsbaek.answer(town, browser, sent, fresh).await;
        self.read(town, &answer)
    }

    /// Reads what the browser brings, by whatever way; panics when it is not for us or not from the broker.
    pub(crate) fn read(&self, town: &Town, answer: &Answer) -> Back {
        let address = answer.location.clone().or_else(|| answer.onward_to());
        let (to, by_form, fields) = match (answer.form(), address) {
            (Some((action, fields)), None) => (action, true, fields),
            (None, Some(address)) => {
                let (to, query) = address.split_once('?').unwrap();
                let pairs = query.split('&').map(|pair| pair.split_once('=').unwrap());
                (to.to_owned(), false, pairs.map(|(name, value)| (name.to_owned(), plain(value))).collect())
            }
            _ => panic!("nothing for a client: {} {}", answer.status, answer.body),
        };
        assert_eq!(to, self.redirect_uri);
        assert_eq!(fields.get("iss"), Some(&town.url), "RFC 9207");
        Back { by_form, fields }
    }

    /// A token by which it proves itself to the broker.
    pub(crate) fn assertion(&self, town: &Town, jti: &str) -> String {
        let now = town.now().as_second();
        self.sign(
            &json!({ "alg": "PS256", "kid": self.kid, "typ": "client-authentication+jwt" }),
            &json!({
                "iss": self.client_id, "sub": self.client_id, "aud": town.url,
                "jti": jti, "iat": now, "exp": now + 60
            }),
        )
    }

    /// A key of the development parties.
    pub(crate) fn key(name: &str) -> PKey<Private> {
        let file =
            std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("certs-dev").join(format!("{name}.pem"));
        PKey::private_key_from_pem(&std::fs::read(file).unwrap()).unwrap()
    }

    /// Signs with its key, PS256, whatever it is told to.
    pub(crate) fn sign(&self, header: &Value, claims: &Value) -> String {
        let [header, claims] = [header, claims].map(|part| URL_SAFE_NO_PAD.encode(part.to_string()));
        let text = format!("{header}.{claims}");
        let mut signer = Signer::new(MessageDigest::sha256(), &self.key).unwrap();
        signer.set_rsa_padding(Padding::PKCS1_PSS).unwrap();
        signer.set_rsa_pss_saltlen(RsaPssSaltlen::DIGEST_LENGTH).unwrap();
        signer.update(text.as_bytes()).unwrap();
        format!("{text}.{}", URL_SAFE_NO_PAD.encode(signer.sign_to_vec().unwrap()))
    }
}

impl Back {
    /// The code; there must be one.
    pub(crate) fn code(&self) -> &str {
        self.fields.get("code").unwrap_or_else(|| panic!("no code: {:?}", self.fields))
    }

    /// The error; there must be one, and no code.
    pub(crate) fn error(&self) -> &str {
        assert!(!self.fields.contains_key("code"), "{:?}", self.fields);
        &self.fields["error"]
    }

    pub(crate) fn field(&self, name: &str) -> Option<&str> {
        self.fields.get(name).map(String::as_str)
    }
}

/// As a query or the body of a form.
pub(crate) fn written(parameters: &Parameters) -> String {
    let bytes = |value: &str| value.bytes().map(|b| format!("%{b:02X}")).collect::<String>();
    let pairs: Vec<_> = parameters.iter().map(|(name, value)| format!("{name}={}", bytes(value))).collect();
    pairs.join("&")
}

fn plain(escaped: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = escaped.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'+' => b' ',
            b'%' => {
                let digits = [rest.next().unwrap(), rest.next().unwrap()];
                u8::from_str_radix(std::str::from_utf8(&digits).unwrap(), 16).unwrap()
            }
            plain => plain,
        });
    }
    String::from_utf8(bytes).unwrap()
}
