//! Attacks on codes, tokens and proofs of clients: group N of the attack catalogue, as far as no browser is needed for it.

use std::time::Instant;

use context_handler::domain::session::Participant;
use context_handler::protocol::jose::{self, Typ};
use context_handler::protocol::keys::{SignatureAlgorithm, Signer};
use context_handler::protocol::seal::Ticket;
use context_handler::store::Store;
use jiff::SignedDuration;
use serde_json::{Value, json};

use crate::support::relying::{
    By, Client, VERIFIER, base64url, body, decoded, number, query, register, replace, town_with,
};
use crate::support::turns::all;
use crate::support::world::elliptic_key;
use crate::support::{Answer, Town, key};

/// Promises about every refusal: this error, one record with this reason, and nothing that a client could use.
async fn refused(town: &Town, answer: &Answer, (status, error): (u16, &str), reason: &str) {
    let told = body(answer);
    assert_eq!((answer.status, told["error"].as_str()), (status, Some(error)), "{told}");
    assert_eq!(answer.headers["cache-control"], "no-store");
    assert_eq!(told.as_object().unwrap().len(), 2, "{told}");
    let record = town.log().await.pop().unwrap();
    assert_eq!((record.reason.as_str(), record.allowed), (reason, false), "{:?}", record.detail);
}

const GRANT: (u16, &str) = (400, "invalid_grant");
const CLIENT: (u16, &str) = (401, "invalid_client");
const TOKEN: (u16, &str) = (401, "invalid_token");

fn text<'v>(value: &'v Value, name: &str) -> &'v str {
    value[name].as_str().unwrap_or_else(|| panic!("{name} in {value}"))
}

/// How many rounds the interleavings have.
fn rounds(default: usize) -> usize {
    std::env::var_os("CH_INTERLEAVINGS").map_or(default, |count| count.to_str().unwrap().parse().unwrap())
}

#[tokio::test]
async fn a_code_that_comes_twice_is_refused_and_takes_the_tokens_of_the_first_time_with_it() {
    // ATK-265
    let sag = Client::sag();
    let town = town_with("n-code-twice", [sag.clone()]).await;
    let code = sag.code(&town).await;
    let tokens = body(&sag.redeem(&town, &code).await);
    let token = text(&tokens, "access_token");
    assert_eq!(sag.userinfo(&town, token).await.status, 200, "the genuine one");
    refused(&town, &sag.redeem(&town, &code).await, GRANT, "oidc.code").await;
    refused(&town, &sag.userinfo(&town, token).await, TOKEN, "session.ended").await;
    refused(&town, &sag.refresh(&town, text(&tokens, "refresh_token")).await, GRANT, "token.refresh").await;
    refused(&town, &sag.redeem(&town, &code).await, GRANT, "oidc.code").await;
    // The user is not logged out: the next code of the same session is good.
    assert_eq!(sag.redeem(&town, &sag.code(&town).await).await.status, 200);
}

#[tokio::test]
async fn of_many_who_hand_in_one_code_or_refresh_token_at_once_at_most_one_gets_tokens() {
    // ATK-265: 50 at once, then few at once many times.
    let sag = Client::sag();
    let town = town_with("n-at-once", [sag.clone()]).await;
    for (round, at_once) in std::iter::once(50).chain(std::iter::repeat_n(4, rounds(12))).enumerate() {
        let mut code = sag.code(&town).await;
        let is_refresh = round % 2 == 1;
        if is_refresh {
            code = text(&body(&sag.redeem(&town, &code).await), "refresh_token").to_owned();
        }
        let fields = match is_refresh {
            true => vec![("grant_type", "refresh_token"), ("refresh_token", code.as_str())],
            false => sag.of_code(&code),
        };
        let assertions: Vec<_> = (0..at_once).map(|_| sag.assertion(&town, |_| {})).collect();
        let calls = assertions.iter().map(|assertion| sag.call_with(&town, "token", &fields, assertion));
        let answers = all(calls).await;
        let taken: Vec<_> = answers.iter().filter(|answer| answer.status == 200).collect();
        assert_eq!(taken.len(), 1, "round {round}");
        for answer in answers.iter().filter(|answer| answer.status != 200) {
            assert_eq!(text(&body(answer), "error"), "invalid_grant");
        }
        let given = body(taken[0]);
        assert_eq!(
            sag.userinfo(&town, text(&given, "access_token")).await.status,
            401,
            "all of it is revoked"
        );
        assert_eq!(sag.refresh(&town, text(&given, "refresh_token")).await.status, 400);
    }
}

#[tokio::test]
async fn a_code_is_good_for_its_client_its_address_its_verifier_and_a_minute() {
    // ATK-265
    let (sag, post) = (Client::sag(), Client::post());
    let town = town_with("n-code-other", [sag.clone(), post.clone()]).await;
    let code = sag.code(&town).await;
    refused(&town, &post.redeem(&town, &code).await, GRANT, "oidc.code").await;
    let other = Client { redirect_uri: "https://sag.test/callback/", ..sag.clone() };
    refused(&town, &other.redeem(&town, &code).await, GRANT, "oidc.code").await;
    let verifier = VERIFIER.replace('d', "e");
    let mut fields = sag.of_code(&code);
    fields[3] = ("code_verifier", &verifier);
    refused(&town, &sag.call(&town, "token", &fields).await, GRANT, "oidc.pkce").await;
    fields.pop();
    refused(&town, &sag.call(&town, "token", &fields).await, (400, "invalid_request"), "param.missing").await;
    town.pass(SignedDuration::from_secs(59));
    assert_eq!(sag.redeem(&town, &code).await.status, 200, "the genuine one, in its last second");
    let late = sag.code(&town).await;
    town.pass(SignedDuration::from_secs(60));
    refused(&town, &sag.redeem(&town, &late).await, GRANT, "oidc.code").await;
}

