//! What a run does, and what it never does.

use context_handler::domain::audit::Event;
use context_handler::domain::reason::Reason;
use context_handler::domain::trust::{Check, Scenario, Verdict};
use jiff::SignedDuration;

use super::{at_idp, begin, order, report, told};
use crate::attacks::refused;
use crate::support::roles::{SEE, WORKER, scope};
use crate::support::{Say, Town, deliver};
use context_handler::store::Store;

/// Korsbæk's provider with an address for logout.
pub(crate) fn with_logout(files: &mut context_handler::broker::registry::Files) {
    let metadata = String::from_utf8(files["korsbaek.xml"].clone()).unwrap();
    let address = "<md:SingleLogoutService Binding=\"urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect\" \
                   Location=\"https://idp.korsbaek.test/slo\"/><md:SingleSignOnService";
    let metadata = metadata.replace("<md:SingleSignOnService", address);
    files.insert("korsbaek.xml".into(), metadata.into_bytes());
}

#[tokio::test]
async fn a_right_answer_gives_a_green_report_and_nothing_else() {
    let town = Town::with("trust-green", with_logout).await;
    let bbr = town.bbr.entity_id.clone();
    let mut run = at_idp(&town, &town.korsbaek, Scenario::NsisSubstantial, Some(&bbr)).await;
    let mut say = town.korsbaek.say(&run.question);
    say.rights(&[(&scope("11111111"), WORKER, &[])]);
    let xml = town.korsbaek.write(&say);
    let before = town.log().await.len();
    let answer = deliver(&town, &mut run.browser, &xml, run.arrived.relay_state.as_deref()).await;
    assert_eq!(answer.location(), format!("/trust/runs/{}", run.ticket));
    assert!(run.browser.pending().is_empty(), "the sealed login is forgotten");
    assert!(!run.browser.cookies.keys().any(|name| name.contains("session")), "no session began");
    let report = report(&town, &run.ticket).await.unwrap();
    assert_eq!(told(&report), ["name.format nameid.format?"], "the town's provider states no format");
    assert!(report.verdict == Verdict::Warning);
    let preview = report.shown.preview.as_ref().unwrap();
    assert!(preview.jwt.contains(SEE), "{}", preview.jwt);
    assert_eq!(report.shown.roles[0].becomes.len(), 2, "in BBR and in Køreprøvebooking");
    let text = serde_json::to_string(&report).unwrap();
    for personal in ["Ib Dam", "5b0c", "ib@korsbaek.test"] {
        assert!(!text.contains(personal), "{personal} stands in the report");
    }
    let events: Vec<_> =
        town.log().await.split_off(before).iter().map(|r| format!("{:?} {}", r.event, r.reason)).collect();
    assert_eq!(
        events,
        ["AnswerReceived login.ok", "TrustRunEnded trust.ended", "ConsoleViewed console.viewed"],
        "and that its report was read"
    );
    let korsbaek = context_handler::domain::id::Cvr::new("11111111").unwrap();
    assert!(town.store.sessions_of(korsbaek, None, 10).await.unwrap().is_empty());
}

#[tokio::test]
async fn a_provider_that_is_switched_off_can_be_tried_and_logs_nobody_in() {
    let off = |files: &mut context_handler::broker::registry::Files| {
        let toml = String::from_utf8(files["register.toml"].clone()).unwrap();
        let line = "metadata = \"korsbaek.xml\"\n";
        files.insert(
            "register.toml".into(),
            toml.replace(line, &format!("{line}active = false\n")).into_bytes(),
        );
    };
    let town = Town::with("trust-off", off).await;
    let mut run = at_idp(&town, &town.korsbaek, Scenario::Basic, None).await;
    let xml = town.korsbaek.write(&town.korsbaek.say(&run.question));
    deliver(&town, &mut run.browser, &xml, run.arrived.relay_state.as_deref()).await;
    let report = report(&town, &run.ticket).await.unwrap();
    assert!(report.verdict < Verdict::Fail, "{:?}", told(&report));
    let mut browser = town.browser();
    let sent = town.bbr.send(&mut browser, &town.bbr.ask()).await;
    assert!(!sent.location().contains("idp.korsbaek.test"), "no login goes there");
}

