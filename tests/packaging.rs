//! What we hand to operators works as it stands: the example configuration, and the systemd unit.

use std::path::Path;
use std::process::{Command, Output};

use context_handler::config::{Config, Sources};

const UNIT: &str = include_str!("../packaging/context-handler.service");

/// `systemd-analyze` with the unit, whose binary need not be installed here; nothing where there is no systemd,
/// except in `make test`, which installs it.
#[expect(clippy::print_stdout, reason = "what is skipped is said")]
fn systemd_analyze(arguments: &[&str]) -> Option<Output> {
    let folder =
        std::env::temp_dir().join(format!("context-handler-unit-{}-{}", std::process::id(), arguments.len()));
    std::fs::create_dir_all(&folder).ok()?;
    let path = folder.join("context-handler.service");
    std::fs::write(&path, UNIT.replace("/usr/bin/context-handler", "/bin/true")).ok()?;
    let output = Command::new("systemd-analyze").args(arguments).arg(&path).output().ok();
    std::fs::remove_dir_all(&folder).ok()?;
    if output.is_none() {
        let wanted = std::env::var_os("CH_PEERS").is_some_and(|value| value == "1");
        assert!(!wanted, "CH_PEERS=1, but no systemd-analyze");
        println!("skipped: no systemd-analyze");
    }
    output
}

#[test]
fn the_example_configuration_is_right() {
    let text = include_str!("../packaging/config.toml").to_owned();
    let sources =
        Sources { files: vec![("/etc/context-handler/config.toml".to_owned(), text)], environment: vec![] };
    let config = Config::resolve(&sources).expect("no complaints");
    assert_eq!(config.keys.signing[0].file, Path::new("/etc/context-handler/keys/signing.pem"));
    assert!(config.server.public_url.is_https());
}

#[test]
fn the_variables_in_the_unit_are_settings() {
    let line = UNIT.lines().find_map(|line| line.strip_prefix("Environment=")).expect("a line");
    let (signing, decryption) = line.split_once("' ").expect("two variables");
    let pair = |variable: &str| {
        let (name, value) = variable.split_once("='").expect("a value");
        (
            name.to_owned(),
            value.trim_end_matches('\'').replace("%d", "/run/credentials/context-handler.service"),
        )
    };
    let file = ("config.toml".to_owned(), include_str!("../packaging/config.toml").to_owned());
    let sources = Sources { files: vec![file], environment: vec![pair(signing), pair(decryption)] };
    let config = Config::resolve(&sources).expect("no complaints");
    let folder = Path::new("/run/credentials/context-handler.service");
    assert_eq!(config.keys.signing[0].file, folder.join("signing.pem"));
    assert_eq!(config.keys.decryption[0].file, folder.join("decryption.pem"));
}

#[test]
fn systemd_understands_every_line_of_the_unit() {
    if let Some(output) = systemd_analyze(&["verify", "--man=no"]) {
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success() && !said.contains("context-handler.service:"), "{said}");
    }
}

#[test]
fn systemd_finds_the_unit_well_hardened() {
    // The scale goes from 0 (nothing exposed) to 10; the threshold is written without its decimal point.
    if let Some(output) = systemd_analyze(&["security", "--offline=true", "--threshold=15", "--no-pager"]) {
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
    }
}
