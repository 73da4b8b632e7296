//! Real software of OpenID Connect as fagsystemer: three relying parties that log in, refresh, ask about their user and
//! log out, from either side.

use std::fs;

use serde_json::{Value, json};

use crate::browser::{Browser, Page, encode};
use crate::world::{Program, World};
use crate::{KAREN, KORSBAEK, assert_nobody_logged_in, missing, only};

/// A relying party: which program, what it is called, and how it proves who it is.
#[derive(Clone, Copy)]
pub(crate) struct Client {
    program: Program,
    pub(crate) name: &'static str,
    proof: Proof,
    tokens: Tokens,
    /// The page of whoever is logged in, which also starts a login where it asks for one by itself.
    pub(crate) home: &'static str,
    /// The path that starts a login.
    pub(crate) login: &'static str,
    /// The path that starts a logout; if it ends in `=`, where to go afterwards stands behind it.
    logout: &'static str,
    jwks: &'static str,
    backchannel_logout: &'static str,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Proof {
    Key,
    Secret,
}

/// What its tokens are good with.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Tokens {
    Alone,
    /// Only with a key of its own (DPoP), and its requests must be pushed (PAR).
    Key,
    /// The same, and every proof of the key repeats a value of the broker's.
    KeyAndNonce,
}

pub(crate) const OPENID_CLIENT: Client = Client {
    program: Program::Node("openid_client_rp.js"),
    name: "openid-client",
    proof: Proof::Key,
    tokens: Tokens::Alone,
    home: "/me",
    login: "/login",
    logout: "/logout",
    jwks: "/jwks",
    backchannel_logout: "/backchannel-logout",
};
const AUTHLIB: Client = Client {
    program: Program::Python("authlib_rp.py"),
    name: "authlib",
    proof: Proof::Secret,
    ..OPENID_CLIENT
};
const OPENIDC: Client = Client {
    program: Program::Apache("openidc"),
    name: "openidc",
    login: "/me",
    logout: "/callback?logout=",
    jwks: "/callback?jwks=rsa",
    backchannel_logout: "/callback?logout=backchannel",
    ..OPENID_CLIENT
};

impl Client {
    pub(crate) fn id(self) -> String {
        format!("https://oidc.{}.example", self.name)
    }

    fn registration(self, world: &World, url: &str) -> String {
        let proof = match self.proof {
            Proof::Key => {
                format!(
                    "token-endpoint-auth-method = \"private_key_jwt\"\njwks = \"{}.jwks.json\"",
                    self.name
                )
            }
            Proof::Secret => {
                let secret = fs::read(world.folder_of(self.name).join("secret")).unwrap();
                let digest: String =
                    openssl::sha::sha256(&secret).iter().map(|b| format!("{b:02x}")).collect();
                format!(
                    "token-endpoint-auth-method = \"client_secret_basic\"\nsecret-sha256 = [\"{digest}\"]"
                )
            }
        };
        let tokens = match self.tokens {
            Tokens::Alone => "",
            Tokens::Key => "require-par = true\ndpop-bound = true\n",
            Tokens::KeyAndNonce => "require-par = true\ndpop-bound = true\ndpop-nonce = true\n",
        };
        format!(
            "[[oidc-client]]\nclient-id = \"{id}\"\nname = \"{name}\"\ncvr = \"22222222\"\nrequired-nsis = \"Substantial\"\n\
             attribute-profile = \"KOMBIT\"\nredirect-uris = [\"{url}/callback\"]\n{proof}\n{tokens}issue-refresh-token = true\n\
             backchannel-logout-uri = \"{url}{backchannel}\"\npost-logout-redirect-uris = [\"{url}/logged-out\"]\n\n\
             [[service-agreement]]\nauthority = \"11111111\"\nservice-providers = [\"{id}\"]\n",
            id = self.id(),
            name = self.name,
            backchannel = self.backchannel_logout,
        )
    }

    /// Where a logout starts.
    pub(crate) fn way_out(self, url: &str) -> String {
        let back =
            if self.logout.ends_with('=') { encode(&format!("{url}/logged-out")) } else { String::new() };
        format!("{url}{}{back}", self.logout)
    }

