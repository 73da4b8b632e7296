//! What `users` promises: users come out of a CSV file whole or not at all, every bad line is told with its place, and a
//! dry run changes nothing.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on panics")]

#[expect(dead_code, reason = "shared with tests that look into the store")]
mod machine;

use std::fs;
use std::os::unix::fs::PermissionsExt;

use context_handler::cli::Exit;
use context_handler::protocol::keys::fingerprint;
use machine::{Machine, Said};
use serde_json::{Value, json};

const BYG: &str = "http://korsbaek.dk/roles/jobrole/byg/1";

impl Machine {
    /// One whose register holds one municipality and a user of its files.
    fn of_korsbaek() -> Self {
        let machine = Self::new();
        let register = "[[authority]]\ncvr = \"11111111\"\nname = \"Korsbæk\"\n\
                        [[user]]\nauthority = \"11111111\"\nid = \"of-the-files\"\n";
        assert_eq!(machine.register(register).0, Exit::Ok);
        machine
    }

    fn import(&self, csv: &str, more: &[&str]) -> Said {
        self.write("users.csv", csv);
        let file = self.path("users.csv");
        let words = [&["users", "import", &file, "--authority", "11111111"], more].concat();
        self.say(&words)
    }

    fn list(&self) -> Vec<Value> {
        self.json(&["users", "list", "--authority", "11111111"]).as_array().unwrap().clone()
    }
}

#[test]
fn users_are_imported_added_to_replaced_and_exported_as_they_came() {
    let machine = Machine::of_korsbaek();
    let first =
        format!("\u{feff}id;role;scope;constraints;claims\r\nib;{BYG};;;urn:oid:2.5.4.12=Chef\r\nbo;;;;\r\n");
    let (exit, out, err) = machine.import(&first, &["--dry-run", "--json"]);
    assert_eq!((exit, err.as_str()), (Exit::Ok, ""), "{out}");
    let told = json!({ "authority": "11111111", "new": 2, "changed": 0, "unchanged": 0, "removed": 0, "dry_run": true });
    assert_eq!(serde_json::from_str::<Value>(&out).unwrap(), told);
    assert!(machine.list().is_empty(), "a dry run changes nothing");

    let (exit, out, _) = machine.import(&first, &[]);
    assert_eq!(exit, Exit::Ok);
    assert_eq!(out.trim(), "users of 11111111: 2 new, 0 changed, 0 unchanged, 0 removed: imported");
    assert_eq!(machine.list()[1]["roles"], json!([{ "role": BYG, "scope": "11111111" }]));

    let second = format!("id,role,scope\nib,{BYG},22222222\nper,{BYG},\n");
    let (_, out, _) = machine.import(&second, &[]);
    assert!(out.contains("1 new, 1 changed, 0 unchanged, 0 removed"), "{out}");
    assert_eq!(machine.list().len(), 3, "others stay");
    let (_, out, _) = machine.import(&second, &["--replace"]);
    assert!(out.contains("0 new, 0 changed, 2 unchanged, 1 removed"), "{out}");

    let before = machine.list();
    let (exit, csv, _) = machine.say(&["users", "export", "--authority", "11111111"]);
    assert_eq!(exit, Exit::Ok);
    let (_, out, _) = machine.import(&csv, &["--replace"]);
    assert!(out.contains("0 new, 0 changed, 2 unchanged, 0 removed"), "{out}");
    assert_eq!(machine.list(), before);

    let log = machine.json(&["audit", "search", "users.changed"]);
    let log = log.as_array().unwrap();
    assert_eq!(log.len(), 4, "one record for each import, none for a dry run");
    assert!(log.iter().all(|record| record["actor"] == "operator" && record["authority"] == "11111111"));
}

#[test]
fn one_bad_line_keeps_the_whole_file_out_and_every_bad_line_is_told() {
    let machine = Machine::of_korsbaek();
    let csv = format!(
        "id;role;scope;claims\nib;{BYG};;\nbo;byg;;\nper;{BYG};1234;\n;{BYG};;\nof-the-files;{BYG};;cpr=0101010101\n"
    );
    let (exit, out, err) = machine.import(&csv, &["--json"]);
    assert_eq!(exit, Exit::Usage);
    let lines: Vec<&str> = err.lines().collect();
    assert_eq!(lines.len(), 4, "{err}");
    for (line, (place, expected)) in lines.iter().zip([
        ("users.csv:3:4:", "expected a URI (http, https or urn) of at most 512 bytes, got \"byg\""),
        ("users.csv:4:", "expected a CVR number of eight digits"),
        ("users.csv:5:1:", "expected 1 to 128 characters"),
        ("users.csv:6:", "got \"cpr\""),
    ]) {
        assert!(line.contains(place) && line.contains(expected), "{place} {expected}: {line}");
    }
    assert!(!err.contains("0101010101") && !out.contains("0101010101"), "no value of a claim is shown");
    let complaints = serde_json::from_str::<Value>(&out).unwrap()["complaints"].as_array().unwrap().len();
    assert_eq!(complaints, 4);
    assert!(machine.list().is_empty());
}

#[test]
fn users_of_the_registers_files_and_of_strangers_are_not_imported() {
    let machine = Machine::of_korsbaek();
    let (exit, _, err) = machine.import("id\nib\nof-the-files\n", &[]);
    assert_eq!(exit, Exit::Usage);
    assert!(err.contains("users.csv:3:1:") && err.contains("register's files"), "{err}");
    assert!(machine.list().is_empty());
    let file = machine.path("users.csv");
    fs::write(&file, "id\nib\n").unwrap();
    let (exit, _, err) = machine.say(&["users", "import", &file, "--authority", "22222222"]);
    assert!(exit == Exit::Usage && err.contains("expected an authority of the register"), "{err}");
    assert_eq!(machine.import("id\nib\n", &[]).0, Exit::Ok, "the twin");
}

#[test]
fn a_token_goes_into_a_file_of_its_owner_and_its_hash_into_the_register() {
    let machine = Machine::of_korsbaek();
    let file = machine.path("token");
    let (exit, out, _) = machine.say(&["keys", "token", "--out", &file, "--json"]);
    assert_eq!(exit, Exit::Ok);
    let token = fs::read_to_string(&file).unwrap();
    assert!(token.len() == 64 && !out.contains(&token), "the token is never shown");
    assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    let told: Value = serde_json::from_str(&out).unwrap();
    assert_eq!(told["sha256"], fingerprint(token.as_bytes()).as_str());
    assert_eq!(machine.say(&["keys", "token", "--out", &file]).0, Exit::Usage, "an existing file stays");
    assert_eq!(fs::read_to_string(&file).unwrap(), token);
    let client = |line: &str| {
        let toml = format!(
            "[[authority]]\ncvr = \"11111111\"\nname = \"Korsbæk\"\n[[api-client]]\nauthority = \"11111111\"\nname = \"roles\"\n{line}\n"
        );
        machine.register(&toml)
    };
    let (exit, out, err) = client(&format!("token-sha256 = {}", told["sha256"]));
    assert!(exit == Exit::Ok && out.contains("API client roles of 11111111"), "{out} {err}");
    let (exit, _, err) = client(&format!("token-sha256 = \"{token}0\""));
    assert!(exit == Exit::Usage && err.contains("64 hexadecimal digits") && !err.contains(&token), "{err}");
    let (exit, _, err) = client("");
    assert!(exit == Exit::Usage && err.contains("got neither"), "{err}");
}
