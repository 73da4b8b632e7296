//! What every page promises: nothing in it is what a stranger wrote, it says it in both languages, and it leaves under
//! headers that allow nothing else. (What it looks like is promised in `browser.rs`.)

#![expect(clippy::unwrap_used, reason = "a test fails by it")]

use std::collections::HashMap;

use axum::body::to_bytes;
use axum::http::{Request, StatusCode};
use axum::response::Response;
use context_handler::domain::faults::{Block, Span, blocks, spans, steps};
use context_handler::domain::id::LoginId;
use context_handler::domain::reason::Reason;
use context_handler::http::pages::{
    self, Chosen, ChosenForm, Discovery, Farewell, Form, Hop, PartyState, Post, Refusal, Refused, Waiting,
};
use context_handler::http::visitor::Visitor;

#[path = "browser/sample.rs"]
#[expect(dead_code, reason = "the router is for the test in the browser")]
mod sample;

use sample::{HOSTILE, RELAY_STATE, choice, login, message, municipalities, parties, refusal, sessions};

#[tokio::test]
async fn no_name_becomes_markup_on_any_page_in_any_language() {
    // ATK-218
    for page in every_page().await {
        let scripts = page.html.matches("<script").count();
        assert_eq!(scripts, page.policy.matches("'sha256-").count(), "{}", page.name);
        for forbidden in ["<script>alert", "<img", "</script>\"", "onerror=alert(2)>", "style=", "onclick="] {
            assert!(!page.html.contains(forbidden), "{}: {forbidden}", page.name);
        }
    }
    let all = every_page().await;
    let hostile = all.iter().find(|page| page.name == "discovery da").unwrap();
    assert!(
        hostile.html.contains("&#60;script&#62;alert(1)&#60;/script&#62;&#34;&#39;`--&#62;"),
        "{}",
        hostile.html
    );
}

#[tokio::test]
async fn every_page_leaves_under_strict_headers() {
    for page in every_page().await {
        let header = |name: &str| page.headers.get(name).map(String::as_str);
        assert_eq!(header("cache-control"), Some("no-store"), "{}", page.name);
        assert_eq!(header("x-content-type-options"), Some("nosniff"), "{}", page.name);
        assert_eq!(header("x-frame-options"), Some("DENY"), "{}", page.name);
        assert_eq!(header("content-type"), Some("text/html; charset=utf-8"), "{}", page.name);
        let referrer = if page.name.starts_with("post") { "strict-origin" } else { "same-origin" };
        assert_eq!(header("referrer-policy"), Some(referrer), "{}", page.name);
        for part in ["default-src 'none';", "frame-ancestors 'none';", "base-uri 'none'", "style-src 'self';"]
        {
            assert!(page.policy.contains(part), "{}: {}", page.name, page.policy);
        }
        assert!(!page.policy.contains("unsafe") && !page.policy.contains('*'), "{}", page.policy);
        let forms = page.html.matches("<form").count();
        assert_eq!(forms == 0, page.policy.contains("form-action 'none'"), "{}", page.name);
    }
}

#[tokio::test]
async fn every_page_is_in_the_language_of_its_reader_and_leads_to_the_other() {
    for page in every_page().await {
        let (lang, other) = if page.name.ends_with("da") { ("da", "en") } else { ("en", "da") };
        assert!(page.html.contains(&format!("<html lang=\"{lang}\">")), "{}", page.name);
        assert_eq!(page.headers["content-language"], lang);
        let there = page.html.contains(&format!("href=\"#other\" lang=\"{other}\""))
            && page.html.contains("id=\"other\"");
        let again = page.html.contains(&format!("lang={other}\" lang=\"{other}\""));
        assert!(there || again, "{}: {}", page.name, page.html);
    }
}

