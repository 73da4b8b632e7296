//! Group F: what travels in addresses and forms.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use context_handler::protocol::address::escaped;
use context_handler::protocol::keys::{FileKey, Signer};
use context_handler::protocol::saml::binding::{Carries, redirect_to};

use super::refused;
use crate::support::{Answer, Browser, Fagsystem, Town, key};

/// The address of a request, taken apart: its message, RelayState and the rest, as they stand on the wire.
fn parts(url: &str) -> (String, Vec<(String, String)>) {
    let (address, query) = url.split_once('?').unwrap();
    let pairs = query.split('&').map(|pair| pair.split_once('=').unwrap());
    (address.to_owned(), pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).collect())
}

async fn ask(town: &Town, query: &str) -> Answer {
    let mut browser = town.browser();
    browser.get(&format!("{}/saml/idp/sso?{query}&authority=11111111", town.url)).await
}

fn query(pairs: &[(String, String)]) -> String {
    pairs.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("&")
}

/// Signs raw octets as a sender with habits of its own would.
fn signed(raw: &str, key: &FileKey) -> String {
    let signature = STANDARD.encode(key.sign(raw.as_bytes()).unwrap());
    format!("{raw}&Signature={}", escaped(&signature))
}

#[tokio::test]
async fn a_parameter_that_stands_twice_is_refused_whichever_was_signed() {
    let town = Town::new("f-twice").await;
    let (_, genuine) = parts(&town.bbr.redirect(&town.bbr.ask()));
    assert_eq!(ask(&town, &query(&genuine)).await.status, 303);
    let mut evil = town.bbr.ask();
    evil.relay_state = Some("evil".into());
    let (_, evil) = parts(&town.bbr.redirect(&evil));
    for name in ["SAMLRequest", "RelayState", "SigAlg", "Signature"] {
        let second = evil.iter().find(|(known, _)| known == name).unwrap().clone();
        let mut after = genuine.clone();
        after.push(second.clone());
        let mut before = genuine.clone();
        before.insert(0, second);
        for pairs in [after, before] {
            let answer = ask(&town, &query(&pairs)).await;
            refused(&town, &answer, "param.duplicate").await;
        }
    }
}

#[tokio::test]
async fn a_parameter_name_in_disguise_is_refused() {
    let town = Town::new("f-disguise").await;
    let (_, genuine) = parts(&town.bbr.redirect(&town.bbr.ask()));
    for name in
        ["SAMLRequest[]", "%53AMLRequest", "SAMLRequest%00", "%20SAMLRequest", "RelayState[a]", "sigalg"]
    {
        let mut pairs = genuine.clone();
        pairs.push((name.to_owned(), "x".to_owned()));
        let answer = ask(&town, &query(&pairs)).await;
        refused(&town, &answer, "param.encoded").await;
    }
}

#[tokio::test]
async fn request_and_response_in_one_address_are_refused() {
    let town = Town::new("f-both").await;
    let (_, mut pairs) = parts(&town.bbr.redirect(&town.bbr.ask()));
    pairs.push(("SAMLResponse".into(), "PGEvPg%3D%3D".into()));
    refused(&town, &ask(&town, &query(&pairs)).await, "param.duplicate").await;
}

#[tokio::test]
async fn the_same_parameter_in_address_and_form_is_refused() {
    let town = Town::new("f-address-and-form").await;
    let form = town.driving.form(&town.driving.ask());
    let fields = [("SAMLRequest", form.message.as_str())];
    let mut browser = town.browser();
    let twin = browser.post(&format!("{}?authority=11111111", form.action), &fields).await;
    assert_eq!(twin.status, 303);
    let doubled = format!("{}?SAMLRequest={}", form.action, escaped(&form.message));
    refused(&town, &browser.post(&doubled, &fields).await, "param.duplicate").await;
}

