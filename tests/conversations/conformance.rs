//! The test plans of the OpenID conformance suite for providers, module by module, by their published names. The suite itself
//! is not run here: each name stands for a conversation over HTTP that checks what the module checks. Every request carries
//! PKCE, which we demand of everybody and most of the suite's modules do not send.

use std::collections::BTreeMap;

use context_handler::protocol::address::unescaped;
use context_handler::protocol::jose::{self, Jwks, SIGNED_WITH, Symmetric, Typ};
use jiff::SignedDuration;
use serde_json::{Value, json};

use crate::support::logout::BackChannel;
use crate::support::relying::{Client, answered, body, decoded, query, town_with};
use crate::support::{Answer, Browser, Say, Town};

/// Of `oidcc-basic-certification-test-plan`, and, with another `response_mode`, of
/// `oidcc-formpost-basic-certification-test-plan`.
const BASIC: [&str; 38] = [
    "oidcc-server",
    "oidcc-response-type-missing",
    "oidcc-idtoken-signature",
    "oidcc-idtoken-unsigned",
    "oidcc-userinfo-get",
    "oidcc-userinfo-post-header",
    "oidcc-userinfo-post-body",
    "oidcc-ensure-request-without-nonce-succeeds-for-code-flow",
    "oidcc-scope-profile",
    "oidcc-scope-email",
    "oidcc-scope-address",
    "oidcc-scope-phone",
    "oidcc-scope-all",
    "oidcc-ensure-other-scope-order-succeeds",
    "oidcc-display-page",
    "oidcc-display-popup",
    "oidcc-prompt-login",
    "oidcc-prompt-none-not-logged-in",
    "oidcc-prompt-none-logged-in",
    "oidcc-max-age-1",
    "oidcc-max-age-10000",
    "oidcc-ensure-request-with-unknown-parameter-succeeds",
    "oidcc-id-token-hint",
    "oidcc-login-hint",
    "oidcc-ui-locales",
    "oidcc-claims-locales",
    "oidcc-ensure-request-with-acr-values-succeeds",
    "oidcc-codereuse",
    "oidcc-codereuse-30seconds",
    "oidcc-ensure-registered-redirect-uri",
    "oidcc-ensure-post-request-succeeds",
    "oidcc-server-client-secret-post",
    "oidcc-request-uri-unsigned-supported-correctly-or-rejected-as-unsupported",
    "oidcc-unsigned-request-object-supported-correctly-or-rejected-as-unsupported",
    "oidcc-claims-essential",
    "oidcc-ensure-request-object-with-redirect-uri",
    "oidcc-refresh-token",
    "oidcc-ensure-request-with-valid-pkce-succeeds",
];

/// Of `oidcc-rp-initiated-logout-certification-test-plan`.
const RP_INITIATED: [&str; 11] = [
    "oidcc-rp-initiated-logout-discovery-endpoint-verification",
    "oidcc-rp-initiated-logout",
    "oidcc-rp-initiated-logout-bad-post-logout-redirect-uri",
    "oidcc-rp-initiated-logout-modified-id-token-hint",
    "oidcc-rp-initiated-logout-no-id-token-hint",
    "oidcc-rp-initiated-logout-no-params",
    "oidcc-rp-initiated-logout-no-post-logout-redirect-uri",
    "oidcc-rp-initiated-logout-no-state",
    "oidcc-rp-initiated-logout-only-state",
    "oidcc-rp-initiated-logout-query-added-to-post-logout-redirect-uri",
    "oidcc-rp-initiated-logout-bad-id-token-hint",
];