#[tokio::test]
async fn a_refresh_token_that_comes_twice_ends_all_that_its_login_gave() {
    let sag = Client::sag();
    let town = town_with("n-refresh-twice", [sag.clone()]).await;
    let first = sag.tokens(&town).await;
    let second = body(&sag.refresh(&town, text(&first, "refresh_token")).await);
    assert_eq!(sag.userinfo(&town, text(&second, "access_token")).await.status, 200, "the genuine one");
    refused(&town, &sag.refresh(&town, text(&first, "refresh_token")).await, GRANT, "token.spent").await;
    refused(&town, &sag.refresh(&town, text(&second, "refresh_token")).await, GRANT, "token.refresh").await;
    refused(&town, &sag.userinfo(&town, text(&second, "access_token")).await, TOKEN, "session.ended").await;
}

#[tokio::test]
async fn codes_and_refresh_tokens_of_others_and_one_for_the_other_are_worth_nothing() {
    let (sag, basic) = (Client::sag(), Client::basic());
    let town = town_with("n-mixed", [sag.clone(), basic.clone()]).await;
    let tokens = sag.tokens(&town).await;
    let refresh = text(&tokens, "refresh_token");
    refused(&town, &basic.refresh(&town, refresh).await, GRANT, "token.refresh").await;
    refused(&town, &sag.redeem(&town, refresh).await, GRANT, "oidc.code").await;
    let code = sag.code(&town).await;
    refused(&town, &sag.refresh(&town, &code).await, GRANT, "token.opaque").await;
    refused(&town, &sag.refresh(&town, text(&tokens, "access_token")).await, GRANT, "token.opaque").await;
    assert_eq!(sag.refresh(&town, refresh).await.status, 200, "the genuine one");
    assert_eq!(sag.redeem(&town, &code).await.status, 200, "the genuine one");
}

/// A client assertion with other headers, properly signed.
fn with_header(sag: &Client, town: &Town, more: Value) -> String {
    let (mut head, claims) = decoded(&sag.assertion(town, |_| {}));
    head.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    sag.signed(&head, &claims)
}

async fn proved_by(town: &Town, sag: &Client, code: &str, assertion: &str) -> Answer {
    sag.call_with(town, "token", &sag.of_code(code), assertion).await
}

#[tokio::test]
async fn no_header_of_a_token_brings_a_key_along_or_is_looked_up_anywhere() {
    // ATK-268
    let sag = Client::sag();
    let town = town_with("n-header", [sag.clone()]).await;
    let (code, tokens) = (sag.code(&town).await, sag.tokens(&town).await);
    let (access_head, access_claims) = decoded(text(&tokens, "access_token"));
    for (more, reason) in [
        (json!({ "jku": format!("{}/oauth2/jwks", town.url) }), "jwt.header"),
        (json!({ "x5u": "https://evil.test/cert.pem" }), "jwt.header"),
        (json!({ "jwk": sag.jwk() }), "jwt.header"),
        (json!({ "x5c": [Signer::certificate(sag.key.as_ref()).to_base64()] }), "jwt.header"),
        (json!({ "crit": ["exp"] }), "jwt.header"),
        (json!({ "b64": false, "crit": ["b64"] }), "jwt.header"),
        (json!({ "zip": "DEF" }), "jwt.header"),
        (json!({ "kid": "../../../../dev/null" }), "jwt.key"),
        (json!({ "kid": "x' UNION SELECT 'key" }), "jwt.key"),
        (json!({ "kid": "https://evil.test/key" }), "jwt.key"),
        (json!({ "alg": "none" }), "alg.refused"),
        (json!({ "alg": "HS256" }), "alg.refused"),
    ] {
        let answer = proved_by(&town, &sag, &code, &with_header(&sag, &town, more.clone())).await;
        refused(&town, &answer, CLIENT, reason).await;
        // The same on an access token that the client makes for itself.
        let mut head = access_head.clone();
        head.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let forged = sag.signed(&head, &access_claims);
        refused(&town, &sag.userinfo(&town, &forged).await, TOKEN, "token.opaque").await;
    }
    assert_eq!(proved_by(&town, &sag, &code, &with_header(&sag, &town, json!({}))).await.status, 200);
    assert_eq!(sag.userinfo(&town, text(&tokens, "access_token")).await.status, 200);
}

