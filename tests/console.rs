//! What `trust invite` and `trust invitations` promise: a link is told once, only for whom the register knows, and is listed
//! and withdrawn by a name that opens nothing.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on panics")]

#[expect(dead_code, reason = "shared with tests that look into the store")]
mod machine;

use std::fs;

use context_handler::cli::Exit;
use machine::Machine;
use serde_json::Value;

/// A machine whose register holds one municipality.
fn of_korsbaek() -> Machine {
    let machine = Machine::new();
    let register = "[[authority]]\ncvr = \"11111111\"\nname = \"Korsbæk\"\n";
    assert_eq!(machine.register(register).0, Exit::Ok);
    machine
}

#[test]
fn an_invitation_is_told_once_listed_by_its_name_and_withdrawn() {
    let machine = of_korsbaek();
    let made = machine.json(&["trust", "invite", "--authority", "11111111", "--days", "3"]);
    let link = made["link"].as_str().unwrap();
    let secret = link.strip_prefix("https://login.example.dk/trust/invitations/").unwrap();
    let programme = machine.json(&["trust", "invite", "--programme"]);
    assert_ne!(programme["link"], made["link"]);

    let (_, listed, _) = machine.say(&["trust", "invitations", "list"]);
    assert!(listed.contains("authority 11111111") && listed.contains("the programme"), "{listed}");
    let (_, log, _) = machine.say(&["audit", "search", "--json"]);
    assert!(!listed.contains(secret) && !log.contains(secret), "the link is told nowhere else");
    let kept = fs::read(machine.path("store.sqlite-wal")).unwrap_or_default();
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
    let machine = of_korsbaek();
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