#[tokio::test]
async fn every_legal_way_of_escaping_is_accepted_since_the_octets_are_what_is_signed() {
    let town = Town::new("f-escaping").await;
    let (_, pairs) = parts(&town.bbr.redirect(&town.bbr.ask()));
    let value = |name: &str| pairs.iter().find(|(known, _)| known == name).unwrap().1.clone();
    let (message, algorithm) = (value("SAMLRequest"), value("SigAlg"));
    let lower = |text: &str| {
        text.replace("%2B", "%2b").replace("%2F", "%2f").replace("%3D", "%3d").replace("%3A", "%3a")
    };
    for (relay_state, message, algorithm) in [
        ("back+to+%2Fcase", message.clone(), algorithm.clone()),
        ("back%20to%20%2fcase", lower(&message), lower(&algorithm)),
        ("b%61ck", message.replace("%2F", "/"), algorithm.replace("%3A", ":").replace("%2F", "/")),
        ("%c3%a6", message.clone(), algorithm.clone()),
    ] {
        let raw = format!("SAMLRequest={message}&RelayState={relay_state}&SigAlg={algorithm}");
        let answer = ask(&town, &signed(&raw, &town.bbr.key)).await;
        assert_eq!(answer.status, 303, "{raw}");
    }
}

#[tokio::test]
async fn what_was_changed_after_signing_is_refused() {
    let town = Town::new("f-changed").await;
    let (_, genuine) = parts(&town.bbr.redirect(&town.bbr.ask()));
    let changed = |name: &str, value: &str| {
        let mut pairs = genuine.clone();
        pairs.iter_mut().filter(|(known, _)| known == name).for_each(|pair| value.clone_into(&mut pair.1));
        query(&pairs)
    };
    refused(&town, &ask(&town, &changed("RelayState", "elsewhere")).await, "sig.invalid").await;
    let mut other = town.bbr.ask();
    other.attributes.push(("ForceAuthn", "true".into()));
    let (_, other) = parts(&town.bbr.redirect(&other));
    refused(&town, &ask(&town, &changed("SAMLRequest", &other[0].1)).await, "sig.invalid").await;
    let without: Vec<_> = genuine.iter().filter(|(name, _)| name != "RelayState").cloned().collect();
    refused(&town, &ask(&town, &query(&without)).await, "sig.invalid").await;
}

#[tokio::test]
async fn a_request_without_its_signature_is_refused() {
    let town = Town::new("f-unsigned").await;
    let (_, genuine) = parts(&town.bbr.redirect(&town.bbr.ask()));
    let keep = |names: &[&str]| {
        let kept: Vec<_> =
            genuine.iter().filter(|(name, _)| names.contains(&name.as_str())).cloned().collect();
        query(&kept)
    };
    for names in [&["SAMLRequest"][..], &["SAMLRequest", "SigAlg"], &["SAMLRequest", "Signature"]] {
        refused(&town, &ask(&town, &keep(names)).await, "sig.missing").await;
    }
    let unsigned = STANDARD.encode(town.driving.write(&town.driving.ask(), false).as_str());
    let mut browser = town.browser();
    let sso = format!("{}/saml/idp/sso", town.url);
    refused(&town, &browser.post(&sso, &[("SAMLRequest", &unsigned)]).await, "sig.missing").await;
}

#[tokio::test]
async fn a_signature_inside_a_redirect_message_does_not_count() {
    let town = Town::new("f-inside").await;
    let ask_by = town.bbr.ask();
    let inside = town.bbr.write(&ask_by, true);
    let to = format!("{}/saml/idp/sso", town.url);
    let url = redirect_to(&to, Carries::Request, inside.as_str(), None, town.bbr.key.as_ref()).unwrap();
    let (_, pairs) = parts(&url);
    assert_eq!(ask(&town, &query(&pairs)).await.status, 303, "with the signature beside it, it counts");
    let only_message = query(&pairs[..1]);
    refused(&town, &ask(&town, &only_message).await, "sig.missing").await;
}

#[tokio::test]
async fn a_request_signed_with_somebody_elses_key_is_refused() {
    let town = Town::new("f-other-key").await;
    let mut stolen_name: Fagsystem = town.bbr.clone();
    stolen_name.key = key("sp-oiosaml2");
    refused(
        &town,
        &ask(&town, &query(&parts(&stolen_name.redirect(&town.bbr.ask())).1)).await,
        "sig.invalid",
    )
    .await;
}

#[tokio::test]
async fn a_bomb_is_refused_before_it_has_grown() {
    let town = Town::new("f-bomb").await;
    let mut deflated = Vec::new();
    let zeros = vec![b' '; 16 << 20];
    let mut encoder = flate2::read::DeflateEncoder::new(&zeros[..], flate2::Compression::best());
    std::io::Read::read_to_end(&mut encoder, &mut deflated).unwrap();
    let message = escaped(&STANDARD.encode(deflated));
    refused(&town, &ask(&town, &format!("SAMLRequest={message}")).await, "limit.inflate").await;
}