#[tokio::test]
async fn the_message_and_the_relay_state_stand_in_the_form_exactly_or_not_at_all() {
    let page =
        read("post", pages::post(&visitor("da"), &message("https://sp.example/acs?a=1&b=2")).unwrap()).await;
    assert!(page.policy.contains("form-action https://sp.example https:;"), "{}", page.policy);
    assert!(page.html.contains("action=\"https://sp.example/acs?a=1&#38;b=2\""), "{}", page.html);
    assert_eq!(unescaped(field(&page.html, "SAMLResponse")), message("").message);
    assert_eq!(unescaped(field(&page.html, "RelayState")), RELAY_STATE);
    let button = page.html.find("<button").unwrap();
    assert!(
        button < page.html.find("<script").unwrap() && button < page.html.find("type=\"hidden\"").unwrap()
    );

    let lone = Post { relay_state: Some("a\nb"), ..message("https://sp.example/acs") };
    assert_eq!(pages::post(&visitor("da"), &lone).unwrap_err().reason, Reason::RelayState);
    for target in
        ["javascript:alert(1)", "data:text/html,x", "https://sp.example;script-src", "//sp.example/acs", ""]
    {
        let fault = pages::post(&visitor("da"), &message(target)).unwrap_err();
        assert_eq!(fault.reason, Reason::AdminAcs, "{target}");
        assert!(pages::onward(&visitor("da"), target, "x").is_err(), "{target}");
    }
}

#[tokio::test]
async fn proofs_that_failed_look_alike_and_other_reasons_explain_themselves() {
    let mut alike = Vec::new();
    for reason in Reason::ALL {
        let page = read("refusal", pages::refusal(&visitor("da"), &refusal(*reason))).await;
        let told = page.html.contains(reason.code());
        let linked = page.html.contains(&format!("href=\"/errors/{reason}?lang=da\""));
        assert_eq!((told, linked), (pages::may_be_shown(*reason), pages::may_be_shown(*reason)), "{reason}");
        if !told {
            alike.push(page.html);
        }
    }
    assert!(alike.len() > 20);
    alike.dedup();
    assert_eq!(alike.len(), 1, "an attacker could tell these apart");
    for proof in [Reason::SigInvalid, Reason::DecFailed, Reason::XmlMalformed, Reason::SecondOpinion] {
        assert!(!pages::may_be_shown(proof), "{proof}");
    }
}

#[tokio::test]
async fn the_fault_book_is_shown_whole_in_the_language_of_its_reader() {
    for tag in ["da", "en"] {
        let list = read("errors", pages::errors(&visitor(tag))).await.html;
        for reason in Reason::ALL {
            let page = reason.page();
            let words = if tag == "da" { &page.da } else { &page.en };
            let page = read("error", pages::error(&visitor(tag), *reason)).await.html;
            let said = unescaped(&page);
            assert!(said.contains(words.means) && said.contains(words.fix), "{reason} {tag}");
            for (product, text) in &words.products {
                let part = page.split(&format!("id=\"{}\"", product.anchor())).nth(1);
                let part = unescaped(part.unwrap().split("</details>").next().unwrap());
                assert!(text_of(text).iter().all(|said| part.contains(said)), "{reason} {tag}: {part}");
            }
            assert!(text_of(words.test).iter().all(|text| said.contains(text)), "{reason} {tag}: {said}");
            assert_eq!(page.matches("<details").count(), words.products.len(), "{reason}");
            assert_eq!(list.matches(&format!("href=\"/errors/{reason}?lang={tag}\"")).count(), 1, "{reason}");
        }
        for anchor in list.split("<a href=\"#").skip(1).map(|rest| rest.split('"').next().unwrap()) {
            assert_eq!(list.matches(&format!("id=\"{anchor}\"")).count(), 1, "{anchor}");
        }
    }
}

