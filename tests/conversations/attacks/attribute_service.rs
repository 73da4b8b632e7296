//! Group L, and what an attribute service must not do: each attack beside an answer that is taken. An answer that is not
//! believed ends the login, since the fagsystems of the town say so; what is only too much is passed over.

use std::time::{Duration, Instant};

use context_handler::broker::registry::Files;
use context_handler::domain::audit::{Actor, Event};
use jiff::SignedDuration;

use crate::attributes::{
    FEDDETS, ROLE, SEES, SHORTLY, login, noticed, records, replace, rights, to_bbr, town,
};
use crate::support::attribute_service::{AttributeService, Manner, RIGHTS, Told, list};
use crate::support::tls::Front;
use crate::support::{Town, at, key};

fn nothing(_: &mut Files) {}

/// Lets the genuine twin through, then promises that the bent answer ends the login with this reason.
async fn ends(name: &str, reason: &str, bend: impl FnOnce(&mut Told)) {
    let (town, service) = town(name, SHORTLY, nothing).await;
    assert_eq!(rights(&to_bbr(&town, 1).await), [SEES]);
    service.bend(bend);
    refused(&town, 2, reason).await;
}

async fn refused(town: &Town, number: u32, reason: &str) {
    let told = to_bbr(town, number).await;
    assert_eq!(
        (told.status.as_slice(), told.assertion),
        (&["Responder".to_owned(), "RequestDenied".into()][..], None)
    );
    assert_eq!(town.last_reason().await, reason);
    let received = records(town, Event::AttributesReceived).await.pop().unwrap();
    assert_eq!((received.reason.as_str(), received.allowed), (reason, false), "{:?}", received.detail);
}

#[tokio::test]
async fn atk_185_a_service_gives_nothing_in_the_name_of_another_municipality() {
    let (town, service) = town("as-scope", SHORTLY, nothing).await;
    for (number, (scope, role, expected)) in
        (1..).zip([("11111111", ROLE, vec![SEES]), ("99999999", FEDDETS, vec![]), ("99999999", ROLE, vec![])])
    {
        service.bend(|told| told.attributes[0].1 = list(scope, role));
        assert_eq!(rights(&to_bbr(&town, number).await), expected, "{role} in the matters of {scope}");
    }
    let issued = records(&town, Event::TokenIssued).await.pop().unwrap();
    let rulings = serde_json::to_string(&issued).unwrap();
    assert!(rulings.contains("bpp.scope") || rulings.contains("bpp.role"), "{rulings}");
}

#[tokio::test]
async fn atk_193_a_service_cannot_raise_the_level() {
    let (town, service) = town("as-level", SHORTLY, nothing).await;
    let low = |say: &mut crate::support::Say| {
        say.class = "https://data.gov.dk/concept/core/nsis/loa/Low".into();
        say.attributes[1].1 = vec!["Low".into()];
    };
    service.bend(|told| {
        told.attributes.push(("https://data.gov.dk/concept/core/nsis/loa".into(), "High".into()));
        told.attributes.push(("dk:gov:saml:attribute:AssuranceLevel".into(), "4".into()));
        told.tells_of_login = true;
    });
    let told = to_bbr(&town, 1).await;
    assert_eq!(told.attribute("https://data.gov.dk/concept/core/nsis/loa"), Some("Substantial"));
    let answer = login(&town, &town.bbr, &town.korsbaek, 2, low).await;
    assert_eq!(town.bbr.read(&answer, &town).status, ["Responder", "NoAuthnContext"]);
    assert_eq!((town.last_reason().await.as_str(), service.asked()), ("loa.lower", 1));
}

#[tokio::test]
async fn atk_233_another_municipalitys_service_cannot_answer() {
    let feddets = "https://feddets-as.test/as";
    ends("as-other", "as.answer", |told| told.issuer = feddets.into()).await;
    ends("as-others-key", "as.key", |told| (told.issuer, told.key) = (feddets.into(), key("idp-feddet")))
        .await;
}

#[tokio::test]
async fn atk_233_the_keys_that_log_people_in_do_not_sign_rights() {
    ends("as-idp-key", "as.key", |told| told.key = key("idp-korsbaek")).await;
    ends("as-own-sso-key", "as.key", |told| told.key = key("nemlogin")).await;
    ends("as-unsigned", "as.key", |told| told.signed = false).await;
    ends("as-unsigned-encrypted", "as.key", |told| (told.signed, told.encrypted) = (false, true)).await;
}

