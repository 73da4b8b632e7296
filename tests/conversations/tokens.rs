//! What clients get for a code and a refresh token, what they get for an access token, and what they can read about us.

use context_handler::broker::keys::Keys;
use context_handler::broker::oidc::ClientCall;
use context_handler::broker::{Broker, Visit};
use context_handler::protocol::jose::{self, Jwks, SIGNED_WITH, Symmetric, Typ};
use context_handler::protocol::oauth::parameters::Parameters;
use context_handler::store::Store;
use jiff::SignedDuration;
use serde_json::{Value, json};

use crate::support::logout::BackChannel;
use crate::support::relying::{Client, base64url, body, decoded, query, register, replace, town_with};
use crate::support::world::elliptic_key;
use crate::support::{Answer, Town, key};

/// The same text in every run.
fn still(value: &Value, town: &Town) -> String {
    let text = serde_json::to_string_pretty(value).unwrap().replace(&town.url, "https://login.example");
    let changing = ["kid", "jti", "sid", "at_hash"];
    let hidden = text.lines().map(|line| {
        let name = changing.into_iter().find(|name| line.trim_start().starts_with(&format!("\"{name}\":")));
        name.map_or(line.to_owned(), |_| {
            let (before, _) = line.split_once(": ").unwrap();
            format!("{before}: \"…\"{}", if line.ends_with(',') { "," } else { "" })
        })
    });
    hidden.collect::<Vec<_>>().join("\n")
}

async fn published(town: &Town, path: &str) -> Value {
    let answer = town.browser().get(&format!("{}{path}", town.url)).await;
    assert_eq!(answer.status, 200, "{path} {}", answer.body);
    body(&answer)
}

fn reasons(log: &[context_handler::domain::audit::Record]) -> Vec<String> {
    log.iter().map(|r| format!("{:?} {:?} {}", r.event, r.actor, r.reason)).collect()
}

fn text<'v>(value: &'v Value, name: &str) -> &'v str {
    value[name].as_str().unwrap_or_else(|| panic!("{name} in {value}"))
}

