//! Who looks at a page: which language they read, and how they switch to the other one.
//!
//! The order is `lang`, then `ui_locales` in the address, then the cookie, then `Accept-Language`, then Danish.

use std::convert::Infallible;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, Method, header};

/// A language of the pages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lang {
    /// Danish, the first.
    Da,
    /// English, the second.
    En,
}

impl Lang {
    /// The language of a tag such as `da-DK`. Bokmål, Nynorsk and Swedish readers get Danish, as a browser set
    /// to them is more likely to belong to somebody who works in Denmark than not.
    pub fn of_tag(tag: &str) -> Option<Lang> {
        match tag.trim().split(['-', '_']).next()?.to_ascii_lowercase().as_str() {
            "da" | "nb" | "nn" | "no" | "sv" => Some(Lang::Da),
            "en" => Some(Lang::En),
            _ => None,
        }
    }

    /// As it stands in the attribute `lang`.
    pub const fn tag(self) -> &'static str {
        match self {
            Lang::Da => "da",
            Lang::En => "en",
        }
    }

    /// The other one.
    pub const fn other(self) -> Lang {
        match self {
            Lang::Da => Lang::En,
            Lang::En => Lang::Da,
        }
    }

    fn of_hint(tags: &str) -> Option<Lang> {
        tags.split(['+', ' ']).find_map(Lang::of_tag)
    }

    fn of_accept_language(value: &str) -> Option<Lang> {
        let mut wanted: Vec<(Lang, f32)> = value
            .split(',')
            .filter_map(|item| {
                let (tag, weight) = item.split_once(';').unwrap_or((item, "q=1"));
                let weight = weight.trim().strip_prefix("q=")?.parse().ok()?;
                Some((Lang::of_tag(tag)?, weight))
            })
            .filter(|(_, weight)| *weight > 0.0)
            .collect();
        wanted.sort_by(|a, b| b.1.total_cmp(&a.1));
        wanted.first().map(|(lang, _)| *lang)
    }
}

/// What a page has to know about its reader. Extracted from any request; never refuses one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Visitor {
    lang: Lang,
    hint: Option<Lang>,
    chosen: bool,
    switch: Option<String>,
}

impl Visitor {
    /// The cookie that remembers the language.
    pub const COOKIE: &'static str = "__Host-lang";

    /// Reads it from the request.
    pub fn of(parts: &Parts) -> Visitor {
        let query = parts.uri.query().unwrap_or_default();
        let asked = value_of(query, "lang").and_then(Lang::of_tag);
        let hint = value_of(query, "ui_locales").and_then(|tags| Lang::of_hint(&tags.replace("%20", "+")));
        let remembered = || cookie(&parts.headers, Self::COOKIE).and_then(Lang::of_tag);
        let accepted = || {
            let value = parts.headers.get(header::ACCEPT_LANGUAGE)?.to_str().ok()?;
            Lang::of_accept_language(value)
        };
        let lang = asked.or(hint).or_else(remembered).or_else(accepted).unwrap_or(Lang::Da);
        let repeatable = matches!(parts.method, Method::GET | Method::HEAD);
        let switch = repeatable.then(|| switch_address(query, lang.other()));
        Visitor { lang, hint, chosen: repeatable && asked.is_some(), switch }
    }

    /// The same for whom somebody hints at these languages, best first.
    pub(super) fn hinted(mut self, tags: Option<&str>) -> Visitor {
        self.hint = tags.and_then(Lang::of_hint);
        self.lang = self.hint.filter(|_| !self.chosen).unwrap_or(self.lang);
        self
    }

    /// The language that was hinted at.
    pub(super) fn hint(&self) -> Option<Lang> {
        self.hint
    }

    /// The language that they read.
    pub fn lang(&self) -> Lang {
        self.lang
    }

    /// Whether they chose it just now, so that it should be remembered.
    pub fn chose(&self) -> bool {
        self.chosen
    }

    /// The address of this page in the other language, if the page can be asked for again. It is a query alone,
    /// relative to the page, because a path that begins with two slashes would lead to another site.
    pub fn switch(&self) -> Option<&str> {
        self.switch.as_deref()
    }
}

impl<S: Sync> FromRequestParts<S> for Visitor {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(Visitor::of(parts))
    }
}

fn switch_address(query: &str, lang: Lang) -> String {
    let kept = query.split('&').filter(|pair| {
        let name = pair.split('=').next().unwrap_or_default();
        !matches!(name, "" | "lang" | "ui_locales")
    });
    let lang = format!("lang={}", lang.tag());
    format!("?{}", kept.chain([lang.as_str()]).collect::<Vec<_>>().join("&"))
}

fn value_of<'q>(query: &'q str, name: &str) -> Option<&'q str> {
    query.split('&').find_map(|pair| pair.strip_prefix(name)?.strip_prefix('='))
}

pub(super) fn cookie<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    cookies(headers).find_map(|(known, value)| (known == name).then_some(value))
}

/// Every cookie that the browser brought, by name.
pub(super) fn cookies(headers: &HeaderMap) -> impl Iterator<Item = (&str, &str)> {
    let cookies = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    cookies.flat_map(|line| line.split(';')).filter_map(|pair| pair.trim().split_once('='))
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::Request;

    fn visitor(method: &str, uri: &str, cookie: &str, accept: &str) -> Visitor {
        let request = Request::builder()
            .method(method)
            .uri(uri)
            .header("cookie", cookie)
            .header("accept-language", accept);
        Visitor::of(&request.body(()).unwrap().into_parts().0)
    }

    #[test]
    fn the_language_is_what_was_asked_for_then_hinted_then_remembered_then_preferred_then_danish() {
        let en = "a=b; __Host-lang=en";
        for (uri, cookie, accept, lang) in [
            ("/?lang=da&ui_locales=en", en, "en", Lang::Da),
            ("/?ui_locales=fr+da+en", en, "en", Lang::Da),
            ("/?ui_locales=fr", en, "da", Lang::En),
            ("/?lang=xx", "", "de, en-GB;q=0.8, da;q=0.7", Lang::En),
            ("/", "", "en;q=0, da;q=0.1", Lang::Da),
            ("/", "", "de", Lang::Da),
            ("/", "__Host-lang=<script>", "nonsense;;q=x", Lang::Da),
        ] {
            assert_eq!(visitor("GET", uri, cookie, accept).lang(), lang, "{uri} {cookie} {accept}");
        }
    }

    #[test]
    fn the_switch_keeps_the_rest_of_the_address_and_cannot_leave_the_site() {
        let v = visitor("GET", "//evil.example/x?login=1&lang=da&q=a%22b", "", "");
        assert_eq!(v.switch(), Some("?login=1&q=a%22b&lang=en"));
        assert!(v.chose());
    }

    #[test]
    fn a_page_that_answers_a_form_is_not_asked_for_again() {
        let v = visitor("POST", "/saml/sp/acs?lang=en", "", "");
        assert_eq!((v.lang(), v.switch(), v.chose()), (Lang::En, None, false));
    }
}
