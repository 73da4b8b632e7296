//! What a trust report promises to those who read it by machine: the JSON keeps to the published schema, the JUnit XML is
//! what build servers take, and an expectation file is met by what it describes and by nothing else.

#![expect(clippy::unwrap_used, reason = "a test fails by it")]

use context_handler::domain::trust::{Expectation, Expected, Published, Report, SCHEMA, Verdict, junit};
use serde_json::Value;

#[path = "browser/report.rs"]
mod sample;
#[path = "schema/mod.rs"]
mod schema;

use sample::{green, hostile, red, yellow};

const HOSTILE: &str = "]]><failure/>\"'&\u{1}\u{202e}";

fn published(report: &Report) -> Value {
    serde_json::to_value(Published::from(report)).unwrap()
}

#[test]
fn every_report_keeps_to_the_published_schema_and_says_nothing_that_the_schema_does_not_describe() {
    let mut schema: Value = serde_json::from_str(SCHEMA).unwrap();
    close(&mut schema);
    for report in [green(), yellow(), red(), hostile(HOSTILE)] {
        assert_eq!(schema::check(&schema, &published(&report)), Ok(()));
    }
    for (pointer, wrong) in [
        ("/verdict", Value::from("good")),
        ("/version", Value::from(2)),
        ("/findings/0/title", Value::from("only English")),
        ("/authority", Value::from("1111111")),
        ("/shown/timing/skew", Value::from("1,2")),
        ("/shown/more", Value::Null),
    ] {
        let mut report = published(&green());
        match report.pointer_mut(pointer) {
            Some(value) => *value = wrong,
            None => drop(report["shown"].as_object_mut().unwrap().insert("more".to_owned(), wrong)),
        }
        assert!(schema::check(&schema, &report).is_err(), "{pointer}");
    }
}

/// Others ignore what they do not know; we do not publish what we do not describe.
fn close(schema: &mut Value) {
    match schema {
        Value::Object(object) => {
            if object.get("properties").is_some_and(Value::is_object)
                && object.get("type") == Some(&"object".into())
            {
                object.insert("additionalProperties".to_owned(), false.into());
            }
            object.values_mut().for_each(close);
        }
        Value::Array(array) => array.iter_mut().for_each(close),
        _ => {}
    }
}

#[test]
fn what_is_published_explains_each_finding_in_both_languages_and_is_read_back_as_the_report() {
    let json = published(&red());
    assert_eq!(json["sentence"]["da"], "Tillid er ikke etableret: 7 fejl og 3 advarsler.");
    assert_eq!(json["tasks"], serde_json::json!(["B", "C", "E"]));
    assert_eq!(json["counts"]["fail"], 7);
    for finding in json["findings"].as_array().unwrap() {
        let bad = ["warning", "fail"].contains(&finding["verdict"].as_str().unwrap());
        for text in ["title", "why"] {
            assert!(finding[text]["da"].as_str().unwrap() != finding[text]["en"].as_str().unwrap());
        }
        for text in ["reason", "means", "fix"] {
            assert_eq!(finding.get(text).is_some(), bad, "{finding}");
        }
    }
    assert_eq!(serde_json::from_value::<Report>(json).unwrap(), red());
}

#[test]
fn junit_is_what_build_servers_take() {
    for report in [green(), yellow(), red(), hostile(HOSTILE)] {
        let unmet = Expectation {
            what: HOSTILE.to_owned(),
            expected: HOSTILE.to_owned(),
            received: "–".to_owned(),
            met: false,
        };
        let xml = junit(&report, &[unmet]);
        let document = roxmltree::Document::parse(&xml).unwrap();
        let suite = suite_of(&document);
        let count = |name: &str| {
            suite.children().filter(|case| case.children().any(|child| child.has_tag_name(name))).count()
        };
        let told = |name: &str| suite.attribute(name).unwrap().parse::<usize>().unwrap();
        let cases = suite.children().filter(|child| child.has_tag_name("testcase")).count();
        assert_eq!(
            (told("tests"), told("failures"), told("skipped"), told("errors")),
            (cases, count("failure"), count("skipped"), 0)
        );
        assert_eq!(told("failures"), report.count(Verdict::Fail) + 1);
        assert_eq!(cases, report.findings.len() + 1);
    }
}

/// The rules of the schema that Jenkins publishes for its plugin: which element stands in which, and what each must say.
fn suite_of<'d>(document: &'d roxmltree::Document<'d>) -> roxmltree::Node<'d, 'd> {
    for node in document.descendants().filter(roxmltree::Node::is_element) {
        let parent = node.parent_element().map_or("", |parent| parent.tag_name().name());
        let (parents, required, allowed): (&[&str], &[&str], &[&str]) = match node.tag_name().name() {
            "testsuites" => {
                (&[""], &[], &["name", "time", "tests", "failures", "errors", "disabled", "skipped"])
            }
            "testsuite" => (
                &["testsuites"],
                &["name", "tests"],
                &[
                    "name",
                    "tests",
                    "failures",
                    "errors",
                    "time",
                    "skipped",
                    "timestamp",
                    "hostname",
                    "id",
                    "package",
                ],
            ),
            "properties" => (&["testsuite"], &[], &[]),
            "property" => (&["properties"], &["name", "value"], &["name", "value"]),
            "testcase" => (&["testsuite"], &["name", "classname"], &["name", "classname", "time"]),
            "failure" => (&["testcase"], &[], &["type", "message"]),
            "skipped" => (&["testcase"], &[], &["type", "message"]),
            "system-out" => (&["testsuite", "testcase"], &[], &[]),
            other => panic!("{other} is not known to build servers"),
        };
        assert!(parents.contains(&parent), "{node:?} in {parent}");
        assert!(required.iter().all(|name| node.has_attribute(*name)), "{node:?}");
        assert!(node.attributes().all(|attribute| allowed.contains(&attribute.name())), "{node:?}");
    }
    document.descendants().find(|node| node.has_tag_name("testsuite")).unwrap()
}

