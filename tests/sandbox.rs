//! The sandbox as a newcomer starts it: one command plays a login and tells it, and what it loads is what the
//! repository shows.

#![expect(clippy::unwrap_used, reason = "a helper that fails is a test that fails")]

use std::collections::BTreeMap;
use std::fs;
use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};

/// Ten ports in a row that nobody listens on, from below the range that the system gives to outgoing connections.
fn free_port() -> u16 {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    loop {
        let next = std::process::id() + NEXT.fetch_add(1, Ordering::Relaxed);
        let port = 20_000 + u16::try_from(next % 600).unwrap() * 10;
        if (port..=port + 9).all(|port| TcpListener::bind(("127.0.0.1", port)).is_ok()) {
            return port;
        }
    }
}

/// A folder for temporary files, removed at the end.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("context-handler-{name}-{}", std::process::id()));
        fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    fn is_empty(&self) -> bool {
        fs::read_dir(&self.0).unwrap().next().is_none()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn sandbox(port: u16, folder: &Folder, words: &[&str]) -> (Output, String, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_context-handler"));
    command.args(["sandbox", "--port", &port.to_string()]).args(words).env("TMPDIR", &folder.0);
    let output = command.output().unwrap();
    let (out, err) = (output.stdout.clone(), output.stderr.clone());
    (output, String::from_utf8(out).unwrap(), String::from_utf8(err).unwrap())
}

#[test]
fn one_command_plays_a_login_hop_by_hop_and_each_story_in_a_line_and_leaves_nothing_behind() {
    let folder = Folder::new("demo");
    let (output, out, err) = sandbox(free_port(), &folder, &["--demo", "--once"]);
    assert_eq!(output.status.code(), Some(0), "{out}{err}");
    let hops: Vec<&str> = out.lines().take_while(|line| !line.is_empty()).collect();
    let expected = [
        ("browser → BBR", "opens the front page", ""),
        ("browser → BBR", "presses Log ind", "signed (rsa-sha256)"),
        ("BBR → context-handler", "AuthnRequest", "allowed: login.begun, signed by the registered key"),
        ("browser → context-handler", "sees the municipalities", ""),
        ("browser → context-handler", "chooses Korsbæk Kommune", "allowed: login.chosen"),
        ("context-handler → Korsbæk IdP", "AuthnRequest", "signed by the context handler"),
        ("browser → Korsbæk IdP", "sees the login page", ""),
        ("browser → Korsbæk IdP", "logs in as Agnes Holm", "encrypted to the context handler"),
        ("Korsbæk IdP → context-handler", "Response", "level NSIS Substantial"),
        ("context-handler → BBR", "Response", "decrypted with the system's own key"),
        ("browser → BBR", "is logged in as Agnes Holm", ""),
    ];
    assert_eq!(hops.len(), expected.len(), "{out}");
    for (number, (hop, (way, what, checked))) in hops.iter().zip(expected).enumerate() {
        assert!(hop.trim_start().starts_with(&format!("{}  {way} ", number + 1)), "{hop}");
        assert!(hop.contains(what) && hop.contains(checked) && hop.contains(" ms"), "{hop}");
    }
    let (login, stories) = out.split_once("Further stories").expect("the stories");
    let log = login.split("audit search").nth(1).expect("the exchange log");
    for event in ["request-received", "question-sent", "answer-received", "token-issued"] {
        assert_eq!(log.matches(event).count(), 1, "{event}: {log}");
    }
    let expected = [
        "Agnes Holm of Korsbæk → BBR: let in; See buildings (Korsbæk Kommune); Change buildings (Korsbæk Kommune; KLE subject: 02.34 or 02.36)",
        "Agnes Holm of Korsbæk, logged in at Køreprøvebooking → BBR: let in; See buildings (Korsbæk Kommune); Change buildings",
        "Agnes Holm of Korsbæk → Byggesag: let in; Handle building cases (Korsbæk Kommune; KLE subject: 02.34 or 02.36)",
        "Agnes Holm of Korsbæk → Køreprøvebooking: let in; Book driving tests (Korsbæk Kommune; Category: A or B); Book driving tests (Feddet Kommune)",
        "Viggo Lund of Korsbæk → BBR: let in, without rights",
        "Poul Kruse of Feddet → Køreprøvebooking: let in; Book driving tests (Feddet Kommune)",
        "Sofie Bak of Feddet → Køreprøvebooking: let in; Book driving tests (Feddet Kommune)",
        "Karen Birk of Feddet → Køreprøvebooking: refused: loa.lower",
        "Ellen Friis of Korsbæk, then Ellen Friis at NemLog-in → BBR: let in by https://saml.korsbaek.example/idp → https://saml.nemlog-in.example; See buildings",
        "Ellen Friis of Korsbæk, then Benny Skov at NemLog-in → BBR: refused: loa.stepup_user",
        "Robot 7 of Korsbæk → Køreprøvebooking: let in; Book driving tests",
        "Robot 7 of Korsbæk → BBR: refused: robot.nsis: The user is a robot",
        "Signe Vang of Korsbæk → SEB: let in; See health data",
    ];
    let stories: Vec<&str> = stories.lines().skip(1).collect();
    assert_eq!(stories.len(), expected.len(), "{out}");
    for (story, expected) in stories.iter().zip(expected) {
        assert!(story.contains(expected), "{story}");
    }
    assert!(folder.is_empty(), "something was left behind");
}

#[test]
fn every_hop_and_every_story_is_told_as_json_too() {
    let folder = Folder::new("json");
    let (output, out, err) = sandbox(free_port(), &folder, &["--demo", "--once", "--json"]);
    assert_eq!(output.status.code(), Some(0), "{out}{err}");
    let told: Vec<serde_json::Value> =
        serde_json::Deserializer::from_str(&out).into_iter().collect::<Result<_, _>>().unwrap();
    assert_eq!(told.len(), 25);
    assert_eq!(told[8]["from"], "Korsbæk IdP");
    assert_eq!(told[11]["log"][3]["event"], "token-issued");
    assert_eq!(
        (&told[17]["story"], &told[17]["fagsystem"]),
        (&"attribute service".into(), &"Køreprøvebooking".into())
    );
}

#[test]
fn a_taken_port_is_told_and_nothing_is_left_behind() {
    let folder = Folder::new("taken");
    let port = free_port();
    let _taken = TcpListener::bind(("127.0.0.1", port + 2)).unwrap();
    let (output, out, err) = sandbox(port, &folder, &["--demo", "--once"]);
    assert_eq!(output.status.code(), Some(2), "{out}{err}");
    assert!(
        err.contains(&format!("cannot listen on 127.0.0.1:{}", port + 2)) && err.contains("--port"),
        "{err}"
    );
    assert!(folder.is_empty(), "something was left behind");
}

#[test]
fn the_example_federation_is_what_its_script_makes_and_what_apply_takes() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let folder = Folder::new("metadata");
    let made = Command::new("sh").arg(root.join("certs-dev/metadata.sh")).arg(&folder.0).status().unwrap();
    assert!(made.success());
    let written = |folder: &Path| -> BTreeMap<String, String> {
        let paths = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
        let metadata =
            paths.filter(|path| path.extension().is_some_and(|kind| kind == "xml" || kind == "json"));
        metadata
            .map(|path| {
                (path.file_name().unwrap().to_str().unwrap().to_owned(), fs::read_to_string(&path).unwrap())
            })
            .collect()
    };
    assert_eq!(written(&root.join("metadata")), written(&folder.0));

    let config = folder.0.join("config.toml");
    let key = |name: &str| root.join("certs-dev").join(name).display().to_string();
    let text = format!(
        "[server]\npublic-url = \"http://localhost:8080\"\n[store]\npath = \"store.sqlite\"\n\
         [keys]\nsigning = [{:?}]\ndecryption = [{:?}]\n",
        key("broker-signing.pem"),
        key("broker-decryption.pem")
    );
    fs::write(&config, text).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_context-handler"));
    let output = command.arg("--config").arg(config).arg("apply").arg(root.join("metadata")).arg("--dry-run");
    let output = output.output().unwrap();
    let told = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success() && told.contains("41 added, 0 changed, 0 removed"), "{told}");
}

