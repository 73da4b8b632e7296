//! The ID token and the logout token, judged as a fagsystem of its own would.

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use super::jwt::{Claims, Keys, base64url};
use crate::sandbox::memory::Checks;
use crate::sandbox::saml::{FRESH_FOR, Refused, expect, refused};

/// How far the clocks may differ where it matters what came first.
const SKEW: SignedDuration = SignedDuration::from_secs(5);

const LOGOUT: &str = "http://schemas.openid.net/event/backchannel-logout";

/// What a token of either kind must fit.
pub(super) struct Expected<'e> {
    pub(super) keys: &'e Keys,
    pub(super) issuer: &'e str,
    pub(super) client_id: &'e str,
    pub(super) now: Timestamp,
}

/// What an ID token must fit as the answer to a login.
pub(super) struct Login<'e> {
    pub(super) nonce: &'e str,
    /// The levels that are enough.
    pub(super) enough: &'e [&'static str],
    /// When the user was sent to authenticate anew, if that was asked for.
    pub(super) anew: Option<Timestamp>,
    /// The access token that came along.
    pub(super) access_token: &'e str,
}

/// Which of its sessions a logout token ends.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Ended {
    /// The name of the token, which may be used once.
    pub(super) jti: String,
    pub(super) sub: Option<String>,
    pub(super) sid: Option<String>,
}

impl Expected<'_> {
    /// Judges the ID token of a login.
    pub(super) fn id_token(
        &self,
        token: &str,
        login: &Login<'_>,
        checks: &mut Checks,
    ) -> Result<Claims, Refused> {
        let claims = self.open(token, "JWT")?;
        checks.passed(
            "ID-tokenet er underskrevet af context-handleren med en nøgle, den offentliggør",
            "the ID token is signed by the context handler with a key that it publishes",
        );
        self.holds(&claims)?;
        checks.passed("til dette system, nu", "for this system, now");
        expect("nonce", login.nonce, text(&claims, "nonce"))?;
        checks.passed("svarer på denne browsers eget spørgsmål", "answers this browser's own question");
        if let Some(hash) = text(&claims, "at_hash") {
            let digest = openssl::sha::sha256(login.access_token.as_bytes());
            expect("at_hash", &base64url(&digest[..16]), Some(hash))?;
            checks.passed("hører sammen med adgangstokenet", "belongs to the access token");
        }
        match text(&claims, "acr") {
            Some(acr) if login.enough.contains(&acr) => {
                checks.passed(format!("sikkert nok: {acr}"), format!("sure enough: {acr}"));
            }
            acr => return refused(format!("acr: expected one of {:?}, got {acr:?}", login.enough)),
        }
        if let Some(asked) = login.anew {
            match time(&claims, "auth_time") {
                Some(when) if asked.duration_since(when) <= SKEW => {}
                when => return refused(format!("auth_time: expected later than {asked}, got {when:?}")),
            }
            checks.passed("brugeren loggede ind på ny", "the user logged in anew");
        }
        match text(&claims, "sub") {
            Some(sub) if !sub.is_empty() => Ok(claims),
            _ => refused("the token is about nobody"),
        }
    }

    /// Judges the ID token that came with a refreshed access token: about the same user, of the same login.
    pub(super) fn again(&self, token: &str, before: &Claims) -> Result<Claims, Refused> {
        let claims = self.open(token, "JWT")?;
        self.holds(&claims)?;
        for name in ["sub", "sid", "auth_time"] {
            if claims.get(name) != before.get(name) {
                return refused(format!("{name}: another one than at login"));
            }
        }
        match claims.get("nonce") {
            nonce if nonce.is_none() || nonce == before.get("nonce") => Ok(claims),
            _ => refused("nonce: another one than at login"),
        }
    }

    /// Judges a logout token.
    pub(super) fn logout_token(&self, token: &str) -> Result<Ended, Refused> {
        let claims = self.open(token, "logout+jwt")?;
        self.holds(&claims)?;
        if !claims.get("events").and_then(|events| events.get(LOGOUT)).is_some_and(Value::is_object) {
            return refused("the token tells of no logout");
        }
        if claims.contains_key("nonce") {
            return refused("a logout token with a nonce");
        }
        let owned = |name| text(&claims, name).map(str::to_owned);
        let (Some(jti), sub, sid) = (owned("jti"), owned("sub"), owned("sid")) else {
            return refused("the token has no name");
        };
        if sub.is_none() && sid.is_none() {
            return refused("the token ends no session");
        }
        Ok(Ended { jti, sub, sid })
    }

    fn open(&self, token: &str, typ: &str) -> Result<Claims, Refused> {
        self.keys.open(token, typ)
    }

    /// By the provider, for this system alone, now.
    fn holds(&self, claims: &Claims) -> Result<(), Refused> {
        expect("iss", self.issuer, text(claims, "iss"))?;
        let audience = match claims.get("aud") {
            Some(Value::Array(all)) if all.len() == 1 => all[0].as_str(),
            Some(one) => one.as_str(),
            None => None,
        };
        expect("aud", self.client_id, audience)?;
        if claims.contains_key("azp") {
            expect("azp", self.client_id, text(claims, "azp"))?;
        }
        let now = self.now;
        match (time(claims, "iat"), time(claims, "exp")) {
            (Some(made), _) if now.duration_since(made).abs() > FRESH_FOR => {
                refused(format!("made at {made}, it is {now}"))
            }
            (Some(_), Some(until)) if now < until => Ok(()),
            (_, until) => refused(format!("it held until {until:?}, it is {now}")),
        }
    }
}

