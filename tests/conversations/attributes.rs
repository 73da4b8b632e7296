//! Where a user's rights come from: the assertion, directory groups, users that are kept here, the attribute service.

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use context_handler::broker::registry::Files;
use context_handler::domain::audit::{Actor, Event, Record};
use jiff::SignedDuration;

use crate::support::attribute_service::{AttributeService, Manner, RIGHTS, list};
use crate::support::{Answer, Fagsystem, Idp, Say, Told, Town};

/// Korsbæk's role; in BBR it gives [`SEES`], in Køreprøvebooking [`BOOKS`].
pub(crate) const ROLE: &str = "http://korsbaek.test/roles/jobrole/spurgt/1";
/// Feddet's role, lent to nobody; in BBR it gives [`FOREIGN`].
pub(crate) const FEDDETS: &str = "http://feddet.test/roles/jobrole/spurgt/1";
pub(crate) const SEES: &str = "http://bbr.test/roles/usersystemrole/spurgt/1";
pub(crate) const BOOKS: &str = "http://koereproeve.test/roles/usersystemrole/spurgt/1";
pub(crate) const FOREIGN: &str = "http://bbr.test/roles/usersystemrole/fremmed/1";
/// A second role of Korsbæk, which gives [`FOREIGN`] too.
const OTHER: &str = "http://korsbaek.test/roles/jobrole/anden/1";

/// What a service is registered with, unless a test is about it.
pub(crate) const SHORTLY: &str = "timeout-seconds = 1\ncache-minutes = 0";

fn toml(files: &Files) -> String {
    String::from_utf8(files["register.toml"].clone()).unwrap()
}

pub(crate) fn replace(files: &mut Files, old: &str, new: &str) {
    let before = toml(files);
    assert!(before.contains(old), "{old}");
    files.insert("register.toml".into(), before.replacen(old, new, 1).into_bytes());
}

pub(crate) fn add(files: &mut Files, more: &str) {
    files.insert("register.toml".into(), format!("{}\n{more}\n", toml(files)).into_bytes());
}

/// The roles of these conversations.
pub(crate) fn roles(files: &mut Files) {
    for (role, authority) in [(ROLE, "11111111"), (OTHER, "11111111"), (FEDDETS, "99999999")] {
        add(files, &format!("[[job-function-role]]\nid = {role:?}\nauthority = {authority:?}\nname = \"r\""));
    }
    for (role, system) in [
        (SEES, "https://saml.bbr.test"),
        (FOREIGN, "https://saml.bbr.test"),
        (BOOKS, "https://saml.koereproeve.test"),
    ] {
        add(
            files,
            &format!("[[user-system-role]]\nid = {role:?}\nservice-provider = {system:?}\nname = \"r\""),
        );
    }
    for (from, to) in [(ROLE, SEES), (ROLE, BOOKS), (OTHER, FOREIGN), (FEDDETS, FOREIGN)] {
        add(files, &format!("[[role-mapping]]\njob-function-role = {from:?}\nuser-system-role = {to:?}"));
    }
}

/// A town in which Korsbæk's rights come from a service that gives [`ROLE`].
pub(crate) async fn town(
    name: &str,
    service: &str,
    more: impl FnOnce(&mut Files),
) -> (Town, AttributeService) {
    let asked = AttributeService::new("as", list("11111111", ROLE)).await;
    let town = Town::with(name, |files| {
        roles(files);
        asked.register(files, "11111111", "korsbaek", service);
        more(files);
    });
    (town.await, asked)
}

/// One login, of which every message has the number in its ID.
pub(crate) async fn login(
    town: &Town,
    fagsystem: &Fagsystem,
    idp: &Idp,
    number: u32,
    bend: impl FnOnce(&mut Say),
) -> Answer {
    let mut browser = town.browser();
    let mut ask = fagsystem.ask();
    ask.id = format!("_request-{}-{number}", idp.cvr);
    ask.issue_instant = town.now().to_string();
    let sent = browser.get(&format!("{}&authority={}", fagsystem.redirect(&ask), idp.cvr)).await;
    let now = town.now();
    let bend = |say: &mut Say| {
        say.at(now);
        say.assertion_id = format!("_assertion-{number}");
        bend(say);
    };
    idp.answer(town, &mut browser, &sent, bend).await
}

