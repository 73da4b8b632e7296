//! One login of a client that speaks OpenID Connect: its question, the redirect to the identity provider, its answer, the
//! code, and the tokens that the code is exchanged for; and a refresh of them.

use std::time::{Duration, Instant};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use context_handler::protocol::address::escaped;
use openssl::sha::sha256;

use super::Trouble;
use super::http::{Answer, Connection};
use super::login::{Scene, fresh_id};
use super::register::{SECRET, callback, client, cvr};

/// What a client gets from the browser.
pub(crate) struct Code {
    number: usize,
    code: String,
    verifier: String,
}

/// What a client holds after a login.
#[derive(Clone)]
pub(crate) struct Tokens {
    number: usize,
    pub(crate) access: String,
    refresh: String,
}

impl Scene {
    /// Plays a login of an authority's user at a client, and tells how long the parties other than the broker took.
    pub(crate) fn log_in_by_oidc(
        &self,
        connection: &mut Connection,
        (authority, number): (usize, usize),
    ) -> Result<(Tokens, Duration), Trouble> {
        let (code, away) = self.code_by_oidc(connection, (authority, number))?;
        Ok((self.redeem(connection, &code)?, away))
    }

    /// The same up to the code.
    pub(crate) fn code_by_oidc(
        &self,
        connection: &mut Connection,
        (authority, number): (usize, usize),
    ) -> Result<(Code, Duration), Trouble> {
        let verifier = format!("{}-{}", fresh_id(), fresh_id());
        let challenge = URL_SAFE_NO_PAD.encode(sha256(verifier.as_bytes()));
        let asked =
            connection.get(&format!("/oauth2/authorize?{}", question((authority, number), challenge)))?;
        let location = asked.header("location").ok_or_else(|| shown(&asked))?;
        let cookie = asked.header("set-cookie").and_then(|cookie| cookie.split(';').next());
        let cookie = cookie.ok_or("no cookie")?;
        let begun = Instant::now();
        let form = self.answer(location, authority)?;
        let away = begun.elapsed();
        let returned = connection.post("/saml/sp/acs", cookie, &form)?;
        let code = returned.body.split_once("code=").and_then(|(_, rest)| rest.split_once("&"));
        let (code, _) = code.ok_or_else(|| shown(&returned))?;
        Ok((Code { number, code: code.to_owned(), verifier }, away))
    }

    /// Exchanges the code.
    pub(crate) fn redeem(&self, connection: &mut Connection, code: &Code) -> Result<Tokens, Trouble> {
        let form = [
            ("grant_type", "authorization_code".to_owned()),
            ("code", code.code.clone()),
            ("redirect_uri", callback(code.number)),
            ("code_verifier", code.verifier.clone()),
        ];
        exchange(connection, code.number, &form)
    }

    /// Exchanges the refresh token for fresh ones.
    pub(crate) fn refresh(&self, connection: &mut Connection, tokens: &mut Tokens) -> Result<(), Trouble> {
        let form = [("grant_type", "refresh_token".to_owned()), ("refresh_token", tokens.refresh.clone())];
        *tokens = exchange(connection, tokens.number, &form)?;
        Ok(())
    }
}

/// What a client asks, on behalf of an authority's user.
pub(super) fn question((authority, number): (usize, usize), challenge: String) -> String {
    written(&[
        ("client_id", client(number)),
        ("redirect_uri", callback(number)),
        ("response_type", "code".to_owned()),
        ("scope", "openid offline_access".to_owned()),
        ("state", "2f41b6e0-7d1c-4f0a-9b55-0d5c3a1e8f77".to_owned()),
        ("nonce", "9b55-0d5c3a1e8f77".to_owned()),
        ("code_challenge", challenge),
        ("code_challenge_method", "S256".to_owned()),
        ("domain_hint", cvr(authority)),
    ])
}

/// Asks for tokens.
fn exchange(connection: &mut Connection, number: usize, form: &[(&str, String)]) -> Result<Tokens, Trouble> {
    let proof = [("client_id", client(number)), ("client_secret", SECRET.to_owned())];
    let form = written(&[form, &proof].concat());
    let answer = connection.post("/oauth2/token", "", &form)?;
    let tokens: serde_json::Value = serde_json::from_str(&answer.body).map_err(|_| shown(&answer))?;
    let taken = |name: &str| tokens[name].as_str().map(str::to_owned).ok_or_else(|| shown(&answer));
    Ok(Tokens { number, access: taken("access_token")?, refresh: taken("refresh_token")? })
}

fn written(fields: &[(&str, String)]) -> String {
    let fields = fields.iter().map(|(name, value)| format!("{name}={}", escaped(value)));
    fields.collect::<Vec<_>>().join("&")
}

fn shown(answer: &Answer) -> Trouble {
    format!("{}: {}", answer.status, answer.body).into()
}
