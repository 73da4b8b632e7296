//! How far a municipality has come: every task follows from what really happens, and nobody sees or orders what belongs to
//! somebody else.

use std::collections::BTreeMap;

use context_handler::broker::registry::Files;
use context_handler::domain::audit::{Actor, Event};
use context_handler::domain::console::Sees;
use context_handler::domain::id::{Cvr, EntityId};
use context_handler::protocol::keys::fingerprint;
use jiff::SignedDuration;
use serde_json::Value;

use crate::support::roles::{WORKER, scope};
use crate::support::{Answer, Browser, Say, Town, deliver};

const KORSBAEK: &str = "11111111";
const FEDDET: &str = "99999999";

fn authority(cvr: &str) -> Sees {
    Sees::Authority(Cvr::new(cvr).unwrap())
}

/// The states of a municipality's tasks, as the table of the programme tells them.
async fn states(town: &Town) -> String {
    let mut programme = town.reader(Sees::Programme).await;
    let file = programme.get(&format!("{}/trust/matrix.csv", town.url)).await;
    let rows = table(&file);
    let row = rows.iter().find(|row| row["cvr"] == KORSBAEK).unwrap();
    let tasks: Vec<_> = ["A", "B", "C", "D", "E", "R"].map(|task| format!("{task} {}", row[task])).into();
    tasks.join(", ")
}

fn table(file: &Answer) -> Vec<BTreeMap<String, String>> {
    assert_eq!(file.status, 200, "{}", file.body);
    assert_eq!(file.headers["cache-control"], "no-store");
    assert_eq!(file.headers["content-type"], "text/csv; charset=utf-8");
    let mut lines = file.body.lines().map(|line| line.split(',').map(str::to_owned).collect::<Vec<_>>());
    let head = lines.next().unwrap();
    lines.map(|cells| head.iter().cloned().zip(cells).collect()).collect()
}

fn named(page: &Answer) -> String {
    let (_, rest) =
        page.body.split_once("name=\"console\" value=\"").unwrap_or_else(|| panic!("{}", page.body));
    rest.split('"').next().unwrap().to_owned()
}

fn page_of(town: &Town, cvr: &str) -> String {
    format!("{}/trust/authorities/{cvr}", town.url)
}

/// Orders a run on Korsbæk's own page.
async fn order(town: &Town, browser: &mut Browser, cvr: &str, scenario: &str) -> Answer {
    let console = named(&browser.get(&format!("{}/trust", town.url)).await);
    let idp = if cvr == KORSBAEK { &town.korsbaek.entity_id } else { &town.feddet.entity_id };
    let fields = [("console", console.as_str()), ("idp", idp), ("scenario", scenario), ("fagsystem", "")];
    browser.post(&format!("{}/runs", page_of(town, cvr)), &fields).await
}

/// Orders a run, follows its link in another browser, and answers as Korsbæk's identity provider.
async fn run(town: &Town, scenario: &str, change: impl FnOnce(&mut Say)) {
    let mut browser = town.reader(authority(KORSBAEK)).await;
    let ordered = order(town, &mut browser, KORSBAEK, scenario).await;
    assert_eq!((ordered.status, ordered.headers["cache-control"].to_str().unwrap()), (200, "no-store"));
    let (_, path) = ordered.body.split_once("link-code\">").unwrap();
    let link = path.split("</code>").next().unwrap();
    assert!(link.starts_with(&format!("{}/trust/runs/", town.url)), "{link}");
    let mut colleague = town.browser();
    let sent = colleague.post(link, &[]).await.onward();
    let (question, arrived) = town.korsbaek.question(&sent);
    let mut say = town.korsbaek.say(&question);
    say.at(town.now());
    say.assertion_id = format!("_assertion{}", town.now().as_second());
    change(&mut say);
    let xml = town.korsbaek.write(&say);
    deliver(town, &mut colleague, &xml, arrived.relay_state.as_deref()).await;
    town.pass(SignedDuration::from_secs(1));
}

