//! The user chooses a municipality, or need not.

use std::collections::BTreeMap;

use crate::support::{Answer, Browser, Town};

/// Begins a login that needs a choice; tells its id and the page.
async fn begun(town: &Town, browser: &mut Browser) -> (String, Answer) {
    let sent = browser.get(&town.bbr.redirect(&town.bbr.ask())).await;
    let login = sent.location().strip_prefix("/discovery?login=").unwrap().to_owned();
    let page = browser.get(&format!("{}{}", town.url, sent.location())).await;
    (login, page)
}

fn change(files: &mut BTreeMap<String, Vec<u8>>, from: &str, to: &str) {
    let toml = String::from_utf8(files["register.toml"].clone()).unwrap();
    assert!(toml.contains(from));
    files.insert("register.toml".into(), toml.replacen(from, to, 1).into_bytes());
}

#[tokio::test]
async fn without_a_hint_the_user_chooses_among_those_with_an_agreement_and_logs_in() {
    let town = Town::new("choose").await;
    let mut browser = town.browser();
    let (login, page) = begun(&town, &mut browser).await;
    for name in ["Korsbæk Kommune", "Feddet Kommune", "BBR"] {
        assert!(page.body.contains(name), "{name}");
    }
    let fields = [("login", login.as_str()), ("choice", "11111111")];
    let onward = browser.post(&format!("{}/discovery", town.url), &fields).await;
    let at = onward.body.find("https://idp.korsbaek.test/sso?").unwrap();
    let address = onward.body[at..].split('"').next().unwrap().replace("&#38;", "&").replace("&amp;", "&");
    let sent = Answer { location: Some(address), ..onward };
    let answer = town.korsbaek.answer(&town, &mut browser, &sent, |_| {}).await;
    assert_eq!(town.bbr.read(&answer, &town).status, ["Success"]);
}

#[tokio::test]
async fn a_search_narrows_the_choice_without_any_script() {
    let town = Town::new("search").await;
    let mut browser = town.browser();
    let (login, _) = begun(&town, &mut browser).await;
    for (query, found, hidden) in
        [("kors", "Korsbæk Kommune", "Feddet Kommune"), ("9999", "Feddet", "Korsbæk")]
    {
        let page = browser.get(&format!("{}/discovery?login={login}&q={query}", town.url)).await;
        assert!(page.body.contains(found), "{query}");
        let button =
            format!("value=\"{}\"", if hidden.starts_with("Kors") { "11111111" } else { "99999999" });
        let row = page.body.split("<li").find(|row| row.contains(&button));
        assert!(row.is_none_or(|row| row.contains("hidden")), "{query} shows {hidden}");
    }
}

#[tokio::test]
async fn a_choice_is_remembered_when_the_user_wants_it_and_shown_on_top_next_time() {
    let town = Town::new("remember").await;
    let mut browser = town.browser();
    let (login, first) = begun(&town, &mut browser).await;
    let fields = [("login", login.as_str()), ("choice", "99999999"), ("remember", "on")];
    browser.post(&format!("{}/discovery", town.url), &fields).await;
    let mut again = town.bbr.ask();
    again.id = "_request2".into();
    let sent = browser.get(&town.bbr.redirect(&again)).await;
    assert!(sent.location().starts_with("/discovery"), "remembered is a hint, not a decision");
    let page = browser.get(&format!("{}{}", town.url, sent.location())).await;
    let place = |body: &str| body.find("Feddet Kommune").unwrap() < body.find("Korsbæk Kommune").unwrap();
    assert!(
        place(&page.body)
            && page.body.matches("Feddet Kommune").count() > first.body.matches("Feddet Kommune").count()
    );
}

#[tokio::test]
async fn a_hint_of_the_fagsystem_spares_the_choice() {
    let town = Town::new("hint").await;
    for (name, value) in
        [("authority", "99999999"), ("cvr", "99999999"), ("whr", "99999999"), ("domain_hint", "99999999")]
    {
        let sent =
            town.browser().get(&format!("{}&{name}={value}", town.bbr.redirect(&town.bbr.ask()))).await;
        town.feddet.question(&sent);
    }
    let unknown =
        town.browser().get(&format!("{}&authority=12345678", town.bbr.redirect(&town.bbr.ask()))).await;
    assert!(unknown.location().starts_with("/discovery"));
}

#[tokio::test]
async fn the_network_that_a_user_sits_in_spares_the_choice() {
    let networks = |files: &mut BTreeMap<String, Vec<u8>>| {
        change(
            files,
            "name = \"Feddet login\"\n",
            "name = \"Feddet login\"\nnetworks = [\"192.0.2.0/24\"]\n",
        );
    };
    let town = Town::with("network", networks).await;
    let mut inside = town.browser();
    inside.headers.push(("x-forwarded-for".into(), "203.0.113.9, 192.0.2.7".into()));
    town.feddet.question(&inside.get(&town.bbr.redirect(&town.bbr.ask())).await);
    let mut liar = town.browser();
    liar.headers.push(("x-forwarded-for".into(), "192.0.2.7, 203.0.113.9".into()));
    let sent = liar.get(&town.bbr.redirect(&town.bbr.ask())).await;
    assert!(sent.location().starts_with("/discovery"), "only the address that our own proxy saw counts");
}

#[tokio::test]
async fn the_only_municipality_with_an_agreement_is_not_asked_about() {
    let one = |files: &mut BTreeMap<String, Vec<u8>>| {
        change(
            files,
            "[[service-agreement]]\nauthority = \"99999999\"",
            "[[service-agreement]]\nvalid-until = \"2026-01-01T00:00:00Z\"\nauthority = \"99999999\"",
        );
    };
    let town = Town::with("only-one", one).await;
    let sent = town.browser().get(&town.bbr.redirect(&town.bbr.ask())).await;
    town.korsbaek.question(&sent);
}

#[tokio::test]
async fn a_page_of_a_login_that_this_browser_did_not_begin_offers_nothing() {
    let town = Town::new("foreign-page").await;
    let mut browser = town.browser();
    let (login, _) = begun(&town, &mut browser).await;
    let page = town.browser().get(&format!("{}/discovery?login={login}", town.url)).await;
    assert_eq!(page.status, 400);
    assert!(!page.body.contains("Korsbæk"));
}

#[tokio::test]
async fn an_address_that_takes_messages_says_so_to_whoever_opens_it_as_a_page() {
    let town = Town::new("only-messages").await;
    for path in ["/saml/sp/acs", "/saml/aa/soap", "/saml/idp/slo/soap", "/trust/sign-in"] {
        let page = town.browser().get(&format!("{}{path}", town.url)).await;
        assert_eq!(page.status, 405, "{path}");
        assert!(page.body.contains("<h1>Her er ingen side</h1>"), "{path}: {}", page.body);
    }
}
