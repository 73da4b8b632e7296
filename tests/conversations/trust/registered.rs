//! Faults that lie in keys, in the register, or in what is tried: what the run says of each, and the one that is right beside it.

use context_handler::broker::registry::Files;
use context_handler::domain::trust::{Check, Report, Scenario, Verdict};
use context_handler::protocol::keys::FileKey;

use super::runs::with_logout;
use super::{Run, at_idp, report, told};
use crate::support::attribute_service::{AttributeService, Manner, list};
use crate::support::forge::Party;
use crate::support::roles::WORKER;
use crate::support::{Idp, Say, Town, at, deliver};

/// One run with an answer that is bent as told, and what its report says.
async fn tried(town: &Town, scenario: Scenario, bend: impl FnOnce(&mut Say)) -> (Vec<String>, Report) {
    signed(town, scenario, None, bend).await
}

async fn signed(
    town: &Town,
    scenario: Scenario,
    key: Option<&FileKey>,
    bend: impl FnOnce(&mut Say),
) -> (Vec<String>, Report) {
    let mut run = at_idp(town, &town.korsbaek, scenario, None).await;
    let mut say = town.korsbaek.say(&run.question);
    say.assertion_id = format!("_assertion{}", town.log().await.len());
    bend(&mut say);
    let xml = town.korsbaek.write_with(&say, key.unwrap_or(town.korsbaek.key.as_ref()));
    ended(town, &mut run, &xml).await
}

async fn ended(town: &Town, run: &mut Run, xml: &str) -> (Vec<String>, Report) {
    deliver(town, &mut run.browser, xml, run.arrived.relay_state.as_deref()).await;
    let report = report(town, &run.ticket).await.unwrap();
    // The town's provider never says which format its NameID has.
    let told = told(&report).into_iter().filter(|line| line != "name.format nameid.format?").collect();
    (told, report)
}

fn edit(files: &mut Files, file: &str, from: &str, to: &str) {
    let text = String::from_utf8(files[file].clone()).unwrap();
    assert!(text.contains(from), "{from} in {text}");
    files.insert(file.to_owned(), text.replacen(from, to, 1).into_bytes());
}

pub(super) fn file_key(party: &Party) -> FileKey {
    let pem = [party.key.private_key_to_pem_pkcs8().unwrap(), party.certificate.to_pem().unwrap()].concat();
    FileKey::read(&pem, None).unwrap()
}

/// Korsbæk with one more signing key in its metadata.
fn also_signs(files: &mut Files, party: &Party) {
    let descriptor = "<md:KeyDescriptor use=\"signing\">";
    let one_more = format!(
        "{descriptor}<ds:KeyInfo xmlns:ds=\"http://www.w3.org/2000/09/xmldsig#\"><ds:X509Data><ds:X509Certificate>{}\
         </ds:X509Certificate></ds:X509Data></ds:KeyInfo></md:KeyDescriptor>{descriptor}",
        party.b64()
    );
    edit(files, "korsbaek.xml", descriptor, &one_more);
}

#[tokio::test]
async fn keys_that_are_not_in_force_or_not_published_are_named() {
    let now = at(0).as_second();
    let fresh = || openssl::pkey::PKey::from_rsa(openssl::rsa::Rsa::generate(2048).unwrap()).unwrap();
    let past = Party::new(fresh(), (now - 2000, now - 1000));
    let coming = Party::new(fresh(), (now + 1000, now + 2000));
    let next = Party::new(fresh(), (now - 1000, now + 90_000_000));
    let town = Town::with("trust-keys", |files| {
        with_logout(files);
        also_signs(files, &past);
        also_signs(files, &coming);
    })
    .await;
    for (party, wrong) in [
        (&past, vec!["login.let-in key.expired", "signature.key key.expired"]),
        (&coming, vec!["login.let-in key.expired", "signature.key key.expired"]),
        (
            &next,
            vec![
                "login.let-in key.untrusted",
                "signature.covers key.untrusted",
                "signature.assertion key.untrusted",
            ],
        ),
    ] {
        let (told, _) = signed(&town, Scenario::Basic, Some(&file_key(party)), |_| {}).await;
        assert_eq!(told, wrong);
    }
    town.change(|files| also_signs(files, &next)).await;
    let (told, report) = signed(&town, Scenario::Basic, Some(&file_key(&next)), |_| {}).await;
    assert!(told.is_empty(), "once it is published it counts: {told:?}");
    assert_eq!(report.shown.certificates.iter().filter(|one| one.used).count(), 1);
}