#[tokio::test]
async fn a_refusal_can_be_read_aloud_and_leads_back_to_the_fagsystem() {
    let page = read("refusal", pages::refusal(&visitor("en"), &refusal(Reason::IrtUnknown))).await;
    assert_eq!(page.status, StatusCode::FORBIDDEN);
    assert!(page.html.contains("4406 559 215") && page.html.contains("4 4 0 6, 5 5 9, 2 1 5"));
    assert!(page.html.contains("21 November 2026 at 11:48:29"));
    assert!(page.html.contains("href=\"https://booking.example/start?a=1&#38;b=2\""));

    let bad =
        Refusal { fagsystem: Some((HOSTILE, Some("javascript:alert(1)"))), ..refusal(Reason::IrtUnknown) };
    let page = read("refusal", pages::refusal(&visitor("en"), &bad)).await;
    assert!(!page.html.contains("javascript:") && page.html.contains("Start again in"));
}

#[tokio::test]
async fn a_search_hides_what_does_not_match_and_a_planted_choice_is_not_offered() {
    // ATK-212
    let choices = municipalities();
    let shown = async |query: &str, last: Option<&Chosen>| {
        let view = Discovery { login: login(), fagsystem: "x", choices: &choices, remembered: last, query };
        read("discovery", pages::discovery(&visitor("da"), &view)).await.html
    };
    let visible =
        |html: &str| html.matches("<li data-cvr=").count() - html.matches("\" hidden><button").count();
    assert_eq!(visible(&shown("", None).await), 99);
    assert_eq!(visible(&shown("bæk", None).await), 3);
    assert_eq!(visible(&shown("20000137", None).await), 1);
    let nothing = shown("<i>", None).await;
    assert_eq!(visible(&nothing), 0);
    assert!(nothing.contains("value=\"&#60;i&#62;\"") && !nothing.contains("id=\"none\" hidden"));

    let known = Chosen::try_from("20000137".to_owned()).unwrap();
    let planted = Chosen::try_from("20000137 https://evil.example/idp".to_owned()).unwrap();
    assert!(shown("", Some(&known)).await.contains("id=\"last-time\""));
    assert!(!shown("", Some(&planted)).await.contains("id=\"last-time\""));
}

#[test]
fn the_form_of_the_discovery_page_is_read_and_junk_is_not() {
    let read = |form: &[(&str, &str)]| {
        let object =
            form.iter().map(|(k, v)| ((*k).to_owned(), (*v).into())).collect::<serde_json::Map<_, _>>();
        serde_json::from_value::<ChosenForm>(object.into())
    };
    let id = login().to_string();
    let plain = read(&[("login", &id), ("choice", "11111111")]).unwrap();
    assert_eq!((plain.choice.cvr.as_str(), plain.choice.idp, plain.remember), ("11111111", None, false));
    let full =
        read(&[("login", &id), ("choice", "11111111 https://idp.example/"), ("remember", "yes")]).unwrap();
    assert_eq!(full.choice.to_string(), "11111111 https://idp.example/");
    assert!(full.remember);
    for junk in ["", "1111111", "11111111 ", "11111111 a b", "11111111\thttps://idp.example/"] {
        assert!(read(&[("login", &id), ("choice", junk)]).is_err(), "{junk:?}");
    }
    assert!(read(&[("login", "../x"), ("choice", "11111111")]).is_err());
}

#[tokio::test]
async fn a_chosen_language_is_remembered_in_a_cookie_that_only_this_site_can_set() {
    let chosen = read("home", pages::home(&visitor_of("GET", "/?lang=en"))).await;
    let cookie = "__Host-lang=en; Path=/; Max-Age=31536000; Secure; HttpOnly; SameSite=Lax";
    assert_eq!(chosen.headers["set-cookie"], cookie);
    assert!(!read("home", pages::home(&visitor("en"))).await.headers.contains_key("set-cookie"));
}

