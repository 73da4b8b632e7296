//! The question of a client, which its user's browser brings: what is asked for, and how it is answered.
//!
//! Nothing is sent to an address before [`ReplyTo::prove`] has found it in the register. From then on the client is
//! told what is wrong with its question.

use std::fmt;

use jiff::SignedDuration;

use super::client::Client;
use super::error::OAuthError;
use super::parameters::Parameters;
use super::token::Challenge;
use crate::domain::assurance::Level;
use crate::domain::id::{CaseNumber, Cvr};
use crate::domain::reason::{Fault, Reason};
use crate::protocol::address::escaped;

/// The longest `state` that we carry: it travels through the browser inside a cookie of at most 4 kB.
pub const MAX_STATE: usize = 1024;

/// The longest `nonce` that we carry.
pub const MAX_NONCE: usize = 256;

/// How the name of a pushed request begins.
pub const PUSHED: &str = "urn:ietf:params:oauth:request_uri:";

/// The parameters that a pushed request is kept with.
pub const KEPT: [&str; 17] = [
    "response_type",
    "response_mode",
    "redirect_uri",
    "scope",
    "state",
    "nonce",
    "code_challenge",
    "code_challenge_method",
    "dpop_jkt",
    "acr_values",
    "max_age",
    "prompt",
    "domain_hint",
    "login_hint",
    "request",
    "client_id",
    "ui_locales",
];

/// The scope that makes a login of a question.
const OPENID: &str = "openid";
/// The scope that asks for a refresh token.
const OFFLINE: &str = "offline_access";

/// A request that was pushed to us before: what we gave the client to name it by.
///
/// Whatever else stands beside the name counts for nothing; the request is the one that was pushed.
pub fn pushed(parameters: &Parameters) -> Result<Option<&str>, Fault> {
    let Some(uri) = parameters.get("request_uri") else { return Ok(None) };
    let ours = uri.strip_prefix(PUSHED).filter(|ours| !ours.is_empty());
    ours.map(Some).ok_or_else(|| Fault::new(Reason::OidcPushed, "expected a request_uri of ours"))
}

/// Where and how a client is answered: proved to be its own address.
#[derive(Clone, PartialEq, Eq)]
pub struct ReplyTo {
    /// One of its registered addresses.
    pub redirect_uri: String,
    /// What it wants back unchanged.
    pub state: Option<String>,
    /// Whether by a form instead of in the address.
    pub form_post: bool,
}

impl ReplyTo {
    /// Finds the address in the register. A wrong one is told to the user and to nobody else.
    pub fn prove(parameters: &Parameters, client: &Client) -> Result<Self, Fault> {
        let missing = || Fault::new(Reason::OidcRedirect, "expected redirect_uri");
        let asked = parameters.get("redirect_uri").ok_or_else(missing)?;
        client.check_redirect(asked)?;
        // A state that cannot be carried is refused further on, and then without it.
        let state = parameters.get("state").filter(|state| check_state(state).is_ok());
        Ok(Self {
            redirect_uri: asked.to_owned(),
            state: state.map(str::to_owned),
            // A form leads to web addresses only.
            form_post: asked.starts_with("http") && parameters.get("response_mode") == Some("form_post"),
        })
    }

    /// Brings the code home.
    pub fn code(&self, code: &str, issuer: &str) -> Answer {
        self.answer(vec![("code", code.to_owned())], issuer)
    }

    /// Says what is wrong, if the reason is one that a client is told.
    pub fn refusal(&self, reason: Reason, case: CaseNumber, issuer: &str) -> Option<Answer> {
        let OAuthError { code, description } = OAuthError::for_reason(reason)?.of_case(case);
        Some(self.answer(vec![("error", code.to_owned()), ("error_description", description)], issuer))
    }

