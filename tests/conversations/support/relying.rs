//! A fagsystem that speaks OpenID Connect: sends its user here, hands in what comes back, and reads what it is given.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use context_handler::broker::registry::Files;
use context_handler::protocol::address::escaped;
use context_handler::protocol::jose::{self, Jwks, Typ};
use context_handler::protocol::keys::{FileKey, SignatureAlgorithm, Signer, fingerprint};
use serde_json::{Value, json};

use super::{Answer, Browser, Say, Town, key};

pub(crate) const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
pub(crate) const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
/// Fit for two clients, which is nobody's business but this test's.
pub(crate) const SECRET: &str = "correct horse battery staple 4711";

/// Every request, answer and proof has a name of its own.
static NUMBER: AtomicU32 = AtomicU32::new(1);

pub(crate) fn number() -> u32 {
    NUMBER.fetch_add(1, Ordering::SeqCst)
}

/// How a client proves itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum By {
    Key,
    Basic,
    Post,
    Certificate,
    Nothing,
}

/// A client with its own key.
#[derive(Clone)]
pub(crate) struct Client {
    pub(crate) id: &'static str,
    pub(crate) by: By,
    pub(crate) key: Arc<FileKey>,
    pub(crate) redirect_uri: &'static str,
    pub(crate) registered: String,
    /// Whether it binds its tokens to a key.
    pub(crate) proves_key: bool,
}

impl Client {
    /// Private key, refresh tokens.
    pub(crate) fn sag() -> Self {
        Self {
            id: "https://sag.test",
            by: By::Key,
            key: key("oidc-byggesag"),
            redirect_uri: "https://sag.test/callback",
            registered: "token-endpoint-auth-method = \"private_key_jwt\"\njwks = \"sag.jwks.json\"\n\
                         issue-refresh-token = true\nbackchannel-logout-uri = \"https://sag.test/out\"\n\
                         post-logout-redirect-uris = [\"https://sag.test/bye\"]\n"
                .to_owned(),
            proves_key: false,
        }
    }

    pub(crate) fn basic() -> Self {
        Self {
            id: "https://basic.test",
            by: By::Basic,
            key: key("sp-seb"),
            redirect_uri: "https://basic.test/callback?at=home",
            registered: format!(
                "token-endpoint-auth-method = \"client_secret_basic\"\nsecret-sha256 = [{:?}]\n\
                 issue-refresh-token = true\nrefresh-token-rotation = false\nclaim-names = \"short\"\n\
                 subject = \"pairwise\"\nbackchannel-logout-uri = \"https://basic.test/out\"\n",
                fingerprint(SECRET.as_bytes())
            ),
            proves_key: false,
        }
    }

    pub(crate) fn post() -> Self {
        Self {
            id: "https://post.test",
            by: By::Post,
            key: key("sp-seb"),
            redirect_uri: "https://post.test/callback",
            registered: format!(
                "token-endpoint-auth-method = \"client_secret_post\"\nsecret-sha256 = [{:?}]\n\
                 claim-names = \"uri\"\nbackchannel-logout-uri = \"https://post.test/out\"\n",
                fingerprint(SECRET.as_bytes())
            ),
            proves_key: false,
        }
    }

    pub(crate) fn tls() -> Self {
        Self {
            id: "https://tls.test",
            by: By::Certificate,
            key: key("sp-oiosaml2"),
            redirect_uri: "https://tls.test/callback",
            registered: format!(
                "token-endpoint-auth-method = \"tls_client_auth\"\ntls-client-auth-subject-dn = {:?}\n\
                 issue-refresh-token = true\nbackchannel-logout-uri = \"https://tls.test/out\"\n",
                written_subject(Signer::certificate(key("sp-oiosaml2").as_ref()).subject())
            ),
            proves_key: false,
        }
    }

    /// A page in the browser, bound to a key.
    pub(crate) fn page() -> Self {
        Self {
            id: "https://page.test",
            by: By::Nothing,
            key: key("sp-seb"),
            redirect_uri: "https://page.test/callback",
            registered: "token-endpoint-auth-method = \"none\"\napplication-type = \"javascript\"\n\
                         issue-refresh-token = true\ndpop-bound = true\n"
                .to_owned(),
            proves_key: true,
        }
    }