/// Plans that are for what we do not offer: the plan, what a provider that offers it would publish, and why there is none.
const NOT_OFFERED: [(&str, &str, &str); 6] = [
    ("oidcc-implicit-certification-test-plan", "id_token", "tokens never stand in an address"),
    ("oidcc-hybrid-certification-test-plan", "code id_token", "tokens never stand in an address"),
    ("oidcc-dynamic-certification-test-plan", "registration_endpoint", "a client has an agreement first"),
    (
        "oidcc-3rdparty-init-login-certification-test-plan",
        "registration_endpoint",
        "it begins with registration",
    ),
    (
        "oidcc-session-management-certification-test-plan",
        "check_session_iframe",
        "browsers no longer let frames see our cookie",
    ),
    ("oidcc-formpost-implicit-certification-test-plan", "id_token token", "tokens never stand in an address"),
];

/// A provider as the suite sees it: one client at a time, and a browser for every conversation.
struct Provider {
    town: Town,
    client: Client,
    mode: &'static str,
}

/// What the browser brought to the client's address.
struct Back {
    by_form: bool,
    fields: BTreeMap<String, String>,
}

impl Back {
    fn get(&self, name: &str) -> &str {
        self.fields.get(name).unwrap_or_else(|| panic!("no {name} in {:?}", self.fields))
    }
}

/// Tokens that were proved.
struct Tokens {
    answer: Value,
    id_token: Value,
}

impl Tokens {
    fn text(&self, name: &str) -> &str {
        self.answer[name].as_str().unwrap_or_else(|| panic!("no {name} in {}", self.answer))
    }
}

impl Provider {
    async fn new(name: &str, mode: &'static str) -> Self {
        let mut client = Client::basic();
        client.registered = client.registered.replace("refresh-token-rotation = false\n", "");
        let town = town_with(&format!("conformance-{name}"), [client.clone(), Client::post()]).await;
        Self { town, client, mode }
    }

    async fn discovery(&self) -> Value {
        body(&self.town.browser().get(&format!("{}/.well-known/openid-configuration", self.town.url)).await)
    }

    /// Sends the browser here.
    async fn sends(&self, browser: &mut Browser, more: &[(&str, &str)]) -> Answer {
        let mut more = more.to_vec();
        more.push(("response_mode", self.mode));
        self.client.send(&self.town, browser, &more).await
    }

    /// The whole way: the user logs in where that is asked for.
    async fn asks(&self, browser: &mut Browser, more: &[(&str, &str)]) -> Back {
        let sent = self.sends(browser, more).await;
        self.comes_back(browser, sent).await
    }

    async fn comes_back(&self, browser: &mut Browser, sent: Answer) -> Back {
        let back = match asks_user(&sent) {
            true => answered(&self.town, browser, &sent, |_| {}).await,
            false => sent,
        };
        self.back(&back)
    }

    fn back(&self, answer: &Answer) -> Back {
        let here = self.client.redirect_uri;
        if let Some((action, fields)) = answer.form() {
            assert_eq!(action, here);
            return Back { by_form: true, fields };
        }
        let to = answer.location.clone().or_else(|| answer.onward_to());
        let to = to.unwrap_or_else(|| panic!("sent nowhere: {} {}", answer.status, answer.body));
        let fields = to.strip_prefix(here).unwrap_or_else(|| panic!("sent to {to}"));
        let pairs = fields[1..].split('&').filter_map(|pair| pair.split_once('='));
        let fields = pairs.map(|(name, value)| (name.to_owned(), unescaped(value).unwrap()));
        Back { by_form: false, fields: fields.collect() }
    }

    /// Hands in the code and proves what comes back.
    async fn tokens(&self, back: &Back) -> Tokens {
        let answer = body(&self.client.redeem(&self.town, back.get("code")).await);
        let tokens = Tokens { id_token: decoded(answer["id_token"].as_str().unwrap()).1, answer };
        let keys = self.town.browser().get(&format!("{}/oauth2/jwks", self.town.url)).await.body;
        let keys = Jwks::read(&keys, Symmetric::Refused).unwrap();
        jose::claimed(tokens.text("id_token")).unwrap().verify(&keys, &SIGNED_WITH, Typ::IdToken).unwrap();
        let said = &tokens.id_token;
        assert_eq!((&said["iss"], &said["aud"]), (&json!(self.town.url), &json!(self.client.id)));
        assert!(said["exp"].as_i64() > said["iat"].as_i64() && said["sub"].as_str().unwrap().len() <= 255);
        assert_eq!(tokens.text("token_type"), "Bearer");
        tokens
    }