    /// Says who answers as well, so that a client with several issuers mixes up none (RFC 9207).
    fn answer(&self, mut fields: Vec<(&'static str, String)>, issuer: &str) -> Answer {
        fields.extend(self.state.clone().map(|state| ("state", state)));
        fields.push(("iss", issuer.to_owned()));
        if self.form_post {
            return Answer::Form { action: self.redirect_uri.clone(), fields };
        }
        let query: Vec<_> = fields.iter().map(|(name, value)| format!("{name}={}", escaped(value))).collect();
        let joint = if self.redirect_uri.contains('?') { '&' } else { '?' };
        Answer::Redirect(format!("{}{joint}{}", self.redirect_uri, query.join("&")))
    }
}

/// It holds what a client chose, so it is not shown.
impl fmt::Debug for ReplyTo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ReplyTo").field("form_post", &self.form_post).finish_non_exhaustive()
    }
}

/// What the browser is told to do. It holds a code as often as not, so it is not shown.
#[derive(Clone, PartialEq, Eq)]
pub enum Answer {
    /// To go to this address.
    Redirect(String),
    /// To post this form.
    Form {
        /// The client's address.
        action: String,
        /// The names and values.
        fields: Vec<(&'static str, String)>,
    },
}

impl fmt::Debug for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Redirect(_) => "Redirect(…)",
            Self::Form { .. } => "Form(…)",
        })
    }
}

/// What a client asks for. What it is answered at stands in [`ReplyTo`].
#[derive(Clone, PartialEq, Eq)]
pub struct AuthorizationRequest {
    /// What the ID token is to carry unchanged.
    pub nonce: Option<String>,
    /// What the code will be tied to.
    pub challenge: Challenge,
    /// Whether a refresh token is wanted and the client is registered for one.
    pub offline: bool,
    /// The levels that it names, of which one must be reached at least; other classes are left out.
    pub levels: Vec<Level>,
    /// How long ago the user may have authenticated.
    pub max_age: Option<SignedDuration>,
    /// Whether the user must authenticate anew.
    pub force_authn: bool,
    /// Whether no page may be shown.
    pub is_passive: bool,
    /// The municipality that the user probably belongs to. It only ever chooses among what the user is offered.
    pub municipality: Option<Hint>,
    /// The thumbprint of the key that the code will be good for only.
    pub dpop: Option<String>,
}

/// Which municipality a user probably belongs to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Hint {
    /// The one of this number.
    Cvr(Cvr),
    /// The one of this name.
    Name(String),
}

impl AuthorizationRequest {
    /// Reads a question, whether the browser brought it or it was pushed. `display`, `id_token_hint` and `claims` change
    /// nothing: what a client is told stands in the register.
    pub fn read(parameters: &Parameters, client: &Client) -> Result<Self, Fault> {
        if parameters.get("request").is_some() {
            return Err(Fault::new(Reason::OidcObject, "expected plain parameters, got `request`"));
        }
        match parameters.required("response_type")? {
            "code" => {}
            _ => return Err(Fault::new(Reason::OidcResponseType, "expected response_type=code")),
        }
        check_mode(parameters)?;
        parameters.get("state").map_or(Ok(()), check_state)?;
        let scopes: Vec<_> = parameters.words("scope").collect();
        if !scopes.contains(&OPENID) {
            return Err(Fault::new(Reason::OidcScope, "expected the scope openid"));
        }
        let prompt = Prompt::read(parameters)?;
        let max_age = max_age(parameters)?;
        Ok(Self {
            nonce: nonce(parameters)?,
            challenge: Challenge::read(parameters)?,
            offline: scopes.contains(&OFFLINE) && client.refresh.is_some(),
            levels: levels(parameters)?,
            max_age,
            force_authn: prompt.login || max_age.is_some_and(|age| age.is_zero()),
            is_passive: prompt.none,
            municipality: hint(parameters),
            dpop: dpop(parameters)?,
        })
    }
}

/// It holds what a client chose, so only the rest is shown.
impl fmt::Debug for AuthorizationRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AuthorizationRequest")
            .field("offline", &self.offline)
            .field("levels", &self.levels)
            .field("max_age", &self.max_age)
            .field("force_authn", &self.force_authn)
            .field("is_passive", &self.is_passive)
            .finish_non_exhaustive()
    }
}

fn wrong(what: impl Into<std::borrow::Cow<'static, str>>) -> Fault {
    Fault::new(Reason::OidcRequest, what)
}