#[test]
fn the_readme_names_every_command() {
    let help = Command::new(env!("CARGO_BIN_EXE_context-handler")).arg("--help").output().unwrap();
    let help = String::from_utf8(help.stdout).unwrap();
    let listed = help.lines().skip_while(|line| *line != "Commands:").skip(1);
    let commands: Vec<&str> =
        listed.map_while(|line| line.split_whitespace().next()).filter(|name| *name != "help").collect();
    assert!(commands.len() > 5, "{help}");
    let readme = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md")).unwrap();
    let table: String = readme.lines().filter(|line| line.starts_with("| `")).collect();
    for command in commands {
        let named = [format!("`{command}`"), format!("`{command} ")];
        assert!(named.iter().any(|name| table.contains(name)), "{command} is missing");
    }
}

/// A sandbox that serves until it is dropped.
struct Serving(Child);

impl Serving {
    fn start(port: u16, folder: &Folder) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_context-handler"));
        command.args(["sandbox", "--port", &port.to_string()]).env("TMPDIR", &folder.0);
        let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let open = lines.any(|line| line.unwrap().contains("Ctrl-C stops everything"));
        assert!(open, "the sandbox did not start");
        Self(child)
    }

    fn stop(mut self) -> Option<i32> {
        let told = Command::new("sh").args(["-c", &format!("kill {}", self.0.id())]).status().unwrap();
        assert!(told.success());
        self.0.wait().unwrap().code()
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn logins_work_in_chromium_with_and_without_javascript_in_both_languages() {
    let tests = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/browser");
    if !tests.join("node_modules").exists() || !Path::new("/usr/bin/chromium").exists() {
        assert!(std::env::var_os("CH_BROWSER").is_none(), "run tests/browser/install.sh first");
        println!("skipped: tests/browser/install.sh has not run");
        return;
    }
    let (port, folder) = (free_port(), Folder::new("chromium"));
    let sandbox = Serving::start(port, &folder);
    let mut node = Command::new("node");
    let played = node.arg("sandbox.mjs").arg(port.to_string()).current_dir(tests).status().unwrap();
    assert!(played.success());
    assert_eq!(sandbox.stop(), Some(0));
    assert!(folder.is_empty(), "something was left behind");
}

#[test]
fn the_pages_about_trust_work_in_chromium_and_a_municipality_proves_its_provider_there() {
    let tests = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/browser");
    if !tests.join("node_modules").exists() || !Path::new("/usr/bin/chromium").exists() {
        assert!(std::env::var_os("CH_BROWSER").is_none(), "run tests/browser/install.sh first");
        println!("skipped: tests/browser/install.sh has not run");
        return;
    }
    let (port, folder) = (free_port(), Folder::new("trust"));
    let sandbox = Serving::start(port, &folder);
    let config = fs::read_dir(&folder.0).unwrap().next().unwrap().unwrap().path().join("config.toml");
    let invited = |whom: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_context-handler"));
        let output =
            command.arg("--config").arg(&config).args(["trust", "invite"]).args(whom).output().unwrap();
        let told = String::from_utf8(output.stdout).unwrap();
        told.split_whitespace().find(|word| word.contains("/trust/invitations/")).unwrap().to_owned()
    };
    let (programme, municipality) = (invited(&["--programme"]), invited(&["--authority", "11111111"]));
    let mut node = Command::new("node");
    node.args(["trust.mjs", &port.to_string(), &programme, &municipality]);
    assert!(node.current_dir(tests).status().unwrap().success());
    assert_eq!(sandbox.stop(), Some(0));
}
