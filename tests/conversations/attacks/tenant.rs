//! Group H: two municipalities, both registered, one of them hostile.

use context_handler::domain::audit::Event;

use super::{refused, told};
use crate::support::relying::{Client, base64url, body, town_with};
use crate::support::{Answer, Browser, Fagsystem, Idp, Say, Signing, Town, deliver};

/// Begins a login for Korsbæk, lets Korsbæk's genuine twin through first, and delivers what somebody else answers.
async fn hostile(town: &Town, write: impl FnOnce(&str) -> String) -> Answer {
    let mut browser = town.browser();
    let sent = town.bbr.send(&mut browser, &town.bbr.ask()).await;
    let twin = town.korsbaek.answer(town, &mut browser, &sent, |_| {}).await;
    assert_eq!(town.bbr.read(&twin, town).status, ["Success"]);
    let mut ask = town.bbr.ask();
    ask.id = "_request2".into();
    browser.forget_sessions();
    let sent = town.bbr.send(&mut browser, &ask).await;
    let (question, arrived) = town.korsbaek.question(&sent);
    deliver(town, &mut browser, &write(&question), arrived.relay_state.as_deref()).await
}

fn say(idp: &Idp, question: &str) -> Say {
    Say { assertion_id: "_assertion2".into(), ..idp.say(question) }
}

#[tokio::test]
async fn another_municipalitys_provider_cannot_finish_the_login() {
    // ATK-143
    let town = Town::new("h-other-idp").await;
    let answer = hostile(&town, |question| town.feddet.write(&say(&town.feddet, question))).await;
    refused(&town, &answer, "idp.unexpected").await;
}

#[tokio::test]
async fn a_name_is_not_enough_without_its_key() {
    // ATK-145
    for signing in [Signing::Assertion, Signing::Response, Signing::Both] {
        for encrypted in [true, false] {
            let town = Town::new(&format!("h-name-{signing:?}-{encrypted}")).await;
            let write = |question: &str| {
                let said = Say { signing, encrypted, ..say(&town.korsbaek, question) };
                town.korsbaek.write_with(&said, &town.feddet.key)
            };
            let answer = hostile(&town, write).await;
            refused(&town, &answer, "key.untrusted").await;
        }
    }
}

#[tokio::test]
async fn envelope_and_assertion_must_name_the_same_sender() {
    // ATK-146: in each order, each signed or both, in plain and encrypted.
    for signing in [Signing::Assertion, Signing::Response, Signing::Both] {
        for (first, encrypted) in [(true, true), (true, false), (false, true), (false, false)] {
            let town = Town::new(&format!("h-issuers-{signing:?}-{first}-{encrypted}")).await;
            let (a, b) = (town.korsbaek.entity_id.clone(), town.feddet.entity_id.clone());
            let write = |question: &str| {
                let mut said = Say { signing, encrypted, ..say(&town.korsbaek, question) };
                let names = if first { (a, b) } else { (b, a) };
                (said.response_issuer, said.assertion_issuer) = (Some(names.0), names.1);
                town.korsbaek.write(&said)
            };
            let answer = hostile(&town, write).await;
            // Whoever the envelope names is whom we look for; it was not that one whom we asked.
            refused(&town, &answer, if first { "issuer.mismatch" } else { "idp.unexpected" }).await;
        }
    }
}

#[tokio::test]
async fn an_unregistered_sender_is_refused() {
    let town = Town::new("h-stranger").await;
    let write = |question: &str| {
        let mut said = say(&town.korsbaek, question);
        said.response_issuer = Some("https://stranger.test".into());
        said.assertion_issuer = "https://stranger.test".into();
        town.korsbaek.write(&said)
    };
    let answer = hostile(&town, write).await;
    refused(&town, &answer, "idp.unexpected").await;
}