pub(super) fn text<'c>(claims: &'c Claims, name: &str) -> Option<&'c str> {
    claims.get(name)?.as_str()
}

fn time(claims: &Claims, name: &str) -> Option<Timestamp> {
    Timestamp::from_second(claims.get(name)?.as_i64()?).ok()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::jwt::forge::Forge;
    use super::*;

    const ISSUER: &str = "http://localhost:8080";
    const CLIENT: &str = "https://oidc.byggesag.example";
    const NOW: i64 = 1_800_000_000;
    const SUBSTANTIAL: &str = "https://data.gov.dk/concept/core/nsis/loa/Substantial";

    /// A good token with some claims otherwise; null takes one out.
    fn with(good: Value, changes: &Value) -> Value {
        let mut claims = good;
        let all = claims.as_object_mut().unwrap();
        all.extend(changes.as_object().unwrap().clone());
        all.retain(|_, value| !value.is_null());
        claims
    }

    fn judged(forge: &Forge, changes: &Value, anew: bool) -> Result<Claims, String> {
        let now = Timestamp::from_second(NOW).unwrap();
        let at_hash = base64url(&openssl::sha::sha256(b"access")[..16]);
        let good = json!({
            "iss": ISSUER, "aud": CLIENT, "sub": "agnes", "sid": "1", "iat": NOW - 2, "exp": NOW + 3600, "nonce": "n",
            "auth_time": NOW - 2, "acr": SUBSTANTIAL, "at_hash": at_hash,
        });
        let token = forge.token(&json!({}), &with(good, changes));
        let keys = forge.keys();
        let expected = Expected { keys: &keys, issuer: ISSUER, client_id: CLIENT, now };
        let login =
            Login { nonce: "n", enough: &[SUBSTANTIAL], anew: anew.then_some(now), access_token: "access" };
        expected.id_token(&token, &login, &mut Checks::default()).map_err(|Refused(why)| why)
    }

    #[test]
    fn an_id_token_that_fits_is_taken_and_each_that_does_not_is_refused_for_what_is_wrong() {
        let forge = Forge::new();
        for right in [
            json!({}),
            json!({ "aud": [CLIENT] }),
            json!({ "azp": CLIENT }),
            json!({ "at_hash": null }),
            json!({ "iat": NOW + 60 }),
        ] {
            assert_eq!(judged(&forge, &right, true).unwrap()["sub"], "agnes", "{right}");
        }
        for (wrong, why) in [
            (json!({ "iss": "https://evil.example" }), "iss: expected"),
            (json!({ "aud": "https://saml.bbr.example" }), "aud: expected"),
            (json!({ "aud": [CLIENT, "https://saml.bbr.example"] }), "aud: expected"),
            (json!({ "aud": null }), "aud: expected"),
            (json!({ "azp": "https://saml.bbr.example" }), "azp: expected"),
            (json!({ "nonce": "m" }), "nonce: expected"),
            (json!({ "nonce": null }), "nonce: expected"),
            (json!({ "exp": NOW }), "it held until"),
            (json!({ "exp": null }), "it held until"),
            (json!({ "iat": NOW - 301 }), "made at"),
            (json!({ "iat": NOW + 301 }), "made at"),
            (json!({ "iat": null }), "it held until"),
            (json!({ "acr": "https://data.gov.dk/concept/core/nsis/loa/Low" }), "acr: expected"),
            (json!({ "acr": null }), "acr: expected"),
            (json!({ "at_hash": "AAAAAAAAAAAAAAAAAAAAAA" }), "at_hash: expected"),
            (json!({ "auth_time": NOW - 60 }), "auth_time: expected"),
            (json!({ "auth_time": null }), "auth_time: expected"),
            (json!({ "sub": "" }), "the token is about nobody"),
        ] {
            let got = judged(&forge, &wrong, true).unwrap_err();
            assert!(got.starts_with(why), "{wrong}: {got}");
        }
        // An older login is good where no new one was asked for.
        assert!(judged(&forge, &json!({ "auth_time": NOW - 60 }), false).is_ok());
    }

    #[test]
    fn a_refreshed_token_is_of_the_same_user_and_login() {
        let forge = Forge::new();
        let before = judged(&forge, &json!({}), false).unwrap();
        let again = |changes: &Value| {
            let keys = forge.keys();
            let now = Timestamp::from_second(NOW).unwrap();
            let token = forge.token(&json!({}), &with(Value::Object(before.clone()), changes));
            let expected = Expected { keys: &keys, issuer: ISSUER, client_id: CLIENT, now };
            expected.again(&token, &before).map_err(|Refused(why)| why)
        };
        assert!(again(&json!({})).is_ok() && again(&json!({ "nonce": null, "exp": NOW + 7200 })).is_ok());
        for wrong in [
            json!({ "sub": "viggo" }),
            json!({ "sid": "2" }),
            json!({ "auth_time": NOW }),
            json!({ "nonce": "m" }),
            json!({ "iss": "https://evil.example" }),
        ] {
            assert!(again(&wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_logout_token_ends_what_it_names_and_no_other_token_does() {
        let forge = Forge::new();
        let told = |typ: &str, changes: &Value| {
            let keys = forge.keys();
            let now = Timestamp::from_second(NOW).unwrap();
            let good = json!({
                "iss": ISSUER, "aud": CLIENT, "sub": "agnes", "sid": "1", "iat": NOW, "exp": NOW + 120, "jti": "j",
                "events": { LOGOUT: {} },
            });
            let token = forge.token(&json!({ "typ": typ }), &with(good, changes));
            let expected = Expected { keys: &keys, issuer: ISSUER, client_id: CLIENT, now };
            expected.logout_token(&token).map_err(|Refused(why)| why)
        };
        let of = |sub: Option<&str>, sid: Option<&str>| {
            Ok(Ended { jti: "j".to_owned(), sub: sub.map(str::to_owned), sid: sid.map(str::to_owned) })
        };
        assert_eq!(told("logout+jwt", &json!({})), of(Some("agnes"), Some("1")));
        assert_eq!(told("logout+jwt", &json!({ "sub": null })), of(None, Some("1")));
        assert_eq!(told("JWT", &json!({})), Err("expected a token of type logout+jwt, got JWT".to_owned()));
        for (wrong, why) in [
            (json!({ "events": null }), "the token tells of no logout"),
            (json!({ "events": { "http://example.com": {} } }), "the token tells of no logout"),
            (json!({ "nonce": "n" }), "a logout token with a nonce"),
            (json!({ "sub": null, "sid": null }), "the token ends no session"),
            (json!({ "jti": null }), "the token has no name"),
            (json!({ "aud": "https://saml.bbr.example" }), "aud: expected"),
            (json!({ "exp": NOW - 1 }), "it held until"),
        ] {
            let got = told("logout+jwt", &wrong).unwrap_err();
            assert!(got.starts_with(why), "{wrong}: {got}");
        }
    }
}