    async fn logs_in(&self, browser: &mut Browser, more: &[(&str, &str)]) -> Tokens {
        let back = self.asks(browser, more).await;
        self.tokens(&back).await
    }

    /// A login with more in the request changes nothing about whom the client is told of.
    async fn goes_well_with(&self, more: &[(&str, &str)]) -> Tokens {
        let tokens = self.logs_in(&mut self.town.browser(), more).await;
        let userinfo = body(&self.client.userinfo(&self.town, tokens.text("access_token")).await);
        assert_eq!(userinfo["sub"], tokens.id_token["sub"], "{more:?}");
        tokens
    }

    /// Whether the user is logged in in this browser.
    async fn is_logged_in(&self, browser: &mut Browser) -> bool {
        self.town.pass(SignedDuration::from_secs(1));
        let sent = self.sends(browser, &[("prompt", "none")]).await;
        let back = match asks_user(&sent) {
            true => {
                let silent = |say: &mut Say| say.status = vec!["Responder", "NoPassive"];
                self.back(&answered(&self.town, browser, &sent, silent).await)
            }
            false => self.back(&sent),
        };
        let is_in = back.fields.contains_key("code");
        assert!(is_in || back.get("error") == "login_required", "{:?}", back.fields);
        is_in
    }
}

fn asks_user(sent: &Answer) -> bool {
    sent.location.as_deref().is_some_and(|to| to.starts_with("https://idp.korsbaek.test/"))
}

impl Provider {
    /// Holds the conversation of a module of the basic plan.
    async fn holds(&self, module: &str) {
        match module.strip_prefix("oidcc-").unwrap() {
            "server" | "idtoken-signature" => self.server().await,
            "response-type-missing" => self.response_type_missing().await,
            "idtoken-unsigned" => {
                let document = self.discovery().await;
                assert!(!document["id_token_signing_alg_values_supported"].to_string().contains("none"));
            }
            "userinfo-get" | "userinfo-post-header" | "userinfo-post-body" => self.userinfo(module).await,
            "ensure-request-without-nonce-succeeds-for-code-flow" => {
                let tokens = self.goes_well_with(&[("nonce", "")]).await;
                assert!(tokens.id_token.get("nonce").is_none());
            }
            "scope-profile" => self.scope("openid profile").await,
            "scope-email" => self.scope("openid email").await,
            "scope-address" => self.scope("openid address").await,
            "scope-phone" => self.scope("openid phone").await,
            "scope-all" => self.scope("openid profile email address phone").await,
            "ensure-other-scope-order-succeeds" => self.scope("email openid").await,
            "display-page" => drop(self.goes_well_with(&[("display", "page")]).await),
            "display-popup" => drop(self.goes_well_with(&[("display", "popup")]).await),
            "ensure-request-with-unknown-parameter-succeeds" => {
                drop(self.goes_well_with(&[("extra", "foobar")]).await);
            }
            "ui-locales" => drop(self.goes_well_with(&[("ui_locales", "se")]).await),
            "claims-locales" => drop(self.goes_well_with(&[("claims_locales", "se")]).await),
            "ensure-request-with-acr-values-succeeds" => {
                let tokens = self.goes_well_with(&[("acr_values", "1 2")]).await;
                assert!(tokens.id_token["acr"].is_string());
            }
            "claims-essential" => {
                let claims = json!({ "userinfo": { "name": { "essential": true } } }).to_string();
                drop(self.goes_well_with(&[("claims", &claims)]).await);
            }
            "prompt-login" => self.asks_again(&[("prompt", "login")]).await,
            "max-age-1" => self.asks_again(&[("max_age", "1")]).await,
            "prompt-none-logged-in" => self.goes_on(&[("prompt", "none")]).await,
            "max-age-10000" => self.goes_on(&[("max_age", "10000")]).await,
            "prompt-none-not-logged-in" => assert!(!self.is_logged_in(&mut self.town.browser()).await),
            "id-token-hint" => self.id_token_hint().await,
            "login-hint" => self.login_hint().await,
            "codereuse" => self.code_reuse(SignedDuration::ZERO).await,
            "codereuse-30seconds" => self.code_reuse(SignedDuration::from_secs(30)).await,
            "ensure-registered-redirect-uri" => self.registered_redirect_uri().await,
            "ensure-post-request-succeeds" => self.post_request().await,
            "server-client-secret-post" => {
                let tokens = Client::post().tokens(&self.town).await;
                assert!(tokens["id_token"].is_string());
            }
            "request-uri-unsigned-supported-correctly-or-rejected-as-unsupported" => {
                let uri = [("request_uri", "https://client.test/request.jwt")];
                let answer = self.sends(&mut self.town.browser(), &uri).await;
                assert!(answer.status == 400 && answer.location.is_none(), "{}", answer.body);
                assert_eq!(self.discovery().await["request_uri_parameter_supported"], false);
            }
            "unsigned-request-object-supported-correctly-or-rejected-as-unsupported"
            | "ensure-request-object-with-redirect-uri" => self.request_object().await,
            "refresh-token" => self.refresh_token().await,
            "ensure-request-with-valid-pkce-succeeds" => self.pkce().await,
            _ => panic!("no conversation is held for {module}"),
        }
    }