#[tokio::test]
async fn a_look_alike_of_the_sender_is_refused() {
    for (look_alike, reason) in [
        ("https://idp.korsbaek.test", "idp.unexpected"),
        ("https://IDP.korsbaek.test/", "idp.unexpected"),
        ("https://idp.kors\u{432}aek.test/", "value.format"),
    ] {
        let town = Town::new("h-look-alike").await;
        let write = |question: &str| {
            let mut said = say(&town.korsbaek, question);
            said.response_issuer = Some(look_alike.into());
            said.assertion_issuer = look_alike.into();
            town.korsbaek.write(&said)
        };
        let answer = hostile(&town, write).await;
        refused(&town, &answer, reason).await;
    }
}

#[tokio::test]
async fn a_provider_names_users_of_its_own_municipality_only() {
    // ATK-148
    for (n, (name, reason)) in [
        ("C=DK,O=99999999,CN=Ib Dam,Serial=5b0c", "tenant.nameid"),
        ("C=DK,O=1111111１,CN=Ib Dam,Serial=5b0c", "value.format"),
        ("ib@korsbaek.test", "value.format"),
    ]
    .into_iter()
    .enumerate()
    {
        let town = Town::new(&format!("h-nameid-{n}")).await;
        let write = |question: &str| {
            let said = Say { name_id: name.into(), ..say(&town.korsbaek, question) };
            town.korsbaek.write(&said)
        };
        let answer = hostile(&town, write).await;
        refused(&town, &answer, reason).await;
    }
}

#[tokio::test]
async fn the_stated_organisation_must_be_the_chosen_one() {
    for (cvr, reason) in
        [(Some("99999999"), "tenant.mismatch"), (Some("1111111"), "value.format"), (None, "attr.missing")]
    {
        let town = Town::new(&format!("h-cvr-{reason}")).await;
        let write = |question: &str| {
            let mut said = say(&town.korsbaek, question);
            match cvr {
                Some(cvr) => said.attributes[2].1 = vec![cvr.into()],
                None => drop(said.attributes.remove(2)),
            }
            town.korsbaek.write(&said)
        };
        let answer = hostile(&town, write).await;
        refused(&town, &answer, reason).await;
    }
}

#[tokio::test]
async fn an_identifying_attribute_that_stands_twice_is_refused() {
    let town = Town::new("h-twice").await;
    let write = |question: &str| {
        let mut said = say(&town.korsbaek, question);
        said.attributes.push(("dk:gov:saml:attribute:CvrNumberIdentifier".into(), vec!["99999999".into()]));
        town.korsbaek.write(&said)
    };
    let answer = hostile(&town, write).await;
    refused(&town, &answer, "attr.duplicate").await;
}

#[tokio::test]
async fn a_token_of_ours_sent_back_to_us_is_refused() {
    // ATK-163
    let town = Town::new("h-reflection").await;
    let write = |question: &str| {
        let mut said = say(&town.korsbaek, question);
        let ours = format!("{}/saml", town.url);
        said.response_issuer = Some(ours.clone());
        said.assertion_issuer = ours;
        town.korsbaek.write_with(&said, &crate::support::key("broker-signing"))
    };
    let answer = hostile(&town, write).await;
    refused(&town, &answer, "issuer.self").await;
}

#[tokio::test]
async fn attributes_that_only_we_set_are_replaced_and_noticed() {
    // ATK-158
    let town = Town::new("h-reserved").await;
    let mut browser = town.browser();
    let sent = town.bbr.send(&mut browser, &town.bbr.ask()).await;
    let answer = town
        .korsbaek
        .answer(&town, &mut browser, &sent, |say| {
            say.attributes.push(("dk:gov:saml:attribute:KombitSpecVer".into(), vec!["9.9".into()]));
            say.attributes.push(("http://bbr.dk/roles/usersystemrole/admin/1".into(), vec!["yes".into()]));
        })
        .await;
    let told = town.bbr.read(&answer, &town);
    assert_eq!(told.attribute("dk:gov:saml:attribute:KombitSpecVer"), Some("2.0"));
    assert_eq!(told.attributes.len(), 6, "nothing else is passed on: {:?}", told.attributes);
    let received = town.log().await.into_iter().find(|record| record.assertion.is_some()).unwrap();
    assert_eq!(received.noticed, ["attr.reserved"]);
}