#[test]
fn a_failure_in_junit_says_what_was_expected_what_came_and_what_to_do() {
    let xml = junit(&red(), &[]);
    let document = roxmltree::Document::parse(&xml).unwrap();
    let audience = document
        .descendants()
        .find(|node| node.attribute("name").is_some_and(|name| name.starts_with("receiver.audience: ")))
        .unwrap();
    assert_eq!(audience.attribute("classname"), Some("trust.audience"));
    let failure = audience.first_element_child().unwrap();
    assert_eq!(failure.attribute("type"), Some("audience"));
    let message = failure.attribute("message").unwrap();
    assert!(
        message.contains("example/saml/sp, received https://context-handler.example/saml/sp/"),
        "{message}"
    );
    let fix = context_handler::domain::reason::Reason::Audience.explanation().fix.en;
    assert!(failure.text().unwrap().contains(fix));
}

fn unmet(toml: &str, report: &Report) -> Vec<String> {
    let expected = Expected::read("korsbaek.toml", toml).unwrap();
    let told = expected.compare(report);
    assert!(!told.is_empty());
    told.into_iter()
        .filter(|one| !one.met)
        .map(|one| format!("{}: {} / {}", one.what, one.expected, one.received))
        .collect()
}

const MET: &str = r#"
[expect]
verdict = "warning"
level = "Substantial"
roles = ["http://korsbaek.example/roles/jobrole/byggesagsbehandler/1"]
rights = { "BBR" = ["http://bbr.example/roles/usersystemrole/see/1"] }
attributes = { cvr = "11111111", "http://schemas.korsbaek.example/claims/afdeling" = ["Miljø", "Teknik"], email = "*" }

[checks]
"receiver.audience" = "pass"
"time.skew" = "warning"
"#;

#[test]
fn an_expectation_file_is_met_by_what_it_describes() {
    assert_eq!(unmet(MET, &yellow()), [""; 0]);
    assert_eq!(unmet("[expect]\nlevel = \"Low\"", &yellow()), [""; 0]);
}

#[test]
fn each_unmet_expectation_is_told_with_what_was_expected_and_what_came() {
    for (toml, told) in [
        ("[expect]\nverdict = \"pass\"", "verdict: pass / warning"),
        ("[expect]\nlevel = \"High\"", "level: High / NSIS Substantial"),
        ("[expect]\nlevel = \"3\"", "level: 3 / NSIS Substantial"),
        ("[expect]\nattributes = { cvr = \"22222222\" }", "attribute cvr: 22222222 / 11111111"),
        ("[expect]\nattributes = { cvr = [\"11111111\", \"x\"] }", "attribute cvr: 11111111, x / 11111111"),
        ("[expect]\nattributes = { nothing = \"*\" }", "attribute nothing: * / –"),
        ("[checks]\n\"time.skew\" = \"pass\"", "check time.skew: pass / warning: + 47,3 s"),
        ("[checks]\n\"logout.dead\" = \"pass\"", "check logout.dead: pass / not-applicable"),
        (
            "[expect]\nrights = { \"Køreprøvebooking\" = [\"urn:x\"] }",
            "right urn:x in Køreprøvebooking: urn:x / http://booking.example/roles/usersystemrole/book/1",
        ),
    ] {
        assert_eq!(unmet(toml, &yellow()), [told], "{toml}");
    }
    assert_eq!(unmet("[expect]\nroles = [\"urn:x\"]", &yellow()).len(), 1);
}

#[test]
fn an_expectation_file_that_means_nothing_is_complained_about_with_line_and_hint() {
    for (toml, complaint) in [
        (
            "[checks]\n\"time.skev\" = \"pass\"",
            "korsbaek.toml:2:1: expected the id of a check, got `time.skev` (did you mean `time.skew`?)",
        ),
        (
            "[expect]\nlevel = \"Betydelig\"",
            "korsbaek.toml:2:9: expected Low, Substantial, High, or 1 to 4, got `Betydelig`",
        ),
        ("[expect]\nrole = []", "korsbaek.toml:2:1: unknown key `role` (did you mean `roles`?)"),
    ] {
        let complaints = Expected::read("korsbaek.toml", toml).unwrap_err();
        assert_eq!(complaints.iter().map(ToString::to_string).collect::<Vec<_>>(), [complaint], "{toml}");
    }
    assert!(Expected::read("korsbaek.toml", "[checks]\n\"time.skew\" = \"good\"").is_err());
}