#[tokio::test]
async fn a_logout_shows_who_confirmed_and_goes_on_by_itself_only_while_it_is_under_way() {
    let told = parties("Køreprøvebooking", PartyState::Failed);
    let show = async |complete: bool, hop: Hop<'_>| {
        let view = Farewell { logout: login(), parties: &told, complete, hop };
        read("farewell", pages::farewell(&visitor("da"), &view).unwrap()).await
    };
    let to = "https://sp.example/slo?SAMLRequest=x&RelayState=y";
    let onward = show(false, Hop::Onward(1, to)).await;
    let refresh = "<meta http-equiv=\"refresh\" content=\"0; url=https://sp.example/slo?SAMLRequest=x&#38;RelayState=y\">";
    assert!(onward.html.contains(refresh), "{}", onward.html);
    assert!(onward.html.contains(&format!("href=\"/logout?id={}&amp;after=1\"", login())), "{}", onward.html);
    for hop in [Hop::Unanswered(1), Hop::Back("BBR", to), Hop::Over] {
        let page = show(false, hop).await;
        assert!(!page.html.contains("http-equiv"), "{}", page.html);
        assert!(page.html.contains("har ikke bekræftet"), "{}", page.html);
    }
    let over = show(false, Hop::Over).await;
    assert!(over.html.contains("Luk alle vinduer"), "{}", over.html);
    assert!(!show(true, Hop::Over).await.html.contains("Luk alle vinduer"));
    for target in ["javascript:alert(1)", "//sp.example/slo", ""] {
        let view = Farewell { logout: login(), parties: &told, complete: false, hop: Hop::Onward(1, target) };
        assert_eq!(pages::farewell(&visitor("da"), &view).unwrap_err().reason, Reason::AdminAcs, "{target}");
    }
}

#[tokio::test]
async fn when_the_store_is_down_the_page_says_when_to_come_back() {
    let page = read("unavailable", pages::unavailable(&visitor("da"), 30)).await;
    assert_eq!((page.status, page.headers["retry-after"].as_str()), (StatusCode::SERVICE_UNAVAILABLE, "30"));
    assert_eq!(read("missing", pages::not_found(&visitor("da"))).await.status, StatusCode::NOT_FOUND);
}

/// One page as the browser gets it.
struct Page {
    name: String,
    status: StatusCode,
    headers: HashMap<String, String>,
    policy: String,
    html: String,
}