#[tokio::test]
async fn a_level_above_the_registered_one_is_lowered_and_noticed() {
    let town = Town::new("h-cap").await;
    let mut browser = town.browser();
    let sent = town.bbr.send(&mut browser, &town.bbr.ask()).await;
    let answer = town
        .korsbaek
        .answer(&town, &mut browser, &sent, |say| {
            say.class = "https://data.gov.dk/concept/core/nsis/loa/High".into();
            say.attributes[1].1 = vec!["High".into()];
        })
        .await;
    let told = town.bbr.read(&answer, &town);
    assert_eq!(told.attribute("https://data.gov.dk/concept/core/nsis/loa"), Some("Substantial"));
    let received = town.log().await.into_iter().find(|record| record.assertion.is_some()).unwrap();
    assert_eq!(received.noticed, ["loa.cap"]);
}

fn switch_off(files: &mut context_handler::broker::registry::Files, metadata: &str) {
    let toml = String::from_utf8(files["register.toml"].clone()).unwrap();
    let line = format!("metadata = \"{metadata}\"\n");
    files
        .insert("register.toml".into(), toml.replace(&line, &format!("{line}active = false\n")).into_bytes());
}

#[tokio::test]
async fn a_provider_that_is_switched_off_cannot_finish_what_is_pending() {
    // ATK-154: what is pending, what nobody asked for, and what would begin.
    let town = Town::new("h-idp-off").await;
    let mut browser = town.browser();
    let twin = town.bbr.send(&mut browser, &town.bbr.ask()).await;
    let twin = town.korsbaek.answer(&town, &mut browser, &twin, |_| {}).await;
    assert_eq!(town.bbr.read(&twin, &town).status, ["Success"]);
    let again = |id: &str| {
        let mut ask = town.bbr.ask();
        ask.id = id.into();
        ask
    };
    browser.forget_sessions();
    let sent = town.bbr.send(&mut browser, &again("_request2")).await;
    town.change(|files| switch_off(files, "korsbaek.xml")).await;
    let second = |say: &mut Say| say.assertion_id = "_assertion2".into();
    let answer = town.korsbaek.answer(&town, &mut browser, &sent, second).await;
    told(&town, &answer, &["Responder", "NoAvailableIDP"], "idp.disabled").await;

    let mut unasked = say(&town.korsbaek, "_none");
    (unasked.in_response_to, unasked.scd_in_response_to) = (None, None);
    let answer = deliver(&town, &mut town.browser(), &town.korsbaek.write(&unasked), None).await;
    assert!(answer.status >= 400 && answer.form().is_none() && answer.location.is_none());

    let answer = town.bbr.send(&mut town.browser(), &again("_request3")).await;
    let onward = answer.location.unwrap_or_default();
    assert!(!onward.starts_with("https://idp.korsbaek.test/"), "nobody is sent there any more: {onward}");
}

#[tokio::test]
async fn a_fagsystem_that_is_switched_off_is_told_nothing_not_even_when_its_login_is_pending() {
    // ATK-155
    let town = Town::new("h-sp-off").await;
    let mut browser = town.browser();
    let sent = town.bbr.send(&mut browser, &town.bbr.ask()).await;
    assert_eq!(sent.status, 303);
    town.change(|files| switch_off(files, "bbr.xml")).await;
    refused(&town, &town.korsbaek.answer(&town, &mut browser, &sent, |_| {}).await, "sp.disabled").await;
    refused(&town, &town.bbr.send(&mut town.browser(), &town.bbr.ask()).await, "sp.disabled").await;
}