fn check_mode(parameters: &Parameters) -> Result<(), Fault> {
    let is_web = parameters.get("redirect_uri").is_some_and(|uri| uri.starts_with("http"));
    match parameters.get("response_mode") {
        None | Some("query") => Ok(()),
        Some("form_post") if is_web => Ok(()),
        Some("form_post") => Err(wrong("expected response_mode query for a scheme of the app's own")),
        Some(_) => Err(wrong("expected response_mode query or form_post")),
    }
}

/// RFC 6749 allows printable ASCII; whatever survives a form and an address is carried.
fn check_state(state: &str) -> Result<(), Fault> {
    let is_plain = |c: char| !c.is_control();
    match state.len() <= MAX_STATE && state.chars().all(is_plain) {
        true => Ok(()),
        false => {
            Err(wrong(format!("expected a state of at most {MAX_STATE} bytes without control characters")))
        }
    }
}

fn nonce(parameters: &Parameters) -> Result<Option<String>, Fault> {
    let Some(nonce) = parameters.get("nonce") else { return Ok(None) };
    match nonce.len() <= MAX_NONCE && !nonce.contains(char::is_control) {
        true => Ok(Some(nonce.to_owned())),
        false => Err(wrong(format!("expected a nonce of at most {MAX_NONCE} bytes"))),
    }
}

/// Classes that are no levels say nothing, but one that begins like a level and is none is refused.
fn levels(parameters: &Parameters) -> Result<Vec<Level>, Fault> {
    let mut levels = Vec::new();
    for class in parameters.words("acr_values") {
        let level = Level::in_class(class).map_err(|fault| wrong(fault.detail))?;
        levels.extend(level.filter(|level| !levels.contains(level)));
    }
    Ok(levels)
}

fn max_age(parameters: &Parameters) -> Result<Option<SignedDuration>, Fault> {
    let Some(seconds) = parameters.get("max_age") else { return Ok(None) };
    let is_plain = seconds.bytes().all(|b| b.is_ascii_digit());
    let seconds = seconds.parse::<u32>().ok().filter(|_| is_plain);
    let seconds = seconds.ok_or_else(|| wrong("expected max_age in whole seconds"))?;
    Ok(Some(SignedDuration::from_secs(seconds.into())))
}

/// How the user is to be met.
#[derive(Default)]
struct Prompt {
    none: bool,
    login: bool,
}

impl Prompt {
    /// `consent` is satisfied already, by the agreement of the municipality; whoever wants the user to choose wants a
    /// login, since that is where the choice is made.
    fn read(parameters: &Parameters) -> Result<Self, Fault> {
        let mut prompt = Self::default();
        let words: Vec<_> = parameters.words("prompt").collect();
        for word in &words {
            match *word {
                "none" if words.len() == 1 => prompt.none = true,
                "login" | "select_account" => prompt.login = true,
                "consent" => {}
                _ => {
                    return Err(wrong(
                        "expected prompt to be none, or any of login, select_account and consent",
                    ));
                }
            }
        }
        Ok(prompt)
    }
}

/// What looks like the number or the name of a municipality. An e-mail address or a CPR number is neither, and is
/// forgotten here.
fn hint(parameters: &Parameters) -> Option<Hint> {
    let hint = parameters.get("domain_hint").or_else(|| parameters.get("login_hint"))?.trim();
    let is_name = |c: char| c.is_alphabetic() || matches!(c, ' ' | '-' | '.');
    match Cvr::new(hint) {
        Ok(cvr) => Some(Hint::Cvr(cvr)),
        Err(_) if hint.len() <= 80 && hint.chars().all(is_name) => Some(Hint::Name(hint.to_owned())),
        Err(_) => None,
    }
}

fn dpop(parameters: &Parameters) -> Result<Option<String>, Fault> {
    let Some(thumbprint) = parameters.get("dpop_jkt") else { return Ok(None) };
    match super::token::is_sha256(thumbprint) {
        true => Ok(Some(thumbprint.to_owned())),
        false => Err(wrong("expected dpop_jkt to be a SHA-256 in base64url")),
    }
}

#[cfg(test)]
mod tests;