    async fn server(&self) {
        let back = self.asks(&mut self.town.browser(), &[("state", "a b&c")]).await;
        assert_eq!((back.by_form, back.get("state")), (self.mode == "form_post", "a b&c"));
        assert_eq!(back.get("iss"), self.town.url);
        let tokens = self.tokens(&back).await;
        assert_eq!(tokens.id_token["nonce"], "n-0S6_WzA2Mj");
        assert!(tokens.id_token["auth_time"].is_i64() && tokens.id_token["at_hash"].is_string());
    }

    async fn response_type_missing(&self) {
        let back = self.asks(&mut self.town.browser(), &[("response_type", "")]).await;
        assert!(["invalid_request", "unsupported_response_type"].contains(&back.get("error")));
        assert!(back.fields.contains_key("state"));
    }

    async fn userinfo(&self, module: &str) {
        let tokens = self.goes_well_with(&[]).await;
        let (url, token) = (format!("{}/oauth2/userinfo", self.town.url), tokens.text("access_token"));
        let mut browser = self.town.browser();
        let answer = match module {
            "oidcc-userinfo-post-body" => browser.post(&url, &[("access_token", token)]).await,
            _ => {
                browser.headers.push(("authorization".into(), format!("Bearer {token}")));
                let method = if module == "oidcc-userinfo-get" { "GET" } else { "POST" };
                browser.call(method, &url, None).await
            }
        };
        assert_eq!(
            (answer.status, &answer.headers["content-type"]),
            (200, &"application/json".parse().unwrap())
        );
        assert_eq!(body(&answer)["sub"], tokens.id_token["sub"]);
    }

    /// Other scopes ask for nothing here, and the answer says so.
    async fn scope(&self, scope: &str) {
        assert_eq!(self.goes_well_with(&[("scope", scope)]).await.text("scope"), "openid");
    }

    async fn asks_again(&self, more: &[(&str, &str)]) {
        let mut browser = self.town.browser();
        let first = self.logs_in(&mut browser, &[]).await;
        self.town.pass(SignedDuration::from_secs(2));
        let sent = self.sends(&mut browser, more).await;
        assert!(asks_user(&sent), "{more:?}");
        let back = self.comes_back(&mut browser, sent).await;
        let again = self.tokens(&back).await;
        assert_eq!(first.id_token["sub"], again.id_token["sub"]);
        assert!(first.id_token["auth_time"].as_i64() < again.id_token["auth_time"].as_i64(), "{more:?}");
    }

