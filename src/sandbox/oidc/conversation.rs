//! What the fagsystem and the broker say to each other without a browser between: a code becomes a session, a session gets
//! fresh tokens, and a session ends because the broker says so.

use jiff::Timestamp;
use serde::Deserialize;

use super::jwt::{Claims, Keys};
use super::provider::{self, Published, Tokens};
use super::token::{Ended, Expected, Login, text};
use super::{Byggesag, CLIENT_ID, ROLES, rights};
use crate::sandbox::fagsystem::rights::Right;
use crate::sandbox::memory::Checks;
use crate::sandbox::saml::{Refused, expect, refused};

/// A login under way.
pub(super) struct Asked {
    pub(super) nonce: String,
    /// What the code is exchanged with, which only this system knows.
    pub(super) verifier: String,
    /// The levels that are enough.
    pub(super) enough: &'static [&'static str],
    /// When the user was sent off to log in anew, if that was asked for.
    pub(super) anew: Option<Timestamp>,
}

/// Who is logged in, and everything that was said.
#[derive(Clone)]
pub(super) struct Session {
    pub(super) claims: Claims,
    pub(super) rights: Vec<Right>,
    pub(super) checks: Checks,
    pub(super) id_token: String,
    pub(super) access_token: String,
    pub(super) refresh_token: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Answered {
    pub(super) code: String,
    pub(super) state: String,
    pub(super) iss: Option<String>,
    pub(super) error: String,
    pub(super) error_description: String,
}

/// Why nobody is logged in.
pub(super) enum NotTaken {
    /// The broker says no.
    Said,
    /// The system does not take what the broker says.
    Refused(String),
}

impl From<Refused> for NotTaken {
    fn from(Refused(why): Refused) -> Self {
        Self::Refused(why)
    }
}

impl Byggesag {
    fn expected<'e>(&'e self, keys: &'e Keys) -> Expected<'e> {
        let now = self.world.clock.now();
        Expected { keys, issuer: &self.provider.issuer, client_id: CLIENT_ID, now }
    }

    /// Exchanges the code of an answer and judges what comes.
    pub(super) async fn take(&self, answered: &Answered, asked: &Asked) -> Result<Session, NotTaken> {
        expect("iss", &self.provider.issuer, answered.iss.as_deref())?;
        if !answered.error.is_empty() {
            return Err(NotTaken::Said);
        }
        let mut checks = Checks::default();
        checks.passed(
            "et svar på denne browsers eget spørgsmål (state), og det første",
            "an answer to this browser's own question (state), for the first time",
        );
        checks.passed(
            "svaret siger, at det er fra context-handleren (iss)",
            "it says to be from the context handler (iss)",
        );
        let published = self.provider.published().await?;
        let redirect_uri = self.address("/callback");
        let fields = [
            ("grant_type", "authorization_code"),
            ("code", &answered.code),
            ("redirect_uri", &redirect_uri),
            ("code_verifier", &asked.verifier),
        ];
        let tokens = self.tokens(&published, &fields).await?;
        checks.passed(
            "koden er vekslet med systemets egen nøgle (private_key_jwt) og dets hemmelighed (PKCE)",
            "the code was exchanged with the system's own key (private_key_jwt) and its secret (PKCE)",
        );
        let Some(id_token) = tokens.id_token else { return Ok(refused("there is no ID token")?) };
        let keys = self.provider.keys(&published).await?;
        let login = Login {
            nonce: &asked.nonce,
            enough: asked.enough,
            anew: asked.anew,
            access_token: &tokens.access_token,
        };
        let claims = self.expected(&keys).id_token(&id_token, &login, &mut checks)?;
        let rights = rights::read(&claims, ROLES)?;
        let many = rights.len();
        checks.passed(format!("kun dets egne roller: {many}"), format!("its own roles only: {many}"));
        self.world.journal.note(checks.noted());
        let Tokens { access_token, refresh_token, .. } = tokens;
        Ok(Session { claims, rights, checks, id_token, access_token, refresh_token })
    }

    /// Calls the token endpoint in the fagsystem's name.
    async fn tokens(&self, published: &Published, fields: &[(&str, &str)]) -> Result<Tokens, Refused> {
        let (now, random) = (self.world.clock.now(), self.world.random.as_ref());
        let proof = provider::proof(&self.key, CLIENT_ID, &self.provider.issuer, now, random)?;
        self.provider.tokens(published, fields, (CLIENT_ID, &proof)).await
    }

    /// The session with fresh tokens.
    pub(super) async fn refreshed(&self, session: &Session) -> Result<Session, Refused> {
        let Some(refresh_token) = &session.refresh_token else { return refused("there is no refresh token") };
        let published = self.provider.published().await?;
        let fields = [("grant_type", "refresh_token"), ("refresh_token", refresh_token.as_str())];
        let tokens = self.tokens(&published, &fields).await?;
        let mut next = session.clone();
        if let Some(id_token) = tokens.id_token {
            let keys = self.provider.keys(&published).await?;
            next.claims = self.expected(&keys).again(&id_token, &session.claims)?;
            next.rights = rights::read(&next.claims, ROLES)?;
            next.id_token = id_token;
        }
        let seconds = tokens.expires_in;
        next.checks.passed(
            format!("et nyt adgangstoken for refresh-tokenet, til samme bruger; det gælder i {seconds} sekunder"),
            format!("a new access token for the refresh token, about the same user; it holds for {seconds} seconds"),
        );
        next.access_token = tokens.access_token;
        next.refresh_token = tokens.refresh_token.or(next.refresh_token);
        Ok(next)
    }

    /// The session, once the broker was asked about its user.
    pub(super) async fn asked_about(&self, session: &Session) -> Result<Session, Refused> {
        let published = self.provider.published().await?;
        let said = self.provider.userinfo(&published, &session.access_token).await?;
        expect("sub", text(&session.claims, "sub").unwrap_or_default(), text(&said, "sub"))?;
        let mut next = session.clone();
        if rights::read(&said, ROLES)? != session.rights {
            return refused("userinfo tells of other rights than the ID token");
        }
        let many = said.len();
        next.checks.passed(
            format!("userinfo siger det samme om samme bruger: {many} oplysninger"),
            format!("userinfo says the same about the same user: {many} claims"),
        );
        Ok(next)
    }

    /// Ends the sessions that a logout token names; one that is gone already is no fault.
    pub(super) async fn ended(&self, logout_token: &str) -> Result<(), Refused> {
        let published = self.provider.published().await?;
        let keys = self.provider.keys(&published).await?;
        let Ended { jti, sub, sid } = self.expected(&keys).logout_token(logout_token)?;
        if self.used.find(&jti).is_some() {
            return refused("this logout token came before");
        }
        self.used.keep(jti, ());
        let is = |session: &Session, name, wanted: &Option<String>| {
            wanted.is_none() || text(&session.claims, name) == wanted.as_deref()
        };
        let many = self.sessions.end(|session| is(session, "sub", &sub) && is(session, "sid", &sid));
        self.world
            .journal
            .note([format!("is told by the context handler that a session is over: {many} ended")]);
        Ok(())
    }
}
