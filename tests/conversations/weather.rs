//! The certificate weather: how long certificates last, who stops working when one ends, who may see it, and the look at
//! every party that is taken once a day.

use context_handler::domain::console::Sees;
use context_handler::domain::id::{Cvr, EntityId};
use context_handler::domain::trust::{Check, Holder, Outlook, Verdict};
use context_handler::protocol::keys::{Roots, fingerprint};
use context_handler::protocol::xml::Document;
use context_handler::store::Store;
use jiff::SignedDuration;
use openssl::pkey::{PKey, Private};

use crate::gate::{metadata, signer};
use crate::support::ca::{Ca, Says, Status, rsa};
use crate::support::{Town, at};

const DAY: SignedDuration = SignedDuration::from_hours(24);
const FEDDET: &str = "99999999";

fn own(cvr: &str) -> Sees {
    Sees::Authority(Cvr::new(cvr).unwrap())
}

/// A town in which Feddet's identity provider has a certificate of an authority, good for a year.
struct Scene {
    town: Town,
    ca: Ca,
    key: PKey<Private>,
}

impl Scene {
    async fn new(name: &str) -> Self {
        let (ca, key) = (Ca::new(at(0)).await, rsa());
        let document = metadata("https://idp.feddet.test", &signer(&ca.certify(FEDDET, 7, &key), &key));
        let town = Town::trusting(name, Roots::from_pem(&ca.pem()).unwrap(), |files| {
            let register = String::from_utf8(files["register.toml"].clone()).unwrap();
            let feddet = register.split('"').find(|word| word.starts_with("http") && word.contains("feddet"));
            let document = document.replace("https://idp.feddet.test", feddet.unwrap());
            files.insert("feddet.xml".into(), document.into_bytes());
            let client = format!(
                "[[api-client]]\nauthority = {FEDDET:?}\nname = \"system\"\ntoken-sha256 = {:?}\n",
                fingerprint(b"of feddet")
            );
            files.get_mut("register.toml").unwrap().extend(client.into_bytes());
        })
        .await;
        Self { town, ca, key }
    }

    fn feddet(&self) -> EntityId {
        EntityId::new(&self.town.feddet.entity_id).unwrap()
    }

    fn of_feddet(&self) -> Outlook {
        let all = self.town.broker.outlooks();
        all.into_iter().find(|outlook| outlook.party == self.feddet()).unwrap()
    }
}

fn names<T>(all: &[(T, String)]) -> Vec<&str> {
    all.iter().map(|(_, name)| name.as_str()).collect()
}

#[tokio::test]
async fn every_certificate_is_told_with_those_who_stop_working_without_it() {
    let scene = Scene::new("weather-all").await;
    scene.town.pass(DAY * 340);
    let all = scene.town.broker.weather(None).await.unwrap();
    let first = &all[0];
    assert_eq!(
        (&first.party, first.holder, first.days_left),
        (&scene.feddet(), Holder::IdentityProvider, 25)
    );
    assert_eq!((first.warning(), first.followed), (Some(30), false));
    assert_eq!(names(&first.authorities), [scene.town.feddet.municipality]);
    assert_eq!(first.fagsystemer.len(), 2, "both systems that Feddet has agreed with");
    let bbr = all.iter().find(|outlook| outlook.party.as_str() == scene.town.bbr.entity_id).unwrap();
    assert_eq!((bbr.holder, bbr.authorities.len(), bbr.fagsystemer.len()), (Holder::Fagsystem, 2, 1));
    let ours: Vec<&Outlook> = all.iter().filter(|outlook| outlook.holder == Holder::Ours).collect();
    assert_eq!((ours.len(), ours[0].authorities.len(), ours[0].fagsystemer.len()), (2, 2, 2));
}

