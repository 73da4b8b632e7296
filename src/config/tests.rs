//! What the configuration promises.

use std::collections::BTreeSet;

use super::*;

const LEAST: &str = "\
[server]
public-url = \"https://login.example.dk\"
[keys]
signing = [\"keys/signing.pem\"]
decryption = [{ file = \"keys/decryption.p12\", password-file = \"/run/secrets/password\" }]
";

fn sources(files: &[(&str, &str)], environment: &[(&str, &str)]) -> Sources {
    let owned =
        |list: &[(&str, &str)]| list.iter().map(|(a, b)| ((*a).to_owned(), (*b).to_owned())).collect();
    Sources { files: owned(files), environment: owned(environment) }
}

fn complaints(files: &[(&str, &str)], environment: &[(&str, &str)]) -> Vec<String> {
    let complaints = Config::resolve(&sources(files, environment)).expect_err("has mistakes");
    complaints.iter().map(ToString::to_string).collect()
}

fn effective(config: &Config) -> BTreeMap<String, (String, String)> {
    let all = config.effective().into_iter();
    all.map(|setting| (setting.key, (setting.value.to_string(), setting.origin.to_string()))).collect()
}

#[test]
fn the_least_configuration_is_complete_and_every_value_says_where_it_came_from() {
    let config = Config::resolve(&sources(&[("/etc/c/config.toml", LEAST)], &[])).expect("is right");
    assert_eq!(config.identity.entity_id.as_str(), "https://login.example.dk/saml");
    assert_eq!(config.keys.signing[0].file, Path::new("/etc/c/keys/signing.pem"));
    assert_eq!(config.keys.decryption[0].password_file.as_deref(), Some(Path::new("/run/secrets/password")));
    assert_eq!(config.login.session_hours.duration(), jiff::SignedDuration::from_hours(8));
    let effective = effective(&config);
    let shown = |key: &str| effective[key].clone();
    let pair = |value: &str, origin: &str| (value.to_owned(), origin.to_owned());
    assert_eq!(shown("server.public-url"), pair("\"https://login.example.dk\"", "/etc/c/config.toml:2"));
    assert_eq!(shown("server.listen"), pair("\"127.0.0.1:8080\"", "default"));
    assert_eq!(shown("login.clock-skew-seconds"), pair("60", "default"));
}

#[test]
fn later_files_win_over_earlier_ones_and_the_environment_over_all_key_by_key() {
    let more = "[server]\nlisten = \"[::]:443\"\n[login]\nsession-hours = 20\nassertion-minutes = 3\n";
    let environment = [
        ("CH__LOGIN__SESSION_HOURS", "30"),
        ("CH__STORE__PATH", "data/store.sqlite"),
        ("CH__SERVER__TRUSTED_PROXIES", "[\"192.0.2.0/24\"]"),
        ("CH_VECTORS", "not ours"),
        ("PATH", "/bin"),
    ];
    let files = [("config.toml", LEAST), ("conf.d/10-more.toml", more)];
    let config = Config::resolve(&sources(&files, &environment)).expect("is right");
    let effective = effective(&config);
    assert_eq!(effective["server.listen"].1, "conf.d/10-more.toml:2");
    assert_eq!(effective["server.public-url"].1, "config.toml:2");
    assert_eq!(effective["login.assertion-minutes"], ("3".to_owned(), "conf.d/10-more.toml:5".to_owned()));
    let from_environment = ("30".to_owned(), "environment CH__LOGIN__SESSION_HOURS".to_owned());
    assert_eq!(effective["login.session-hours"], from_environment);
    assert_eq!(config.store.path, Path::new("data/store.sqlite"));
    assert_eq!(config.server.trusted_proxies[0].to_string(), "192.0.2.0/24");
}

#[test]
fn mistakes_in_files_are_shown_with_file_line_and_the_nearest_key() {
    let wrong = "[server]\nlisten = \"localhost\"\n[login]\nclock-skew-seconds = 301\nsession-hors = 5\n[logging]\nlevel = \"loud\"\n";
    let shown = complaints(&[("config.toml", LEAST), ("conf.d/wrong.toml", wrong)], &[]);
    assert_eq!(
        shown,
        [
            "conf.d/wrong.toml:2:10: expected an address and a port like 127.0.0.1:8080, got \"localhost\"",
            "conf.d/wrong.toml:4:22: expected a number from 0 to 300, got 301",
            "conf.d/wrong.toml:5:1: unknown key `session-hors` (did you mean `session-hours`?)",
            "conf.d/wrong.toml:7:9: unknown value `loud` (known here: error, warn, info, debug, trace)",
        ]
    );
}

#[test]
fn mistakes_in_the_environment_name_the_variable() {
    let shown = |name: &str, value: &str| complaints(&[("config.toml", LEAST)], &[(name, value)]).join("\n");
    assert_eq!(
        shown("CH__SERVER__LISTNE", "127.0.0.1:80"),
        "CH__SERVER__LISTNE: unknown key `listne` (did you mean `listen`?)"
    );
    assert_eq!(
        shown("CH__SEVER__LISTEN", "127.0.0.1:80"),
        "CH__SEVER__LISTEN: unknown key `sever` (did you mean `server`?)"
    );
    assert_eq!(
        shown("CH__LOGIN__CLOCK_SKEW_SECONDS", "301"),
        "CH__LOGIN__CLOCK_SKEW_SECONDS: expected a number from 0 to 300, got 301"
    );
    assert_eq!(shown("CH__SERVER", "x"), "CH__SERVER: expected a name like CH__SECTION__KEY, got no key");
    assert_eq!(
        shown("CH__SERVER__PUBLIC_URL", "http://login.example.dk"),
        "CH__SERVER__PUBLIC_URL: expected https, because login.example.dk is not this machine, got \"http://login.example.dk\""
    );
}

#[test]
fn what_has_no_default_and_is_missing_is_shown_with_the_ways_to_say_it() {
    let shown = complaints(&[("config.toml", "")], &[]);
    assert_eq!(shown.len(), 3, "{shown:?}");
    assert_eq!(
        shown[0],
        "config.toml: expected a value for `server.public-url`, got none (write it there, in a file in conf.d, or in the environment as CH__SERVER__PUBLIC_URL)"
    );
    assert_eq!(complaints(&[("c", LEAST), ("d", "[keys]\nsigning = []\n")], &[]).len(), 1);
}

#[test]
fn the_public_address_is_https_or_this_very_machine_and_nothing_but_a_base() {
    for (written, kept) in [
        ("https://login.example.dk", "https://login.example.dk"),
        ("https://Login.example.dk:8443/", "https://login.example.dk:8443"),
        ("http://localhost:8080", "http://localhost:8080"),
        ("http://127.0.0.1:8080/", "http://127.0.0.1:8080"),
        ("http://[::1]:8080", "http://[::1]:8080"),
    ] {
        assert_eq!(PublicUrl::try_from(written.to_owned()).map(String::from), Ok(kept.to_owned()));
    }
    for wrong in [
        "login.example.dk",
        "http://login.example.dk",
        "http://localhost.example.dk",
        "http://127.0.0.1.example.dk",
        "https://user@login.example.dk",
        "https://login.example.dk/saml",
        "https://login.example.dk?x=y",
        "https://login.example.dk/#x",
        "ftp://login.example.dk",
        "https://",
        "/saml",
        "",
    ] {
        assert!(PublicUrl::try_from(wrong.to_owned()).is_err(), "{wrong:?}");
    }
}

#[test]
fn hosts_are_names_or_addresses_without_anything_around_them() {
    for right in ["idp.example.dk", "10.0.0.7", "::1", "idp_1"] {
        assert!(Host::try_from(right.to_owned()).is_ok(), "{right:?}");
    }
    for wrong in ["", "https://idp.example.dk", "idp.example.dk:443", "idp/x", "idp example"] {
        assert!(Host::try_from(wrong.to_owned()).is_err(), "{wrong:?}");
    }
}

#[test]
fn a_key_is_a_path_or_a_table_and_nothing_else() {
    let wrong = LEAST.replace("[\"keys/signing.pem\"]", "[{ file = \"a\", pasword-file = \"b\" }, 7, {}]");
    let shown = complaints(&[("config.toml", &wrong)], &[]);
    assert_eq!(shown.len(), 3, "{shown:?}");
    assert_eq!(shown[0], "config.toml:4:26: unknown key `pasword-file` (did you mean `password-file`?)");
    assert!(shown[1].contains("expected the path of a key file, or a table with `file`, got integer `7`"));
    assert!(shown[2].contains("expected a key `file`, got none"));
}

#[test]
fn every_setting_is_documented_and_every_documented_setting_exists_with_its_default() {
    let document = include_str!("../../docs/configuration.md");
    let config = Config::resolve(&sources(&[("config.toml", LEAST)], &[])).expect("is right");
    let mut documented = BTreeSet::new();
    let mut section = String::new();
    for line in document.lines() {
        if let Some(name) = line.strip_prefix("## [").and_then(|rest| rest.split_once(']')) {
            section = name.0.to_owned();
        }
        let cells: Vec<_> = line.split('|').map(str::trim).collect();
        if let ["", key, default, _, ""] = cells[..]
            && let Some(key) = key.strip_prefix('`').and_then(|key| key.strip_suffix('`'))
        {
            let key = format!("{section}.{key}");
            let (value, origin) =
                effective(&config).remove(&key).unwrap_or_else(|| panic!("no setting {key}"));
            if origin == "default" && !default.contains(' ') {
                assert_eq!(default, format!("`{value}`"), "{key}");
            }
            documented.insert(key);
        }
    }
    let existing: BTreeSet<_> = effective(&config).into_keys().collect();
    assert_eq!(documented, existing);
}

#[test]
fn what_is_in_force_can_be_written_back_and_means_the_same() {
    let config = Config::resolve(&sources(&[("config.toml", LEAST)], &[])).expect("is right");
    let text = toml::to_string(&config).expect("is TOML");
    let again = Config::resolve(&sources(&[("config.toml", &text)], &[])).expect("is right");
    assert_eq!(toml::to_string(&again).expect("is TOML"), text);
}

#[test]
fn the_folder_beside_the_file_is_read_in_the_order_of_names() {
    let folder = std::env::temp_dir().join(format!("context-handler-config-{}", std::process::id()));
    std::fs::create_dir_all(folder.join("conf.d")).expect("a folder");
    let main = folder.join("config.toml");
    for (name, text) in [
        ("config.toml", LEAST),
        ("conf.d/20.toml", "[login]\nsession-hours = 20\n"),
        ("conf.d/10.toml", "[login]\nsession-hours = 11\nassertion-minutes = 4\n"),
        ("conf.d/30.toml.bak", "not read"),
    ] {
        std::fs::write(folder.join(name), text).expect("a file");
    }
    let config = Config::resolve(&Sources::gather(Some(&main)).expect("readable")).expect("is right");
    assert_eq!(config.login.session_hours.duration(), jiff::SignedDuration::from_hours(20));
    assert_eq!(config.login.assertion_minutes.duration(), jiff::SignedDuration::from_mins(4));
    assert_eq!(config.keys.signing[0].file, folder.join("keys/signing.pem"));
    std::fs::remove_dir_all(&folder).expect("is ours");
    let gone = Sources::gather(Some(&main)).expect_err("is gone")[0].to_string();
    assert!(gone.contains("config.toml: expected a configuration file, got: No such file"), "{gone}");
}