/// All of them, in both languages, full of hostile values where there is room for any.
async fn every_page() -> Vec<Page> {
    let mut all = Vec::new();
    let mut choices = municipalities();
    choices.extend([choice(300, HOSTILE), choice(301, &"Langt".repeat(100))]);
    choices.push(choices[99].clone());
    choices[101].idp_name = HOSTILE.to_owned();
    for lang in ["da", "en"] {
        let visitor = visitor(lang);
        let remembered = Chosen { cvr: choices[0].cvr, idp: None };
        let discovery = Discovery {
            login: LoginId::from_bits(1),
            fagsystem: HOSTILE,
            choices: &choices,
            remembered: Some(&remembered),
            query: "",
        };
        let refused = Refusal { fagsystem: Some((HOSTILE, None)), ..refusal(Reason::LoaLower) };
        let post = Post {
            relay_state: Some(HOSTILE),
            receiver: HOSTILE,
            ..message("https://sp.example/acs?\"><img")
        };
        let hostile_sent = sample::sent(HOSTILE);
        let hostile_run = Waiting {
            authority: HOSTILE,
            idp: HOSTILE,
            fagsystem: Some(HOSTILE),
            sent: Some(&hostile_sent),
            ..sample::waiting("/trust/runs/AAAA")
        };
        let told = parties(HOSTILE, PartyState::Told);
        let farewell = |hop: Hop<'_>| {
            let view = Farewell { logout: login(), parties: &told, complete: false, hop };
            pages::farewell(&visitor, &view).unwrap()
        };
        let form = || Form {
            action: "https://sp.example/slo?\"><img",
            fields: vec![("SAMLRequest", "PHg+/w=="), ("RelayState", HOSTILE)],
        };
        for (name, response) in [
            ("sessions", pages::sessions(&visitor, &sessions(HOSTILE, HOSTILE))),
            ("nowhere", pages::sessions(&visitor, &pages::Sessions(Vec::new()))),
            ("farewell onward", farewell(Hop::Onward(1, "https://sp.example/slo?a=\"><img"))),
            ("post farewell", farewell(Hop::OnwardByForm(1, form()))),
            ("farewell silent", farewell(Hop::Unanswered(1))),
            ("farewell back", farewell(Hop::Back(HOSTILE, "https://sp.example/slo?a=\"><img"))),
            ("post farewell back", farewell(Hop::BackByForm(HOSTILE, form()))),
            ("farewell over", farewell(Hop::Over)),
            ("no farewell", pages::no_farewell(&visitor)),
            ("refused logout", pages::refusal(&visitor, &Refusal { of: Refused::Logout, ..refused.clone() })),
            ("discovery", pages::discovery(&visitor, &discovery)),
            ("search", pages::discovery(&visitor, &Discovery { query: HOSTILE, choices: &[], ..discovery })),
            ("post", pages::post(&visitor, &post).unwrap()),
            ("post of fields", {
                let fields = [("code", HOSTILE.to_owned()), ("state", HOSTILE.to_owned())];
                pages::post_fields(&visitor, "https://client.example/cb?\"><img", &fields, HOSTILE).unwrap()
            }),
            ("onward", pages::onward(&visitor, "https://idp.example/?a=\"><img", HOSTILE).unwrap()),
            ("refusal", pages::refusal(&visitor, &refused)),
            ("trust report", sample::trust_page(&visitor, "hostile")),
            ("trust start", pages::waiting(&visitor, &hostile_run)),
            ("home", pages::home(&visitor)),
            ("errors", pages::errors(&visitor)),
            ("error", pages::error(&visitor, Reason::LoaLower)),
            ("missing", pages::not_found(&visitor)),
            ("unavailable", pages::unavailable(&visitor, 5)),
        ] {
            all.push(read(&format!("{name} {lang}"), response).await);
        }
    }
    all
}

async fn read(name: &str, response: Response) -> Page {
    let (parts, body) = response.into_parts();
    let pairs =
        parts.headers.iter().map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned()));
    let headers: HashMap<String, String> = pairs.collect();
    let html = String::from_utf8(to_bytes(body, 1 << 20).await.unwrap().to_vec()).unwrap();
    Page {
        name: name.to_owned(),
        status: parts.status,
        policy: headers["content-security-policy"].clone(),
        headers,
        html,
    }
}

fn visitor(lang: &str) -> Visitor {
    let request = Request::get("/page?x=%22%3E%3Cscript%3E").header("accept-language", lang);
    Visitor::of(&request.body(()).unwrap().into_parts().0)
}

fn visitor_of(method: &str, uri: &str) -> Visitor {
    Visitor::of(&Request::builder().method(method).uri(uri).body(()).unwrap().into_parts().0)
}

/// The escaped value of a hidden field.
fn field<'h>(html: &'h str, name: &str) -> &'h str {
    let (_, rest) = html.split_once(&format!("name=\"{name}\" value=\"")).unwrap();
    rest.split_once('"').unwrap().0
}

/// All that a text of the fault book says, piece by piece.
fn text_of(text: &'static str) -> Vec<&'static str> {
    let lines = |block| match block {
        Block::Paragraph(line) => vec![line],
        Block::Steps(block) => steps(block).collect(),
        Block::Commands(commands) => vec![commands],
    };
    let said = |span| match span {
        Span::Plain(said) | Span::Code(said) => said,
        Span::Reason(reason) => reason.code(),
    };
    blocks(text).into_iter().flat_map(lines).flat_map(spans).map(said).collect()
}

/// What a browser makes of numeric character references.
fn unescaped(value: &str) -> String {
    let mut parts = value.split("&#");
    let mut text = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let (number, rest) = part.split_once(';').unwrap();
        text.push(char::from_u32(number.parse().unwrap()).unwrap());
        text.push_str(rest);
    }
    text
}