#[tokio::test]
async fn every_task_follows_from_what_really_happens() {
    let town = Town::new("progress").await;
    assert_eq!(
        states(&town).await,
        "A in-progress, B open, C open, D open, E open, R not-needed",
        "it is registered and no more"
    );
    let mut anybody = town.browser();
    let metadata = anybody.get(&format!("{}/saml/sp/metadata?by={KORSBAEK}", town.url)).await;
    assert!(metadata.status == 200 && metadata.body.contains("SPSSODescriptor"));
    assert_eq!(states(&town).await, "A done, B open, C open, D open, E open, R not-needed");

    run(&town, "basic", |say| say.audiences = vec![vec!["https://other.test/".into()]]).await;
    assert_eq!(states(&town).await, "A done, B attention, C open, D open, E open, R not-needed");
    run(&town, "basic", |_| {}).await;
    assert_eq!(states(&town).await, "A done, B done, C open, D open, E open, R not-needed");

    run(&town, "rights", |say| say.rights(&[(&scope(FEDDET), WORKER, &[])])).await;
    assert_eq!(states(&town).await, "A done, B done, C attention, D open, E open, R not-needed");
    run(&town, "rights", |say| say.rights(&[(&scope(KORSBAEK), WORKER, &[])])).await;
    assert_eq!(states(&town).await, "A done, B done, C done, D open, E open, R not-needed");

    run(&town, "nsis-low", |_| {}).await;
    assert_eq!(states(&town).await, "A done, B done, C done, D open, E in-progress, R not-needed");

    for (fagsystem, expected) in [(&town.bbr, "D in-progress"), (&town.driving, "D done")] {
        let mut user = town.browser();
        let sent = fagsystem.send(&mut user, &fagsystem.ask()).await;
        let answer = town.korsbaek.answer(&town, &mut user, &sent, |say| {
            say.at(town.now());
            say.assertion_id = format!("_login{}", fagsystem.file);
        });
        let answer = answer.await;
        assert_eq!(fagsystem.read(&answer, &town).status, ["Success"]);
        assert!(states(&town).await.contains(expected), "{}", states(&town).await);
    }
    let mut own = town.reader(authority(KORSBAEK)).await;
    let page = own.get(&page_of(&town, KORSBAEK)).await;
    for shown in ["/saml/sp/metadata?by=11111111", "BBR", &town.acs(), "Add-AdfsRelyingPartyTrust", "1 login"]
    {
        assert!(page.body.contains(shown), "{shown}");
    }

    town.pass(SignedDuration::from_hours(24 * 30));
    assert!(states(&town).await.contains("B attention"), "what was proved a month ago is proved no longer");
}

#[tokio::test]
async fn a_provider_that_answers_a_run_must_have_taken_in_our_metadata() {
    let town = Town::new("progress-answered").await;
    run(&town, "basic", |_| {}).await;
    assert!(states(&town).await.starts_with("A done"), "{}", states(&town).await);
    let unknown = format!("{}/saml/sp/metadata?by=12345678", town.url);
    for junk in [unknown.as_str(), &format!("{}/saml/sp/metadata?by=x", town.url)] {
        assert_eq!(town.browser().get(junk).await.status, 200, "whoever asks is answered");
    }
}