#[tokio::test]
async fn an_address_for_logout_that_is_missing_is_a_warning_and_where_logout_is_tried_a_fault() {
    let town = Town::new("trust-no-slo").await;
    assert_eq!(tried(&town, Scenario::Basic, |_| {}).await.0, ["logout.address slo.missing?"]);
    town.change(with_logout).await;
    assert!(tried(&town, Scenario::Basic, |_| {}).await.0.is_empty());
}

#[tokio::test]
async fn what_belongs_to_a_scenario_is_judged_in_it_alone() {
    let town = Town::with("trust-scenarios", with_logout).await;
    let clear = |say: &mut Say| say.encrypted = false;
    assert_eq!(tried(&town, Scenario::Encrypted, clear).await.0, ["encryption.used enc.missing"]);
    assert_eq!(tried(&town, Scenario::Basic, clear).await.0, ["encryption.used enc.missing?"]);
    assert!(tried(&town, Scenario::Encrypted, |_| {}).await.0.is_empty());
    let old = |say: &mut Say| say.authn_instant = Some(at(-3600).to_string());
    assert_eq!(
        tried(&town, Scenario::ForceAuthn, old).await.0,
        ["login.let-in force.ignored", "level.fresh force.ignored"]
    );
    assert!(tried(&town, Scenario::Basic, old).await.0.is_empty(), "a session of an hour is all right");
    assert!(tried(&town, Scenario::ForceAuthn, |_| {}).await.0.is_empty());
    let last = |say: &mut Say| say.authn_instant = Some("9999-12-30T22:00:00.999999999Z".into());
    assert!(tried(&town, Scenario::ForceAuthn, last).await.0.is_empty(), "the last moment that can be told");
    assert_eq!(tried(&town, Scenario::Rights, |_| {}).await.0, ["rights.present bpp.missing"]);
    let worker = |say: &mut Say| say.rights(&[(&crate::support::roles::scope("11111111"), WORKER, &[])]);
    assert!(tried(&town, Scenario::Rights, worker).await.0.is_empty());
    assert_eq!(
        tried(&town, Scenario::NsisHigh, |_| {}).await.0,
        ["login.let-in loa.lower", "level.enough loa.lower"]
    );
    assert!(tried(&town, Scenario::NsisLow, |_| {}).await.0.is_empty());
    let nist = |say: &mut Say| say.nist("3");
    assert!(tried(&town, Scenario::Nist, nist).await.0.is_empty());
    let refused = |say: &mut Say| say.status = vec!["Requester", "NoAuthnContext"];
    assert_eq!(
        tried(&town, Scenario::NsisHigh, refused).await.0,
        ["login.let-in status", "answer.status status"]
    );
}