    async fn goes_on(&self, more: &[(&str, &str)]) {
        let mut browser = self.town.browser();
        let first = self.logs_in(&mut browser, &[]).await;
        self.town.pass(SignedDuration::from_secs(2));
        let sent = self.sends(&mut browser, more).await;
        assert!(!asks_user(&sent), "{more:?}");
        let again = self.tokens(&self.back(&sent)).await;
        for same in ["sub", "auth_time"] {
            assert_eq!(first.id_token[same], again.id_token[same], "{more:?}");
        }
    }

    async fn id_token_hint(&self) {
        let mut browser = self.town.browser();
        let first = self.logs_in(&mut browser, &[]).await;
        let hint = [("prompt", "none"), ("id_token_hint", first.text("id_token"))];
        let again = self.logs_in(&mut browser, &hint).await;
        assert_eq!(first.id_token["sub"], again.id_token["sub"]);
    }

    /// A hint that is no municipality leaves the choice to the user.
    async fn login_hint(&self) {
        let mut browser = self.town.browser();
        let sent = self.sends(&mut browser, &[("login_hint", "bob@example.com")]).await;
        let login = sent.location().strip_prefix("/discovery?login=").unwrap().to_owned();
        let form = [("login", login.as_str()), ("choice", "11111111")];
        let sent = browser.post(&format!("{}/discovery", self.town.url), &form).await.onward();
        let back = self.comes_back(&mut browser, sent).await;
        self.tokens(&back).await;
    }

    async fn code_reuse(&self, later: SignedDuration) {
        let back = self.asks(&mut self.town.browser(), &[]).await;
        let tokens = self.tokens(&back).await;
        self.town.pass(later);
        let again = self.client.redeem(&self.town, back.get("code")).await;
        assert_eq!((again.status, &body(&again)["error"]), (400, &json!("invalid_grant")));
        let userinfo = self.client.userinfo(&self.town, tokens.text("access_token")).await;
        assert_eq!(userinfo.status, 401, "what was given for it is revoked");
    }

    async fn registered_redirect_uri(&self) {
        let evil = [("redirect_uri", "https://basic.test/callback?at=work")];
        let answer = self.sends(&mut self.town.browser(), &evil).await;
        assert!(answer.status == 400 && answer.location.is_none() && answer.form().is_none());
    }

    async fn post_request(&self) {
        let mut browser = self.town.browser();
        let sent = self.sends(&mut self.town.browser(), &[]).await;
        assert!(asks_user(&sent));
        let fields = self.client.request(&[("response_mode", self.mode)]);
        let fields: Vec<_> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let sent = browser.post(&format!("{}/oauth2/authorize", self.town.url), &fields).await;
        let back = self.comes_back(&mut browser, sent).await;
        self.tokens(&back).await;
    }

    async fn request_object(&self) {
        let object = "eyJhbGciOiJub25lIn0.eyJyZWRpcmVjdF91cmkiOiJodHRwczovL2V2aWwudGVzdC8ifQ.";
        let back = self.asks(&mut self.town.browser(), &[("request", object)]).await;
        assert_eq!(back.get("error"), "request_not_supported");
        assert_eq!(self.discovery().await["request_parameter_supported"], false);
    }

    async fn refresh_token(&self) {
        let tokens = self.goes_well_with(&[("scope", "openid offline_access")]).await;
        let stranger = Client::post().refresh(&self.town, tokens.text("refresh_token")).await;
        assert_eq!((stranger.status, &body(&stranger)["error"]), (400, &json!("invalid_grant")));
        let next = self.client.refresh(&self.town, tokens.text("refresh_token")).await;
        let next = body(&next);
        let userinfo = self.client.userinfo(&self.town, next["access_token"].as_str().unwrap()).await;
        assert_eq!(body(&userinfo)["sub"], tokens.id_token["sub"]);
        assert_ne!(next["access_token"], tokens.answer["access_token"]);
    }