#[tokio::test]
async fn a_run_ends_once_and_its_answer_counts_once() {
    let town = Town::new("trust-once").await;
    let mut run = at_idp(&town, &town.korsbaek, Scenario::Basic, None).await;
    let xml = town.korsbaek.write(&town.korsbaek.say(&run.question));
    let cookies = run.browser.cookies.clone();
    deliver(&town, &mut run.browser, &xml, run.arrived.relay_state.as_deref()).await;
    let first = report(&town, &run.ticket).await.unwrap();
    run.browser.cookies = cookies;
    town.pass(SignedDuration::from_secs(2));
    deliver(&town, &mut run.browser, &xml, run.arrived.relay_state.as_deref()).await;
    assert_eq!(report(&town, &run.ticket).await.unwrap(), first, "the first end is the end");
    let (_, again) = begin(&town, &run.ticket).await;
    assert_eq!(again.status, 400, "a run that has ended does not begin again");
}

#[tokio::test]
async fn nobody_begins_or_reads_a_run_without_its_link() {
    let town = Town::new("trust-link").await;
    let run = at_idp(&town, &town.korsbaek, Scenario::Basic, None).await;
    let mut other = run.ticket.clone();
    other.replace_range(40..41, if &run.ticket[40..41] == "A" { "B" } else { "A" });
    for wrong in [other.as_str(), "x", &run.ticket[..20]] {
        let page = format!("{}/trust/runs/{wrong}", town.url);
        assert_ne!(town.browser().post(&page, &[]).await.status, 200, "{wrong}");
        assert_eq!(town.browser().get(&format!("{page}/report.json")).await.status, 404, "{wrong}");
    }
}

#[tokio::test]
async fn what_cannot_be_tried_is_not_begun() {
    let town = Town::new("trust-order").await;
    for (scenario, reason) in [
        (Scenario::NextKey, Reason::TrustScenario),
        (Scenario::StepUp, Reason::TrustScenario),
        (Scenario::Service, Reason::TrustScenario),
    ] {
        assert_eq!(order(&town, scenario, None).await.unwrap_err().reason, reason, "{scenario}");
    }
    let stranger = order(&town, Scenario::Basic, Some("https://nobody.test/")).await.unwrap_err();
    assert_eq!(stranger.reason, Reason::SpUnknown);
    assert!(order(&town, Scenario::Basic, None).await.is_ok());
}

#[tokio::test]
async fn a_refusal_for_want_of_a_page_is_right_from_who_was_asked_about_what_was_asked() {
    let town = Town::with("trust-passive-from", with_logout).await;
    type Bend = fn(&mut Say);
    let bends: [(Bend, &[&str]); 3] = [
        (|_| {}, &[]),
        (
            |say| say.response_issuer = Some("https://idp.feddet.test/adfs".into()),
            &["login.let-in idp.unexpected", "answer.issuer idp.unexpected"],
        ),
        (|say| say.in_response_to = Some("_another".into()), &["answer.in-response-to irt.unknown"]),
    ];
    for (bend, expected) in bends {
        let mut run = at_idp(&town, &town.korsbaek, Scenario::Passive, None).await;
        let mut say: Say = town.korsbaek.say(&run.question);
        say.status = vec!["Responder", "NoPassive"];
        bend(&mut say);
        let xml = town.korsbaek.write(&say);
        deliver(&town, &mut run.browser, &xml, run.arrived.relay_state.as_deref()).await;
        assert_eq!(told(&report(&town, &run.ticket).await.unwrap()), expected);
    }
}

#[tokio::test]
async fn a_question_without_pages_is_answered_by_no_passive() {
    let town = Town::with("trust-passive", with_logout).await;
    for (status, wrong) in [
        (vec!["Responder", "NoPassive"], vec!["answer.passive is right"]),
        (
            vec!["Responder", "AuthnFailed"],
            vec!["login.let-in status", "answer.status status", "answer.passive status"],
        ),
        (vec!["Success"], vec!["name.format nameid.format?", "answer.passive passive.session?"]),
    ] {
        let mut run = at_idp(&town, &town.korsbaek, Scenario::Passive, None).await;
        let mut say: Say = town.korsbaek.say(&run.question);
        say.assertion_id = format!("_a{}", wrong.len());
        say.status = status;
        let xml = town.korsbaek.write(&say);
        deliver(&town, &mut run.browser, &xml, run.arrived.relay_state.as_deref()).await;
        let report = report(&town, &run.ticket).await.unwrap();
        let mut told = told(&report);
        if report.findings.iter().any(|f| f.check == Check::Silent && f.verdict == Verdict::Pass) {
            told.push("answer.passive is right".into());
        }
        assert_eq!(told, wrong);
    }
}

