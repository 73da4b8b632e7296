//! The six ways in which identity providers are asked for a level, on the wire, and that every answer is judged alike.

use context_handler::protocol::saml::binding::Arrived;
use context_handler::protocol::xml::{Document, Name};

use crate::support::{Fagsystem, Say, Town, deliver};

const OLDER: &str = "dk:gov:saml:attribute:SpecVer";
const NEWER: &str = "https://data.gov.dk/model/core/specVersion";

/// A town in which Korsbæk's provider is registered with this profile.
async fn town(profile: &str) -> Town {
    Town::with(&format!("profile-{profile}"), |files| {
        let toml = String::from_utf8(files["register.toml"].clone()).unwrap();
        let changed = toml.replacen("profile = \"OIOSAML3\"", &format!("profile = {profile:?}"), 1);
        files.insert("register.toml".into(), changed.into_bytes());
    })
    .await
}

/// What the provider is asked: the comparison and the classes, and what RelayState says behind the login.
fn asked(question: &Arrived) -> String {
    const SAML: &str = "urn:oasis:names:tc:SAML:2.0:assertion";
    const SAMLP: &str = "urn:oasis:names:tc:SAML:2.0:protocol";
    let document = Document::parse(&question.xml).unwrap();
    let context = Name::new(SAMLP, "samlp", "RequestedAuthnContext");
    let context = document.root().optional_child(context).unwrap();
    let classes = context.map_or("no class".to_owned(), |context| {
        let comparison = context.attribute("Comparison").unwrap().to_owned();
        let class = Name::new(SAML, "saml", "AuthnContextClassRef");
        let classes = context.children().filter(|child| child.is(class));
        classes.fold(comparison, |said, class| format!("{said} {}", class.text().unwrap()))
    });
    format!("{classes} {}", &question.relay_state.as_deref().unwrap()[32..]).trim_end().to_owned()
}

/// The status that a fagsystem is told, when the user reaches the level that the bend says.
async fn login(
    town: &Town,
    fagsystem: &Fagsystem,
    (profile, number): (&str, u32),
    bend: impl FnOnce(&mut Say),
) -> (String, Vec<String>) {
    let mut browser = town.browser();
    let mut ask = fagsystem.ask();
    ask.id = format!("_request{number}");
    let sent = fagsystem.send(&mut browser, &ask).await;
    let (question, arrived) = town.korsbaek.question(&sent);
    let mut say = town.korsbaek.say(&question);
    say.assertion_id = format!("_assertion{number}");
    if profile.starts_with("OIOSAML2") {
        say.set(NEWER, None);
        say.set(OLDER, Some("DK-SAML-2.0"));
    }
    bend(&mut say);
    let xml = town.korsbaek.write(&say);
    let answer = deliver(town, &mut browser, &xml, arrived.relay_state.as_deref()).await;
    (asked(&arrived), fagsystem.read(&answer, town).status)
}