pub(crate) async fn to_bbr(town: &Town, number: u32) -> Told {
    let answer = login(town, &town.bbr, &town.korsbaek, number, |_| {}).await;
    town.bbr.read(&answer, town)
}

/// The user system roles that a fagsystem was told.
pub(crate) fn rights(told: &Told) -> Vec<String> {
    assert_eq!(told.status, ["Success"]);
    let names = [RIGHTS, "https://data.gov.dk/model/core/eid/privilegesIntermediate"];
    let Some(value) = names.iter().find_map(|name| told.attribute(name)) else { return Vec::new() };
    let xml = String::from_utf8(STANDARD.decode(value).unwrap()).unwrap();
    let told = xml.split("<Privilege>").skip(1);
    told.map(|rest| rest.split('<').next().unwrap().to_owned()).collect()
}

/// The records of one kind, oldest first.
pub(crate) async fn records(town: &Town, event: Event) -> Vec<Record> {
    town.log().await.into_iter().filter(|record| record.event == event).collect()
}

/// The youngest answer of a login.
pub(crate) async fn noticed(town: &Town) -> Vec<String> {
    records(town, Event::AnswerReceived).await.pop().unwrap().noticed
}

#[tokio::test]
async fn rights_are_asked_for_and_reach_the_fagsystem_as_its_own_roles() {
    let (town, service) = town("as", SHORTLY, |_| {}).await;
    assert_eq!(rights(&to_bbr(&town, 1).await), [SEES]);
    assert_eq!(service.asked(), 1);

    let asked = records(&town, Event::AttributesRequested).await.pop().unwrap();
    assert_eq!((asked.actor, asked.reason.as_str(), asked.allowed), (Actor::Broker, "as.asked", true));
    assert_eq!(asked.attribute_service.as_ref().unwrap().as_str(), service.entity_id);
    assert_eq!(asked.endpoint, service.address);
    let received = records(&town, Event::AttributesReceived).await.pop().unwrap();
    assert_eq!((received.actor, received.reason.as_str()), (Actor::AttributeService, "as.ok"));
    assert_eq!((received.in_response_to, received.login), (asked.message, asked.login));
    assert_eq!(received.assertion.as_deref(), Some("_said"));
    assert!(received.key.is_some() && received.sha256.is_some() && received.noticed.is_empty());
    let whole = serde_json::to_string(&town.log().await).unwrap();
    assert!(!whole.contains("Ib Dam"), "no personal data in the log");
}

#[tokio::test]
async fn an_answer_may_be_encrypted_to_us_and_may_name_us_as_its_receiver() {
    let (town, service) = town("as-encrypted", SHORTLY, |_| {}).await;
    for (number, encrypted, audience) in
        [(1, true, None), (2, false, Some("asker")), (3, true, Some("asker"))]
    {
        service.bend(|told| (told.encrypted, told.audience) = (encrypted, audience.map(str::to_owned)));
        assert_eq!(rights(&to_bbr(&town, number).await), [SEES]);
    }
}

#[tokio::test]
async fn the_first_source_that_has_rights_wins_and_nothing_is_joined() {
    let (town, service) = town("as-first", SHORTLY, |files| {
        replace(files, "rights = [\"attribute-service\"]", "rights = [\"assertion\", \"attribute-service\"]");
    })
    .await;
    let own = |say: &mut Say| say.attributes.push((RIGHTS.into(), vec![list("11111111", OTHER)]));
    let answer = login(&town, &town.bbr, &town.korsbaek, 1, own).await;
    assert_eq!(rights(&town.bbr.read(&answer, &town)), [FOREIGN]);
    assert_eq!(service.asked(), 0, "who has rights need not be asked about");
    assert_eq!(rights(&to_bbr(&town, 2).await), [SEES]);
    assert_eq!(service.asked(), 1);
}