#[tokio::test]
async fn an_access_token_counts_by_the_kind_of_our_key_and_not_by_what_its_header_says() {
    let before = Client::sag();
    let after = before.clone().with("access-token-signed-response-alg = \"ES256\"");
    let town = Town::with_elliptic_key("n-kind", |files| register(files, [before.clone()])).await;
    let by_rsa = before.tokens(&town).await;
    town.change(|files| register(files, [after.clone()])).await;
    let by_curve = after.tokens(&town).await;
    let (by_rsa, by_curve) = (text(&by_rsa, "access_token"), text(&by_curve, "access_token"));
    let [(rsa, _), (curve, claims)] = [by_rsa, by_curve].map(decoded);
    assert_eq!((&rsa["alg"], &curve["alg"]), (&json!("PS256"), &json!("ES256")));
    let content = |alg: &str, kid: &Value| {
        let head = json!({ "alg": alg, "kid": kid, "typ": "at+jwt" });
        format!("{}.{}", base64url(head.to_string()), base64url(claims.to_string()))
    };
    let (rsa, curve) = (&rsa["kid"], &curve["kid"]);
    let signed = |alg: &str, kid: &Value, signer: &dyn Signer, by: SignatureAlgorithm| {
        let content = content(alg, kid);
        let signature = base64url(signer.sign_with(by, content.as_bytes()).unwrap());
        format!("{content}.{signature}")
    };
    let (thief, curved) = (key("oidc-byggesag"), elliptic_key());
    let by = [
        SignatureAlgorithm::RSA_PSS_SHA256,
        SignatureAlgorithm::RSA_SHA256,
        SignatureAlgorithm::ECDSA_SHA256,
    ];
    for (forged, detail) in [
        // A key of the other kind, whoever signed.
        (signed("PS256", curve, thief.as_ref(), by[0]), "jwt.key"),
        (signed("ES256", rsa, curved.as_ref(), by[2]), "jwt.key"),
        // The right kind, by somebody else.
        (signed("PS256", rsa, thief.as_ref(), by[0]), "jwt.signature"),
        (signed("ES256", curve, curved.as_ref(), by[2]), "jwt.signature"),
        // Our own RSA key in the way that XML is signed, and our signature under another header.
        (signed("RS256", rsa, key("broker-signing").as_ref(), by[1]), "alg.refused"),
        (format!("{}.{}", content("PS384", rsa), by_rsa.rsplit('.').next().unwrap()), "jwt.signature"),
        (format!("{}.{}", content("PS256", rsa), by_curve.rsplit('.').next().unwrap()), "jwt.signature"),
        (format!("{}.{}", content("HS256", curve), base64url([0; 32])), "alg.refused"),
        (format!("{}.", content("none", curve)), "alg.refused"),
    ] {
        refused(&town, &after.userinfo(&town, &forged).await, TOKEN, "token.opaque").await;
        let told = town.log().await.pop().unwrap().detail.unwrap();
        assert!(told.contains(detail), "{detail}: {told}");
        let asked = [("token", forged.as_str())];
        let answer = after.call(&town, "introspect", &asked).await;
        assert_eq!((answer.status, answer.body.as_str()), (200, r#"{"active":false}"#), "{detail}");
        assert_eq!(after.call(&town, "revoke", &asked).await.status, 200);
    }
    // What was issued before the register changed is good until it ends; and nothing was revoked.
    for genuine in [by_rsa, by_curve] {
        assert_eq!(after.userinfo(&town, genuine).await.status, 200, "the genuine one");
    }
}

#[tokio::test]
async fn a_key_proves_the_client_that_it_is_registered_for_and_no_other() {
    // ATK-269
    let sag = Client::sag();
    let other = Client {
        id: "https://other.test",
        redirect_uri: "https://other.test/callback",
        key: key("sp-seb"),
        ..sag.clone()
    };
    let town = Town::with("n-key", |files| {
        register(files, [sag.clone()]);
        let toml = String::from_utf8(files["clients.toml"].clone()).unwrap();
        let more = toml.replace("sag.test", "other.test").replace("sag.jwks", "other.jwks");
        files.insert("more-clients.toml".into(), more.into_bytes());
        files.insert("other.jwks.json".into(), json!({ "keys": [other.jwk()] }).to_string().into_bytes());
    })
    .await;
    let code = sag.code(&town).await;
    let claims = |id: &str| {
        json!({
            "iss": id, "sub": id, "aud": town.url, "jti": format!("key{}", number()),
            "iat": town.now().as_second(), "exp": town.now().as_second() + 60,
        })
    };
    let named = |kid: &Value| json!({ "alg": "PS256", "kid": kid });
    // Another's key under its own name, and under the name of the client's key.
    for kid in [other.jwk()["kid"].clone(), json!("unknown")] {
        let forged = other.signed(&named(&kid), &claims(sag.id));
        refused(&town, &proved_by(&town, &sag, &code, &forged).await, CLIENT, "jwt.key").await;
    }
    let forged = other.signed(&named(&sag.jwk()["kid"]), &claims(sag.id));
    refused(&town, &proved_by(&town, &sag, &code, &forged).await, CLIENT, "jwt.signature").await;
    // Its own assertion for somebody else's name.
    let mut fields = sag.of_code(&code);
    fields.push(("client_id", sag.id));
    let own = other.signed(&named(&other.jwk()["kid"]), &claims(other.id));
    refused(&town, &sag.call_with(&town, "token", &fields, &own).await, CLIENT, "jwt.claims").await;
    let twins = json!({ "keys": [sag.jwk(), sag.jwk()] }).to_string();
    assert!(
        jose::Jwks::read(&twins, jose::Symmetric::Refused).is_err(),
        "two keys of one name are not registered"
    );
    assert_eq!(sag.redeem(&town, &code).await.status, 200, "the genuine one");
}

#[tokio::test]
async fn a_token_of_one_kind_is_never_taken_for_another() {
    // ATK-271
    let sag = Client::sag();
    let town = town_with("n-type", [sag.clone()]).await;
    let tokens = sag.tokens(&town).await;
    refused(&town, &sag.userinfo(&town, text(&tokens, "id_token")).await, TOKEN, "jwt.type").await;
    let code = sag.code(&town).await;
    // What a client signs for another purpose does not prove it.
    for (typ, reason) in
        [(Typ::LogoutToken, "jwt.type"), (Typ::AccessToken, "jwt.type"), (Typ::Dpop, "jwt.type")]
    {
        let (_, claims) = decoded(&sag.assertion(&town, |_| {}));
        let signer: &dyn Signer = sag.key.as_ref();
        let other = jose::sign(&claims, typ, signer, SignatureAlgorithm::RSA_PSS_SHA256).unwrap();
        refused(&town, &proved_by(&town, &sag, &code, &other).await, CLIENT, reason).await;
    }
    let saml = "PHNhbWw6QXNzZXJ0aW9uLz4";
    refused(&town, &proved_by(&town, &sag, &code, saml).await, CLIENT, "jwt.header").await;
    let bearer = [("grant_type", "urn:ietf:params:oauth:grant-type:saml2-bearer"), ("assertion", saml)];
    refused(&town, &sag.call(&town, "token", &bearer).await, (400, "unsupported_grant_type"), "oidc.grant")
        .await;
    // A logout token of ours opens nothing, although our own key signed it.
    let ours = key("broker-signing");
    let (_, claims) = decoded(text(&tokens, "access_token"));
    let forged =
        jose::sign(&claims, Typ::LogoutToken, ours.as_ref(), SignatureAlgorithm::RSA_PSS_SHA256).unwrap();
    refused(&town, &sag.userinfo(&town, &forged).await, TOKEN, "jwt.type").await;
    assert_eq!(sag.userinfo(&town, text(&tokens, "access_token")).await.status, 200, "the genuine one");
    assert_eq!(sag.redeem(&town, &code).await.status, 200, "the genuine one");
}

#[tokio::test]
async fn a_client_proves_itself_to_us_alone_now_and_once() {
    // ATK-272
    let sag = Client::sag();
    let town = town_with("n-aud", [sag.clone()]).await;
    let (code, endpoint) = (sag.code(&town).await, format!("{}/oauth2/token", town.url));
    for (aud, reason) in [
        (json!([town.url, "https://evil.test"]), "jwt.aud"),
        (json!(["https://evil.test", endpoint]), "jwt.aud"),
        (json!([town.url, endpoint]), "jwt.aud"),
        (json!("https://evil.test"), "jwt.aud"),
        (json!(format!("{}/", town.url)), "jwt.aud"),
        (json!(format!("{}/oauth2/authorize", town.url)), "jwt.aud"),
        (json!([]), "jwt.aud"),
        (Value::Null, "jwt.aud"),
    ] {
        let assertion = sag.assertion(&town, |claims| claims["aud"] = aud.clone());
        refused(&town, &proved_by(&town, &sag, &code, &assertion).await, CLIENT, reason).await;
    }
    let now = town.now().as_second();
    for (name, value, reason) in [
        ("exp", json!(now - 61), "jwt.time"),
        ("exp", json!(now + 4000), "jwt.time"),
        ("exp", Value::Null, "jwt.time"),
        ("iat", json!(now + 100), "jwt.time"),
        ("nbf", json!(now + 100), "jwt.time"),
        ("sub", json!("https://evil.test"), "jwt.claims"),
        ("jti", Value::Null, "jwt.claims"),
        ("jti", json!("x".repeat(300)), "jwt.claims"),
        ("iss", json!("https://evil.test"), "sp.unknown"),
    ] {
        let assertion = sag.assertion(&town, |claims| claims[name] = value.clone());
        refused(&town, &proved_by(&town, &sag, &code, &assertion).await, CLIENT, reason).await;
    }
    // Either of our names, as the one audience there is; and used up even where nothing was given for it.
    for aud in [json!(town.url), json!(endpoint), json!([endpoint])] {
        let assertion = sag.assertion(&town, |claims| claims["aud"] = aud.clone());
        refused(&town, &proved_by(&town, &sag, "nonsense", &assertion).await, GRANT, "oidc.code").await;
        refused(&town, &proved_by(&town, &sag, &code, &assertion).await, CLIENT, "replay").await;
    }
    assert_eq!(sag.redeem(&town, &code).await.status, 200, "the genuine one");
}

#[tokio::test]
async fn a_token_request_cannot_raise_the_level_of_its_login() {
    // ATK-193
    let sag = Client::sag();
    let town = town_with("n-level", [sag.clone()]).await;
    let code = sag.code(&town).await;
    let high = "https://data.gov.dk/concept/core/nsis/loa/High";
    let claims = json!({ "id_token": { "acr": { "essential": true, "value": high } } }).to_string();
    let wishes = [("acr_values", high), ("claims", claims.as_str()), ("acr", high)];
    let level = |tokens: &Value, name: &str| decoded(text(tokens, name)).1["acr"].clone();
    let mut fields = sag.of_code(&code);
    fields.extend(wishes);
    let first = body(&sag.call(&town, "token", &fields).await);
    let substantial = json!("https://data.gov.dk/concept/core/nsis/loa/Substantial");
    assert_eq!(level(&first, "id_token"), substantial);
    assert_eq!(level(&first, "access_token"), substantial);
    // Not even once the register would allow more: nobody proved more.
    town.change(|files| {
        let text = String::from_utf8(files["register.toml"].clone()).unwrap();
        let allows_more = text.replacen("nsis = \"Substantial\"\n", "nsis = \"High\"\n", 1);
        assert_ne!(allows_more, text);
        files.insert("register.toml".into(), allows_more.into_bytes());
    })
    .await;
    let mut fields = vec![("grant_type", "refresh_token"), ("refresh_token", text(&first, "refresh_token"))];
    fields.extend(wishes);
    let second = body(&sag.call(&town, "token", &fields).await);
    assert_eq!(level(&second, "access_token"), substantial);
    let told = body(&sag.userinfo(&town, text(&second, "access_token")).await);
    assert!(!told.to_string().contains("High"), "{told}");
}

#[tokio::test]
async fn a_client_proves_itself_in_its_own_way_only() {
    let town = town_with("n-method", Client::all()).await;
    for client in Client::all() {
        let code = client.code(&town).await;
        for by in [By::Key, By::Basic, By::Post, By::Certificate, By::Nothing] {
            // A name alone is all that some show, so a certificate beside it changes nothing for them.
            if by == client.by || (client.by, by) == (By::Nothing, By::Certificate) {
                continue;
            }
            let other = Client { by, ..client.clone() };
            refused(&town, &other.redeem(&town, &code).await, CLIENT, "oidc.client").await;
        }
        assert_eq!(client.redeem(&town, &code).await.status, 200, "{}", client.id);
    }
    let basic = Client::basic();
    let mut browser = town.browser();
    browser.headers.push(("authorization".into(), basic.basic_header("wrong")));
    let url = format!("{}/oauth2/token", town.url);
    let answer = browser.post(&url, &basic.of_code("x")).await;
    refused(&town, &answer, CLIENT, "oidc.client").await;
    assert_eq!(answer.headers["www-authenticate"], "Basic realm=\"context-handler\"");
    // Another's certificate has another subject, and none counts that no proxy of ours hands over.
    let tls = Client { key: key("sp-seb"), ..Client::tls() };
    refused(&town, &tls.redeem(&town, "x").await, CLIENT, "oidc.client").await;
    // Two proofs at once: nobody could say which one counted.
    let post = Client::post();
    let mut fields = post.of_code("x");
    fields.extend([("client_id", basic.id), ("client_secret", "x")]);
    refused(&town, &browser.post(&url, &fields).await, CLIENT, "oidc.client").await;
    let in_address =
        town.browser().post(&format!("{url}?grant_type=refresh_token"), &basic.of_code("x")).await;
    refused(&town, &in_address, (400, "invalid_request"), "oidc.request").await;
}

#[tokio::test]
async fn a_token_that_is_bound_to_a_key_is_worth_nothing_without_it() {
    // ATK-274
    let (page, tls) = (Client::page(), Client::tls());
    let town = town_with("n-bound", [page.clone(), tls.clone()]).await;
    let tokens = page.tokens(&town).await;
    let token = text(&tokens, "access_token");
    assert_eq!(text(&tokens, "token_type"), "DPoP");
    let shown = async |scheme: &str, proof: Option<String>| {
        let mut browser = town.browser();
        browser.headers.push(("authorization".into(), format!("{scheme} {token}")));
        browser.headers.extend(proof.map(|proof| ("dpop".to_owned(), proof)));
        browser.get(&format!("{}/oauth2/userinfo", town.url)).await
    };
    let thief = Client { key: key("oidc-byggesag"), ..page.clone() };
    let good = || page.proof(&town, "GET", "userinfo", Some(token));
    refused(&town, &shown("Bearer", None).await, TOKEN, "pop").await;
    refused(&town, &shown("Bearer", Some(good())).await, TOKEN, "pop").await;
    let bare = shown("DPoP", None).await;
    refused(&town, &bare, TOKEN, "pop").await;
    assert!(bare.headers["www-authenticate"].to_str().unwrap().starts_with("DPoP error="));
    refused(
        &town,
        &shown("DPoP", Some(thief.proof(&town, "GET", "userinfo", Some(token)))).await,
        TOKEN,
        "pop",
    )
    .await;
    for (method, path, of) in [
        ("POST", "userinfo", Some(token)),
        ("GET", "token", Some(token)),
        ("GET", "userinfo", None),
        ("GET", "userinfo", Some("another")),
    ] {
        let proof = page.proof(&town, method, path, of);
        refused(&town, &shown("DPoP", Some(proof)).await, (401, "invalid_dpop_proof"), "pop").await;
    }
    let once = good();
    assert_eq!(shown("DPoP", Some(once.clone())).await.status, 200, "the genuine one");
    refused(&town, &shown("DPoP", Some(once)).await, (401, "invalid_dpop_proof"), "replay").await;
    let old = good();
    town.pass(SignedDuration::from_mins(3));
    refused(&town, &shown("DPoP", Some(old)).await, (401, "invalid_dpop_proof"), "jwt.time").await;
    assert_eq!(shown("DPoP", Some(good())).await.status, 200);
    // The refresh token is bound as well, and a client that must prove a key gets nothing without.
    let refresh = text(&tokens, "refresh_token");
    let silent = Client { proves_key: false, ..page.clone() };
    refused(&town, &thief.refresh(&town, refresh).await, (400, "invalid_dpop_proof"), "pop").await;
    refused(&town, &silent.refresh(&town, refresh).await, (400, "invalid_dpop_proof"), "pop").await;
    let code = page.code(&town).await;
    refused(&town, &silent.redeem(&town, &code).await, (400, "invalid_dpop_proof"), "pop").await;
    assert_eq!(page.refresh(&town, refresh).await.status, 200, "the genuine one");

    let tokens = tls.tokens(&town).await;
    let token = text(&tokens, "access_token");
    let thief = Client { key: key("sp-seb"), ..tls.clone() };
    let bare = Client { by: By::Nothing, ..tls.clone() };
    refused(&town, &thief.userinfo(&town, token).await, TOKEN, "pop").await;
    refused(&town, &bare.userinfo(&town, token).await, TOKEN, "pop").await;
    assert_eq!(tls.userinfo(&town, token).await.status, 200, "the genuine one");
}

#[tokio::test]
async fn a_refresh_token_that_is_once_brought_with_a_key_is_bound_to_it_from_then_on() {
    let (free, bound) = (Client::sag(), Client { proves_key: true, ..Client::sag() });
    let town = town_with("n-later-bound", [free.clone()]).await;
    let mut tokens = free.tokens(&town).await;
    for client in [&free, &free, &bound, &bound, &bound] {
        tokens = body(&client.refresh(&town, text(&tokens, "refresh_token")).await);
        let (_, claims) = decoded(text(&tokens, "access_token"));
        assert_eq!(claims["cnf"]["jkt"].is_string(), client.proves_key, "{claims}");
    }
    let token = text(&tokens, "refresh_token");
    refused(&town, &free.refresh(&town, token).await, (400, "invalid_dpop_proof"), "pop").await;
    assert_eq!(bound.refresh(&town, token).await.status, 200, "the genuine one");
}

#[tokio::test]
async fn a_code_that_was_asked_for_with_a_key_needs_that_key() {
    // ATK-274
    let page = Client::page();
    let town = town_with("n-jkt", [page.clone()]).await;
    let thief = Client { key: key("oidc-byggesag"), ..page.clone() };
    let proof = page.proof(&town, "GET", "userinfo", None);
    let jwk = decoded(&proof).0["jwk"].clone();
    let canonical = format!(r#"{{"e":{},"kty":"RSA","n":{}}}"#, jwk["e"], jwk["n"]);
    let jkt = base64url(openssl::sha::sha256(canonical.as_bytes()));
    let code = page.code_for(&town, &mut town.browser(), &[("dpop_jkt", &jkt)]).await;
    refused(&town, &thief.redeem(&town, &code).await, (400, "invalid_dpop_proof"), "pop").await;
    let answer = page.redeem(&town, &code).await;
    assert_eq!(answer.status, 200, "the genuine one: {}", answer.body);
    let (_, claims) = decoded(text(&body(&answer), "access_token"));
    assert_eq!(claims["cnf"], json!({ "jkt": jkt }));
}

#[tokio::test]
async fn whoever_asks_about_a_token_of_another_learns_nothing_and_ends_nothing() {
    // ATK-275
    let (sag, basic, page) = (Client::sag(), Client::basic(), Client::page());
    let town = town_with("n-introspect", [sag.clone(), basic.clone(), page.clone()]).await;
    let tokens = sag.tokens(&town).await;
    for name in ["access_token", "refresh_token"] {
        let token = [("token", text(&tokens, name))];
        let answer = basic.call(&town, "introspect", &token).await;
        assert_eq!((answer.status, answer.body.as_str()), (200, r#"{"active":false}"#), "{name}");
        assert_eq!(town.last_reason().await, "introspect.aud");
        assert_eq!(basic.call(&town, "revoke", &token).await.status, 200);
        assert_eq!(town.last_reason().await, "introspect.aud");
        // A public client proves nothing, so it learns nothing.
        refused(&town, &page.call(&town, "introspect", &token).await, CLIENT, "oidc.client").await;
        let nobody = town.browser().post(&format!("{}/oauth2/introspect", town.url), &token).await;
        refused(&town, &nobody, CLIENT, "oidc.client").await;
        assert_eq!(body(&sag.call(&town, "introspect", &token).await)["active"], true, "the genuine one");
    }
    for nonsense in ["x", "a.b.c", text(&tokens, "id_token")] {
        let answer = sag.call(&town, "introspect", &[("token", nonsense)]).await;
        assert_eq!((answer.status, answer.body.as_str()), (200, r#"{"active":false}"#));
    }
    assert_eq!(sag.userinfo(&town, text(&tokens, "access_token")).await.status, 200, "nothing was ended");
}

#[tokio::test]
async fn a_token_that_is_one_character_longer_shorter_or_other_is_another_or_none() {
    // ATK-277
    let sag = Client::sag();
    let town = town_with("n-opaque", [sag.clone()]).await;
    let tokens = sag.tokens(&town).await;
    let (access, refresh) = (text(&tokens, "access_token"), text(&tokens, "refresh_token"));
    let bent = |token: &str| {
        let middle = token.len() - 10;
        let other = if &token[middle..=middle] == "A" { "B" } else { "A" };
        [
            token[..token.len() - 1].to_owned(),
            token[1..].to_owned(),
            format!("{token}A"),
            format!("{token}="),
            format!("A{token}"),
            format!("{}{other}{}", &token[..middle], &token[middle + 1..]),
        ]
    };
    for token in bent(access) {
        refused(&town, &sag.userinfo(&town, &token).await, TOKEN, "token.opaque").await;
    }
    for token in bent(refresh) {
        let answer = sag.refresh(&town, &token).await;
        assert_eq!((answer.status, text(&body(&answer), "error")), GRANT, "{token}");
        let reason = town.last_reason().await;
        assert!(["token.opaque", "token.refresh"].contains(&reason.as_str()), "{reason}");
    }
    // The name with another secret finds it and opens nothing: nobody ends a login by guessing.
    let id = Ticket::read(refresh).unwrap().id;
    let guessed = base64url([id.bytes().as_slice(), &[0; 16]].concat());
    refused(&town, &sag.refresh(&town, &guessed).await, GRANT, "token.opaque").await;
    assert_eq!(sag.userinfo(&town, access).await.status, 200, "the genuine one");
    let next = body(&sag.refresh(&town, refresh).await);
    refused(&town, &sag.refresh(&town, &guessed).await, GRANT, "token.opaque").await;
    assert_eq!(sag.userinfo(&town, text(&next, "access_token")).await.status, 200, "nothing was ended");
}

#[tokio::test]
async fn nothing_that_is_encrypted_is_opened_so_that_no_bomb_goes_off() {
    // ATK-284
    let sag = Client::sag();
    let town = town_with("n-jwe", [sag.clone()]).await;
    let (code, tokens) = (sag.code(&town).await, sag.tokens(&town).await);
    for head in [
        json!({ "alg": "PBES2-HS256+A128KW", "enc": "A128GCM", "p2c": 1_000_000_000, "p2s": "AAAA" }),
        json!({ "alg": "RSA-OAEP", "enc": "A256GCM", "zip": "DEF" }),
        json!({ "alg": "dir", "enc": "A128GCM" }),
        json!({ "alg": "ECDH-ES", "enc": "A128GCM", "epk": { "kty": "EC", "crv": "P-256", "x": "AA", "y": "AA" } }),
    ] {
        let sealed = [
            base64url(head.to_string()),
            base64url([1; 40]),
            base64url([2; 12]),
            base64url(vec![0; 60_000]),
            base64url([3; 16]),
        ];
        for token in [sealed.join("."), format!("{}.e30.AAAA", sealed[0])] {
            let begun = Instant::now();
            refused(&town, &sag.userinfo(&town, &token).await, TOKEN, "token.opaque").await;
            assert!(begun.elapsed().as_millis() < 500, "{head}: {:?}", begun.elapsed());
        }
        let answer = proved_by(&town, &sag, &code, &format!("{}.e30.AAAA", sealed[0])).await;
        refused(&town, &answer, CLIENT, "jwt.header").await;
    }
    assert_eq!(sag.userinfo(&town, text(&tokens, "access_token")).await.status, 200, "the genuine one");
    assert_eq!(sag.redeem(&town, &code).await.status, 200, "the genuine one");
}

#[tokio::test]
async fn a_token_is_good_until_its_last_second() {
    let sag = Client::sag();
    let town = town_with("n-end", [sag.clone()]).await;
    let tokens = sag.tokens(&town).await;
    town.pass(SignedDuration::from_secs(3599));
    assert_eq!(sag.userinfo(&town, text(&tokens, "access_token")).await.status, 200);
    town.pass(SignedDuration::from_secs(1));
    refused(&town, &sag.userinfo(&town, text(&tokens, "access_token")).await, TOKEN, "token.opaque").await;
}

#[tokio::test]
async fn only_an_id_token_of_ours_ends_a_session_by_itself_and_only_a_registered_address_is_led_to() {
    let (sag, basic) = (Client::sag(), Client::basic());
    let town = town_with("n-leave", [sag.clone(), basic.clone()]).await;
    let mut browser = town.browser();
    let code = sag.code_for(&town, &mut browser, &[]).await;
    let tokens = body(&sag.redeem(&town, &code).await);
    let (id_token, access_token) = (text(&tokens, "id_token"), text(&tokens, "access_token"));
    let (head, claims) = decoded(id_token);
    let forged = sag.signed(&head, &claims);
    let bye = ("post_logout_redirect_uri", "https://sag.test/bye");
    for (fields, reason) in [
        (vec![bye], "param.missing"),
        (vec![("client_id", sag.id), bye], "param.missing"),
        (vec![("id_token_hint", forged.as_str()), bye], "jwt.signature"),
        (vec![("id_token_hint", access_token), bye], "jwt.type"),
        (vec![("id_token_hint", "nonsense"), bye], "jwt.header"),
        (vec![("id_token_hint", id_token), ("client_id", basic.id), bye], "oidc.request"),
        (
            vec![("id_token_hint", id_token), ("post_logout_redirect_uri", "https://evil.test/")],
            "slo.redirect",
        ),
        (
            vec![("id_token_hint", id_token), ("post_logout_redirect_uri", "https://sag.test/bye/")],
            "slo.redirect",
        ),
        (vec![("id_token_hint", id_token), ("post_logout_redirect_uri", sag.redirect_uri)], "slo.redirect"),
    ] {
        let answer = browser.get(&format!("{}/oauth2/logout?{}", town.url, query(&fields))).await;
        assert_eq!(answer.location.as_deref(), Some("/sessions"), "{reason}: the user decides");
        assert_eq!(town.last_reason().await, reason);
        assert_eq!(sag.userinfo(&town, access_token).await.status, 200, "{reason}: nothing was ended");
    }
    let fields = [("id_token_hint", id_token), bye];
    browser.get(&format!("{}/oauth2/logout?{}", town.url, query(&fields))).await;
    assert_eq!(sag.userinfo(&town, access_token).await.status, 401, "the genuine one");
}

#[tokio::test]
async fn a_code_that_went_to_an_address_which_is_withdrawn_since_is_worth_nothing() {
    let sag = Client::sag();
    let town = town_with("n-withdrawn", [sag.clone()]).await;
    let code = sag.code(&town).await;
    let (was, is) = (format!("[{:?}]", sag.redirect_uri), "[\"https://sag.test/another\"]");
    town.change(|files| replace(files, &was, is)).await;
    refused(&town, &sag.redeem(&town, &code).await, GRANT, "oidc.redirect").await;
    town.change(|files| replace(files, is, &was)).await;
    assert_eq!(
        sag.redeem(&town, &code).await.status,
        200,
        "the same where the address is still the client's"
    );
}

#[tokio::test]
async fn a_logout_leads_to_no_address_that_is_withdrawn_while_the_user_looks_at_it() {
    let sag = Client::sag();
    let town = town_with("n-withdrawn-bye", [sag.clone()]).await;
    let bye = "https://sag.test/bye";
    let listed = format!("post-logout-redirect-uris = [{bye:?}]\n");
    let on = format!("client-id = {:?}\n", sag.id);
    for (what, from, to) in [
        ("withdrawn", listed.clone(), String::new()),
        ("switched off", on.clone(), format!("{on}active = false\n")),
    ] {
        let mut browser = town.browser();
        let code = sag.code_for(&town, &mut browser, &[]).await;
        let tokens = body(&sag.redeem(&town, &code).await);
        let fields = [
            ("id_token_hint", text(&tokens, "id_token")),
            ("post_logout_redirect_uri", bye),
            ("state", "a b"),
        ];
        let left = browser.get(&format!("{}/oauth2/logout?{}", town.url, query(&fields))).await;
        let page = format!("{}{}", town.url, left.location());
        let before = browser.get(&page).await;
        assert!(before.body.contains("https://sag.test/bye?state=a%20b"), "the twin: {}", before.body);
        town.change(|files| replace(files, &from, &to)).await;
        let after = browser.get(&page).await;
        assert_eq!(after.status, 200, "{what}: the user still sees how far it has come");
        assert!(!after.body.contains(bye) && after.location.is_none(), "{what}: {}", after.body);
        town.change(|files| {
            let text = String::from_utf8(files["clients.toml"].clone()).unwrap();
            let back = if to.is_empty() {
                text.replace(&on, &format!("{on}{from}"))
            } else {
                text.replace(&to, &from)
            };
            files.insert("clients.toml".into(), back.into_bytes());
        })
        .await;
    }
}

#[tokio::test]
async fn a_browser_that_logs_in_without_end_fills_no_session() {
    let sag = Client::sag();
    let town = town_with("n-without-end", [sag.clone()]).await;
    let mut browser = town.browser();
    let first = sag.code_for(&town, &mut browser, &[]).await;
    let first = body(&sag.redeem(&town, &first).await);
    for _ in 1..Participant::MOST {
        town.pass(SignedDuration::from_millis(1));
        sag.code_for(&town, &mut browser, &[("prompt", "none")]).await;
    }
    assert_eq!(sag.userinfo(&town, text(&first, "access_token")).await.status, 200, "the twin");
    town.pass(SignedDuration::from_millis(1));
    let last = sag.code_for(&town, &mut browser, &[("prompt", "none")]).await;
    let named = "C=DK,O=11111111,CN=Ib Dam,Serial=5b0c";
    let session = town.store.sessions_named(named).await.unwrap().pop().unwrap();
    assert_eq!(town.store.participants(session.id).await.unwrap().len(), Participant::MOST);
    let answer = sag.userinfo(&town, text(&first, "access_token")).await;
    refused(&town, &answer, TOKEN, "session.ended").await;
    refused(&town, &sag.refresh(&town, text(&first, "refresh_token")).await, GRANT, "token.refresh").await;
    assert_eq!(sag.redeem(&town, &last).await.status, 200, "the youngest login is as good as any");
}
