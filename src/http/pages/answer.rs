//! How a page leaves: its headers and its content security policy. Strict by construction, one place for all pages.

use askama::Template;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{Html, IntoResponse, Response};

use super::target::Target;
use crate::http::visitor::Visitor;

/// Where the forms of a page may lead.
pub(super) enum FormAction<'a> {
    /// There is none.
    None,
    /// To us.
    Own,
    /// To this party.
    Target(&'a Target<'a>),
}

/// An inline script, allowed by its hash. A test proves that the hash is that of the source.
pub(super) struct Script {
    source: &'static str,
    hash: &'static str,
}

impl Script {
    /// Presses the button of the page that posts.
    pub(super) const PRESS: Script =
        Script { source: include_str!("press.js"), hash: "YBPfq3YzAio+eSdmaZr/Vrc8mefmQoecuKNsJdcB5q8=" };
    /// Posts the form of the page, and presses what is to be pressed later.
    pub(super) const LEAVE: Script =
        Script { source: include_str!("leave.js"), hash: "kWNQasyP5Kku4fOaBqgUs0G4OjSFDKABEPJ2VhC85Vc=" };
    /// Searches while the user types.
    pub(super) const SEARCH: Script =
        Script { source: include_str!("search.js"), hash: "Zjqgc6sxDoTlSKvHzKBgVy8dd31FbqVSJ/fbvP3C+38=" };

    pub(super) fn source(&self) -> &'static str {
        self.source
    }
}

/// Room for a page with a message of the usual size, so that it is not moved while it grows.
const ROOM: usize = 32 * 1024;

/// The page with all its headers.
pub(super) fn answer(
    status: StatusCode,
    page: &impl Template,
    visitor: &Visitor,
    forms: FormAction<'_>,
    script: Option<Script>,
) -> Response {
    let mut html = String::with_capacity(ROOM);
    if page.render_into(&mut html).is_err() {
        return StatusCode::INTERNAL_SERVER_ERROR.into_response();
    }
    let mut response = (status, Html(html)).into_response();
    let posts = matches!(forms, FormAction::Target(_));
    let headers = response.headers_mut();
    let mut set = |name, value| headers.insert(name, HeaderValue::from_static(value));
    set(header::CACHE_CONTROL, "no-store");
    set(header::X_CONTENT_TYPE_OPTIONS, "nosniff");
    set(header::X_FRAME_OPTIONS, "DENY");
    // Receivers that look at `Origin` would see `null` without it; the path, which names the login, stays here.
    set(header::REFERRER_POLICY, if posts { "strict-origin" } else { "same-origin" });
    set(header::CONTENT_LANGUAGE, visitor.lang().tag());
    set(header::VARY, "Cookie, Accept-Language");
    set_policy(headers, &forms, script.as_ref());
    remember_language(headers, visitor);
    response
}

fn set_policy(headers: &mut HeaderMap, forms: &FormAction<'_>, script: Option<&Script>) {
    let forms = match forms {
        FormAction::None => "'none'".to_owned(),
        FormAction::Own => "'self'".to_owned(),
        FormAction::Target(target) => target.form_action(),
    };
    let script = script.map(|s| format!(" script-src 'sha256-{}';", s.hash)).unwrap_or_default();
    let policy = format!(
        "default-src 'none'; style-src 'self'; img-src 'self'; font-src 'self';{script} form-action {forms}; \
         frame-ancestors 'none'; base-uri 'none'"
    );
    // A target is made of visible ASCII, so the value is always one.
    let value = HeaderValue::try_from(policy).unwrap_or(HeaderValue::from_static("default-src 'none'"));
    headers.insert(header::CONTENT_SECURITY_POLICY, value);
}

/// The page with frames from these origins.
pub(super) fn with_frames(mut response: Response, frames: &[Target<'_>]) -> Response {
    let origins: Vec<&str> = frames.iter().map(Target::frame_source).collect();
    let policy =
        response.headers().get(header::CONTENT_SECURITY_POLICY).and_then(|policy| policy.to_str().ok());
    let framing = policy.map(|policy| format!("{policy}; frame-src {}", origins.join(" ")));
    if let Some(Ok(value)) = framing.filter(|_| !frames.is_empty()).map(HeaderValue::try_from) {
        response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, value);
    }
    response
}

fn remember_language(headers: &mut HeaderMap, visitor: &Visitor) {
    if visitor.chose() {
        let (name, lang) = (Visitor::COOKIE, visitor.lang().tag());
        let cookie = format!("{name}={lang}; Path=/; Max-Age=31536000; Secure; HttpOnly; SameSite=Lax");
        headers.extend(HeaderValue::try_from(cookie).ok().map(|value| (header::SET_COOKIE, value)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use base64_simd::STANDARD;

    #[test]
    fn the_policy_allows_exactly_the_script_that_the_page_holds() {
        for script in [Script::PRESS, Script::LEAVE, Script::SEARCH] {
            let hash = STANDARD.encode_to_string(openssl::sha::sha256(script.source.as_bytes()));
            assert_eq!(hash, script.hash, "{}", script.source);
            assert!(!script.source.contains("</"), "it would end its own element");
        }
    }
}