    async fn pkce(&self) {
        let back = self.asks(&mut self.town.browser(), &[]).await;
        let mut fields = self.client.of_code(back.get("code"));
        fields.retain(|(name, _)| *name != "code_verifier");
        let wrong = "A".repeat(43);
        let with_wrong = [fields, vec![("code_verifier", wrong.as_str())]].concat();
        let refused = self.client.call(&self.town, "token", &with_wrong).await;
        assert_eq!(body(&refused)["error"], "invalid_grant");
        self.tokens(&back).await;
    }
}

/// Holds every conversation of a plan, and says which one failed.
#[expect(clippy::print_stderr, reason = "whoever reads the failure looks for the module by its name")]
async fn held(modules: &[&str], conversation: impl AsyncFn(&str)) {
    struct Failed<'m>(&'m str);
    impl Drop for Failed<'_> {
        fn drop(&mut self) {
            if std::thread::panicking() {
                eprintln!("the module that failed: {}", self.0);
            }
        }
    }
    for module in modules {
        let failed = Failed(module);
        conversation(module).await;
        drop(failed);
    }
}

#[tokio::test]
async fn oidcc_basic_certification_test_plan() {
    let provider = Provider::new("basic", "").await;
    held(&BASIC, async |module| provider.holds(module).await).await;
}

#[tokio::test]
async fn oidcc_formpost_basic_certification_test_plan() {
    let provider = Provider::new("formpost", "form_post").await;
    held(&BASIC, async |module| provider.holds(module).await).await;
    let back = provider.asks(&mut provider.town.browser(), &[]).await;
    assert!(back.by_form && back.fields.contains_key("code"));
}

#[tokio::test]
async fn oidcc_config_certification_test_plan() {
    let provider = Provider::new("config", "").await;
    held(&["oidcc-discovery-endpoint-verification"], async |_| verifies_discovery(&provider).await).await;
}

async fn verifies_discovery(provider: &Provider) {
    let document = provider.discovery().await;
    assert_eq!(document["issuer"], provider.town.url);
    for name in ["authorization_endpoint", "token_endpoint", "userinfo_endpoint", "jwks_uri"] {
        assert!(document[name].as_str().unwrap().starts_with(&provider.town.url), "{name}");
    }
    let lists = |name: &str, value: &str| document[name].as_array().unwrap().contains(&json!(value));
    assert!(lists("response_types_supported", "code") && lists("scopes_supported", "openid"));
    assert!(lists("subject_types_supported", "public") && lists("claims_supported", "sub"));
    assert!(lists("token_endpoint_auth_methods_supported", "client_secret_basic"));
    let jwks = provider.town.browser().get(document["jwks_uri"].as_str().unwrap()).await;
    for key in body(&jwks)["keys"].as_array().unwrap() {
        assert!(key["kid"].is_string() && key["use"] == "sig" && key.get("d").is_none(), "{key}");
    }
}

