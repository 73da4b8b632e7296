//! `trust verify` against the sandbox, whose neighbours are real: a robot logs in without a browser, the report is shown in
//! every form, expectations are compared, and the exit code says what came of it.

#![expect(clippy::unwrap_used, reason = "a test fails by it")]

#[expect(dead_code, reason = "here the sandbox is the machine")]
mod machine;

use std::fs;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

use context_handler::cli::Exit;
use context_handler::domain::trust::{Report, Verdict};
use context_handler::protocol::keys::fingerprint;
use context_handler::sandbox::{Failed, Places, Sandbox};
use machine::Said;

const KORSBAEK: &str = "https://saml.korsbaek.example/idp";
const BBR: &str = "https://saml.bbr.example";

struct Town(Sandbox);

impl Town {
    async fn open() -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        loop {
            let next = std::process::id() + NEXT.fetch_add(1, Ordering::Relaxed);
            let port = 14_000 + u16::try_from(next % 500).unwrap() * 10;
            if !(port..=port + 9).all(|port| TcpListener::bind(("127.0.0.1", port)).is_ok()) {
                continue;
            }
            match Sandbox::open(Places::from_port(port).unwrap()).await {
                Ok(sandbox) => return Self(sandbox),
                Err(Failed::Listen { .. }) => {}
                Err(failed) => panic!("{failed}"),
            }
        }
    }

    fn say(&self, words: &[&str]) -> Said {
        machine::say(&self.0.config_file().display().to_string(), words, &[])
    }

    fn verify(&self, words: &[&str]) -> Said {
        self.say(&[&["trust", "verify", KORSBAEK], words].concat())
    }
}