#[tokio::test]
async fn an_agreement_that_ends_while_the_user_is_away_ends_the_login() {
    for what in ["federation-agreement", "service-agreement"] {
        let town = Town::new(&format!("h-{what}")).await;
        let mut browser = town.browser();
        let sent = town.bbr.send(&mut browser, &town.bbr.ask()).await;
        town.change(|files| {
            let toml = String::from_utf8(files["register.toml"].clone()).unwrap();
            let ended = format!("[[{what}]]\nvalid-until = \"{}\"\n", crate::support::at(0));
            files.insert("register.toml".into(), toml.replace(&format!("[[{what}]]\n"), &ended).into_bytes());
        })
        .await;
        let answer = town.korsbaek.answer(&town, &mut browser, &sent, |_| {}).await;
        told(&town, &answer, &["Requester", "RequestDenied"], "agreement.missing").await;
    }
}

#[tokio::test]
async fn a_second_registration_of_a_name_is_refused() {
    // ATK-152
    let town = Town::new("h-conflict").await;
    let mut files = context_handler::store::Store::registry(town.store.as_ref()).await.unwrap().files;
    let again = format!("{}\n", town.feddet.registration());
    files.insert("more.toml".into(), again.into_bytes());
    let kept = context_handler::store::RegistryFiles::default();
    let complaints = context_handler::broker::registry::plan(&kept, &files).unwrap_err();
    let told = complaints[0].to_string();
    assert!(told.contains("once") && told.contains("admin.conflict"), "{told}");
}

#[tokio::test]
async fn a_registration_that_looks_like_another_is_refused() {
    // ATK-152
    let town = Town::new("h-alike").await;
    let kept = context_handler::store::RegistryFiles::default();
    let plan = |name: &str| {
        let mut stranger = town.feddet.clone();
        (stranger.file, stranger.entity_id) = ("stranger", name.into());
        let mut files = files_of(&town.korsbaek);
        files.insert("more.toml".into(), stranger.registration().into_bytes());
        files.insert("stranger.xml".into(), stranger.metadata().into_bytes());
        context_handler::broker::registry::plan(&kept, &files)
    };
    assert!(plan("https://idp2.korsbaek.test/").is_ok());
    for name in ["https://idp.korsbaek.test", "https://IDP.korsbaek.test/", "https://idp.korsbaek.test//"] {
        let complaints = plan(name).unwrap_err();
        let told = complaints[0].to_string();
        assert!(told.contains("more than case or a slash") && told.contains("admin.conflict"), "{told}");
    }
}

fn files_of(idp: &Idp) -> context_handler::broker::registry::Files {
    [
        ("register.toml".into(), idp.registration().into_bytes()),
        (format!("{}.xml", idp.file), idp.metadata().into_bytes()),
    ]
    .into()
}

#[tokio::test]
async fn the_same_number_at_two_municipalities_is_two_users() {
    // ATK-149
    let town = Town::new("h-same-serial").await;
    let mut browser = town.browser();
    let sent = town.driving.send(&mut browser, &town.driving.ask()).await;
    let answer = town.korsbaek.answer(&town, &mut browser, &sent, |_| {}).await;
    let first = town.driving.read(&answer, &town);
    let mut ask = town.driving.ask();
    ask.id = "_request2".into();
    let sent = browser.get(&format!("{}&authority=99999999", town.driving.redirect(&ask))).await;
    let again = |say: &mut Say| {
        (say.assertion_id, say.response_id) = ("_assertion2".into(), "_response2".into());
        say.nist("3");
    };
    let answer = town.feddet.answer(&town, &mut browser, &sent, again).await;
    let second = town.driving.read(&answer, &town);
    let cvr = "dk:gov:saml:attribute:CvrNumberIdentifier";
    assert_eq!((first.attribute(cvr), second.attribute(cvr)), (Some("11111111"), Some("99999999")));
    assert_eq!(first.name_id, "C=DK,O=11111111,CN=Ib Dam,Serial=5b0c");
    assert_eq!(second.name_id, "C=DK,O=99999999,CN=Ib Dam,Serial=5b0c");
    assert_ne!(session_index(&first.xml), session_index(&second.xml), "no session is shared");
}