    pub(crate) fn all() -> [Self; 5] {
        [Self::sag(), Self::basic(), Self::post(), Self::tls(), Self::page()]
    }

    /// The same with one more line in the register.
    pub(crate) fn with(mut self, line: &str) -> Self {
        self.registered += line;
        self.registered += "\n";
        self
    }

    /// The public key as it is registered.
    pub(crate) fn jwk(&self) -> Value {
        let set = Jwks::of_certificates([Signer::certificate(self.key.as_ref())]).unwrap();
        let mut key = set.to_json()["keys"][0].clone();
        key.as_object_mut().unwrap().remove("x5c");
        key
    }

    /// Sends a user of Korsbæk here and comes back with the code.
    pub(crate) async fn code(&self, town: &Town) -> String {
        self.code_for(town, &mut town.browser(), &[]).await
    }

    pub(crate) async fn code_for(&self, town: &Town, browser: &mut Browser, more: &[(&str, &str)]) -> String {
        let sent = self.send(town, browser, more).await;
        let to = sent.location().to_owned();
        let back = match to.starts_with("https://idp.korsbaek.test/") {
            true => self.log_in(town, browser, &sent, |_| {}).await,
            false => to,
        };
        self.read_code(&back)
    }

    pub(crate) async fn send(&self, town: &Town, browser: &mut Browser, more: &[(&str, &str)]) -> Answer {
        let fields = self.request(more);
        let fields: Vec<_> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
        browser.get(&format!("{}/oauth2/authorize?{}", town.url, query(&fields))).await
    }

