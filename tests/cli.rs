//! What the command line promises: answers for people and as JSON, complaints with a next step, and exit codes.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};

use context_handler::cli::{Desk, Exit, run};
use context_handler::domain::faults::Product;
use context_handler::domain::reason::Reason;
use context_handler::domain::world::Clock;
use context_handler::system::SystemRandom;
use jiff::Timestamp;
use serde_json::Value;

struct StoppedAt(&'static str);

impl Clock for StoppedAt {
    fn now(&self) -> Timestamp {
        self.0.parse().unwrap_or_default()
    }
}

const NOW: StoppedAt = StoppedAt("2026-11-21T10:00:00Z");

/// A folder of its own for a test, removed at its end, with a configuration that is right.
struct Folder(PathBuf);

impl Folder {
    fn new() -> Self {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let path = std::env::temp_dir().join(format!("context-handler-cli-{}-{number}", std::process::id()));
        let keys = Path::new(env!("CARGO_MANIFEST_DIR")).join("certs-dev");
        let config = format!(
            "[server]\npublic-url = \"https://login.example.dk\"\n[keys]\nsigning = [{0:?}]\ndecryption = [{1:?}]\n",
            keys.join("broker-signing.pem"),
            keys.join("broker-decryption.pem"),
        );
        let made = fs::create_dir_all(&path).and_then(|()| fs::write(path.join("config.toml"), config));
        assert!(made.is_ok(), "{made:?}");
        Self(path)
    }

    fn path(&self, name: &str) -> String {
        self.0.join(name).display().to_string()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// Exit code, standard output and standard error of one command.
fn say(clock: &dyn Clock, words: &[&str]) -> (Exit, String, String) {
    let (mut out, mut err) = (Vec::new(), Vec::new());
    let desk =
        Desk { input: &mut std::io::empty(), out: &mut out, err: &mut err, clock, random: &SystemRandom };
    let exit = run(["context-handler"].iter().chain(words).map(Into::into), desk);
    (exit, String::from_utf8_lossy(&out).into_owned(), String::from_utf8_lossy(&err).into_owned())
}

fn json(answer: &str) -> Value {
    serde_json::from_str(answer).unwrap_or_else(|error| panic!("{error}: {answer}"))
}

#[test]
fn check_config_shows_every_value_its_origin_and_the_keys() {
    let folder = Folder::new();
    let config = folder.path("config.toml");
    let (exit, out, err) = say(&NOW, &["check-config", "--config", &config]);
    assert_eq!((exit, err.as_str()), (Exit::Ok, ""), "{out}");
    let line = |key: &str| out.lines().find(|line| line.starts_with(key)).unwrap_or_default().to_owned();
    let row = |key: &str| line(key).split_whitespace().map(str::to_owned).collect::<Vec<_>>();
    let origin = format!("({config}:2)");
    assert_eq!(row("server.public-url"), ["server.public-url", "\"https://login.example.dk\"", &origin]);
    assert_eq!(row("login.session-hours"), ["login.session-hours", "8", "(default)"]);
    assert!(line("signs").contains("days left") && line("decrypts").contains("days left"), "{out}");

    let (exit, out, _) = say(&NOW, &["--json", "check-config", "--config", &config]);
    let answer = json(&out);
    assert_eq!(exit, Exit::Ok);
    let settings = answer["settings"].as_array().expect("a list");
    let url = settings.iter().find(|setting| setting["key"] == "server.public-url").expect("is there");
    assert_eq!(url["origin"]["file"]["line"], 2);
    assert_eq!(answer["keys"][0]["use"], "signs");
    assert_eq!(answer["keys"][0]["not_after"], "2044-01-01T00:00:00Z");
}

#[test]
fn check_config_shows_no_secret() {
    let folder = Folder::new();
    let (config, password) = (folder.path("config.toml"), folder.path("password"));
    fs::write(&password, "correct horse battery staple\n").expect("is written");
    let text = fs::read_to_string(&config).expect("is there");
    let (key, rest) =
        text.split_once("signing = [").and_then(|(_, rest)| rest.split_once(']')).expect("a key");
    let with_password = format!("signing = [{{ file = {key}, password-file = {password:?} }}]{rest}");
    let before = text.split("signing").next().unwrap_or_default();
    fs::write(&config, format!("{before}{with_password}")).expect("is written");
    for format in [&["--json"][..], &[]] {
        let (exit, out, err) = say(&NOW, &[format, &["check-config", "--config", &config]].concat());
        assert_eq!(exit, Exit::Ok, "{err}");
        assert!(out.contains("password-file") && !out.contains("horse") && !out.contains("PRIVATE"), "{out}");
    }
}

#[test]
fn a_wrong_configuration_is_a_usage_error_that_names_file_line_and_remedy() {
    let folder = Folder::new();
    let config = folder.path("config.toml");
    let text = fs::read_to_string(&config).expect("is there");
    fs::write(&config, text.replace("public-url", "public-ulr")).expect("is written");
    let (exit, out, err) = say(&NOW, &["check-config", "--config", &config]);
    assert_eq!((exit, out.as_str()), (Exit::Usage, ""));
    assert_eq!(err, format!("error: {config}:2:1: unknown key `public-ulr` (did you mean `public-url`?)\n"));
    let (_, out, _) = say(&NOW, &["check-config", "--json", "--config", &config]);
    assert_eq!(json(&out)["complaints"][0]["line"], 2);
    let (exit, _, err) = say(&NOW, &["check-config", "--config", &folder.path("gone.toml")]);
    assert_eq!(exit, Exit::Usage);
    assert!(err.contains("gone.toml: expected a configuration file, got: No such file"), "{err}");
}

#[test]
fn a_key_file_that_cannot_be_read_is_complained_about_beside_the_settings() {
    let folder = Folder::new();
    let config = folder.path("config.toml");
    let text = fs::read_to_string(&config).expect("is there");
    fs::write(&config, text.replace("broker-signing.pem", "gone.pem")).expect("is written");
    let (exit, out, err) = say(&NOW, &["check-config", "--config", &config]);
    assert_eq!(exit, Exit::Usage);
    assert!(out.contains("server.public-url"), "{out}");
    assert!(err.contains("gone.pem: expected a key file, got: No such file"), "{err}");
    let (_, out, _) = say(&NOW, &["check-config", "--config", &config, "--json"]);
    assert_eq!(json(&out)["complaints"].as_array().map(Vec::len), Some(1));
}

#[test]
fn an_expired_key_makes_the_check_fail_and_a_good_one_does_not() {
    let folder = Folder::new();
    let listed = |at| say(&StoppedAt(at), &["keys", "list", "--config", &folder.path("config.toml")]);
    for (at, exit, word) in [
        ("2044-01-02T00:00:00Z", Exit::CheckFailed, "EXPIRED"),
        ("2023-12-31T00:00:00Z", Exit::CheckFailed, "NOT YET VALID"),
        ("2043-12-31T00:00:00Z", Exit::Ok, "1 days left"),
    ] {
        let (ended, out, _) = listed(at);
        assert_eq!(ended, exit, "{out}");
        assert!(out.contains(word), "{out}");
    }
}

#[test]
fn a_generated_key_is_read_by_its_owner_only_works_at_once_and_replaces_nothing() {
    let folder = Folder::new();
    let file = folder.path("signing.pem");
    let words =
        ["keys", "generate", "--out", &file, "--name", "Korsbæk", "--cvr", "11111111", "--bits", "2048"];
    let (exit, out, err) = say(&NOW, &[&words[..], &["--dry-run"]].concat());
    assert_eq!((exit, err.as_str()), (Exit::Ok, ""));
    assert!(out.starts_with("would make ") && !Path::new(&file).exists(), "{out}");

    let (exit, out, err) = say(&NOW, &[&words[..], &["--json"]].concat());
    assert_eq!(exit, Exit::Ok, "{err}");
    assert!(!out.contains("PRIVATE"), "{out}");
    assert_eq!(json(&out)["not_after"], "2029-11-20T10:00:00Z");
    assert_eq!(fs::metadata(&file).expect("is there").permissions().mode() & 0o777, 0o600);
    let config = folder.path("config.toml");
    let text = fs::read_to_string(&config).expect("is there");
    let name = "signing = [\"signing.pem\"]\n#";
    fs::write(&config, text.replacen("signing =", name, 1)).expect("is written");
    let (exit, listed, err) = say(&NOW, &["keys", "list", "--json", "--config", &config]);
    assert_eq!(exit, Exit::Ok, "{err}");
    assert_eq!(json(&listed)[0]["sha256"], json(&out)["sha256"]);
    assert!(json(&listed)[0]["subject"].as_str().is_some_and(|subject| subject.contains("NTRDK-11111111")));

    let before = fs::read(&file).expect("is there");
    let (exit, _, err) = say(&NOW, &words);
    assert_eq!(exit, Exit::Usage);
    assert!(err.contains("expected a file that does not exist"), "{err}");
    assert_eq!(fs::read(&file).expect("is there"), before);
}

#[test]
fn explain_says_what_a_code_means_and_who_must_act() {
    let (exit, out, _) = say(&NOW, &["explain", "sig.missing"]);
    assert_eq!(exit, Exit::Ok);
    assert!(out.starts_with("sig.missing (who must act: the identity provider)\n"), "{out}");
    assert!(out.contains("has no signature") && out.contains("#### Shibboleth"), "{out}");
    let (_, out, _) = say(&NOW, &["explain", "sig.missing", "--json"]);
    let (explained, page) = (json(&out), Reason::SigMissing.page());
    assert_eq!(explained["code"], "sig.missing");
    assert_eq!(explained["means"]["da"], page.da.means);
    assert_eq!(explained["test"]["en"], page.en.test);
    assert_eq!(explained["products"].as_array().map(Vec::len), Some(Product::ALL.len()));
    assert_eq!(explained["products"][0]["product"], "AD FS");
    assert_eq!(explained["products"][0]["da"], page.da.products[0].1);
    let (exit, out, err) = say(&NOW, &["explain", "sig.mising"]);
    assert_eq!((exit, out.as_str()), (Exit::Usage, ""));
    assert_eq!(
        err,
        "error: explain: expected a reason code, got \"sig.mising\" (did you mean `sig.missing`?)\n"
    );
    let (exit, out, _) = say(&NOW, &["explain"]);
    assert_eq!(exit, Exit::Ok);
    assert!(out.lines().count() > 50 && out.contains("replay"), "{out}");
}

#[test]
fn what_is_not_a_command_is_a_usage_error_and_asking_for_help_is_none() {
    let (exit, out, err) = say(&NOW, &["explian"]);
    assert_eq!((exit, out.as_str()), (Exit::Usage, ""));
    assert!(err.contains("explain"), "{err}");
    for (words, said) in [
        (&["explian", "--json"][..], "unrecognized subcommand 'explian'"),
        (&["--json", "apply"], "the following required arguments were not provided:\n  <DIRECTORY>"),
        (&["--json"], "'context-handler' requires a subcommand"),
    ] {
        let (exit, out, err) = say(&NOW, words);
        let told = json(&out)["complaints"][0]["message"].as_str().unwrap_or_default().to_owned();
        assert!(exit == Exit::Usage && told.starts_with(said), "{told}: {err}");
    }
    let (exit, out, err) = say(&NOW, &["--help", "--json"]);
    assert_eq!((exit, err.as_str()), (Exit::Ok, ""));
    assert!(out.contains("check-config") && out.contains("Exit codes: 0 all is well"), "{out}");
    assert_eq!(say(&NOW, &["--version"]).1, format!("context-handler {}\n", env!("CARGO_PKG_VERSION")));
}

#[test]
fn the_binary_ends_with_these_exit_codes_and_reads_the_environment() {
    let folder = Folder::new();
    let config = folder.path("config.toml");
    let ended = |words: &[&str], hours: &str| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_context-handler"));
        let output = command.args(words).env("CH__LOGIN__SESSION_HOURS", hours).output().expect("runs");
        (output.status.code(), String::from_utf8_lossy(&output.stdout).into_owned())
    };
    let check = ["check-config", "--config", &config];
    let (code, out) = ended(&check, "7");
    assert_eq!(code, Some(0));
    assert!(out.contains("(environment CH__LOGIN__SESSION_HOURS)"), "{out}");
    assert_eq!(ended(&check, "never").0, Some(2));
    assert_eq!(ended(&["explain", "nothing.of.the.kind"], "7").0, Some(2));
    assert_eq!(ended(&[], "7").0, Some(2));
}