fn session_index(xml: &str) -> &str {
    xml.split_once("SessionIndex=\"").unwrap().1.split('"').next().unwrap()
}

#[tokio::test]
async fn what_the_browser_adds_to_an_answer_changes_nothing() {
    // ATK-151
    let town = Town::new("h-added").await;
    let mut browser = town.browser();
    let sent = town.bbr.send(&mut browser, &town.bbr.ask()).await;
    let (question, arrived) = town.korsbaek.question(&sent);
    let message = base64(&town.korsbaek.write(&town.korsbaek.say(&question)));
    let stolen = base64(&town.feddet.write(&say(&town.feddet, &question)));
    let state = arrived.relay_state.unwrap();
    let added = [
        ("idp", town.feddet.entity_id.as_str()),
        ("authority", "99999999"),
        ("choice", "99999999"),
        ("login", "00000000000000000000000000000007"),
        ("NameID", "C=DK,O=11111111,CN=Mayor,Serial=1"),
    ];
    for (message, accepted) in [(&stolen, false), (&message, true)] {
        let mut form = vec![("SAMLResponse", message.as_str()), ("RelayState", state.as_str())];
        form.extend(added);
        let answer = browser.post(&format!("{}?authority=99999999", town.acs()), &form).await;
        if accepted {
            let told = town.bbr.read(&answer, &town);
            assert_eq!(told.name_id, "C=DK,O=11111111,CN=Ib Dam,Serial=5b0c");
        } else {
            refused(&town, &answer, "idp.unexpected").await;
        }
    }
}

fn base64(xml: &str) -> String {
    use ::base64::Engine;
    ::base64::engine::general_purpose::STANDARD.encode(xml)
}

#[tokio::test]
async fn an_empty_form_moves_no_login_on() {
    // ATK-157
    let town = Town::new("h-empty").await;
    let mut browser = town.browser();
    let sent = town.bbr.send(&mut browser, &town.bbr.ask()).await;
    let before = browser.cookies.clone();
    let (_, arrived) = town.korsbaek.question(&sent);
    let state = arrived.relay_state.unwrap();
    for form in
        [vec![], vec![("RelayState", state.as_str())], vec![("SAMLResponse", ""), ("RelayState", &state)]]
    {
        let answer = browser.post(&town.acs(), &form).await;
        assert_eq!(answer.status, 400, "{form:?}");
        assert!(answer.form().is_none() && answer.location.is_none(), "{form:?}");
    }
    let answer = browser.post(&format!("{}/discovery", town.url), &[]).await;
    assert!(answer.status >= 400 && answer.location.is_none());
    assert!(town.log().await.iter().all(|record| format!("{:?}", record.event) != "TokenIssued"));
    assert_eq!(browser.cookies, before, "the login is still where it was");
    let twin = town.korsbaek.answer(&town, &mut browser, &sent, |_| {}).await;
    assert_eq!(town.bbr.read(&twin, &town).status, ["Success"]);
}

#[tokio::test]
async fn the_chain_of_who_authenticated_is_ours_to_write() {
    // ATK-160
    let town = Town::new("h-chain").await;
    let mut browser = town.browser();
    let sent = town.driving.send(&mut browser, &town.driving.ask()).await;
    let invented = |say: &mut Say| {
        say.authorities = vec!["https://saml.nemlog-in.dk".into(), "https://idp.feddet.test/adfs".into()];
    };
    let answer = town.korsbaek.answer(&town, &mut browser, &sent, invented).await;
    let told = town.driving.read(&answer, &town);
    assert_eq!(told.status, ["Success"]);
    let chain: Vec<_> = told.xml.split("AuthenticatingAuthority>").skip(1).step_by(2).collect();
    assert_eq!(chain, ["https://idp.korsbaek.test/</saml:"]);
    assert_eq!(noticed(&town).await, ["chain"]);

    let mut ask = town.driving.ask();
    ask.id = "_request2".into();
    browser.forget_sessions();
    let sent = town.driving.send(&mut browser, &ask).await;
    let own = |say: &mut Say| {
        say.assertion_id = "_assertion2".into();
        say.authorities = vec!["https://idp.korsbaek.test/".into()];
    };
    town.korsbaek.answer(&town, &mut browser, &sent, own).await;
    assert!(noticed(&town).await.is_empty(), "its own name is no other's");
}