    /// Whether this browser has nobody logged in there: the system asks, or says so.
    pub(crate) fn is_out(self, browser: &mut Browser, url: &str) -> bool {
        let page = browser.get_once(&format!("{url}{}", self.home));
        match page.status {
            302 => page.header("Location").is_some_and(|to| to.contains("/oauth2/authorize")),
            status => status == 403,
        }
    }
}

impl World {
    /// Starts a relying party and registers it with the keys that it publishes.
    pub(crate) fn join_client(&mut self, client: Client) -> String {
        let environment: &[_] = if client.tokens == Tokens::Alone { &[] } else { &[("PEER_DPOP", "1")] };
        let url = self.start_peer((client.name, client.program), &client.id(), environment);
        let jwks = self.wait_for(&format!("{url}{}", client.jwks));
        if client.proof == Proof::Key {
            self.register(&format!("{}.jwks.json", client.name), &jwks);
        }
        self.register(&format!("{}.toml", client.name), &client.registration(self, &url));
        self.apply();
        url
    }
}

#[test]
fn openid_client_logs_in_refreshes_asks_and_logs_out() {
    prove(OPENID_CLIENT);
}

#[test]
fn openid_client_pushes_its_request_and_its_tokens_are_good_only_with_its_key() {
    if missing() {
        return;
    }
    let client = Client { name: "openid-client-dpop", tokens: Tokens::Key, ..OPENID_CLIENT };
    let mut world = World::start(client.name, KORSBAEK);
    let url = world.join_client(client);
    let mut browser = Browser::default();
    uses_what_is_bound(client, &mut browser, &url);
    assert!(browser.visited.iter().any(|url| url.contains("request_uri=")), "{:?}", browser.visited);
    assert!(world.refusals().is_empty(), "{:?}", world.refusals());

    for (path, proof, event) in [
        ("userinfo", "none", "userinfo-asked pop"),
        ("userinfo", "other", "userinfo-asked pop"),
        ("refresh", "none", "tokens-asked pop"),
        ("refresh", "other", "tokens-asked pop"),
        ("login", "none", "refusal-sent oidc.request"),
    ] {
        assert_nobody_logged_in(&browser.get(&format!("{url}/{path}?proof={proof}")));
        assert_eq!(world.refusals().last().map(String::as_str), Some(event), "{path} {proof}");
    }
    // What was refused has spent nothing.
    assert_eq!(browser.get(&format!("{url}/refresh")).json()["fresh"], true);
    assert_is_karen(&browser.get(&format!("{url}/userinfo")).json());
    logs_out(client, &mut browser, &url);
}

#[test]
fn openid_client_repeats_the_nonce_that_its_proofs_need() {
    if missing() {
        return;
    }
    let client = Client { name: "openid-client-nonce", tokens: Tokens::KeyAndNonce, ..OPENID_CLIENT };
    let mut world = World::start(client.name, KORSBAEK);
    let url = world.join_client(client);
    uses_what_is_bound(client, &mut Browser::default(), &url);
    let demanded = ["request-pushed", "tokens-asked", "tokens-asked", "userinfo-asked"];
    assert_eq!(world.refusals(), demanded.map(|event| format!("{event} pop.nonce")));
}

#[test]
fn authlib_logs_in_refreshes_asks_and_logs_out() {
    prove(AUTHLIB);
}

#[test]
fn mod_auth_openidc_logs_in_refreshes_and_logs_out() {
    if missing() {
        return;
    }
    let mut world = World::start(OPENIDC.name, KORSBAEK);
    let url = world.join_client(OPENIDC);
    let start = format!("{url}{}", OPENIDC.login);
    let mut browser = Browser::default();
    let page = browser.log_in(&start, "karen");
    let who = page.json()["attributes"].clone();
    assert_is_karen(&who);

    // It takes its own access token back as a proof that the application asks, and sends the browser on.
    let token = only(&who["access_token"]).as_str().unwrap().to_owned();
    let again = format!("{url}/callback?refresh={}&access_token={token}", encode(&start));
    let page = browser.walk(&again);
    let fresh = &page.json()["attributes"];
    assert_is_karen(fresh);
    assert_ne!(only(&fresh["access_token"]), &token, "a fresh access token: {page:?}");

    logs_out(OPENIDC, &mut browser, &url);
    // It gives back both tokens by one and the same assertion, which counts once: the refresh token is what matters.
    assert_eq!(world.refusals(), ["token-revoked replay"]);

    let mut browser = Browser::default();
    let page = browser.log_in(&start, "lars");
    // It takes the `iss` of a refusal for a wish to log in, and refuses that.
    assert!(page.url.contains("error=unmet_authentication_requirements"), "{page:?}");
    assert!(page.body.contains("Invalid Request"), "{page:?}");
    assert!(OPENIDC.is_out(&mut browser, &url), "nobody is logged in");
    assert_eq!(world.refusals()[1..], ["answer-received loa.lower", "refusal-sent loa.lower"]);
}