#[tokio::test]
async fn an_address_is_called_with_its_own_verb_and_a_form_only() {
    let town = Town::new("f-verb").await;
    let mut browser = town.browser();
    assert_eq!(browser.get(&town.acs()).await.status, 405);
    let form = town.driving.form(&town.driving.ask());
    let body = format!("SAMLRequest={}", escaped(&form.message));
    for kind in ["application/json", "text/xml", "multipart/form-data; boundary=x", ""] {
        let answer = browser.post_raw(&form.action, kind, body.clone()).await;
        assert_eq!(answer.status, 415, "{kind}");
        refused(&town, &answer, "http.method").await;
    }
    let parameters = "application/x-www-form-urlencoded; charset=UTF-8";
    let twin = browser.post_raw(&format!("{}?cvr=11111111", form.action), parameters, body).await;
    assert_eq!(twin.status, 303);
}

#[tokio::test]
async fn an_address_that_shadows_a_parameter_is_not_registered() {
    // ATK-200 among others
    for (location, reason) in [
        ("https://bbr.test/acs?SAMLResponse=x", "param.shadow"),
        ("javascript:alert(1)", "admin.acs"),
        ("data:text/html,x", "admin.acs"),
        ("http://bbr.test/acs", "admin.acs"),
        ("https://user@bbr.test/acs", "admin.acs"),
        ("https://bbr.test/acs#x", "admin.acs"),
    ] {
        let town = Town::new("f-shadow").await;
        let mut files = context_handler::store::Store::registry(town.store.as_ref()).await.unwrap().files;
        let metadata = String::from_utf8(files["bbr.xml"].clone()).unwrap();
        let bent = metadata.replacen(
            &format!("Location=\"{}\"", town.bbr.acs),
            &format!("Location=\"{location}\""),
            1,
        );
        files.insert("bbr.xml".into(), bent.into_bytes());
        let kept = context_handler::store::RegistryFiles::default();
        let complaints = context_handler::broker::registry::plan(&kept, &files).unwrap_err();
        assert!(complaints[0].message.contains(reason), "{location}: {}", complaints[0]);
    }
}

#[tokio::test]
async fn the_relay_state_comes_back_byte_for_byte_and_leads_nowhere() {
    // ATK-203
    let town = Town::new("f-relaystate").await;
    for (n, state) in
        ["\"><script>alert(1)</script>&amp;", "a\r\nSet-Cookie: x=y", "https://evil.test/", "æøå %2B+ \t", ""]
            .into_iter()
            .enumerate()
    {
        let mut browser: Browser = town.browser();
        let mut ask = town.bbr.ask();
        ask.id = format!("_r{n}");
        ask.relay_state = Some(state.to_owned());
        let sent = town.bbr.send(&mut browser, &ask).await;
        let answer =
            town.korsbaek.answer(&town, &mut browser, &sent, |say| say.assertion_id = format!("_a{n}")).await;
        assert_eq!(answer.form().unwrap().1.get("RelayState").map(String::as_str), Some(state));
        assert!(!answer.body.contains("<script>alert"), "escaped");
    }
}

#[tokio::test]
async fn a_relay_state_that_cannot_be_carried_is_refused_at_the_door() {
    // ATK-203
    let town = Town::new("f-long").await;
    let form = town.driving.form(&town.driving.ask());
    for state in [&"x".repeat(100_000), "a\nb", "a\0"] {
        let fields = [("SAMLRequest", form.message.as_str()), ("RelayState", state)];
        refused(&town, &town.browser().post(&form.action, &fields).await, "relaystate").await;
    }
}

#[tokio::test]
async fn a_form_without_end_is_refused_and_written_down() {
    let town = Town::new("f-huge").await;
    let form = town.driving.form(&town.driving.ask());
    for (path, name) in [("/saml/idp/sso", "SAMLRequest"), ("/saml/sp/acs", "SAMLResponse")] {
        let huge = "A".repeat(1024 * 1024);
        let answer = town.browser().post(&format!("{}{path}", town.url), &[(name, &huge)]).await;
        refused(&town, &answer, "limit.xml").await;
    }
    let answer = town.browser().post(&form.action, &[("SAMLRequest", &form.message)]).await;
    assert_eq!(answer.status, 303, "a form of usual size: {}", answer.body);
}
