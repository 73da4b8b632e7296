//! What `trust invite` and `trust invitations` promise: a link is told once, only for whom the register knows, and is listed
//! and withdrawn by a name that opens nothing.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on panics")]

use std::fs;
use std::path::{Path, PathBuf};

use context_handler::cli::{Desk, Exit, run};
use context_handler::system::{SystemClock, SystemRandom};
use serde_json::Value;

/// A machine with a configuration, a store, and a register with one municipality.
struct Machine(PathBuf);

impl Machine {
    fn new(name: &str) -> Self {
        let folder = std::env::temp_dir().join(format!("ch-console-{name}-{}", std::process::id()));
        drop(fs::remove_dir_all(&folder));
        fs::create_dir_all(folder.join("register")).unwrap();
        let keys = Path::new(env!("CARGO_MANIFEST_DIR")).join("certs-dev");
        let config = format!(
            "[server]\npublic-url = \"https://login.example.dk\"\n[store]\npath = {:?}\n[keys]\nsigning = [{:?}]\ndecryption = [{:?}]\n",
            folder.join("store.sqlite"),
            keys.join("broker-signing.pem"),
            keys.join("broker-decryption.pem"),
        );
        fs::write(folder.join("config.toml"), config).unwrap();
        let machine = Self(folder);
        let register = "[[authority]]\ncvr = \"11111111\"\nname = \"Korsbæk\"\n";
        fs::write(machine.0.join("register/register.toml"), register).unwrap();
        let directory = machine.0.join("register").display().to_string();
        assert_eq!(machine.say(&["apply", &directory]).0, Exit::Ok);
        machine
    }

    fn say(&self, words: &[&str]) -> (Exit, String, String) {
        let (mut out, mut err) = (Vec::new(), Vec::new());
        let desk = Desk {
            input: &mut std::io::empty(),
            out: &mut out,
            err: &mut err,
            clock: &SystemClock,
            random: &SystemRandom,
        };
        let config = self.0.join("config.toml").display().to_string();
        let words = [&["context-handler"], words, &["--config", &config]].concat();
        let exit = run(words.iter().map(Into::into), desk);
        (exit, String::from_utf8(out).unwrap(), String::from_utf8(err).unwrap())
    }

    fn json(&self, words: &[&str]) -> Value {
        let (exit, out, err) = self.say(&[words, &["--json"]].concat());
        assert_eq!((exit, err.as_str()), (Exit::Ok, ""));
        serde_json::from_str(&out).unwrap()
    }
}

impl Drop for Machine {
    fn drop(&mut self) {
        drop(fs::remove_dir_all(&self.0));
    }
}

#[test]
fn an_invitation_is_told_once_listed_by_its_name_and_withdrawn() {
    let machine = Machine::new("told-once");
    let made = machine.json(&["trust", "invite", "--authority", "11111111", "--days", "3"]);
    let link = made["link"].as_str().unwrap();
    let secret = link.strip_prefix("https://login.example.dk/trust/invitations/").unwrap();
    let programme = machine.json(&["trust", "invite", "--programme"]);
    assert_ne!(programme["link"], made["link"]);

    let (_, listed, _) = machine.say(&["trust", "invitations", "list"]);
    assert!(listed.contains("authority 11111111") && listed.contains("the programme"), "{listed}");
    let (_, log, _) = machine.say(&["audit", "search", "--json"]);
    assert!(!listed.contains(secret) && !log.contains(secret), "the link is told nowhere else");
    let kept = fs::read(machine.0.join("store.sqlite-wal")).unwrap_or_default();
    assert!(!String::from_utf8_lossy(&kept).contains(secret));

    let name = made["invitation"].as_str().unwrap();
    let list = || machine.json(&["trust", "invitations", "list"]).as_array().unwrap().clone();
    machine.say(&["trust", "invitations", "withdraw", name, "--dry-run"]);
    assert_eq!(list().len(), 2);
    machine.say(&["trust", "invitations", "withdraw", name]);
    assert_eq!(list().len(), 1);
    assert_eq!((&list()[0]["for"], &list()[0]["state"]), (&"the programme".into(), &"open".into()));
    assert_eq!(machine.say(&["trust", "invitations", "withdraw", name]).0, Exit::Usage);
}

#[test]
fn nobody_is_invited_who_has_nothing_to_see() {
    let machine = Machine::new("nobody");
    for words in [
        &["--authority", "99999999"][..],
        &["--authority", "1"],
        &["--fagsystem", "https://unknown.example.dk"],
        &["--programme", "--authority", "11111111"],
        &["--programme", "--days", "0"],
        &[],
    ] {
        let (exit, out, err) = machine.say(&[&["trust", "invite"], words].concat());
        assert_eq!((exit, out.as_str()), (Exit::Usage, ""), "{words:?}");
        assert!(!err.is_empty());
    }
    assert_eq!(machine.json(&["trust", "invitations", "list"]), Value::Array(Vec::new()));
}