/// One complete login; fresh tokens; what the broker says when it is asked; a code that was changed on the way; a user with
/// too low a level; a logout that leaves nothing to refresh.
fn prove(client: Client) {
    if missing() {
        return;
    }
    let mut world = World::start(client.name, KORSBAEK);
    let url = world.join_client(client);
    let start = format!("{url}{}", client.login);
    let mut browser = Browser::default();
    let page = browser.log_in(&start, "karen");
    assert_eq!(page.status, 200, "{page:?}");
    let shown = page.json();
    assert_is_karen(&shown["claims"]);
    assert_eq!((&shown["expires_in"], &shown["refresh_token"]), (&json!(3600), &json!(true)), "{page:?}");

    for _ in 0..2 {
        let page = browser.get(&format!("{url}/refresh"));
        assert_eq!((page.status, &page.json()["fresh"]), (200, &json!(true)), "{page:?}");
    }
    let page = browser.get(&format!("{url}/userinfo"));
    assert_is_karen(&page.json());
    assert!(world.refusals().is_empty());

    let page = Browser::default().log_in(&start, "lars");
    assert_nobody_logged_in(&page);
    assert_eq!(
        page.json()["refused"].as_str().map(|why| why.contains("unmet_authentication_requirements")),
        Some(true),
        "{page:?}"
    );
    assert_eq!(world.refusals(), ["answer-received loa.lower", "refusal-sent loa.lower"]);

    logs_out(client, &mut browser, &url);
}

/// One login by a pushed request, fresh tokens and the user's claims, all of it with the client's key.
fn uses_what_is_bound(client: Client, browser: &mut Browser, url: &str) {
    let shown = browser.log_in(&format!("{url}{}", client.login), "karen").json();
    assert_is_karen(&shown["claims"]);
    let jkt = browser.get(&format!("{url}/key")).json()["jkt"].clone();
    assert!(jkt.is_string());
    let fresh = browser.get(&format!("{url}/refresh")).json();
    assert_eq!(fresh["fresh"], true, "{fresh}");
    for told in [shown, fresh] {
        assert_eq!((&told["token_type"], &told["jkt"]), (&json!("dpop"), &jkt), "{told}");
    }
    assert_is_karen(&browser.get(&format!("{url}/userinfo")).json());
}

/// Whoever logs out there is logged out with the municipality as well, and must say anew who they are.
fn logs_out(client: Client, browser: &mut Browser, url: &str) {
    assert!(!client.is_out(browser, url));
    let page = browser.walk(&client.way_out(url));
    assert!(page.url.starts_with(&format!("{url}/logged-out")), "back where it came from: {page:?}");
    assert!(client.is_out(browser, url));
    assert!(asks_who(&browser.walk(&format!("{url}{}", client.login))), "nobody is logged in anywhere");
}

/// Whether a page asks its user to log in.
pub(crate) fn asks_who(page: &Page) -> bool {
    page.forms().iter().any(crate::browser::Form::asks_who)
}

fn assert_is_karen(claims: &Value) {
    for (name, value) in [
        ("sub", KAREN),
        ("cvr", "11111111"),
        ("org_name", "Korsbæk Kommune"),
        ("loa", "Substantial"),
        ("email", "karen@korsbaek.example"),
        ("acr", "https://data.gov.dk/concept/core/nsis/loa/Substantial"),
    ] {
        // Userinfo says nothing of how the user logged in.
        if name != "acr" || claims.get("iss").is_some() {
            assert_eq!(only(&claims[name]), value, "{name}: {claims:#}");
        }
    }
}