async fn noticed(town: &Town) -> Vec<String> {
    town.log().await.pop().unwrap().noticed
}

/// One provider speaks for two municipalities, and the user chose the first.
#[tokio::test]
async fn all_that_names_a_municipality_names_the_one_that_was_chosen() {
    // ATK-166
    let town = Town::with("h-two", |files| {
        let second = "[[federation-agreement]]\nidentity-provider = \"https://idp.korsbaek.test/\"\nauthority = \"99999999\"\n";
        files.insert("second.toml".into(), second.as_bytes().to_vec());
    })
    .await;
    let mut number = 0;
    for chosen in ["11111111", "99999999"] {
        for named in ["11111111", "99999999"] {
            for stated in ["11111111", "99999999"] {
                number += 1;
                let mut browser = town.browser();
                let mut ask = town.driving.ask();
                ask.id = format!("_request{number}");
                ask.scoping = Some((None, vec![town.korsbaek.entity_id.clone()]));
                let to = format!("{}&authority={chosen}", town.driving.redirect(&ask));
                let sent = browser.get(&to).await;
                let bend = |say: &mut Say| {
                    say.assertion_id = format!("_assertion{number}");
                    say.name_id = format!("C=DK,O={named},CN=Ib Dam,Serial=5b0c");
                    say.set("https://data.gov.dk/model/core/eid/professional/cvr", Some(stated));
                };
                let answer = town.korsbaek.answer(&town, &mut browser, &sent, bend).await;
                if chosen == named && chosen == stated {
                    assert_eq!(town.driving.read(&answer, &town).status, ["Success"]);
                } else {
                    refused(&town, &answer, "tenant.mismatch").await;
                }
            }
        }
    }
}

/// Logins of different users at different fagsystemer, in browsers with up to twenty tabs, in an order that dice decide,
/// two browsers at once. An interleaving is a pair of logins of one browser that were under way at the same time; there
/// are 10,000 of them unless `CH_INTERLEAVINGS` says how many.
#[tokio::test]
async fn logins_in_many_tabs_do_not_mix() {
    // ATK-167
    let wanted = std::env::var_os("CH_INTERLEAVINGS");
    let wanted = wanted.map_or(10_000, |count| count.to_str().unwrap().parse().unwrap());
    let town = Town::new("h-tabs").await;
    let (first, second) = tokio::join!(tabs(&town, 7, wanted / 2), tabs(&town, 8, wanted - wanted / 2));
    let log = town.log().await;
    let issued = log.iter().filter(|record| record.event == Event::TokenIssued).count();
    assert_eq!(issued, first + second, "one token for each login");
}

/// One login that is under way.
struct Tab<'t> {
    fagsystem: &'t Fagsystem,
    sent: Answer,
    number: usize,
}