#[tokio::test]
async fn a_certificate_that_is_followed_by_another_stops_nobody() {
    let scene = Scene::new("weather-followed").await;
    assert!(!scene.of_feddet().followed);
    let later = Ca::new(at(0) + DAY * 100).await;
    let next = signer(&later.certify(FEDDET, 8, &scene.key), &scene.key);
    let both = |files: &mut context_handler::broker::registry::Files| {
        let text = String::from_utf8(files["feddet.xml"].clone()).unwrap();
        let begin = text.find("<md:KeyDescriptor").unwrap();
        let end = text[begin..].find("</md:KeyDescriptor>").unwrap() + begin + 19;
        let one = &text[begin..end];
        let old = one.split("<ds:X509Certificate>").nth(1).unwrap().split('<').next().unwrap();
        let new = context_handler::protocol::keys::Signer::certificate(&next).to_base64();
        let two = format!("{one}{}", one.replace(old, new));
        files.insert("feddet.xml".into(), text.replacen(one, &two, 1).into_bytes());
    };
    scene.town.change(both).await;
    let all = scene.town.broker.outlooks();
    let followed: Vec<bool> = all
        .iter()
        .filter(|outlook| outlook.party == scene.feddet())
        .map(|outlook| outlook.followed)
        .collect();
    assert_eq!(followed, [true, false], "the one that ends first is followed");
}

#[tokio::test]
async fn everybody_sees_their_own_certificates_and_their_own_part_of_the_harm() {
    let scene = Scene::new("weather-who").await;
    let town = &scene.town;
    let seen = async |sees: Sees| {
        let all = town.broker.weather(Some(&sees)).await.unwrap();
        let mut parties: Vec<String> = all.iter().map(|outlook| outlook.party.to_string()).collect();
        parties.sort();
        parties.dedup();
        (parties, all)
    };
    let ours = town.broker.settings().entity_id.to_string();
    let sorted = |mut names: Vec<String>| {
        names.sort();
        names
    };
    let (bbr, driving) = (town.bbr.entity_id.clone(), town.driving.entity_id.clone());
    let (korsbaek, feddet) = (town.korsbaek.entity_id.clone(), town.feddet.entity_id.clone());
    let (parties, all) = seen(own(FEDDET)).await;
    assert_eq!(parties, sorted(vec![feddet.clone(), bbr.clone(), driving.clone(), ours.clone()]));
    let told: Vec<Vec<&str>> = all.iter().map(|outlook| names(&outlook.authorities)).collect();
    assert!(told.iter().all(|names| *names == [town.feddet.municipality]), "{told:?}");
    let supplier = Sees::Systems(vec![EntityId::new(&bbr).unwrap()]);
    assert_eq!(seen(supplier).await.0, sorted(vec![bbr.clone(), ours.clone()]));
    assert_eq!(seen(Sees::Programme).await.0, sorted(vec![feddet, korsbaek, bbr, driving, ours]));
}

#[tokio::test]
async fn the_page_is_for_those_who_are_signed_in_and_shows_what_is_due_first() {
    let scene = Scene::new("weather-page").await;
    let town = &scene.town;
    let address = format!("{}/trust/certificates", town.url);
    let stranger = town.browser().get(&address).await;
    assert_eq!((stranger.status, stranger.location()), (303, "/trust"));

    let list = scene.ca.list(&[]);
    scene.ca.says(Says { list: Some(list), answer: Some(scene.ca.answer(7, Status::Good)) });
    let parties = town.broker.look_at_parties().await.unwrap();
    assert_eq!(parties, Some(4));
    assert_eq!(town.broker.look_at_parties().await.unwrap(), None, "once a day");
    town.pass(DAY * 340 - SignedDuration::from_hours(1));
    let mut reader = town.reader(own(FEDDET)).await;
    for (lang, due, days) in
        [("en", "To be seen to", "25 days left"), ("da", "Her skal der gøres noget", "25 dage tilbage")]
    {
        let page = reader.get(&format!("{address}?lang={lang}")).await;
        assert_eq!(page.status, 200);
        for told in [due, days, "/trust/certificates.atom", "NTRDK-99999999", town.feddet.municipality] {
            assert!(page.body.contains(told), "{told}: {}", page.body);
        }
        assert!(!page.body.contains(town.korsbaek.municipality), "nobody else's harm");
        assert!(page.body.find(days).unwrap() < page.body.find(&town.bbr.entity_id).unwrap_or(usize::MAX));
    }
    assert_eq!(town.log().await.pop().unwrap().detail.as_deref(), Some("certificates"));
}