#[tokio::test]
async fn a_robot_must_be_known_as_one() {
    let town = Town::with("trust-robot", with_logout).await;
    let nist = |say: &mut Say| say.nist("3");
    assert_eq!(tried(&town, Scenario::Robot, nist).await.0, ["level.robot robot.missing"]);
    let declared = "[[robot]]\nauthority = \"11111111\"\nid = \"5b0c\"\nname = \"Robot 7\"\n\
                    service-providers = [\"https://saml.koereproeve.test\"]\nhours = \"00:00-00:01\"\n";
    town.change(|files| {
        files.insert("robots.toml".into(), declared.into());
    })
    .await;
    let (told, report) = tried(&town, Scenario::Robot, nist).await;
    assert_eq!(told, ["login.let-in robot.hours", "level.robot robot.hours"]);
    town.change(|files| edit(files, "robots.toml", "hours = \"00:00-00:01\"\n", "")).await;
    let (told, now) = tried(&town, Scenario::Robot, nist).await;
    assert!(told.is_empty(), "{told:?}");
    assert!(now.shown.assurance.unwrap().robot && report.verdict == Verdict::Fail);
}

#[tokio::test]
async fn what_an_attribute_service_does_wrong_is_named() {
    let service = AttributeService::new("as", list("11111111", WORKER)).await;
    let town = Town::with("trust-service", |files| {
        with_logout(files);
        service.register(files, "11111111", "korsbaek", "timeout-seconds = 1");
    })
    .await;
    let (told, report) = tried(&town, Scenario::Service, |_| {}).await;
    assert!(told.is_empty(), "{told:?}");
    assert_eq!((report.shown.services.len(), report.shown.roles.len()), (1, 1));
    town.change(|files| {
        let line = "rights = [\"attribute-service\"]";
        edit(files, "register.toml", line, "rights = [\"assertion\", \"attribute-service\"]");
    })
    .await;
    let worker = |say: &mut Say| say.rights(&[(&crate::support::roles::scope("11111111"), WORKER, &[])]);
    let (told, _) = tried(&town, Scenario::Service, worker).await;
    assert_eq!(told, ["service.answered as.unasked"], "rights that came with the answer prove no service");
    for (bend, reason) in [
        (
            Box::new(|told: &mut crate::support::attribute_service::Told| told.signed = false)
                as Box<dyn FnOnce(&mut _)>,
            "as.key",
        ),
        (
            Box::new(|told: &mut crate::support::attribute_service::Told| {
                (told.signed, told.status) = (true, "Responder")
            }),
            "as.refused",
        ),
        (
            Box::new(|told: &mut crate::support::attribute_service::Told| {
                (told.status, told.manner) = ("Success", Manner::Hangs)
            }),
            "as.down",
        ),
    ] {
        service.bend(bend);
        let (told, _) = tried(&town, Scenario::Service, |_| {}).await;
        assert!(told.contains(&format!("service.answered {reason}")), "{reason}: {told:?}");
    }
}

#[tokio::test]
async fn groups_that_were_left_out_are_named() {
    let town = Town::with("trust-groups", |files| {
        with_logout(files);
        let line = "metadata = \"korsbaek.xml\"\n";
        edit(files, "register.toml", line, &format!("{line}rights = [\"groups\"]\n"));
        let mapping = "\n[[group-mapping]]\nidentity-provider = \"https://idp.korsbaek.test/\"\nauthority = \"11111111\"\n\
                       roles = [{ value = \"5b0c-11\", role = \"http://korsbaek.test/roles/jobrole/sagsbehandler/1\" }]\n";
        files.get_mut("register.toml").unwrap().extend(mapping.bytes());
    })
    .await;
    let overage = |say: &mut Say| {
        say.set("http://schemas.microsoft.com/claims/groups.link", Some("https://graph.windows.net/x"))
    };
    assert_eq!(tried(&town, Scenario::Basic, overage).await.0, ["rights.groups groups.overage"]);
    assert!(tried(&town, Scenario::Basic, |_| {}).await.0.is_empty());
}