    /// An ordinary request with these parameters changed, and without those that are empty.
    pub(crate) fn request<'r>(&self, more: &[(&'r str, &str)]) -> Vec<(&'r str, String)> {
        let (state, nonce) = (format!("state{}", number()), "n-0S6_WzA2Mj".to_owned());
        let mut fields = vec![
            ("client_id", self.id),
            ("redirect_uri", self.redirect_uri),
            ("response_type", "code"),
            ("scope", "openid offline_access"),
            ("state", &state),
            ("nonce", &nonce),
            ("code_challenge", CHALLENGE),
            ("code_challenge_method", "S256"),
            ("login_hint", "11111111"),
        ];
        fields.retain(|(name, _)| more.iter().all(|(other, _)| other != name));
        fields.extend(more);
        fields.retain(|(_, value)| !value.is_empty());
        fields.into_iter().map(|(name, value)| (name, value.to_owned())).collect()
    }

    /// The code after a login of which Korsbæk says something else.
    pub(crate) async fn code_when(&self, town: &Town, bend: impl FnOnce(&mut Say)) -> String {
        let mut browser = town.browser();
        let sent = self.send(town, &mut browser, &[]).await;
        self.read_code(&self.log_in(town, &mut browser, &sent, bend).await)
    }

    async fn log_in(
        &self,
        town: &Town,
        browser: &mut Browser,
        sent: &Answer,
        bend: impl FnOnce(&mut Say),
    ) -> String {
        answered(town, browser, sent, bend).await.onward().location().to_owned()
    }

    /// The code in the address that the browser was sent back to.
    fn read_code(&self, back: &str) -> String {
        let rest = back.strip_prefix(self.redirect_uri).unwrap_or_else(|| panic!("sent to {back}"));
        let code = rest[1..].split('&').find_map(|pair| pair.strip_prefix("code="));
        code.unwrap_or_else(|| panic!("no code in {back}")).to_owned()
    }

    /// Hands in a code as it should.
    pub(crate) async fn redeem(&self, town: &Town, code: &str) -> Answer {
        self.call(town, "token", &self.of_code(code)).await
    }

    pub(crate) fn of_code<'c>(&'c self, code: &'c str) -> Vec<(&'c str, &'c str)> {
        vec![
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", self.redirect_uri),
            ("code_verifier", VERIFIER),
        ]
    }

    pub(crate) async fn refresh(&self, town: &Town, token: &str) -> Answer {
        self.call(town, "token", &[("grant_type", "refresh_token"), ("refresh_token", token)]).await
    }

    /// A whole login: the tokens.
    pub(crate) async fn tokens(&self, town: &Town) -> Value {
        let code = self.code(town).await;
        let answer = self.redeem(town, &code).await;
        assert_eq!(answer.status, 200, "{} {}", self.id, answer.body);
        body(&answer)
    }

    /// Calls one of our addresses, proved in the client's own way.
    pub(crate) async fn call(&self, town: &Town, path: &str, fields: &[(&str, &str)]) -> Answer {
        let assertion = self.assertion(town, |_| {});
        self.call_with(town, path, fields, &assertion).await
    }

    pub(crate) async fn call_with(
        &self,
        town: &Town,
        path: &str,
        fields: &[(&str, &str)],
        assertion: &str,
    ) -> Answer {
        let mut browser = town.browser();
        let mut fields = fields.to_vec();
        match self.by {
            By::Key => fields.extend([
                ("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"),
                ("client_assertion", assertion),
            ]),
            By::Basic => browser.headers.push(("authorization".into(), self.basic_header(SECRET))),
            By::Post => fields.extend([("client_id", self.id), ("client_secret", SECRET)]),
            By::Certificate => {
                fields.push(("client_id", self.id));
                browser.headers.push(self.certificate());
            }
            By::Nothing => fields.push(("client_id", self.id)),
        }
        if self.proves_key && path == "token" {
            browser.headers.push(("dpop".into(), self.proof(town, "POST", path, None)));
        }
        browser.post(&format!("{}/oauth2/{path}", town.url), &fields).await
    }

    pub(crate) fn basic_header(&self, secret: &str) -> String {
        format!("Basic {}", STANDARD.encode(format!("{}:{}", escaped(self.id), escaped(secret))))
    }

    /// Its TLS certificate, as the proxy hands it over.
    pub(crate) fn certificate(&self) -> (String, String) {
        let der = STANDARD.encode(Signer::certificate(self.key.as_ref()).der());
        ("client-cert".into(), format!(":{der}:"))
    }

    /// What it proves itself with, bent.
    pub(crate) fn assertion(&self, town: &Town, bend: impl FnOnce(&mut Value)) -> String {
        self.assertion_by(town, SignatureAlgorithm::RSA_PSS_SHA256, bend)
    }

    /// The same with a key on a curve.
    pub(crate) fn elliptic_assertion(&self, town: &Town) -> String {
        self.assertion_by(town, SignatureAlgorithm::ECDSA_SHA256, |_| {})
    }

    fn assertion_by(
        &self,
        town: &Town,
        algorithm: SignatureAlgorithm,
        bend: impl FnOnce(&mut Value),
    ) -> String {
        let now = town.now().as_second();
        let mut claims = json!({
            "iss": self.id, "sub": self.id, "aud": town.url, "jti": format!("jti{}", number()),
            "iat": now, "exp": now + 60,
        });
        bend(&mut claims);
        let signer: &dyn Signer = self.key.as_ref();
        jose::sign(&claims, Typ::ClientAssertion, signer, algorithm).unwrap()
    }

    /// A proof that it holds its key.
    pub(crate) fn proof(&self, town: &Town, method: &str, path: &str, token: Option<&str>) -> String {
        self.proof_saying(town, (method, path), token, |_| {})
    }

    /// The same, bent.
    pub(crate) fn proof_saying(
        &self,
        town: &Town,
        (method, path): (&str, &str),
        token: Option<&str>,
        bend: impl FnOnce(&mut Value),
    ) -> String {
        let address = format!("{}/oauth2/{path}", town.url);
        let mut jwk = self.jwk();
        ["kid", "use"].iter().for_each(|name| drop(jwk.as_object_mut().unwrap().remove(*name)));
        let head = json!({ "alg": "PS256", "typ": "dpop+jwt", "jwk": jwk });
        let mut claims = json!({
            "htm": method, "htu": address, "iat": town.now().as_second(), "jti": format!("proof{}", number()),
        });
        if let Some(token) = token {
            claims["ath"] = base64url(openssl::sha::sha256(token.as_bytes())).into();
        }
        bend(&mut claims);
        self.signed(&head, &claims)
    }

    /// A token with exactly this header and content.
    pub(crate) fn signed(&self, head: &Value, claims: &Value) -> String {
        let content = format!("{}.{}", base64url(head.to_string()), base64url(claims.to_string()));
        let signature = self.key.sign_with(SignatureAlgorithm::RSA_PSS_SHA256, content.as_bytes()).unwrap();
        format!("{content}.{}", base64url(signature))
    }

    /// Shows an access token.
    pub(crate) async fn userinfo(&self, town: &Town, token: &str) -> Answer {
        let mut browser = town.browser();
        let scheme = if self.proves_key { "DPoP" } else { "Bearer" };
        browser.headers.push(("authorization".into(), format!("{scheme} {token}")));
        if self.proves_key {
            browser.headers.push(("dpop".into(), self.proof(town, "GET", "userinfo", Some(token))));
        }
        if self.by == By::Certificate {
            browser.headers.push(self.certificate());
        }
        browser.get(&format!("{}/oauth2/userinfo", town.url)).await
    }
}