#[tokio::test]
async fn an_answer_to_another_question_about_another_user_for_another_or_of_another_time_is_refused() {
    ends("as-irt", "as.answer", |told| told.in_response_to = Some("_other".into())).await;
    ends("as-user", "as.answer", |told| told.name_id = Some("C=DK,O=11111111,CN=Ib Dam,Serial=5b0d".into()))
        .await;
    ends("as-audience", "as.answer", |told| told.audience = Some("https://other.test".into())).await;
    ends("as-old", "as.answer", |told| told.issue_instant = Some(at(-61).to_string())).await;
    ends("as-ended", "as.answer", |told| told.not_on_or_after = Some(at(-61).to_string())).await;
    ends("as-bpp", "as.answer", |told| told.attributes[0].1 = "no list".into()).await;
    ends("as-twice", "as.answer", |told| told.attributes.push((RIGHTS.into(), list("11111111", FEDDETS))))
        .await;
}

#[tokio::test]
async fn a_refusal_is_no_answer_and_no_failure_either() {
    let (town, service) = town("as-refuses", SHORTLY, nothing).await;
    service.bend(|told| told.status = "Requester");
    for number in 1..=6 {
        refused(&town, number, "as.refused").await;
    }
    service.bend(|told| told.manner = Manner::Faults);
    refused(&town, 7, "as.refused").await;
    assert_eq!(service.asked(), 7, "a service that answers is not left alone");
}

#[tokio::test]
async fn atk_235_what_was_not_agreed_is_passed_over_and_noticed() {
    let (town, service) = town("as-more", SHORTLY, nothing).await;
    let plain = to_bbr(&town, 1).await;
    service.bend(|told| {
        told.tells_of_login = true;
        for (name, value) in [
            ("https://data.gov.dk/model/core/eid/professional/cvr", "99999999"),
            ("https://data.gov.dk/model/core/eid/email", "chef@korsbaek.test"),
            ("dk:gov:saml:attribute:CprNumberIdentifier", "0101701234"),
            ("https://data.gov.dk/concept/core/nsis/loa", "High"),
        ] {
            told.attributes.push((name.into(), value.into()));
        }
    });
    let told = to_bbr(&town, 2).await;
    assert_eq!((told.name_id, told.class, told.attributes), (plain.name_id, plain.class, plain.attributes));
    let received = records(&town, Event::AttributesReceived).await;
    assert_eq!(received.iter().map(|r| r.noticed.join(" ")).collect::<Vec<_>>(), ["", "as.source"]);
    assert!(!serde_json::to_string(&town.log().await).unwrap().contains("0101701234"));
    service.bend(|told| {
        told.tells_of_login = false;
        told.attributes.truncate(1);
        told.attributes.push(("http://korsbaek.test/emne/1/parametric".into(), "27.00".into()));
    });
    to_bbr(&town, 3).await;
    assert!(
        records(&town, Event::AttributesReceived).await.pop().unwrap().noticed.is_empty(),
        "a parameter is agreed"
    );
}

/// Why the last question came to nothing, as the record tells it.
async fn told_why(town: &Town) -> String {
    records(town, Event::AttributesReceived).await.pop().unwrap().detail.unwrap()
}

#[tokio::test]
async fn atk_236_a_service_that_hangs_drips_floods_or_hangs_up_costs_a_second_and_the_login() {
    for (manner, why) in [
        (Manner::Hangs, "net.silent"),
        (Manner::Drips, "net.silent"),
        (Manner::Floods, "md.limit"),
        (Manner::HangsUp, "net.closed"),
        (Manner::Resets, "net.closed"),
        (Manner::Fails, "md.unreachable"),
    ] {
        let (town, service) = town(&format!("as-{manner:?}"), SHORTLY, nothing).await;
        assert_eq!(rights(&to_bbr(&town, 1).await), [SEES]);
        service.bend(|told| told.manner = manner.clone());
        let begun = Instant::now();
        refused(&town, 2, "as.down").await;
        assert!(begun.elapsed() < Duration::from_secs(5), "{manner:?}: {:?}", begun.elapsed());
        let told = told_why(&town).await;
        assert!(told.contains(why), "{manner:?}: {told}");
    }
}

#[tokio::test]
async fn atk_236_a_service_cannot_send_us_elsewhere_not_even_to_itself() {
    let inside = AttributeService::new("inside", list("11111111", ROLE)).await;
    let (town, service) = town("as-redirect", SHORTLY, nothing).await;
    assert_eq!(rights(&to_bbr(&town, 1).await), [SEES]);
    let by_number = inside.address.replace("localhost", "127.0.0.1");
    let places = [inside.address.as_str(), &by_number, "http://169.254.169.254/latest/", &service.address];
    let mut number = 1;
    for status in [301, 302, 303, 307, 308] {
        for place in places {
            number += 1;
            town.pass(SignedDuration::from_secs(31)); // it is asked again, however often it failed
            service.bend(|told| told.manner = Manner::SendsTo(status, place.to_owned()));
            refused(&town, number, "as.down").await;
            assert_eq!(service.asked(), usize::try_from(number).unwrap(), "{status} {place}");
        }
    }
    assert_eq!(inside.asked(), 0);
}