#[tokio::test]
async fn a_run_tries_nobody_but_the_provider_that_it_was_ordered_for() {
    // Whoever holds the link to a run of Korsbæk's chooses Feddet, as in any login. What Feddet's provider does then would
    // stand in the report of that run, and be told as the progress of a municipality that ordered nothing.
    let town = Town::new("trust-elsewhere").await;
    let mut run = at_idp(&town, &town.korsbaek, Scenario::Basic, None).await;
    let login = run.arrived.relay_state.clone().unwrap();
    let discovery = format!("{}/discovery", town.url);
    for cvr in [town.feddet.cvr, town.korsbaek.cvr] {
        let chosen = run.browser.post(&discovery, &[("login", &login), ("choice", cvr)]).await;
        refused(&town, &chosen, "flow.step").await;
    }
    assert_eq!(
        run.browser.get(&format!("{discovery}?login={login}")).await.status,
        400,
        "and nothing is offered"
    );
    assert!(report(&town, &run.ticket).await.is_none(), "the run still waits");
    let xml = town.korsbaek.write(&town.korsbaek.say(&run.question));
    deliver(&town, &mut run.browser, &xml, run.arrived.relay_state.as_deref()).await;
    let report = report(&town, &run.ticket).await.unwrap();
    assert_eq!((report.authority.as_str(), report.idp.as_str()), ("11111111", &*town.korsbaek.entity_id));
}

#[tokio::test]
async fn a_run_that_ends_before_anything_is_read_is_one_of_its_municipality() {
    let town = Town::new("trust-unread").await;
    for (xml, verdict) in [("<", Verdict::Fail), ("", Verdict::Warning)] {
        let mut run = at_idp(&town, &town.korsbaek, Scenario::Basic, None).await;
        let right = town.korsbaek.write(&town.korsbaek.say(&run.question));
        let xml = if xml.is_empty() { right.as_str() } else { xml };
        deliver(&town, &mut run.browser, xml, run.arrived.relay_state.as_deref()).await;
        let report = report(&town, &run.ticket).await.unwrap();
        assert_eq!(report.verdict, verdict, "{:?}", told(&report));
        assert_eq!(
            (report.authority.as_str(), report.authority_name.as_str()),
            ("11111111", "Korsbæk Kommune")
        );
        assert_eq!(report.idp.as_str(), town.korsbaek.entity_id);
        let log = town.log().await;
        let ended = log.iter().rev().find(|record| record.event == Event::TrustRunEnded).unwrap();
        assert_eq!(ended.authority.map(|cvr| cvr.to_string()).as_deref(), Some("11111111"));
    }
}

/// Whoever holds a link posts what it likes, unproved, many times a day, and what is shown of it is kept for weeks.
#[tokio::test]
async fn nobody_makes_a_report_many_times_larger_than_what_came() {
    let town = Town::new("trust-large").await;
    // A namespace of a kilobyte, declared once and used by very many siblings, each of which would have to declare it anew
    // where nobody but a person reads it.
    let root = format!("<samlp:Response xmlns:a=\"urn:{}\"", "a".repeat(1_000));
    for (siblings, end) in
        [(3, "</samlp:Response>\n"), (40_000, "<!-- the rest of the message is not shown -->\n")]
    {
        let mut run = at_idp(&town, &town.korsbaek, Scenario::Basic, None).await;
        let right = town.korsbaek.write(&town.korsbaek.say(&run.question));
        let siblings = format!("{}</samlp:Response>", "<a:x/>".repeat(siblings));
        let large = right.replacen("<samlp:Response", &root, 1).replacen("</samlp:Response>", &siblings, 1);
        assert!(large.len() < 512 * 1024, "{}", large.len());
        deliver(&town, &mut run.browser, &large, run.arrived.relay_state.as_deref()).await;
        let report = report(&town, &run.ticket).await.unwrap();
        let received = report.shown.messages.iter().find(|message| message.what == "Response").unwrap();
        assert!(received.xml.starts_with("<samlp:Response") && received.xml.ends_with(end));
        let kept = serde_json::to_string(&report).unwrap().len();
        assert!(kept < 512 * 1024, "{kept} bytes are kept");
    }
}