/// What is not offered is not published either, and there is nothing behind it.
#[tokio::test]
async fn plans_for_what_is_not_offered_have_nothing_to_test() {
    let provider = Provider::new("none", "").await;
    let document = provider.discovery().await;
    for (plan, published, why) in NOT_OFFERED {
        assert!(document.get(published).is_none(), "{plan}: {why}");
        assert!(
            !document["response_types_supported"].as_array().unwrap().contains(&json!(published)),
            "{plan}"
        );
    }
    for grant in ["implicit", "password", "urn:ietf:params:oauth:grant-type:token-exchange"] {
        assert!(!document["grant_types_supported"].to_string().contains(grant), "{grant}");
        let refused = provider.client.call(&provider.town, "token", &[("grant_type", grant)]).await;
        assert_eq!(body(&refused)["error"], "unsupported_grant_type", "{grant}");
    }
    for kind in ["id_token", "token", "id_token token", "code id_token", "code token", "code id_token token"]
    {
        let back = provider.asks(&mut provider.town.browser(), &[("response_type", kind)]).await;
        assert_eq!(back.get("error"), "unsupported_response_type", "{kind}");
    }
    for path in ["/oauth2/register", "/connect/register", "/oauth2/check_session"] {
        assert_eq!(provider.town.browser().get(&format!("{}{path}", provider.town.url)).await.status, 404);
    }
}

/// Where its users return to.
const BYE: &str = "https://sag.test/bye";

/// A provider whose client is told of logouts in this way.
async fn telling(name: &str, told: &str) -> Provider {
    let mut client = Client::sag();
    client.registered = client.registered.replace("backchannel-logout-uri = \"https://sag.test/out\"", told);
    let town = town_with(&format!("conformance-{name}"), [client.clone()]).await;
    Provider { town, client, mode: "" }
}

impl Provider {
    /// The client sends the browser to be logged out: the page or the address at which it ends.
    async fn leaves(&self, browser: &mut Browser, fields: &[(&str, &str)]) -> Answer {
        let url = format!("{}/oauth2/logout?{}", self.town.url, query(fields));
        let mut answer = browser.get(&url).await;
        while let Some(to) = answer.location.clone().filter(|to| to.starts_with('/')) {
            answer = browser.get(&format!("{}{to}", self.town.url)).await;
        }
        answer
    }

    async fn holds_logout(&self, module: &str) {
        let mut browser = self.town.browser();
        let tokens = self.logs_in(&mut browser, &[]).await;
        let hint = tokens.text("id_token");
        let modified = format!("{}{}", &hint[..hint.len() - 4], "AAAA");
        let state = ("state", "s&t=1");
        let (fields, ends, returns) = match module.strip_prefix("oidcc-rp-initiated-logout").unwrap() {
            "-discovery-endpoint-verification" => {
                assert_eq!(
                    self.discovery().await["end_session_endpoint"],
                    format!("{}/oauth2/logout", self.town.url)
                );
                return;
            }
            "" => (
                vec![("id_token_hint", hint), ("post_logout_redirect_uri", BYE), state],
                true,
                Some("?state=s%26t%3D1"),
            ),
            "-no-state" => (vec![("id_token_hint", hint), ("post_logout_redirect_uri", BYE)], true, Some("")),
            "-no-post-logout-redirect-uri" => (vec![("id_token_hint", hint), state], true, None),
            "-bad-post-logout-redirect-uri" => (
                vec![("id_token_hint", hint), ("post_logout_redirect_uri", "https://evil.test/"), state],
                false,
                None,
            ),
            "-query-added-to-post-logout-redirect-uri" => (
                vec![
                    ("id_token_hint", hint),
                    ("post_logout_redirect_uri", "https://sag.test/bye?a=b"),
                    state,
                ],
                false,
                None,
            ),
            "-modified-id-token-hint" => (
                vec![("id_token_hint", modified.as_str()), ("post_logout_redirect_uri", BYE), state],
                false,
                None,
            ),
            "-bad-id-token-hint" => {
                (vec![("id_token_hint", "bad"), ("post_logout_redirect_uri", BYE), state], false, None)
            }
            "-no-id-token-hint" => (vec![("post_logout_redirect_uri", BYE), state], false, None),
            "-no-params" => (vec![], false, None),
            "-only-state" => (vec![state], false, None),
            _ => panic!("no conversation is held for {module}"),
        };
        let answer = self.leaves(&mut browser, &fields).await;
        let shown = answer.body.replace("&amp;", "&").replace("&#38;", "&");
        let back = returns.map(|state| format!("{BYE}{state}"));
        match (&back, &answer.location) {
            (Some(back), Some(to)) => assert_eq!(to, back),
            (Some(back), None) => assert!(shown.contains(back.as_str()), "{shown}"),
            (None, to) => {
                assert!(to.is_none() && !shown.contains("sag.test/bye") && !shown.contains("evil.test"))
            }
        }
        assert_eq!(self.is_logged_in(&mut browser).await, !ends, "or else the user decides on our page");
    }
}

