//! Group H: two municipalities, both registered, one of them hostile.

use super::{refused, told};
use crate::support::{Answer, Idp, Say, Signing, Town, deliver};

/// Begins a login for Korsbæk, lets Korsbæk's genuine twin through first, and delivers what somebody else answers.
async fn hostile(town: &Town, write: impl FnOnce(&str) -> String) -> Answer {
    let mut browser = town.browser();
    let sent = town.bbr.send(&mut browser, &town.bbr.ask()).await;
    let twin = town.korsbaek.answer(town, &mut browser, &sent, |_| {}).await;
    assert_eq!(town.bbr.read(&twin, town).status, ["Success"]);
    let mut ask = town.bbr.ask();
    ask.id = "_request2".into();
    let sent = town.bbr.send(&mut browser, &ask).await;
    let (question, arrived) = town.korsbaek.question(&sent);
    deliver(town, &mut browser, &write(&question), arrived.relay_state.as_deref()).await
}

fn say(idp: &Idp, question: &str) -> Say {
    Say { assertion_id: "_assertion2".into(), ..idp.say(question) }
}

#[tokio::test]
async fn another_municipalitys_provider_cannot_finish_the_login() {
    let town = Town::new("h-other-idp").await;
    let answer = hostile(&town, |question| town.feddet.write(&say(&town.feddet, question))).await;
    refused(&town, &answer, "idp.unexpected").await;
}

#[tokio::test]
async fn a_name_is_not_enough_without_its_key() {
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
    let town = Town::new("h-issuers").await;
    let write = |question: &str| {
        let mut said = say(&town.korsbaek, question);
        said.response_issuer = Some(town.korsbaek.entity_id.clone());
        said.assertion_issuer = town.feddet.entity_id.clone();
        town.korsbaek.write(&said)
    };
    let answer = hostile(&town, write).await;
    refused(&town, &answer, "issuer.mismatch").await;
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
    let town = Town::new("h-idp-off").await;
    let mut browser = town.browser();
    let sent = town.bbr.send(&mut browser, &town.bbr.ask()).await;
    town.change(|files| switch_off(files, "korsbaek.xml")).await;
    let answer = town.korsbaek.answer(&town, &mut browser, &sent, |_| {}).await;
    told(&town, &answer, &["Responder", "NoAvailableIDP"], "idp.disabled").await;
}

#[tokio::test]
async fn a_fagsystem_that_is_switched_off_is_told_nothing_not_even_when_its_login_is_pending() {
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
    let town = Town::new("h-conflict").await;
    let mut files = context_handler::store::Store::registry(town.store.as_ref()).await.unwrap().files;
    let again = format!("{}\n", town.feddet.registration());
    files.insert("more.toml".into(), again.into_bytes());
    let kept = context_handler::store::RegistryFiles::default();
    let complaints = context_handler::broker::registry::plan(&kept, &files).unwrap_err();
    assert!(complaints[0].to_string().contains("once"), "{}", complaints[0]);
}