#[tokio::test]
async fn every_party_is_looked_at_once_a_day_and_what_was_found_is_kept() {
    let scene = Scene::new("weather-daily").await;
    let town = &scene.town;
    let verdict = async || {
        let checks = town.store.party_checks().await.unwrap();
        let feddet = checks.into_iter().find(|check| check.party == scene.feddet()).unwrap();
        let revoked =
            feddet.findings.iter().find(|finding| finding.check == Check::CertificateRevoked).unwrap();
        (feddet.at, revoked.verdict)
    };
    let list = scene.ca.list(&[]);
    scene.ca.says(Says { list: Some(list), answer: None });
    assert_eq!(town.broker.look_at_parties().await.unwrap(), Some(4));
    assert_eq!(verdict().await, (at(0), Verdict::Pass));
    let list = scene.ca.list(&[7]);
    scene.ca.says(Says { list: Some(list), answer: None });
    town.pass(DAY - SignedDuration::from_secs(1));
    assert_eq!(town.broker.look_at_parties().await.unwrap(), None);
    town.pass(SignedDuration::from_secs(1));
    assert_eq!(town.broker.look_at_parties().await.unwrap(), Some(4));
    assert_eq!(verdict().await, (at(86_400), Verdict::Fail));
}

#[tokio::test]
async fn feeds_tell_the_warnings_that_are_due_to_readers_and_to_systems() {
    let scene = Scene::new("weather-feeds").await;
    let town = &scene.town;
    town.pass(DAY * 340);
    let (atom, ics) =
        (format!("{}/trust/certificates.atom", town.url), format!("{}/trust/certificates.ics", town.url));
    let mut reader = town.reader(Sees::Programme).await;
    let mut system = town.browser();
    system.headers.push(("authorization".into(), "Bearer of feddet".into()));
    let mut stranger = town.browser();
    assert_eq!(stranger.get(&atom).await.status, 303);
    stranger.headers.push(("authorization".into(), "Bearer of nobody".into()));
    assert_eq!((stranger.get(&atom).await.status, stranger.get(&ics).await.status), (401, 401));
    for browser in [&mut reader, &mut system] {
        let feed = browser.get(&atom).await;
        assert_eq!(
            (feed.status, feed.headers["content-type"].to_str().unwrap()),
            (200, "application/atom+xml; charset=utf-8")
        );
        let document = Document::parse_metadata(feed.body.as_bytes()).unwrap();
        let entries: Vec<_> = document.root().children().filter(|child| child.local() == "entry").collect();
        assert_eq!(entries.len(), 1, "{}", feed.body);
        let text = |name: &str| {
            let child = entries[0].children().find(|child| child.local() == name).unwrap();
            child.text().unwrap().into_owned()
        };
        assert!(text("id").ends_with(":30"), "{}", feed.body);
        assert_eq!(text("updated"), (at(0) + DAY * 335).to_string(), "when the warning became due");
        let calendar = browser.get(&ics).await;
        assert_eq!(calendar.headers["content-type"], "text/calendar; charset=utf-8");
        assert!(
            calendar.body.starts_with("BEGIN:VCALENDAR\r\n") && calendar.body.ends_with("END:VCALENDAR\r\n")
        );
        let ends = (at(0) + DAY * 365).strftime("DTSTART;VALUE=DATE:%Y%m%d").to_string();
        assert!(
            calendar.body.contains(&ends) && calendar.body.contains("TRIGGER:-P30D"),
            "{}",
            calendar.body
        );
    }
}
