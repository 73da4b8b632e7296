//! The municipality proves that its identity provider works: a run is ordered on the command line, Karen follows the link,
//! and the report says what the administrator got wrong.

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

use serde_json::Value;

use crate::browser::Browser;
use crate::world::{IDP, Municipality, World};
use crate::{KORSBAEK, missing};

/// SimpleSAMLphp encrypts with AES-CBC only, so it does not: what it says is looked at in plain.
const PLAIN: Municipality = Municipality { danger_allow_cbc: false, encrypts: false, ..KORSBAEK };

/// Orders a run, follows its link as Karen, and reads what the command says of it: its exit code and its report.
fn verify(world: &World, scenario: &str) -> (i32, Value) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_context-handler"))
        .args(["trust", "verify", IDP, "--authority", "11111111", "--scenario", scenario])
        .args(["--json", "--wait", "30", "--config"])
        .arg(world.settings())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut said = BufReader::new(command.stderr.take().unwrap());
    let link = loop {
        let mut line = String::new();
        assert_ne!(said.read_line(&mut line).unwrap(), 0, "no link was told");
        if let Some(start) = line.find("http").filter(|_| line.contains("/trust/runs/")) {
            break line[start..].split_whitespace().next().unwrap().to_owned();
        }
    };
    Browser::default().log_in(&link, "karen");
    let output = command.wait_with_output().unwrap();
    let report = serde_json::from_slice(&output.stdout);
    let report =
        report.unwrap_or_else(|error| panic!("{error}: {}", String::from_utf8_lossy(&output.stdout)));
    (output.status.code().unwrap(), report)
}

/// What failed, as `check reason`.
fn failed(report: &Value) -> Vec<String> {
    let findings = report["findings"].as_array().unwrap().iter();
    let failed = findings.filter(|finding| finding["verdict"] == "fail");
    failed
        .map(|one| format!("{} {}", one["check"].as_str().unwrap(), one["reason"].as_str().unwrap()))
        .collect()
}

#[test]
fn simplesamlphp_is_green_when_right_and_red_with_the_cause_when_its_configuration_is_wrong() {
    if missing() {
        return;
    }
    let mut world = World::start("trust", PLAIN);
    world.apply();
    assert_eq!(
        failed(&verify(&world, "rights").1),
        ["rights.known bpp.role"],
        "nobody has registered the role yet"
    );
    world.register(
        "role.toml",
        "[[job-function-role]]\nid = \"http://korsbaek.example/roles/jobrole/caseworker/1\"\n\
         authority = \"11111111\"\nname = \"Case worker\"\n",
    );
    world.apply();
    std::thread::sleep(std::time::Duration::from_secs(1)); // the broker takes it up within a second
    for scenario in ["basic", "nsis-substantial", "rights", "is-passive", "force-authn", "logout-redirect"] {
        let (exit, report) = verify(&world, scenario);
        assert_eq!((exit, failed(&report)), (0, Vec::new()), "{scenario}: {report:#}");
    }
    for (fault, expected) in [
        ("no-cvr", vec!["login.let-in attr.missing", "attribute.cvr attr.missing"]),
        (
            "sha1",
            vec![
                "login.let-in alg.refused",
                "signature.covers alg.refused",
                "signature.assertion alg.refused",
            ],
        ),
        (
            "old-key",
            vec![
                "login.let-in key.untrusted",
                "signature.covers key.untrusted",
                "signature.assertion key.untrusted",
            ],
        ),
        ("email-name", vec!["login.let-in value.format", "name.form value.format"]),
        ("no-version", vec!["login.let-in profile", "attribute.profile profile"]),
        (
            "no-level",
            vec!["login.let-in loa.unknown", "level.stated loa.missing", "level.enough loa.unknown"],
        ),
    ] {
        world.reconfigure_idp(PLAIN, fault);
        let (exit, report) = verify(&world, "nsis-substantial");
        assert_eq!(
            (exit, failed(&report)),
            (1, expected.iter().map(ToString::to_string).collect()),
            "{fault}"
        );
    }
    world.reconfigure_idp(PLAIN, "");
    assert_eq!(verify(&world, "nsis-substantial").0, 0, "put right, it is green again");
}