/// One browser, until it has seen so many interleavings; tells how many logins that were.
async fn tabs(town: &Town, seed: u64, wanted: usize) -> usize {
    let mut dice = seed;
    let mut roll = |sides: usize| {
        dice = dice.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(dice >> 33).unwrap() % sides
    };
    let mut browser = town.browser();
    let (mut open, mut begun, mut seen) = (Vec::<Tab<'_>>::new(), 0, 0);
    while seen < wanted || !open.is_empty() {
        let opens = seen < wanted && open.len() < 20 && (open.is_empty() || roll(5) < 3);
        if opens {
            let number = usize::try_from(seed).unwrap() * 1_000_000 + begun;
            let fagsystem = if roll(2) == 0 { &town.bbr } else { &town.driving };
            let mut ask = fagsystem.ask();
            (ask.id, ask.relay_state) = (format!("_request{number}"), Some(format!("tab {number}")));
            browser.forget_sessions(); // the next user
            let sent = fagsystem.send(&mut browser, &ask).await;
            seen += open.len();
            begun += 1;
            open.push(Tab { fagsystem, sent, number });
        } else {
            let tab = open.swap_remove(roll(open.len()));
            finish(town, &mut browser, &tab).await;
        }
    }
    assert!(browser.pending().is_empty(), "no login is left");
    begun
}

async fn finish(town: &Town, browser: &mut Browser, tab: &Tab<'_>) {
    let number = tab.number;
    let user = format!("C=DK,O=11111111,CN=User {number},Serial={number}");
    let bend = |say: &mut Say| {
        (say.assertion_id, say.name_id) = (format!("_assertion{number}"), user.clone());
    };
    let answer = town.korsbaek.answer(town, browser, &tab.sent, bend).await;
    let told = tab.fagsystem.read(&answer, town);
    assert_eq!((&told.name_id, &told.in_response_to), (&user, &format!("_request{number}")));
    assert_eq!(told.relay_state, Some(format!("tab {number}")));
}

/// A genuine assertion for BBR, in the hands of somebody who is not BBR.
#[tokio::test]
async fn an_assertion_for_one_fagsystem_opens_nothing_for_another() {
    // ATK-164
    let sag = Client::sag();
    let town = town_with("h-presented", [sag.clone()]).await;
    let mut browser = town.browser();
    let sent = town.bbr.send(&mut browser, &town.bbr.ask()).await;
    let answer = town.korsbaek.answer(&town, &mut browser, &sent, |_| {}).await;
    let told = town.bbr.read(&answer, &town);
    let assertion = base64url(told.assertion.as_deref().unwrap());
    let assertion = assertion.as_str();

    refused(&town, &deliver(&town, &mut browser, &told.xml, None).await, "issuer.self").await;
    let answered = town.log().await.len();
    let token = async |fields: &[(&str, &str)]| {
        let answer = sag.call(&town, "token", fields).await;
        (answer.status, body(&answer)["error"].as_str().unwrap().to_owned(), town.last_reason().await)
    };
    let unknown = (400, "unsupported_grant_type".to_owned(), "oidc.grant".to_owned());
    let bearer = "urn:ietf:params:oauth:grant-type:saml2-bearer";
    assert_eq!(token(&[("grant_type", bearer), ("assertion", assertion)]).await, unknown);
    let exchange = "urn:ietf:params:oauth:grant-type:token-exchange";
    let kind = ("subject_token_type", "urn:ietf:params:oauth:token-type:saml2");
    let fields = [("grant_type", exchange), ("subject_token", assertion), kind];
    assert_eq!(token(&fields).await, unknown);
    let as_code = token(&sag.of_code(assertion)).await;
    assert_eq!(as_code, (400, "invalid_grant".to_owned(), "oidc.code".to_owned()));
    let as_refresh = token(&[("grant_type", "refresh_token"), ("refresh_token", assertion)]).await;
    assert_eq!(as_refresh, (400, "invalid_grant".to_owned(), "token.opaque".to_owned()));
    let shown = sag.userinfo(&town, assertion).await;
    assert_eq!((shown.status, town.last_reason().await.as_str()), (401, "token.opaque"));
    let kind = "urn:ietf:params:oauth:client-assertion-type:saml2-bearer";
    let mut fields = sag.of_code("code");
    fields.extend([("client_assertion_type", kind), ("client_assertion", assertion)]);
    let answer = town.browser().post(&format!("{}/oauth2/token", town.url), &fields).await;
    assert_eq!((answer.status, town.last_reason().await.as_str()), (401, "oidc.client"));
    assert_eq!(town.log().await.len(), answered + 6, "one record for each");

    let code = sag.code(&town).await;
    assert_eq!(sag.redeem(&town, &code).await.status, 200, "the twin: what was given to it");
}