#[tokio::test]
async fn rights_in_an_assertion_count_only_where_the_register_names_that_source() {
    let (town, _service) = town("as-only", SHORTLY, |_| {}).await;
    let own = |say: &mut Say| say.attributes.push((RIGHTS.into(), vec![list("11111111", OTHER)]));
    let answer = login(&town, &town.bbr, &town.korsbaek, 1, own).await;
    assert_eq!(rights(&town.bbr.read(&answer, &town)), [SEES]);
}

#[tokio::test]
async fn an_answer_is_used_again_for_the_registered_minutes() {
    let (town, service) = town("as-cache", "timeout-seconds = 1\ncache-minutes = 10", |_| {}).await;
    for (number, minutes, asked, cached) in [(1, 0, 1, false), (2, 9, 1, true), (3, 1, 2, false)] {
        town.pass(SignedDuration::from_mins(minutes));
        assert_eq!(rights(&to_bbr(&town, number).await), [SEES]);
        assert_eq!(service.asked(), asked, "login {number}");
        assert_eq!(noticed(&town).await == ["as.cached"], cached, "login {number}");
    }
    let other = |say: &mut Say| say.name_id = "C=DK,O=11111111,CN=Bo Lind,Serial=77".into();
    login(&town, &town.bbr, &town.korsbaek, 4, other).await;
    assert_eq!(service.asked(), 3, "another user is asked about");
}

#[tokio::test]
async fn what_was_last_known_is_used_where_the_fagsystem_takes_it_and_only_so_long() {
    let line = "required-nsis = \"Substantial\"\n";
    let policy =
        format!("{line}attribute-service-down = \"use-cached\"\nattribute-service-cached-minutes = 30\n");
    let (town, service) = town("as-use-cached", SHORTLY, |files| replace(files, line, &policy)).await;
    assert_eq!(rights(&to_bbr(&town, 1).await), [SEES]);
    service.bend(|told| told.manner = Manner::Fails);
    town.pass(SignedDuration::from_mins(29));
    assert_eq!(rights(&to_bbr(&town, 2).await), [SEES]);
    assert_eq!(noticed(&town).await, ["as.down", "as.cached"]);
    town.pass(SignedDuration::from_mins(1));
    let told = to_bbr(&town, 3).await;
    assert_eq!(
        (told.status, town.last_reason().await.as_str()),
        (vec!["Responder".into(), "RequestDenied".into()], "as.down")
    );
    let other = login(&town, &town.driving, &town.korsbaek, 4, |_| {}).await;
    assert_eq!(
        town.driving.read(&other, &town).status,
        ["Responder", "RequestDenied"],
        "another's rule is its own"
    );
}

#[tokio::test]
async fn a_login_goes_on_without_rights_where_the_fagsystem_takes_that() {
    let line = "required-nsis = \"Substantial\"\n";
    let policy = format!("{line}attribute-service-down = \"issue-without\"\n");
    let (town, service) = town("as-without", SHORTLY, |files| replace(files, line, &policy)).await;
    service.bend(|told| told.manner = Manner::Resets);
    assert!(rights(&to_bbr(&town, 1).await).is_empty());
    assert_eq!(noticed(&town).await, ["as.down"]);
    assert_eq!(records(&town, Event::AttributesReceived).await.pop().unwrap().reason, "as.down");
}

#[tokio::test]
async fn a_service_that_is_switched_off_is_not_asked() {
    let (town, service) = town("as-off", &format!("{SHORTLY}\nactive = false"), |_| {}).await;
    assert_eq!(to_bbr(&town, 1).await.status, ["Responder", "RequestDenied"]);
    assert_eq!((town.last_reason().await.as_str(), service.asked()), ("as.down", 0));
}