/// Korsbæk logs its user in, as if it were the first time, and the browser brings that.
pub(crate) async fn answered(
    town: &Town,
    browser: &mut Browser,
    sent: &Answer,
    bend: impl FnOnce(&mut Say),
) -> Answer {
    let (now, turn) = (town.now(), number());
    let says = |say: &mut Say| {
        say.at(now);
        (say.response_id, say.assertion_id) = (format!("_response{turn}"), format!("_assertion{turn}"));
        bend(say);
    };
    town.korsbaek.answer(town, browser, sent, says).await
}

/// A town with these clients in its register, and agreements with both municipalities.
pub(crate) async fn town_with(name: &str, clients: impl AsRef<[Client]>) -> Town {
    Town::with(name, |files| register(files, clients)).await
}

pub(crate) fn register(files: &mut Files, clients: impl AsRef<[Client]>) {
    let mut toml = String::new();
    for client in clients.as_ref() {
        let Client { id, redirect_uri, registered, .. } = client;
        toml += &format!(
            "[[oidc-client]]\nclient-id = {id:?}\nname = \"System {id}\"\ncvr = \"77777777\"\n\
             required-nsis = \"Substantial\"\nredirect-uris = [{redirect_uri:?}]\n{registered}\n"
        );
        if registered.contains("sag.jwks.json") {
            files.insert("sag.jwks.json".into(), json!({ "keys": [client.jwk()] }).to_string().into_bytes());
        }
        for cvr in ["11111111", "99999999"] {
            toml += &format!("[[service-agreement]]\nauthority = {cvr:?}\nservice-providers = [{id:?}]\n\n");
        }
    }
    files.insert("clients.toml".into(), toml.into_bytes());
}

/// Changes a line of the clients' register.
pub(crate) fn replace(files: &mut Files, from: &str, to: &str) {
    let text = String::from_utf8(files["clients.toml"].clone()).unwrap();
    assert!(text.contains(from), "{from:?} in {text}");
    files.insert("clients.toml".into(), text.replacen(from, to, 1).into_bytes());
}

pub(crate) fn body(answer: &Answer) -> Value {
    serde_json::from_str(&answer.body).unwrap_or_else(|error| panic!("{error}: {}", answer.body))
}

/// What a token says, header and content. Nothing is proved.
pub(crate) fn decoded(token: &str) -> (Value, Value) {
    let mut parts = token.split('.').map(|part| URL_SAFE_NO_PAD.decode(part).unwrap());
    let mut next = || serde_json::from_slice(&parts.next().unwrap()).unwrap();
    (next(), next())
}

pub(crate) fn base64url(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

pub(crate) fn query(fields: &[(&str, &str)]) -> String {
    let pairs: Vec<_> = fields.iter().map(|(name, value)| format!("{name}={}", escaped(value))).collect();
    pairs.join("&")
}

/// The subject the other way round, as RFC 4514 writes it. The names of the development parties hold no comma.
fn written_subject(subject: &str) -> String {
    let mut parts: Vec<&str> = subject.split(", ").collect();
    parts.reverse();
    parts.join(",")
}