#[tokio::test]
async fn nobody_sees_or_orders_what_belongs_to_somebody_else() {
    let town = Town::new("progress-others").await;
    let bbr = Sees::Systems(vec![EntityId::new(&town.bbr.entity_id).unwrap()]);
    for (sees, own) in [(authority(KORSBAEK), 200), (Sees::Programme, 200), (bbr, 403)] {
        let theirs = if sees == Sees::Programme { 200 } else { 403 };
        let mut browser = town.reader(sees).await;
        for (cvr, status) in [(KORSBAEK, own), (FEDDET, theirs)] {
            let page = browser.get(&page_of(&town, cvr)).await;
            assert_eq!((page.status, page.headers["cache-control"].to_str().unwrap()), (status, "no-store"));
            assert_eq!(order(&town, &mut browser, cvr, "basic").await.status, status, "{cvr}");
            let log = town.log().await;
            let last = log.last().unwrap();
            assert_eq!((last.event, last.actor), (Event::TrustRunOrdered, Actor::Reader));
            assert_eq!((last.allowed, last.authority.unwrap().as_str()), (status == 200, cvr));
            assert!(status == 200 || last.reason == "console.denied");
            assert!(last.session.is_some());
            let viewed = log.iter().rev().find(|record| record.event == Event::ConsoleViewed).unwrap();
            assert_eq!((viewed.allowed, viewed.actor), (status == 200, Actor::Reader));
        }
    }
    // The identity provider of another municipality cannot be tried in one's own name.
    let mut browser = town.reader(authority(KORSBAEK)).await;
    let console = named(&browser.get(&format!("{}/trust", town.url)).await);
    let fields =
        [("console", console.as_str()), ("idp", town.feddet.entity_id.as_str()), ("scenario", "basic")];
    let refused = browser.post(&format!("{}/runs", page_of(&town, KORSBAEK)), &fields).await;
    assert_eq!(
        (refused.status, town.log().await.last().unwrap().reason.as_str()),
        (400, "agreement.missing")
    );
}

#[tokio::test]
async fn whoever_is_not_signed_in_sees_and_orders_nothing() {
    let town = Town::new("progress-nobody").await;
    let mut nobody = town.browser();
    for path in
        ["/trust/authorities/11111111", "/trust/matrix", "/trust/matrix.csv", "/trust/matrix.csv?of=systems"]
    {
        let answer = nobody.get(&format!("{}{path}", town.url)).await;
        assert_eq!((answer.status, answer.location()), (303, "/trust"), "{path}");
    }
    // A form of another site, in a browser that is signed in: it cannot know the name of the sign-in.
    let mut browser = town.reader(authority(KORSBAEK)).await;
    for console in ["", "00000000000000000000000000000000"] {
        let fields = [("console", console), ("idp", town.korsbaek.entity_id.as_str()), ("scenario", "basic")];
        let answer = browser.post(&format!("{}/runs", page_of(&town, KORSBAEK)), &fields).await;
        assert_eq!((answer.status, answer.location()), (303, "/trust"));
    }
    assert!(town.log().await.iter().all(|record| record.event != Event::TrustRunOrdered));
    assert_eq!(order(&town, &mut browser, KORSBAEK, "basic").await.status, 200);
    assert_eq!(browser.get(&page_of(&town, "12345678")).await.status, 403);
    assert_eq!(browser.get(&page_of(&town, "x")).await.status, 404);
}

/// Feddet has no agreement about BBR.
fn without_bbr(files: &mut Files) {
    let toml = String::from_utf8(files["register.toml"].clone()).unwrap();
    let (kept, feddets) = toml.rsplit_once("service-providers = [").unwrap();
    let (_, last) = feddets.split_once(", ").unwrap();
    files.insert("register.toml".into(), format!("{kept}service-providers = [{last}").into_bytes());
}