/// A file of this test.
fn file(name: &str, content: &str) -> String {
    let path: PathBuf = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    fs::write(&path, content).unwrap();
    path.display().to_string()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_robot_logs_in_without_a_browser_and_the_report_is_shown_in_every_form() {
    let town = Town::open().await;
    let (exit, out, err) = town.verify(&[
        "--robot",
        "--form",
        "who=agnes",
        "--scenario",
        "nsis-substantial",
        "--fagsystem",
        BBR,
    ]);
    assert_eq!(exit, Exit::Ok, "{out}{err}");
    assert!(out.starts_with("Trust is established."), "{out}");
    assert!(err.starts_with("A robot logs in: http://localhost:") && err.contains("/trust/runs/"), "{err}");
    let run = out.lines().find_map(|line| line.strip_prefix("run ")?.split(',').next()).unwrap().to_owned();

    let (exit, out, err) = town.say(&["--json", "trust", "report", &run]);
    assert_eq!(exit, Exit::Ok, "{err}");
    let report: Report = serde_json::from_str(&out).unwrap();
    assert_eq!((report.run.to_string(), report.shown.preview.is_some()), (run.clone(), true));
    assert!(report.verdict < Verdict::Fail);
    assert!(!out.contains("Agnes"), "personal data is masked");

    let (exit, out, _) = town.say(&["trust", "report", &run, "--junit"]);
    assert!(exit == Exit::Ok && roxmltree::Document::parse(&out).is_ok(), "{out}");
    let (exit, out, _) = town.say(&["trust", "report", &run, "--html", "--lang", "en"]);
    assert!(
        exit == Exit::Ok && out.starts_with("<!DOCTYPE html>") && out.contains("<h1>Trust is established.")
    );
    let link = err.split("A robot logs in: ").nth(1).map(str::trim).unwrap_or_default().to_owned();
    assert!(link.is_empty(), "a report that is kept orders nothing");

    // A robot that was given nothing gets as far as the login form: the run began, and there is no answer.
    let (exit, _, err) = town.verify(&["--robot"]);
    assert_eq!(exit, Exit::Unreachable, "{err}");
    let link = err.split_whitespace().find(|word| word.contains("/trust/runs/")).unwrap().to_owned();
    let run = context_handler::protocol::seal::Ticket::read(link.rsplit('/').next().unwrap()).unwrap().id;
    for run in [run.to_string(), link] {
        let (exit, out, err) = town.say(&["--json", "trust", "report", &run]);
        assert!(exit == Exit::Unreachable && err.contains("trust.unanswered"), "{err}");
        let told: serde_json::Value = serde_json::from_str(&out).unwrap();
        assert!(told["sent"]["xml"].as_str().unwrap().contains("AuthnRequest") && told["begun"].is_string());
    }
    let (exit, out, err) = town.verify(&["--wait", "0"]);
    assert!(exit == Exit::Unreachable && out.is_empty() && err.contains("nobody came"), "{out}{err}");
    town.0.close().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_expected_and_does_not_come_is_told_and_fails_the_command() {
    let town = Town::open().await;
    let met = file(
        "met.toml",
        "[expect]\nlevel = \"Substantial\"\nroles = [\"http://korsbaek.example/roles/jobrole/koereproevebooker/1\"]\nattributes = { cvr = \"11111111\" }\n[checks]\n\"receiver.audience\" = \"pass\"\n",
    );
    let robot = ["--robot", "--form", "who=agnes", "--expect"];
    let (exit, out, err) = town.verify(&[&robot[..], &[&met]].concat());
    assert_eq!(exit, Exit::Ok, "{out}{err}");
    assert!(out.contains("ok       expected level: expected Substantial, got NSIS Substantial"), "{out}");

    let unmet = file("unmet.toml", "[expect]\nlevel = \"High\"\n[checks]\n\"rights.known\" = \"fail\"\n");
    let (exit, out, _) = town.verify(&[&robot[..], &[&unmet, "--junit"]].concat());
    assert_eq!(exit, Exit::CheckFailed, "{out}");
    assert!(out.contains("message=\"expected High, received NSIS Substantial\""), "{out}");
    assert!(out.contains("failures=\"2\""), "{out}");
    let (exit, _, err) = town.verify(&["--expect", &file("wrong.toml", "[expect]\nlevle = \"High\"")]);
    assert!(exit == Exit::Usage && err.contains("did you mean `level`?"), "{err}");
    town.0.close().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_login_that_fails_a_check_fails_the_command_and_one_that_is_raised_does_not() {
    let town = Town::open().await;
    let substantial = ["--robot", "--scenario", "nsis-substantial", "--form"];
    let karen = ["trust", "verify", "https://saml.feddet.example/idp"];
    let (exit, out, err) = town.say(&[&karen[..], &substantial, &["who=karen"]].concat());
    assert_eq!(exit, Exit::CheckFailed, "{out}{err}");
    assert!(out.starts_with("Trust is not established: ") && out.contains("ERROR    level."), "{out}");

    let twice = ["who=ellen", "--form", "who=ellen", "--scenario", "step-up"];
    let (exit, out, err) = town.verify(&[&["--robot", "--form"], &twice[..]].concat());
    assert_eq!(exit, Exit::Ok, "{out}{err}");
    assert!(out.contains("level.step-up"), "{out}");
    let (exit, _, err) =
        town.verify(&[&["--robot", "--form"], &["who=ellen", "--scenario", "step-up"][..]].concat());
    assert!(
        exit == Exit::Unreachable && err.contains("nobody answers this page"),
        "typed at most once: {err}"
    );
    town.0.close().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_municipality_tries_its_login_from_its_own_machine() {
    let town = Town::open().await;
    let token = "a-token-that-only-this-test-knows";
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("register");
    drop(fs::remove_dir_all(&folder));
    let (exit, _, err) = town.say(&["export", &folder.display().to_string()]);
    assert_eq!(exit, Exit::Ok, "{err}");
    let client = format!(
        "[[api-client]]\nauthority = \"11111111\"\nname = \"Korsbæk CI\"\ntoken-sha256 = \"{}\"\n",
        fingerprint(token.as_bytes())
    );
    fs::write(folder.join("ci.toml"), client).unwrap();
    let (exit, _, err) = town.say(&["apply", &folder.display().to_string()]);
    assert_eq!(exit, Exit::Ok, "{err}");
    tokio::time::sleep(std::time::Duration::from_secs(1)).await;

    let base = town.0.places().broker();
    let there = ["--url", &base, "--robot", "--form", "who=agnes", "--token-file"];
    let (exit, out, err) =
        town.verify(&[&there[..], &[&file("right-token", &format!("{token}\n"))]].concat());
    assert_eq!(exit, Exit::Ok, "{out}{err}");
    assert!(out.starts_with("Trust is established."), "{out}");
    let link = err.split_whitespace().find(|word| word.contains("/trust/runs/")).unwrap();
    let (exit, again, err) = town.say(&["trust", "report", link]);
    assert_eq!((exit, again), (Exit::Ok, out), "{err}");
    let (exit, _, err) = town.verify(&[&there[..], &[&file("wrong-token", "guess")]].concat());
    assert!(exit == Exit::Usage && err.contains("401"), "{err}");
    assert!(!err.contains("guess"), "{err}");
    town.0.close().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_in_time_and_a_page_that_nobody_answers_are_no_failed_checks() {
    let town = Town::open().await;
    let (exit, out, err) = town.verify(&["--wait", "1"]);
    assert_eq!((exit, out.as_str()), (Exit::Unreachable, ""), "{err}");
    assert!(err.contains("Open this address in a browser") && err.contains("nobody came"), "{err}");
    let link = err.split_whitespace().find(|word| word.contains("/trust/runs/")).unwrap().to_owned();
    let (exit, _, err) = town.say(&["trust", "report", &link]);
    assert!(exit == Exit::Unreachable && err.contains("nobody has logged in yet"), "{err}");

    let (exit, _, err) = town.verify(&["--robot", "--form", "who=stranger"]);
    assert_eq!(exit, Exit::Unreachable, "{err}");
    assert!(err.contains("nobody answers this page: http://localhost:"), "{err}");
    assert!(err.contains("it takes --form who=agnes, who=viggo, "), "{err}");
    let (exit, out, err) = town.verify(&["--json", "--robot"]);
    let told: serde_json::Value = serde_json::from_str(&out).unwrap();
    assert_eq!(exit, Exit::Unreachable, "{err}");
    assert!(err.contains(told["unreachable"].as_str().unwrap()), "{out}{err}");
    let (exit, _, err) = town.say(&["trust", "verify", "https://saml.korsbek.example/idp"]);
    assert_eq!(exit, Exit::Usage, "{err}");
    assert!(err.contains("(did you mean `https://saml.korsbaek.example/idp`?)"), "{err}");
    let (exit, _, err) = town.verify(&["--authority", "99999999"]);
    assert_eq!(exit, Exit::Usage, "{err}");
    let (exit, _, err) = town.say(&["trust", "verify", "https://nobody.example", "--robot"]);
    assert!(exit == Exit::Usage && err.contains("expected a registered identity provider"), "{err}");
    let (exit, ..) = town.say(&["trust", "verify", KORSBAEK, "--form", "who=agnes"]);
    assert_eq!(exit, Exit::Usage, "a form is for a robot");
    let token = file("token", "secret");
    let (exit, _, err) = town.verify(&["--url", "http://broker.example", "--token-file", &token]);
    assert!(exit == Exit::Usage && err.contains("https"), "{err}");
    let (exit, _, err) = town.verify(&["--url", "http://localhost:1", "--token-file", &token]);
    assert_eq!(exit, Exit::Unreachable, "{err}");
    town.0.close().await.unwrap();
}