#[tokio::test]
async fn a_code_becomes_an_id_token_and_an_access_token_that_say_who_the_user_is() {
    let sag = Client::sag();
    let town = town_with("tokens-whole", [sag.clone()]).await;
    let code = sag.code(&town).await;
    let before = town.log().await.len();
    let answer = sag.redeem(&town, &code).await;
    assert_eq!(answer.headers["cache-control"], "no-store");
    assert_eq!(answer.headers["pragma"], "no-cache");
    let tokens = body(&answer);
    assert_eq!(
        (text(&tokens, "token_type"), &tokens["expires_in"], text(&tokens, "scope")),
        ("Bearer", &json!(3600), "openid offline_access")
    );
    // Every proof by the key that is published.
    let keys = published(&town, "/oauth2/jwks").await.to_string();
    let keys = Jwks::read(&keys, Symmetric::Refused).unwrap();
    for (name, typ) in [("id_token", Typ::IdToken), ("access_token", Typ::AccessToken)] {
        jose::claimed(text(&tokens, name)).unwrap().verify(&keys, &SIGNED_WITH, typ).unwrap();
    }
    let (head, id_token) = decoded(text(&tokens, "id_token"));
    let (at_head, access_token) = decoded(text(&tokens, "access_token"));
    let userinfo = sag.userinfo(&town, text(&tokens, "access_token")).await;
    assert_eq!((userinfo.status, &userinfo.headers["cache-control"]), (200, &"no-store".parse().unwrap()));
    assert_eq!(body(&userinfo)["sub"], id_token["sub"]);
    for (name, value) in [
        ("id_token", json!([head, id_token])),
        ("access_token", json!([at_head, access_token])),
        ("userinfo", body(&userinfo)),
        ("discovery", published(&town, "/.well-known/openid-configuration").await),
    ] {
        insta::assert_snapshot!(name, still(&value, &town));
    }
    let log = town.log().await;
    insta::assert_snapshot!(reasons(&log[before..]).join("\n"), @"
    TokensAsked Fagsystem oidc.tokens
    TokenIssued Broker oidc.tokens
    UserinfoAsked Fagsystem oidc.userinfo
    ");
    let begun = log.iter().find(|record| record.fagsystem.is_some()).unwrap();
    let issued = &log[before + 1];
    assert_eq!(begun.login, issued.login, "one login ties them together");
    assert_eq!(issued.message.as_deref(), access_token["jti"].as_str());
    assert_eq!(issued.level.as_deref(), Some("NSIS Substantial"));
    assert!(issued.session.is_some() && issued.key.is_some() && issued.algorithm.is_some());
    let whole = serde_json::to_string(&log).unwrap();
    for secret in ["id_token", "access_token", "refresh_token"] {
        assert!(!whole.contains(text(&tokens, secret)), "{secret} is in the log");
    }
    assert!(!whole.contains(&code));
}

#[tokio::test]
async fn every_way_of_proving_a_client_that_is_offered_gets_tokens() {
    let town = town_with("tokens-methods", Client::all()).await;
    let document = published(&town, "/.well-known/openid-configuration").await;
    let mut served = Vec::new();
    for client in Client::all() {
        let tokens = client.tokens(&town).await;
        let userinfo = client.userinfo(&town, text(&tokens, "access_token")).await;
        assert_eq!(userinfo.status, 200, "{} {}", client.id, userinfo.body);
        served.push(format!("{:?}", client.by));
    }
    let methods = document["token_endpoint_auth_methods_supported"].as_array().unwrap();
    assert_eq!(served.len(), methods.len(), "{served:?} {methods:?}");
}

#[tokio::test]
async fn each_client_is_told_under_the_names_and_the_subject_that_are_registered() {
    let town = town_with("tokens-names", Client::all()).await;
    let claims = async |client: Client| decoded(text(&client.tokens(&town).await, "id_token")).1;
    let (sag, basic, post) =
        (claims(Client::sag()).await, claims(Client::basic()).await, claims(Client::post()).await);
    let uri = "https://data.gov.dk/model/core/eid/professional/cvr";
    assert_eq!((&sag["cvr"], &sag[uri]), (&json!("11111111"), &json!("11111111")));
    assert!(basic.get(uri).is_none() && basic["cvr"] == "11111111", "{basic}");
    assert!(post.get("cvr").is_none() && post[uri] == "11111111", "{post}");
    assert_eq!(text(&sag, "sub"), "C=DK,O=11111111,CN=Ib Dam,Serial=5b0c");
    assert_eq!(text(&basic, "sub").len(), 43, "a pairwise name");
}

#[tokio::test]
async fn tokens_are_signed_and_sealed_as_the_client_is_registered() {
    let sag = Client::sag()
        .with("id-token-signed-response-alg = \"PS512\"")
        .with("id-token-encrypted-response-alg = \"RSA-OAEP-256\"")
        .with("token-minutes = 5");
    let town = Town::with("tokens-sealed", |files| {
        register(files, [sag.clone()]);
        let enc = {
            let mut key = sag.jwk();
            key["use"] = "enc".into();
            key["kid"] = "sealing".into();
            key
        };
        files.insert("sag.jwks.json".into(), json!({ "keys": [sag.jwk(), enc] }).to_string().into_bytes());
    })
    .await;
    let tokens = sag.tokens(&town).await;
    assert_eq!(tokens["expires_in"], 300);
    let sealed = text(&tokens, "id_token");
    assert_eq!(sealed.split('.').count(), 5);
    let pem = std::fs::read(concat!(env!("CARGO_MANIFEST_DIR"), "/certs-dev/oidc-byggesag.pem")).unwrap();
    let private =
        openssl::pkey::PKey::private_key_from_pem(&pem).unwrap().private_key_to_pem_pkcs8().unwrap();
    let decrypter = josekit::jwe::RSA_OAEP_256.decrypter_from_pem(&private).unwrap();
    let (inner, head) = josekit::jwe::deserialize_compact(sealed, &decrypter).unwrap();
    assert_eq!(head.key_id(), Some("sealing"));
    let (head, claims) = decoded(std::str::from_utf8(&inner).unwrap());
    assert_eq!((&head["alg"], &claims["aud"]), (&json!("PS512"), &json!("https://sag.test")));
    assert_eq!(sag.userinfo(&town, text(&tokens, "access_token")).await.status, 200);
}

/// What a token says, proved by a library that shares nothing with us, with the published key that it names.
fn proved(keys: &Value, token: &str, algorithm: &str) -> josekit::jwt::JwtPayload {
    let head = josekit::jwt::decode_header(token).unwrap();
    assert_eq!(head.claim("alg"), Some(&json!(algorithm)));
    let kid = head.claim("kid").unwrap();
    let key = keys["keys"].as_array().unwrap().iter().find(|key| key["kid"] == *kid).unwrap();
    let jwk = josekit::jwk::Jwk::from_bytes(key.to_string()).unwrap();
    let verifier: Box<dyn josekit::jws::JwsVerifier> = match algorithm {
        "ES256" => Box::new(josekit::jws::ES256.verifier_from_jwk(&jwk).unwrap()),
        "PS256" => Box::new(josekit::jws::PS256.verifier_from_jwk(&jwk).unwrap()),
        _ => Box::new(josekit::jws::PS512.verifier_from_jwk(&jwk).unwrap()),
    };
    josekit::jwt::decode_with_verifier(token, verifier.as_ref()).unwrap().0
}

#[tokio::test]
async fn a_client_has_its_access_tokens_signed_in_another_way_than_its_id_tokens() {
    let plain = Client::sag().with("access-token-signed-response-alg = \"ES256\"");
    let town = Town::with_elliptic_key("tokens-apart", |files| register(files, [plain.clone()])).await;
    let keys = published(&town, "/oauth2/jwks").await;
    for (id_alg, half) in [("PS256", 16), ("PS512", 32)] {
        let sag = plain.clone().with(&format!("id-token-signed-response-alg = {id_alg:?}"));
        town.change(|files| register(files, [sag.clone()])).await;
        let tokens = sag.tokens(&town).await;
        let access_token = text(&tokens, "access_token");
        let id_token = proved(&keys, text(&tokens, "id_token"), id_alg);
        let said = proved(&keys, access_token, "ES256");
        assert_eq!(id_token.subject(), said.subject());
        // The hash is the one that the ID token's signature goes by (OpenID Connect Core 3.1.3.6).
        let hash = match half {
            16 => openssl::sha::sha256(access_token.as_bytes()).to_vec(),
            _ => openssl::sha::sha512(access_token.as_bytes()).to_vec(),
        };
        assert_eq!(id_token.claim("at_hash"), Some(&json!(base64url(&hash[..half]))), "{id_alg}");
        // The exchange log tells the access token, and what signed it.
        let issued = town.log().await.pop().unwrap();
        assert_eq!(issued.message.as_deref(), said.jwt_id());
        assert_eq!(issued.key.as_deref(), decoded(access_token).0["kid"].as_str());
        assert_eq!(issued.algorithm.as_deref(), Some("http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256"));
        let refreshed = body(&sag.refresh(&town, text(&tokens, "refresh_token")).await);
        let access_token = text(&refreshed, "access_token");
        proved(&keys, access_token, "ES256");
        assert_eq!(sag.userinfo(&town, access_token).await.status, 200);
        let asked = [("token", access_token)];
        assert_eq!(body(&sag.call(&town, "introspect", &asked).await)["active"], true);
        assert_eq!(sag.call(&town, "revoke", &asked).await.status, 200);
        assert_eq!(body(&sag.call(&town, "introspect", &asked).await)["active"], false);
    }
}

#[tokio::test]
async fn a_client_whose_tokens_no_key_of_ours_signs_gets_none_and_the_log_says_what_is_missing() {
    let town = town_with("tokens-no-key", [Client::sag()]).await;
    for key in ["id-token-signed-response-alg", "access-token-signed-response-alg"] {
        let sag = Client::sag().with(&format!("{key} = \"ES256\""));
        town.change(|files| register(files, [sag.clone()])).await;
        let answer = sag.redeem(&town, &sag.code(&town).await).await;
        assert_eq!((answer.status, text(&body(&answer), "error")), (500, "server_error"), "{key}");
        let refused = town.log().await.pop().unwrap();
        insta::allow_duplicates! {
            insta::assert_snapshot!(
                format!("{} {}", refused.reason, refused.detail.unwrap()),
                @"internal the client wants ES256, and no key in `token-signing` signs so"
            );
        }
    }
    town.change(|files| register(files, [Client::sag()])).await;
    Client::sag().tokens(&town).await;
}

#[tokio::test]
async fn a_client_on_curves_proves_itself_gets_its_tokens_and_is_told_of_the_logout() {
    let channel = BackChannel::new().await;
    let mut sag =
        Client { key: elliptic_key(), ..Client::sag() }.with("id-token-signed-response-alg = \"ES256\"");
    sag.registered = sag.registered.replace("https://sag.test/out", &channel.address);
    let town = Town::with_elliptic_key("tokens-es256", |files| register(files, [sag.clone()])).await;
    let document = published(&town, "/.well-known/openid-configuration").await;
    assert!(document["id_token_signing_alg_values_supported"].as_array().unwrap().contains(&json!("ES256")));
    let mut browser = town.browser();
    let code = sag.code_for(&town, &mut browser, &[]).await;
    let answer = sag.call_with(&town, "token", &sag.of_code(&code), &sag.elliptic_assertion(&town)).await;
    let tokens = body(&answer);
    assert_eq!(answer.status, 200, "{tokens}");
    let keys = published(&town, "/oauth2/jwks").await;
    let proved = |token: &str| proved(&keys, token, "ES256");
    let id_token = proved(text(&tokens, "id_token"));
    assert_eq!(id_token.claim("aud"), Some(&json!(sag.id)));
    let access_token = text(&tokens, "access_token");
    proved(access_token);
    let hash = openssl::sha::sha256(access_token.as_bytes());
    assert_eq!(id_token.claim("at_hash"), Some(&json!(base64url(&hash[..16]))));
    assert_eq!(sag.userinfo(&town, access_token).await.status, 200);
    let fields = [("id_token_hint", text(&tokens, "id_token"))];
    browser.get(&format!("{}/oauth2/logout?{}", town.url, query(&fields))).await;
    assert_eq!(sag.userinfo(&town, access_token).await.status, 401);
    let told = channel.raw();
    assert_eq!(proved(&told[0]).claim("sid"), id_token.claim("sid"));
}

#[tokio::test]
async fn a_token_says_how_the_user_authenticated_where_the_identity_provider_says_so() {
    let sag = Client::sag();
    let town = town_with("tokens-amr", [sag.clone()]).await;
    for (class, amr) in [
        ("urn:oasis:names:tc:SAML:2.0:ac:classes:PasswordProtectedTransport", json!(["pwd"])),
        ("urn:federation:authentication:windows", json!(["wia"])),
        ("https://data.gov.dk/concept/core/nsis/loa/Substantial", Value::Null),
    ] {
        let code = sag.code_when(&town, |say| say.class = class.to_owned()).await;
        let tokens = body(&sag.redeem(&town, &code).await);
        for name in ["id_token", "access_token"] {
            assert_eq!(decoded(text(&tokens, name)).1["amr"], amr, "{class}");
        }
    }
}

#[tokio::test]
async fn a_client_that_must_repeat_our_nonce_is_told_it_and_gets_its_tokens_with_it() {
    let page = Client::page().with("dpop-nonce = true");
    let town = town_with("tokens-nonce", [page.clone()]).await;
    let code = page.code(&town).await;
    let fields = [page.of_code(&code), vec![("client_id", page.id)]].concat();
    let proof = |(method, path): (&str, &str), token: Option<&str>, nonce: &str| {
        page.proof_saying(&town, (method, path), token, |claims| claims["nonce"] = nonce.into())
    };
    let redeem = async |proof: String| {
        let mut browser = town.browser();
        browser.headers.push(("dpop".into(), proof));
        browser.post(&format!("{}/oauth2/token", town.url), &fields).await
    };
    let nonce_of = |answer: &Answer| answer.headers["dpop-nonce"].to_str().unwrap().to_owned();
    let first = redeem(page.proof(&town, "POST", "token", None)).await;
    assert_eq!((first.status, text(&body(&first), "error")), (400, "use_dpop_nonce"));
    assert_eq!(town.last_reason().await, "pop.nonce");
    let nonce = nonce_of(&first);
    for wrong in ["", "made up", &format!("{nonce}A"), &nonce[1..]] {
        let answer = redeem(proof(("POST", "token"), None, wrong)).await;
        assert_eq!(text(&body(&answer), "error"), "use_dpop_nonce", "{wrong}");
    }
    let tokens = body(&redeem(proof(("POST", "token"), None, &nonce)).await);
    let access_token = text(&tokens, "access_token");
    let userinfo = async |proof: String| {
        let mut browser = town.browser();
        browser.headers.push(("authorization".into(), format!("DPoP {access_token}")));
        browser.headers.push(("dpop".into(), proof));
        browser.get(&format!("{}/oauth2/userinfo", town.url)).await
    };
    let at_userinfo = ("GET", "userinfo");
    assert_eq!(userinfo(proof(at_userinfo, Some(access_token), &nonce)).await.status, 200);
    town.pass(SignedDuration::from_mins(5));
    let late = userinfo(proof(at_userinfo, Some(access_token), &nonce)).await;
    assert_eq!(late.status, 401);
    let challenge = late.headers["www-authenticate"].to_str().unwrap();
    assert!(challenge.starts_with("DPoP error=\"use_dpop_nonce\""), "{challenge}");
    let fresh = nonce_of(&late);
    assert_eq!(userinfo(proof(at_userinfo, Some(access_token), &fresh)).await.status, 200);
}

#[tokio::test]
async fn a_refresh_token_is_good_once_and_brings_the_next_one() {
    let sag = Client::sag();
    let town = town_with("tokens-rotate", [sag.clone()]).await;
    let first = sag.tokens(&town).await;
    town.pass(SignedDuration::from_mins(10));
    let answer = sag.refresh(&town, text(&first, "refresh_token")).await;
    let second = body(&answer);
    assert_eq!(answer.status, 200, "{second}");
    assert_ne!(first["refresh_token"], second["refresh_token"]);
    let [(_, old), (_, new)] = [&first, &second].map(|tokens| decoded(text(tokens, "access_token")));
    for same in ["iss", "sub", "aud", "sid", "auth_time", "acr"] {
        assert_eq!(old[same], new[same], "{same}");
    }
    assert!(second.get("id_token").is_none() && new["iat"] != old["iat"]);
    assert_eq!(sag.userinfo(&town, text(&second, "access_token")).await.status, 200);
    assert_eq!(sag.refresh(&town, text(&second, "refresh_token")).await.status, 200);
    assert_eq!(town.last_reason().await, "token.refreshed");
}

#[tokio::test]
async fn a_refresh_token_that_does_not_rotate_stays_good_and_brings_none() {
    let basic = Client::basic();
    let town = town_with("tokens-stay", [basic.clone()]).await;
    let first = basic.tokens(&town).await;
    for _ in 0..3 {
        let answer = basic.refresh(&town, text(&first, "refresh_token")).await;
        assert_eq!((answer.status, body(&answer).get("refresh_token")), (200, None));
    }
    town.pass(SignedDuration::from_mins(61));
    let answer = basic.refresh(&town, text(&first, "refresh_token")).await;
    assert_eq!((answer.status, text(&body(&answer), "error")), (400, "invalid_grant"));
    assert_eq!(town.last_reason().await, "token.refresh");
}

#[tokio::test]
async fn whoever_does_not_ask_for_a_refresh_token_or_is_not_given_any_gets_none() {
    let (sag, post) = (Client::sag(), Client::post());
    let town = town_with("tokens-online", [sag.clone(), post.clone()]).await;
    let code = sag.code_for(&town, &mut town.browser(), &[("scope", "openid")]).await;
    let tokens = body(&sag.redeem(&town, &code).await);
    assert_eq!((tokens.get("refresh_token"), text(&tokens, "scope")), (None, "openid"));
    assert_eq!(post.tokens(&town).await.get("refresh_token"), None);
}

#[tokio::test]
async fn no_token_outlives_the_session_and_a_client_that_works_keeps_the_session_in_use() {
    let sag = Client::sag().with("token-minutes = 480").with("refresh-token-minutes = 480");
    let town = town_with("tokens-session", [sag.clone()]).await;
    let mut tokens = sag.tokens(&town).await;
    let store: &dyn Store = town.store.as_ref();
    let session = async |town: &Town| {
        let id = town.log().await.into_iter().rev().find_map(|record| record.session).unwrap();
        store.session(id).await.unwrap().unwrap()
    };
    for hour in 1..=7 {
        town.pass(SignedDuration::from_mins(if hour == 1 { 50 } else { 60 }));
        let asleep = session(&town).await;
        tokens = body(&sag.refresh(&town, text(&tokens, "refresh_token")).await);
        let now = session(&town).await;
        assert_eq!(
            hour == 1,
            now.idle > asleep.idle,
            "in use before an hour is over, and not woken after it"
        );
    }
    let (_, access_token) = decoded(text(&tokens, "access_token"));
    assert_eq!(access_token["exp"], session(&town).await.expires.as_second());
    assert!(tokens["expires_in"].as_i64().unwrap() < 8 * 3600);
    town.pass(SignedDuration::from_hours(2));
    assert_eq!(sag.refresh(&town, text(&tokens, "refresh_token")).await.status, 400);
    assert_eq!(sag.userinfo(&town, text(&tokens, "access_token")).await.status, 401);
}

/// Changes the register behind a client's back: neither its tokens nor its refresh tokens count from then on.
async fn nothing_counts_after(
    name: &str,
    reason: &str,
    change: impl FnOnce(&mut context_handler::broker::registry::Files),
) {
    let sag = Client::sag();
    let town = town_with(name, [sag.clone()]).await;
    let tokens = sag.tokens(&town).await;
    let code = sag.code(&town).await;
    assert_eq!(sag.userinfo(&town, text(&tokens, "access_token")).await.status, 200);
    town.change(change).await;
    assert!(matches!(sag.redeem(&town, &code).await.status, 400 | 401));
    assert_eq!(town.last_reason().await, reason);
    assert!(matches!(sag.refresh(&town, text(&tokens, "refresh_token")).await.status, 400 | 401));
    assert_eq!(town.last_reason().await, reason);
    let userinfo = sag.userinfo(&town, text(&tokens, "access_token")).await;
    if reason != "loa.lower" {
        assert_eq!(userinfo.status, 401, "{}", userinfo.body);
        assert_eq!(town.last_reason().await, reason);
    }
}

#[tokio::test]
async fn the_register_is_asked_anew_whenever_something_is_handed_in() {
    nothing_counts_after("tokens-off", "sp.disabled", |files| {
        replace(files, "name = \"System", "active = false\nname = \"System");
    })
    .await;
    nothing_counts_after("tokens-agreement", "agreement.missing", |files| {
        replace(
            files,
            "service-agreement]]\nauthority = \"11111111\"",
            "service-agreement]]\nvalid-until = \"2026-01-01T00:00:00Z\"\nauthority = \"11111111\"",
        );
    })
    .await;
    nothing_counts_after("tokens-idp", "idp.disabled", |files| {
        let text = String::from_utf8(files["register.toml"].clone()).unwrap();
        let off = text.replacen("name = \"Korsbæk login\"", "active = false\nname = \"Korsbæk login\"", 1);
        files.insert("register.toml".into(), off.into_bytes());
    })
    .await;
    nothing_counts_after("tokens-level", "loa.lower", |files| {
        replace(files, "required-nsis = \"Substantial\"", "required-nsis = \"High\"");
    })
    .await;
}

/// ATK-193: what the identity provider may say is decided by the register of today, for as long as tokens are got.
#[tokio::test]
async fn a_refreshed_token_tells_no_level_above_what_the_identity_provider_is_registered_for_now() {
    let sag = Client::sag();
    let town = town_with("tokens-ceiling", [sag.clone()]).await;
    let first = sag.tokens(&town).await;
    let level = |tokens: &serde_json::Value| {
        decoded(text(tokens, "access_token")).1["acr"]
            .as_str()
            .unwrap()
            .rsplit('/')
            .next()
            .unwrap()
            .to_owned()
    };
    assert_eq!(level(&first), "Substantial");
    let second = body(&sag.refresh(&town, text(&first, "refresh_token")).await);
    assert_eq!(level(&second), "Substantial", "nothing has changed");
    // Neither trusted nor demanded above that.
    let trusted_less = |files: &mut context_handler::broker::registry::Files| {
        replace(files, "required-nsis = \"Substantial\"", "required-nsis = \"Low\"");
        let text = String::from_utf8(files["register.toml"].clone()).unwrap();
        let less = text.replace("nist = 3\nnsis = \"Substantial\"", "nist = 3\nnsis = \"Low\"");
        files.insert("register.toml".into(), less.into_bytes());
    };
    town.change(trusted_less).await;
    let third = body(&sag.refresh(&town, text(&second, "refresh_token")).await);
    assert_eq!(level(&third), "Low");
}

#[tokio::test]
async fn a_client_asks_about_its_own_tokens_and_gives_them_back() {
    let sag = Client::sag();
    let town = town_with("tokens-give-back", [sag.clone()]).await;
    let tokens = sag.tokens(&town).await;
    let asked = async |name: &str| {
        let answer = sag.call(&town, "introspect", &[("token", text(&tokens, name))]).await;
        assert_eq!((answer.status, &answer.headers["cache-control"]), (200, &"no-store".parse().unwrap()));
        body(&answer)
    };
    let access = asked("access_token").await;
    assert_eq!(
        (&access["active"], text(&access, "client_id"), text(&access, "token_type")),
        (&json!(true), sag.id, "Bearer")
    );
    assert_eq!(text(&access, "sub"), "C=DK,O=11111111,CN=Ib Dam,Serial=5b0c");
    assert_eq!(town.last_reason().await, "token.inspected");
    assert_eq!(asked("refresh_token").await["active"], true);
    let gone = sag.call(&town, "revoke", &[("token", text(&tokens, "refresh_token"))]).await;
    assert_eq!(gone.status, 200);
    assert_eq!(town.last_reason().await, "token.revoked");
    for name in ["access_token", "refresh_token"] {
        assert_eq!(asked(name).await, json!({ "active": false }), "{name}");
    }
    assert_eq!(sag.userinfo(&town, text(&tokens, "access_token")).await.status, 401);
    assert_eq!(town.last_reason().await, "session.ended");
    assert_eq!(sag.refresh(&town, text(&tokens, "refresh_token")).await.status, 400);
    // The user goes on in the same browser session, and a token that is nobody's is as good as gone.
    for token in ["nonsense", "a.b.c", text(&tokens, "refresh_token")] {
        assert_eq!(sag.call(&town, "revoke", &[("token", token)]).await.status, 200, "{token}");
    }
    let again = sag.tokens(&town).await;
    assert_eq!(sag.call(&town, "revoke", &[("token", text(&again, "access_token"))]).await.status, 200);
    assert_eq!(sag.refresh(&town, text(&again, "refresh_token")).await.status, 400, "all of one login");
}

#[tokio::test]
async fn an_access_token_is_shown_in_the_header_or_in_a_form_and_in_one_of_them_only() {
    let sag = Client::sag();
    let town = town_with("tokens-show", [sag.clone()]).await;
    let tokens = sag.tokens(&town).await;
    let token = text(&tokens, "access_token");
    let url = format!("{}/oauth2/userinfo", town.url);
    let posted = town.browser().post(&url, &[("access_token", token)]).await;
    assert_eq!((posted.status, &body(&posted)["sub"]), (200, &decoded(token).1["sub"]));
    let mut browser = town.browser();
    browser.headers.push(("authorization".into(), format!("Bearer {token}")));
    assert_eq!(browser.call("POST", &url, None).await.status, 200);
    let twice = browser.post(&url, &[("access_token", token)]).await;
    assert_eq!((twice.status, text(&body(&twice), "error")), (400, "invalid_request"));
    let in_address = town.browser().get(&format!("{url}?access_token={token}")).await;
    assert_eq!(
        (in_address.status, &in_address.headers["www-authenticate"]),
        (401, &"Bearer".parse().unwrap())
    );
    let wrong = {
        let mut b = town.browser();
        b.headers.push(("authorization".into(), "Bearer x".into()));
        b.get(&url).await
    };
    assert_eq!(wrong.status, 401);
    assert!(
        wrong.headers["www-authenticate"].to_str().unwrap().starts_with("Bearer error=\"invalid_token\", ")
    );
}

#[tokio::test]
async fn a_page_in_the_browser_reads_its_answers_and_pages_of_others_read_nothing() {
    let town = town_with("tokens-cors", Client::all()).await;
    let preflight = async |origin: &str| {
        let mut browser = town.browser();
        browser.headers.extend([
            ("origin".to_owned(), origin.to_owned()),
            ("access-control-request-method".to_owned(), "POST".to_owned()),
        ]);
        browser.call("OPTIONS", &format!("{}/oauth2/token", town.url), None).await
    };
    let ours = preflight("https://page.test").await;
    assert_eq!(
        (ours.status, &ours.headers["access-control-allow-origin"]),
        (204, &"https://page.test".parse().unwrap())
    );
    assert_eq!(ours.headers["access-control-allow-headers"], "authorization, content-type, dpop");
    // A client that keeps a secret calls from a server.
    for other in [
        "https://sag.test",
        "https://page.test.evil.test",
        "https://page.tes",
        "http://page.test",
        "https:",
        "null",
        "",
    ] {
        let answer = preflight(other).await;
        assert!(answer.headers.get("access-control-allow-origin").is_none(), "{other}");
    }
    let mut browser = town.browser();
    browser.headers.push(("origin".into(), "https://page.test".into()));
    let readable = "https://page.test".parse().unwrap();
    for (address, allowed) in [
        ("token", Some(&readable)),
        ("par", Some(&readable)),
        ("userinfo", Some(&readable)),
        ("revoke", Some(&readable)),
        ("introspect", None),
    ] {
        let refused = browser.post(&format!("{}/oauth2/{address}", town.url), &[]).await;
        let allows = refused.headers.get("access-control-allow-origin");
        assert_eq!((refused.status, allows), (401, allowed), "{address}");
    }
    for open in ["/oauth2/jwks", "/.well-known/openid-configuration"] {
        let answer = town.browser().get(&format!("{}{open}", town.url)).await;
        assert_eq!(answer.headers["access-control-allow-origin"], "*");
        assert_eq!(answer.headers["cache-control"], "public, max-age=300");
    }
}

#[tokio::test]
async fn the_document_names_what_is_served_and_nothing_else() {
    let town = town_with("tokens-document", Client::all()).await;
    let document = published(&town, "/.well-known/openid-configuration").await;
    assert_eq!(document, published(&town, "/.well-known/oauth-authorization-server").await);
    assert_eq!(text(&document, "issuer"), town.url);
    let mut named = Vec::new();
    for (name, address) in document.as_object().unwrap() {
        if name.ends_with("_endpoint") || name == "jwks_uri" {
            let address = address.as_str().unwrap();
            named.push(address.strip_prefix(&town.url).unwrap().to_owned());
            // Whoever calls it is answered by it: no page that says that there is nothing.
            for method in ["GET", "POST"] {
                let answer = town.browser().call(method, address, None).await;
                assert!(answer.status != 404 && answer.status < 500, "{method} {address}: {}", answer.status);
            }
        }
    }
    // Every route of ours for clients is named.
    let routes = ["src/http/mod.rs", "src/http/oidc.rs"].map(|file| {
        std::fs::read_to_string(std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join(file)).unwrap()
    });
    let routes: Vec<_> = routes.iter().flat_map(|text| text.split(".route(\"").skip(1)).collect();
    let routes =
        routes.iter().filter_map(|rest| rest.split('"').next()).filter(|path| path.starts_with("/oauth2/"));
    let mut served: Vec<_> = routes.map(str::to_owned).collect();
    named.sort();
    served.sort();
    assert_eq!(named, served);

    // Our keys make every signature that is offered.
    let keys = published(&town, "/oauth2/jwks").await;
    for algorithm in document["id_token_signing_alg_values_supported"].as_array().unwrap() {
        let sag = Client::sag().with(&format!("id-token-signed-response-alg = {algorithm}"));
        town.change(|files| register(files, [sag.clone()])).await;
        let tokens = sag.tokens(&town).await;
        for name in ["id_token", "access_token"] {
            let (head, _) = decoded(text(&tokens, name));
            assert_eq!(head["alg"], *algorithm);
            assert!(keys["keys"].as_array().unwrap().iter().any(|key| key["kid"] == head["kid"]), "{head}");
        }
    }
    // Every claim that a token has is one of those offered.
    let sag = Client::sag().with("claim-names = \"short\"").with("attribute-profile = \"SEB\"");
    town.change(|files| register(files, [sag.clone()])).await;
    let (_, claims) = decoded(text(&sag.tokens(&town).await, "id_token"));
    let offered = document["claims_supported"].as_array().unwrap();
    for name in claims.as_object().unwrap().keys() {
        assert!(offered.contains(&json!(name)), "{name} is not in {offered:?}");
    }
}

#[tokio::test]
async fn a_token_of_a_key_that_is_still_published_counts_after_the_next_key_has_taken_over() {
    let sag = Client::sag();
    let town = town_with("tokens-rollover", [sag.clone()]).await;
    let tokens = sag.tokens(&town).await;
    let asked = async |signing: &[&str]| {
        let signing: Vec<_> = signing.iter().map(|name| key(name) as _).collect();
        let keys = Keys::new(&signing, vec![key("broker-decryption")]).unwrap();
        let broker = reopened(&town, keys).await;
        let listed = broker.token_keys()["keys"].as_array().unwrap().len();
        let call = ClientCall {
            authorization: Some(format!("Bearer {}", text(&tokens, "access_token"))),
            proof: None,
            certificate: None,
            method: "GET",
            form: Parameters::read("").unwrap(),
        };
        (
            listed,
            broker.userinfo(&Visit::default(), Ok(call)).await.map(|_| ()).map_err(|no| no.reason.code()),
        )
    };
    assert_eq!(
        asked(&["nemlogin", "broker-signing"]).await,
        (2, Ok(())),
        "the old key is published beside the new"
    );
    assert_eq!(asked(&["nemlogin"]).await, (1, Err("token.opaque")), "the old key is gone");
}

async fn reopened(town: &Town, keys: Keys) -> Broker {
    let store = std::sync::Arc::new(context_handler::store::Sqlite::open(&town.database()).unwrap());
    let dice = std::sync::Arc::new(context_handler::system::SystemRandom);
    Broker::open(town.broker.settings().clone(), keys, store, town.clock(), dice).await.unwrap()
}

#[tokio::test]
async fn when_the_store_is_down_nothing_is_told_and_nothing_is_used_up() {
    let sag = Client::sag();
    let town = town_with("tokens-down", [sag.clone()]).await;
    let code = sag.code(&town).await;
    let connection = rusqlite::Connection::open(town.database()).unwrap();
    connection
        .execute_batch("CREATE TRIGGER full AFTER INSERT ON voucher BEGIN SELECT RAISE(ABORT, 'full'); END")
        .unwrap();
    let answer: Answer = sag.redeem(&town, &code).await;
    assert_eq!((answer.status, text(&body(&answer), "error")), (503, "temporarily_unavailable"));
    assert_eq!(answer.headers["retry-after"], "10");
    connection.execute_batch("DROP TRIGGER full").unwrap();
    assert_eq!(sag.redeem(&town, &code).await.status, 200);
}

/// A user who is logged in to a client, in one browser, and what the client got.
async fn logged_in(town: &Town, sag: &Client) -> (crate::support::Browser, Value) {
    let mut browser = town.browser();
    let code = sag.code_for(town, &mut browser, &[]).await;
    let tokens = body(&sag.redeem(town, &code).await);
    (browser, tokens)
}

#[tokio::test]
async fn a_client_that_shows_its_id_token_ends_the_session_and_gets_its_user_back() {
    let sag = Client::sag();
    let town = town_with("tokens-leave", [sag.clone()]).await;
    for method in ["GET", "POST"] {
        let (mut browser, tokens) = logged_in(&town, &sag).await;
        // The ID token may be over: it only says who.
        town.pass(SignedDuration::from_mins(65));
        let fields = [
            ("id_token_hint", text(&tokens, "id_token")),
            ("client_id", sag.id),
            ("post_logout_redirect_uri", "https://sag.test/bye"),
            ("state", "a b&c"),
        ];
        let url = format!("{}/oauth2/logout", town.url);
        let mut answer = match method {
            "GET" => browser.get(&format!("{url}?{}", query(&fields))).await,
            _ => browser.post(&url, &fields).await,
        };
        if let Some(to) = answer.location.clone().filter(|to| to.starts_with('/')) {
            answer = browser.get(&format!("{}{to}", town.url)).await;
        }
        let back = "https://sag.test/bye?state=a%20b%26c";
        let shown = answer.body.replace("&amp;", "&").replace("&#38;", "&");
        assert!(
            answer.location.as_deref() == Some(back) || shown.contains(back),
            "{} {shown}",
            answer.status
        );
        assert_eq!(sag.userinfo(&town, text(&tokens, "access_token")).await.status, 401);
        assert_eq!(
            sag.refresh(&town, text(&tokens, "refresh_token")).await.status,
            400,
            "its tokens died with it"
        );
        let sent = sag.send(&town, &mut browser, &[]).await;
        assert!(sent.location().starts_with("https://idp.korsbaek.test/"), "the user must log in again");
    }
}