#[tokio::test]
async fn everybody_finds_their_own_rows_in_the_table() {
    let town = Town::with("progress-rows", without_bbr).await;
    let bbr = EntityId::new(&town.bbr.entity_id).unwrap();
    let driving = EntityId::new(&town.driving.entity_id).unwrap();
    for (sees, municipalities, pairs) in [
        (Sees::Programme, vec![KORSBAEK, FEDDET], 3),
        (authority(KORSBAEK), vec![KORSBAEK], 2),
        (authority(FEDDET), vec![FEDDET], 1),
        (Sees::Systems(vec![bbr]), vec![KORSBAEK], 1),
        (Sees::Systems(vec![driving]), vec![KORSBAEK, FEDDET], 2),
    ] {
        let mut browser = town.reader(sees.clone()).await;
        let rows = table(&browser.get(&format!("{}/trust/matrix.csv", town.url)).await);
        let seen: Vec<&str> = rows.iter().map(|row| row["cvr"].as_str()).collect();
        assert_eq!(seen, municipalities, "{sees}");
        let systems = table(&browser.get(&format!("{}/trust/matrix.csv?of=systems", town.url)).await);
        assert_eq!(systems.len(), pairs, "{sees}");
        let page = browser.get(&format!("{}/trust/matrix", town.url)).await;
        assert_eq!((page.status, page.headers["cache-control"].to_str().unwrap()), (200, "no-store"));
        assert_eq!(page.body.contains("Feddet"), municipalities.contains(&FEDDET), "{sees}");
    }
}

/// A municipality's system that calls the API.
fn system(town: &Town, token: &str) -> Browser {
    let mut system = town.browser();
    system.headers.push(("authorization".into(), format!("Bearer {token}")));
    system
}

fn with_clients(files: &mut Files) {
    let client = |cvr: &str, token: &str| {
        let sha256 = fingerprint(token.as_bytes());
        format!(
            "[[api-client]]\nauthority = {cvr:?}\nname = \"system of {cvr}\"\ntoken-sha256 = {sha256:?}\n\n"
        )
    };
    let toml = client(KORSBAEK, "of korsbaek") + &client(FEDDET, "of feddet");
    files.get_mut("register.toml").unwrap().extend(toml.into_bytes());
}

fn json(answer: &Answer) -> Value {
    assert_eq!(answer.headers["cache-control"], "no-store");
    serde_json::from_str(&answer.body).unwrap_or_else(|error| panic!("{error}: {}", answer.body))
}

#[tokio::test]
async fn a_municipalitys_system_orders_runs_reads_reports_and_asks_how_far_it_has_come() {
    let town = Town::with("progress-api", with_clients).await;
    let (mut own, mut other) = (system(&town, "of korsbaek"), system(&town, "of feddet"));
    let runs = format!("{}/api/v1/trust/runs", town.url);
    let wish = |idp: &str, scenario: &str| {
        Some(serde_json::json!({ "identityProvider": idp, "scenario": scenario }).to_string())
    };
    let made = own.call("POST", &runs, wish(&town.korsbaek.entity_id, "nsis-low")).await;
    assert_eq!(made.status, 201, "{}", made.body);
    let (link, id) = (json(&made)["link"].clone(), json(&made)["id"].clone());
    assert_eq!(made.location(), format!("/api/v1/trust/runs/{}", id.as_str().unwrap()));
    let ordered = town.log().await.pop().unwrap();
    assert_eq!((ordered.event, ordered.actor), (Event::TrustRunOrdered, Actor::ApiClient));

    let one = format!("{runs}/{}", id.as_str().unwrap());
    assert_eq!(json(&own.get(&one).await)["report"], Value::Null);
    let mut colleague = town.browser();
    let sent = colleague.post(link.as_str().unwrap(), &[]).await;
    assert_eq!(json(&own.get(&one).await)["unanswered"]["reason"], "trust.unanswered");
    assert!(json(&own.get(&runs).await)["runs"][0]["begun"].is_string());
    town.korsbaek.answer(&town, &mut colleague, &sent.onward(), |_| {}).await;
    assert_eq!(json(&own.get(&one).await)["report"]["scenario"], "nsis-low");
    let read = town.log().await.pop().unwrap();
    assert_eq!((read.event, read.actor, read.allowed), (Event::ConsoleViewed, Actor::ApiClient, true));
    assert_eq!(json(&own.get(&runs).await)["runs"][0]["id"], id);

    let adoption = format!("{}/api/v1/adoption", town.url);
    let told = json(&own.get(&format!("{adoption}?cvr={KORSBAEK}")).await);
    assert_eq!((&told["authority"], &told["tasks"][1]["state"]), (&KORSBAEK.into(), &"done".into()));
    assert_eq!(told["tasks"][1]["evidence"][0]["run"], id);
    assert_eq!(told["systems"].as_array().unwrap().len(), 2);

    // Another municipality's system neither sees any of it nor orders for this one.
    assert_eq!(other.get(&one).await.status, 404);
    assert_eq!(json(&other.get(&runs).await)["runs"], Value::Array(Vec::new()));
    assert_eq!(other.get(&format!("{adoption}?cvr={KORSBAEK}")).await.status, 403);
    assert_eq!(json(&other.get(&adoption).await)["authority"], FEDDET);
    let foreign = other.call("POST", &runs, wish(&town.korsbaek.entity_id, "basic")).await;
    assert_eq!((foreign.status, &json(&foreign)["code"]), (400, &"agreement.missing".into()));
    for wrong in
        [None, Some("{}".to_owned()), wish(&town.korsbaek.entity_id, "everything"), wish("", "basic")]
    {
        let refused = own.call("POST", &runs, wrong.clone()).await;
        assert!(matches!(refused.status, 400 | 415), "{wrong:?} {}", refused.body);
    }
    for path in [&runs, &one, &adoption] {
        assert_eq!(town.browser().get(path).await.status, 401, "{path}");
    }
}