#[tokio::test]
async fn whoever_is_switched_off_while_a_service_is_asked_is_refused() {
    for (name, metadata, reason) in [
        ("as-meanwhile-idp", "korsbaek.xml", "idp.disabled"),
        ("as-meanwhile-sp", "bbr.xml", "sp.disabled"),
        ("as-meanwhile-as", "as.xml", "as.down"),
    ] {
        let (town, service) = town(name, "timeout-seconds = 20\ncache-minutes = 0", |_| {}).await;
        service.bend(|told| told.manner = Manner::Takes(Duration::from_secs(1)));
        assert_eq!(rights(&to_bbr(&town, 1).await), [SEES]);
        let switch_off = async {
            while service.asked() < 2 {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
            let line = format!("metadata = \"{metadata}\"\n");
            town.change(|files| replace(files, &line, &format!("{line}active = false\n"))).await;
        };
        let login = login(&town, &town.bbr, &town.korsbaek, 2, |_| {});
        let (answer, ()) = tokio::join!(login, switch_off);
        assert_eq!(town.last_reason().await, reason, "{name}");
        assert!(answer.form().is_none() || town.bbr.read(&answer, &town).assertion.is_none());
    }
}

#[tokio::test]
async fn a_service_that_fails_five_times_is_left_alone_for_half_a_minute() {
    let (town, service) = town("as-breaker", SHORTLY, |_| {}).await;
    service.bend(|told| told.manner = Manner::Fails);
    for number in 1..=7 {
        assert_eq!(to_bbr(&town, number).await.status, ["Responder", "RequestDenied"]);
        assert_eq!(town.last_reason().await, "as.down");
    }
    assert_eq!(service.asked(), 5);
    service.bend(|told| told.manner = Manner::Answers);
    town.pass(SignedDuration::from_secs(29));
    assert_eq!(to_bbr(&town, 8).await.status, ["Responder", "RequestDenied"]);
    town.pass(SignedDuration::from_secs(1));
    assert_eq!(rights(&to_bbr(&town, 9).await), [SEES]);
    assert_eq!((rights(&to_bbr(&town, 10).await), service.asked()), (vec![SEES.to_owned()], 7));
}

#[tokio::test]
async fn one_municipalitys_hanging_service_leaves_the_others_logins_quick() {
    let quick = AttributeService::new("feddets-as", list("99999999", FEDDETS)).await;
    let (town, slow) = town("as-slow", "timeout-seconds = 20", |files| {
        replace(files, "nsis = \"Low\"", "nsis = \"Substantial\"");
        quick.register(files, "99999999", "feddet", SHORTLY);
    })
    .await;
    slow.bend(|told| told.manner = Manner::Hangs);
    let hang = async {
        let wait = |number| login(&town, &town.bbr, &town.korsbaek, number, |_| {});
        tokio::join!(wait(1), wait(2), wait(3), wait(4), wait(5), wait(6), wait(7), wait(8));
    };
    let others = async {
        while slow.asked() < 8 {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        for number in 1..=3 {
            let answer = login(&town, &town.bbr, &town.feddet, number, |_| {}).await;
            assert_eq!(rights(&town.bbr.read(&answer, &town)), [FOREIGN]);
        }
    };
    tokio::select! {
        () = hang => panic!("the slow service answered"),
        done = tokio::time::timeout(Duration::from_secs(15), others) => done.unwrap(),
    }
}

/// A town whose Korsbæk logs in with Entra ID: no privilege lists, constants for what the profile wants, groups.
async fn entra(name: &str, rights: &str, mapping: &str) -> Town {
    Town::with(name, |files| {
        roles(files);
        let before = "profile = \"OIOSAML3\"\nnist = 3\nnsis = \"Substantial\"\n";
        let after = format!("profile = \"OIOSAML2_WITHOUT_REQUESTED_LOA\"\nnist = 3\nrights = {rights}\n");
        replace(files, before, &after);
        let start =
            "[[group-mapping]]\nidentity-provider = \"https://idp.korsbaek.test/\"\nauthority = \"11111111\"";
        add(files, &format!("{start}\n{mapping}"));
    })
    .await
}

const GROUPS: &str = "http://schemas.microsoft.com/ws/2008/06/identity/claims/groups";

/// What Entra ID says: SpecVer and level as constants, no CVR number beside the name, a class that is no level.
fn says(say: &mut Say, extra: &[(&str, &[&str])]) {
    say.class = "urn:oasis:names:tc:SAML:2.0:ac:classes:Password".into();
    let constants: [(&str, &[&str]); 3] = [
        ("dk:gov:saml:attribute:SpecVer", &["DK-SAML-2.0"]),
        ("dk:gov:saml:attribute:AssuranceLevel", &["3"]),
        ("http://schemas.microsoft.com/identity/claims/tenantid", &["0a11"]),
    ];
    let owned = |(name, values): &(&str, &[&str])| {
        ((*name).to_owned(), values.iter().map(|value| (*value).to_owned()).collect())
    };
    say.attributes = constants.iter().chain(extra).map(owned).collect();
}

async fn booked(town: &Town, number: u32, extra: &[(&str, &[&str])]) -> Vec<String> {
    let answer = login(town, &town.driving, &town.korsbaek, number, |say| says(say, extra)).await;
    rights(&town.driving.read(&answer, town))
}

#[tokio::test]
async fn groups_of_entra_id_are_read_by_a_table_as_roles_of_the_municipality() {
    let table = format!("roles = [{{ value = \"5b0c-11\", role = {ROLE:?} }}]");
    let town = entra("entra-table", "[\"groups\"]", &table).await;
    assert_eq!(booked(&town, 1, &[(GROUPS, &["77aa", "5b0c-11"])]).await, [BOOKS]);
    assert!(booked(&town, 2, &[(GROUPS, &["77aa"])]).await.is_empty());
    assert!(booked(&town, 3, &[]).await.is_empty());
    assert!(booked(&town, 4, &[("http://other.test/groups", &["5b0c-11"])]).await.is_empty());
}

#[tokio::test]
async fn app_roles_are_role_uris_and_another_municipalitys_gives_nothing_unless_it_is_lent() {
    let claim = "http://schemas.microsoft.com/ws/2008/06/identity/claims/role";
    let preset = format!("attribute = {claim:?}\npreset = \"role-uri\"");
    let town = entra("entra-uri", "[\"groups\"]", &preset).await;
    assert_eq!(booked(&town, 1, &[(claim, &[ROLE])]).await, [BOOKS]);
    assert_eq!(booked(&town, 2, &[(claim, &[&format!("{ROLE}:11111111")])]).await, [BOOKS]);
    assert!(booked(&town, 3, &[(claim, &[&format!("{ROLE}:99999999")])]).await.is_empty());
}

#[tokio::test]
async fn groups_that_did_not_fit_give_nothing_and_the_next_source_is_asked() {
    let user =
        format!("[[user]]\nauthority = \"11111111\"\nid = \"5b0c\"\nroles = [{{ role = {ROLE:?} }}]\n");
    let table = format!("roles = [{{ value = \"a\", role = {OTHER:?} }}]\n\n{user}");
    let town = entra("entra-overage", "[\"groups\", \"users\"]", &table).await;
    let link = ("http://schemas.microsoft.com/claims/groups.link", &["https://graph.windows.net/x"][..]);
    assert_eq!(booked(&town, 1, &[link, (GROUPS, &["a"])]).await, [BOOKS]);
    assert_eq!(noticed(&town).await, ["groups.overage"]);
    assert_eq!(booked(&town, 2, &[]).await, [BOOKS], "nothing was left out, and there are none");
    assert!(noticed(&town).await.is_empty());
}

#[tokio::test]
async fn users_that_are_kept_here_are_a_source() {
    let town = Town::with("users-source", |files| {
        roles(files);
        replace(
            files,
            "metadata = \"korsbaek.xml\"\n",
            "metadata = \"korsbaek.xml\"\nrights = [\"users\"]\n",
        );
        add(
            files,
            &format!("[[user]]\nauthority = \"11111111\"\nid = \"5b0c\"\nroles = [{{ role = {ROLE:?} }}]\n"),
        );
    })
    .await;
    assert_eq!(rights(&to_bbr(&town, 1).await), [SEES]);
    let unknown = |say: &mut Say| say.name_id = "C=DK,O=11111111,CN=Ib Dam,Serial=5b0d".into();
    let answer = login(&town, &town.bbr, &town.korsbaek, 2, unknown).await;
    assert!(rights(&town.bbr.read(&answer, &town)).is_empty());
}