#[tokio::test]
async fn oidcc_rp_initiated_logout_certification_test_plan() {
    let channel = BackChannel::new().await;
    let told = format!("backchannel-logout-uri = {:?}", channel.address);
    let provider = telling("rp-logout", &told).await;
    held(&RP_INITIATED, async |module| provider.holds_logout(module).await).await;
}

#[tokio::test]
async fn oidcc_backchannel_rp_initiated_logout_certification_test_plan() {
    let channel = BackChannel::new().await;
    let provider = telling("back", &format!("backchannel-logout-uri = {:?}", channel.address)).await;
    let modules =
        ["oidcc-backchannel-logout-discovery-endpoint-verification", "oidcc-backchannel-rp-initiated-logout"];
    held(&modules, async |module| {
        if module.contains("discovery") {
            let document = provider.discovery().await;
            assert_eq!(document["backchannel_logout_supported"], true);
            assert_eq!(document["backchannel_logout_session_supported"], true);
            return;
        }
        let mut browser = provider.town.browser();
        let tokens = provider.logs_in(&mut browser, &[]).await;
        let fields = [("id_token_hint", tokens.text("id_token")), ("post_logout_redirect_uri", BYE)];
        provider.leaves(&mut browser, &fields).await;
        let told = channel.tokens();
        let [(head, claims)] = &told[..] else { panic!("{told:?}") };
        assert_eq!(head["typ"], "logout+jwt");
        for same in ["iss", "aud", "sub", "sid"] {
            assert_eq!(claims[same], tokens.id_token[same], "{same}");
        }
        let event = "http://schemas.openid.net/event/backchannel-logout";
        assert_eq!(claims["events"][event], json!({}));
        assert!(claims["jti"].is_string() && claims["iat"].is_i64() && claims.get("nonce").is_none());
        assert!(!provider.is_logged_in(&mut browser).await);
    })
    .await;
}

#[tokio::test]
async fn oidcc_frontchannel_rp_initiated_logout_certification_test_plan() {
    let provider = telling("front", "frontchannel-logout-uri = \"https://sag.test/frame\"").await;
    let modules = [
        "oidcc-frontchannel-logout-discovery-endpoint-verification",
        "oidcc-frontchannel-rp-initiated-logout",
    ];
    held(&modules, async |module| {
        if module.contains("discovery") {
            let document = provider.discovery().await;
            assert_eq!(document["frontchannel_logout_supported"], true);
            assert_eq!(document["frontchannel_logout_session_supported"], true);
            return;
        }
        let mut browser = provider.town.browser();
        let tokens = provider.logs_in(&mut browser, &[]).await;
        let fields = [("id_token_hint", tokens.text("id_token")), ("post_logout_redirect_uri", BYE)];
        let page = provider.leaves(&mut browser, &fields).await;
        let frame = page.body.split("<iframe src=\"").nth(1).and_then(|rest| rest.split('"').next());
        let frame =
            frame.unwrap_or_else(|| panic!("no frame: {} {}", page.status, page.body)).replace("&#38;", "&");
        let sid = tokens.id_token["sid"].as_str().unwrap();
        let issuer = context_handler::protocol::address::escaped(&provider.town.url);
        assert_eq!(frame, format!("https://sag.test/frame?iss={issuer}&sid={sid}"));
        assert!(page.body.contains(BYE), "and the way on");
        assert!(!provider.is_logged_in(&mut browser).await);
    })
    .await;
}