#[tokio::test]
async fn a_report_is_read_in_every_form_by_whoever_sees_its_municipality_and_every_look_is_written_down() {
    let town = Town::new("progress-report").await;
    run(&town, "basic", |_| {}).await;
    let id = town.broker.runs_of(Cvr::new(KORSBAEK).unwrap(), 1).await.unwrap()[0].id;
    let of = |cvr: &str, form: &str| format!("{}/runs/{id}{form}", page_of(&town, cvr));
    let forms = [
        ("", "text/html; charset=utf-8"),
        ("/report.json", "application/json"),
        ("/report.junit", "application/xml"),
        ("/report.zip", "application/zip"),
    ];
    for sees in [authority(KORSBAEK), Sees::Programme] {
        let mut browser = town.reader(sees).await;
        for (form, kind) in forms {
            let request = told_as(&mut browser, &of(KORSBAEK, form)).await;
            assert_eq!(
                (request.0, request.1.as_str(), request.2.as_str()),
                (200, kind, "no-store"),
                "{form}"
            );
            let viewed = town.log().await.pop().unwrap();
            assert_eq!((viewed.event, viewed.allowed), (Event::ConsoleViewed, true));
            assert_eq!(viewed.detail.unwrap(), format!("run {id}"));
        }
        assert_eq!(browser.get(&of(KORSBAEK, "/report.exe")).await.status, 404);
        let page = browser.get(&of(KORSBAEK, "")).await.body;
        for again in ["action=\"/trust/authorities/11111111/runs\"", "name=\"scenario\" value=\"basic\""] {
            assert!(page.contains(again), "whoever may order tries the same again: {page}");
        }
    }
    // Neither under its own address nor under one's own, nor by a supplier, nor without a sign-in.
    let mut other = town.reader(authority(FEDDET)).await;
    let bbr = Sees::Systems(vec![EntityId::new(&town.bbr.entity_id).unwrap()]);
    let mut supplier = town.reader(bbr).await;
    for (form, _) in forms {
        assert_eq!(other.get(&of(KORSBAEK, form)).await.status, 403, "{form}");
        assert_eq!(town.log().await.pop().unwrap().reason, "console.denied");
        assert_eq!(other.get(&of(FEDDET, form)).await.status, 404, "{form}");
        assert_eq!(supplier.get(&of(KORSBAEK, form)).await.status, 403, "{form}");
        assert_eq!(town.browser().get(&of(KORSBAEK, form)).await.location(), "/trust", "{form}");
    }
}