#[tokio::test]
async fn a_browser_that_loses_its_cookie_is_told_in_the_report_and_cannot_change_it_later() {
    let town = Town::with("trust-cookie", with_logout).await;
    let mut run = at_idp(&town, &town.korsbaek, Scenario::Basic, None).await;
    let cookies = std::mem::take(&mut run.browser.cookies);
    let xml = town.korsbaek.write(&town.korsbaek.say(&run.question));
    let answer = deliver(&town, &mut run.browser, &xml, run.arrived.relay_state.as_deref()).await;
    assert_eq!(answer.status, 400);
    let first = report(&town, &run.ticket).await.unwrap();
    assert_eq!(told(&first), ["login.let-in browser.binding", "transport.cookie browser.binding"]);
    run.browser.cookies = cookies;
    deliver(&town, &mut run.browser, &xml, run.arrived.relay_state.as_deref()).await;
    assert_eq!(report(&town, &run.ticket).await.unwrap(), first);
}

/// Korsbæk's users may go on to NemLog-in for a higher level.
fn stepping_up(files: &mut Files) {
    with_logout(files);
    let nemlogin = Idp::nemlogin("");
    files.insert("nemlogin.xml".into(), nemlogin.metadata().into_bytes());
    let name = "name = \"Korsbæk Kommune\"\n";
    edit(files, "register.toml", name, &format!("{name}step-up = \"https://saml.nemlog-in.test\"\n"));
    files.get_mut("register.toml").unwrap().extend(nemlogin.registration().into_bytes());
}

#[tokio::test]
async fn a_level_that_is_reached_at_home_proves_no_step_up() {
    let town = Town::with("trust-no-step-up", stepping_up).await;
    let (told, report) = tried(&town, Scenario::StepUp, |_| {}).await;
    assert!(told.is_empty(), "{told:?}");
    let step_up = report.findings.iter().find(|one| one.check == Check::StepUp).unwrap();
    assert_eq!(step_up.verdict, Verdict::NotApplicable);
    assert!(report.sentence().en.contains("the step-up was not tried"), "{:?}", report.sentence());
}

#[tokio::test]
async fn a_step_up_is_looked_at_in_both_legs() {
    let (persistent, uuid) = (
        "https://data.gov.dk/model/core/eid/professional/uuid/persistent",
        "7a3e9a1c-5b0c-4c1d-9d60-5f2f2f2f2f2f",
    );
    let town = Town::with("trust-step-up", stepping_up).await;
    for (other, wrong) in [
        (uuid, Vec::new()),
        (
            "11111111-5b0c-4c1d-9d60-5f2f2f2f2f2f",
            vec!["login.let-in loa.stepup_user", "level.enough loa.lower", "level.step-up loa.stepup_user"],
        ),
    ] {
        let mut run = at_idp(&town, &town.korsbaek, Scenario::StepUp, None).await;
        let mut say = town.korsbaek.say(&run.question);
        say.assertion_id = format!("_first-{other}");
        say.class = "https://data.gov.dk/concept/core/nsis/loa/Low".into();
        say.set("https://data.gov.dk/concept/core/nsis/loa", Some("Low"));
        say.set(persistent, Some(uuid));
        let xml = town.korsbaek.write(&say);
        let sent = deliver(&town, &mut run.browser, &xml, run.arrived.relay_state.as_deref()).await.onward();
        let nemlogin = Idp::nemlogin(&town.url);
        let (question, arrived) = nemlogin.question(&sent);
        let mut say = nemlogin.say(&question);
        say.assertion_id = format!("_second-{other}");
        say.name_id = format!("https://data.gov.dk/model/core/eid/professional/uuid/{other}");
        say.set(persistent, Some(other));
        let xml = nemlogin.write(&say);
        deliver(&town, &mut run.browser, &xml, arrived.relay_state.as_deref()).await;
        let report = report(&town, &run.ticket).await.unwrap();
        let told: Vec<String> =
            told(&report).into_iter().filter(|line| line != "name.format nameid.format?").collect();
        assert_eq!(told, wrong);
        assert!(report.findings.iter().any(|finding| finding.about.as_deref() == Some("NemLog-in")));
        assert!(!report.sentence().en.contains("not tried"), "{:?}", report.sentence());
    }
}