#[tokio::test]
async fn atk_236_an_address_of_the_inside_is_not_called_unless_the_operator_named_it() {
    let hidden = AttributeService::new("as", list("11111111", ROLE)).await;
    let private = hidden.address.replace("localhost", "127.0.0.1");
    let (town, _service) = town("as-inside", SHORTLY, |files| {
        let metadata = String::from_utf8(files["as.xml"].clone()).unwrap();
        let (before, after) = metadata.split_once("Location=\"http://localhost").unwrap();
        let after = after.split_once('"').unwrap().1;
        files.insert("as.xml".into(), format!("{before}Location=\"{private}\"{after}").into_bytes());
    })
    .await;
    refused(&town, 1, "as.down").await;
    assert_eq!(hidden.asked(), 0);
    let told = told_why(&town).await;
    assert!(told.contains("egress.refused"), "{told}");
}

/// A town whose service lies behind one that encrypts, asked at both addresses: the second must not be believed.
async fn not_asked(name: &str, impostor: impl FnOnce(&str) -> Front) {
    let (town, service) = town(name, SHORTLY, nothing).await;
    let genuine = Front::of(&service.address, "localhost");
    let impostor = impostor(&service.address);
    moves(&town, &service.address, &genuine.url).await;
    assert_eq!(rights(&to_bbr(&town, 1).await), [SEES]);
    moves(&town, &genuine.url, &impostor.url).await;
    refused(&town, 2, "as.down").await;
    let told = told_why(&town).await;
    assert!(told.contains("net.tls"), "{told}");
    assert_eq!((genuine.asked(), impostor.asked()), (1, 0), "nothing of the query was sent");
}

async fn moves(town: &Town, from: &str, to: &str) {
    town.change(|files| {
        let metadata = String::from_utf8(files["as.xml"].clone()).unwrap();
        assert!(metadata.contains(from));
        files.insert("as.xml".into(), metadata.replace(from, to).into_bytes());
    })
    .await;
}

#[tokio::test]
async fn atk_236_a_service_whose_certificate_nobody_vouches_for_is_not_asked() {
    not_asked("as-tls-root", Front::unvouched).await;
}

#[tokio::test]
async fn atk_236_a_service_whose_certificate_has_another_name_is_not_asked() {
    not_asked("as-tls-name", |plain| Front::of(plain, "rettigheder.feddet.test")).await;
}

#[tokio::test]
async fn atk_236_a_service_that_is_not_there_costs_the_login_and_no_time() {
    // So long that a busy machine is not taken for waiting.
    let (town, service) = town("as-gone", "timeout-seconds = 20\ncache-minutes = 0", nothing).await;
    assert_eq!(rights(&to_bbr(&town, 1).await), [SEES]);
    let gone = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    moves(&town, &service.address, &format!("http://localhost:{}/soap", gone.port())).await;
    let begun = Instant::now();
    refused(&town, 2, "as.down").await;
    assert!(begun.elapsed() < Duration::from_secs(20), "nobody is waited for who says no at once");
    let told = told_why(&town).await;
    assert!(told.contains("net.closed"), "{told}");
}

#[tokio::test]
async fn what_was_remembered_of_a_service_that_now_lies_is_used_only_by_rule() {
    let line = "required-nsis = \"Substantial\"\n";
    let policy =
        format!("{line}attribute-service-down = \"use-cached\"\nattribute-service-cached-minutes = 5\n");
    let (town, service) = town("as-lies", SHORTLY, |files| replace(files, line, &policy)).await;
    assert_eq!(rights(&to_bbr(&town, 1).await), [SEES]);
    service.bend(|told| told.key = key("idp-feddet"));
    assert_eq!(rights(&to_bbr(&town, 2).await), [SEES]);
    assert_eq!(noticed(&town).await, ["as.key", "as.cached"]);
    let received = records(&town, Event::AttributesReceived).await.pop().unwrap();
    assert_eq!((received.actor, received.reason.as_str()), (Actor::Unauthenticated, "as.key"));
    town.pass(SignedDuration::from_mins(5));
    refused(&town, 3, "as.key").await;
}