#[tokio::test]
async fn each_profile_is_asked_in_its_own_way_and_every_answer_is_judged() {
    let mut table = String::new();
    for profile in [
        "OIOSAML2",
        "OIOSAML2_ADFS_MULTIPLEAUTHN",
        "OIOSAML2_WITHOUT_REQUESTED_LOA",
        "OIOSAML3",
        "OIOSAML3_ADFS_MULTIPLEAUTHN",
        "OIOSAML3_ADFS_RELAY_STATE",
    ] {
        let town = town(profile).await;
        let enough = login(&town, &town.driving, (profile, 1), |say| say.nist("3")).await;
        let lower = login(&town, &town.driving, (profile, 2), |say| say.nist("2")).await;
        let nsis = login(&town, &town.bbr, (profile, 3), |_| {}).await;
        for (what, (asked, status)) in
            [("NIST 3, gets 3", enough), ("NIST 3, gets 2", lower), ("NSIS, gets NSIS", nsis)]
        {
            table += &format!("{profile} | {what} | {asked} | {}\n", status.join(" "));
        }
    }
    insta::assert_snapshot!(table, @"
    OIOSAML2 | NIST 3, gets 3 | minimum urn:dk:gov:saml:attribute:AssuranceLevel:3 | Success
    OIOSAML2 | NIST 3, gets 2 | minimum urn:dk:gov:saml:attribute:AssuranceLevel:3 | Responder NoAuthnContext
    OIOSAML2 | NSIS, gets NSIS | minimum urn:dk:gov:saml:attribute:AssuranceLevel:3 | Responder NoAuthnContext
    OIOSAML2_ADFS_MULTIPLEAUTHN | NIST 3, gets 3 | exact http://schemas.microsoft.com/claims/multipleauthn | Success
    OIOSAML2_ADFS_MULTIPLEAUTHN | NIST 3, gets 2 | exact http://schemas.microsoft.com/claims/multipleauthn | Responder NoAuthnContext
    OIOSAML2_ADFS_MULTIPLEAUTHN | NSIS, gets NSIS | exact http://schemas.microsoft.com/claims/multipleauthn | Responder NoAuthnContext
    OIOSAML2_WITHOUT_REQUESTED_LOA | NIST 3, gets 3 | no class | Success
    OIOSAML2_WITHOUT_REQUESTED_LOA | NIST 3, gets 2 | no class | Responder NoAuthnContext
    OIOSAML2_WITHOUT_REQUESTED_LOA | NSIS, gets NSIS | no class | Responder NoAuthnContext
    OIOSAML3 | NIST 3, gets 3 | minimum urn:dk:gov:saml:attribute:AssuranceLevel:3 | Success
    OIOSAML3 | NIST 3, gets 2 | minimum urn:dk:gov:saml:attribute:AssuranceLevel:3 | Responder NoAuthnContext
    OIOSAML3 | NSIS, gets NSIS | minimum https://data.gov.dk/concept/core/nsis/loa/Substantial | Success
    OIOSAML3_ADFS_MULTIPLEAUTHN | NIST 3, gets 3 | exact http://schemas.microsoft.com/claims/multipleauthn | Success
    OIOSAML3_ADFS_MULTIPLEAUTHN | NIST 3, gets 2 | exact http://schemas.microsoft.com/claims/multipleauthn | Responder NoAuthnContext
    OIOSAML3_ADFS_MULTIPLEAUTHN | NSIS, gets NSIS | exact http://schemas.microsoft.com/claims/multipleauthn | Success
    OIOSAML3_ADFS_RELAY_STATE | NIST 3, gets 3 | no class &AssuranceLevel=3 | Success
    OIOSAML3_ADFS_RELAY_STATE | NIST 3, gets 2 | no class &AssuranceLevel=3 | Responder NoAuthnContext
    OIOSAML3_ADFS_RELAY_STATE | NSIS, gets NSIS | no class &loa=Substantial | Success
    ");
}

#[tokio::test]
async fn a_relay_state_that_carries_a_level_still_names_its_login() {
    let town = town("OIOSAML3_ADFS_RELAY_STATE").await;
    let mut number = 0;
    // As it went out; stripped to the login by the provider; with another level, which decides nothing.
    for (bend, accepted) in [
        ("&loa=Substantial", true),
        ("", true),
        ("&loa=High", true),
        ("&loa=substantial", false),
        ("&loa=Substantial&", false),
        ("&loa=Substantial&authority=99999999", false),
        ("&RelayState=x", false),
        (" ", false),
    ] {
        number += 1;
        let mut browser = town.browser();
        let mut ask = town.bbr.ask();
        ask.id = format!("_request{number}");
        let sent = town.bbr.send(&mut browser, &ask).await;
        let (question, arrived) = town.korsbaek.question(&sent);
        let state = arrived.relay_state.unwrap();
        assert!(state.ends_with("&loa=Substantial") && state.len() <= 80, "{state}");
        let mut say = town.korsbaek.say(&question);
        say.assertion_id = format!("_assertion{number}");
        let xml = town.korsbaek.write(&say);
        let answer = deliver(&town, &mut browser, &xml, Some(&format!("{}{bend}", &state[..32]))).await;
        if accepted {
            assert_eq!(town.bbr.read(&answer, &town).status, ["Success"], "{bend:?}");
        } else {
            crate::attacks::refused(&town, &answer, "browser.binding").await;
        }
    }
}