/// Status, kind and cache of an answer whose content need not be text.
async fn told_as(browser: &mut Browser, url: &str) -> (u16, String, String) {
    let answer = browser.get(url).await;
    let header = |name: &str| answer.headers[name].to_str().unwrap().to_owned();
    (answer.status, header("content-type"), header("cache-control"))
}

#[tokio::test]
async fn who_would_be_without_a_fagsystem_at_which_level_is_foreseen_as_far_as_the_reader_sees() {
    let town = Town::with("progress-forecast", |files| {
        without_bbr(files);
        with_clients(files);
    })
    .await;
    let foreseen = async |sees: Sees| {
        let mut browser = town.reader(sees).await;
        let file = browser.get(&format!("{}/trust/matrix.csv?of=levels", town.url)).await;
        let line = |row: &BTreeMap<String, String>| {
            ["fagsystem", "level", "demanded", "cvr", "reach"].map(|column| row[column].clone()).join(" ")
        };
        table(&file).iter().map(line).collect::<Vec<_>>()
    };
    let (bbr, driving) = ("BBR NSIS High no 11111111 lower", "Køreprøvebooking NSIS");
    let of_driving = [
        format!("{driving} Substantial no 99999999 lower"),
        format!("{driving} High no 11111111 lower"),
        format!("{driving} High no 99999999 lower"),
    ];
    let all = [&[bbr.to_owned()], &of_driving[..]].concat();
    assert_eq!(foreseen(Sees::Programme).await, all);
    let supplier = Sees::Systems(vec![EntityId::new(&town.bbr.entity_id).unwrap()]);
    assert_eq!(foreseen(supplier).await, [bbr]);
    assert_eq!(foreseen(authority(FEDDET)).await, [of_driving[0].clone(), of_driving[2].clone()]);

    // What is registered becomes what was seen; what nobody is registered for is out of reach.
    let (mut own, mut other) = (system(&town, "of korsbaek"), system(&town, "of feddet"));
    let named = town.bbr.entity_id.replace(':', "%3A").replace('/', "%2F");
    let address = format!("{}/api/v1/trust/systems/{named}", town.url);
    let levels = |answer: &Answer| json(answer)["levels"].clone();
    let reach = |substantial: &str| {
        serde_json::json!([
            { "level": "NSIS Substantial", "demanded": true, "reach": substantial },
            { "level": "NSIS High", "demanded": false, "reach": "lower" },
        ])
    };
    assert_eq!(levels(&own.get(&address).await), reach("registered"));
    run(&town, "nsis-substantial", |_| {}).await;
    let told = own.get(&address).await;
    assert_eq!((levels(&told), &json(&told)["logins"]), (reach("seen"), &0.into()));
    let mut browser = town.reader(authority(KORSBAEK)).await;
    let page = browser.get(&format!("{}?lang=da", page_of(&town, KORSBAEK))).await.body;
    assert!(page.contains("NSIS Substantial <strong class=\"badge is-done\">nået"), "{page}");
    town.change(|files| {
        let toml = String::from_utf8(files["register.toml"].clone()).unwrap();
        let (demanded, more) = ("required-nsis = \"Substantial\"", "required-nsis = \"High\"");
        assert!(toml.contains(demanded));
        files.insert("register.toml".into(), toml.replace(demanded, more).into_bytes());
    })
    .await;
    let page = browser.get(&format!("{}?lang=da", page_of(&town, KORSBAEK))).await.body;
    assert!(page.contains("NSIS High <strong class=\"badge is-wrong\">kan ikke nås"), "{page}");
    let mut programme = town.reader(Sees::Programme).await;
    let matrix = programme.get(&format!("{}/trust/matrix?lang=en", town.url)).await.body;
    assert!(matrix.contains("<td>NSIS High: without 1</td>"), "{matrix}");

    // What a municipality may not use is unknown to its system.
    assert_eq!(other.get(&address).await.status, 404);
    assert_eq!(own.get(&format!("{}/api/v1/trust/systems/x", town.url)).await.status, 404);
    assert_eq!(town.browser().get(&address).await.status, 401);
}
