//! The register as a directory: `apply` takes it whole or not at all and tells every mistake with its place, `export`
//! gives back the very same files.

#![expect(clippy::expect_used, clippy::unwrap_used, reason = "a test that cannot go on panics")]

#[expect(dead_code, reason = "shared with tests whose register is a single file")]
mod machine;

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use context_handler::broker::registry::Snapshot;
use context_handler::cli::Exit;
use context_handler::domain::id::EntityId;
use context_handler::domain::reason::Reason;
use context_handler::domain::world::Clock;
use context_handler::protocol::keys::{FileKey, Signer};
use context_handler::protocol::oauth::client::Method;
use context_handler::store::{RegistryFiles, Store};
use context_handler::system::SystemClock;
use machine::Machine;
use serde_json::{Value, json};

const REGISTER: &str = r#"# Korsbæk and what it uses.
[[authority]]
cvr = "11111111"
name = "Korsbæk Kommune"

[[identity-provider]]
entity-id = "https://idp.korsbaek.test"
name = "Korsbæk login"
metadata = "metadata/idp.xml"
profile = "OIOSAML3"
nsis = "Substantial"

[[service-provider]]
entity-id = "https://bbr.test"
name = "BBR"
cvr = "22222222"
metadata = "metadata/sp.xml"
profile = "OIOSAML3"
required-nsis = "Substantial"

[[federation-agreement]]
identity-provider = "https://idp.korsbaek.test"
authority = "11111111"

[[service-agreement]]
authority = "11111111"
service-providers = ["https://bbr.test"]
"#;

/// Roles in a file of their own, which comes before the file with the parties.
const ROLES: &str = r#"# What Korsbæk's users do in BBR.
[[restriction-type]]
id = "http://sts.test/constraints/KLE/1"
name = "KLE"
syntax = '\d{2}'

[[job-function-role]]
id = "http://korsbaek.test/roles/jobrole/a/1"
authority = "11111111"
name = "A"
delegated-to = [{ authority = "99999999", valid-until = "2027-01-01T00:00:00Z" }]

[[user-system-role]]
id = "http://bbr.test/roles/usersystemrole/b/1"
service-provider = "https://bbr.test"
name = "B"
restrictions = [{ type = "http://sts.test/constraints/KLE/1" }]

[[role-mapping]]
job-function-role = "http://korsbaek.test/roles/jobrole/a/1"
user-system-role = "http://bbr.test/roles/usersystemrole/b/1"
restrictions = [{ type = "http://sts.test/constraints/KLE/1", values = ["27"] }]

[[authority]]
cvr = "99999999"
name = "Feddet Kommune"

[[service-provider]]
entity-id = "https://other.test"
name = "Other"
cvr = "22222222"
metadata = "parties/metadata/other.xml"
profile = "OIOSAML3"
required-nsis = "Substantial"
no-rights = "refuse"

[[restriction-type]]
id = "http://sts.test/constraints/unit/1"
name = "Unit"

[[user-system-role]]
id = "http://other.test/roles/usersystemrole/c/1"
service-provider = "https://other.test"
name = "C"
restrictions = [{ type = "http://sts.test/constraints/unit/1", required = true }]

[[role-mapping]]
job-function-role = "http://korsbaek.test/roles/jobrole/a/1"
user-system-role = "http://other.test/roles/usersystemrole/c/1"
restrictions = [{ type = "http://sts.test/constraints/unit/1", parameter = "http://korsbaek.test/unit/1/parametric" }]
"#;

impl Machine {
    /// One with a directory that somebody reviews.
    fn with_parties() -> Self {
        let machine = Self::new();
        machine.write("register/parties/korsbaek.toml", REGISTER);
        let idp = metadata(
            "https://idp.korsbaek.test",
            "idp-korsbaek.pem",
            "IDPSSODescriptor",
            "SingleSignOnService",
        );
        let sp =
            metadata("https://bbr.test", "sp-oiosaml3.pem", "SPSSODescriptor", "AssertionConsumerService");
        machine.write("register/parties/metadata/idp.xml", idp);
        machine.write("register/parties/metadata/sp.xml", sp);
        machine.write("register/README.md", "What stands here, and why.\n");
        machine
    }

    /// The same with roles.
    fn with_roles() -> Self {
        let machine = Self::with_parties();
        let other =
            metadata("https://other.test", "sp-oiosaml2.pem", "SPSSODescriptor", "AssertionConsumerService");
        machine.write("register/parties/metadata/other.xml", other);
        machine.write("register/a-roles.toml", ROLES);
        machine
    }

    fn change(&self, name: &str, from: &str, to: &str) {
        let content = fs::read_to_string(self.path(name)).expect("a file");
        assert!(content.contains(from), "{from} is not in {name}");
        self.write(name, content.replacen(from, to, 1));
    }

    fn apply(&self, more: &[&str]) -> (Exit, Value, String) {
        let directory = self.path("register");
        let (exit, out, err) = self.say(&[&["--json", "apply", &directory], more].concat());
        (exit, serde_json::from_str(&out).unwrap_or_else(|error| panic!("{error}: {out}{err}")), err)
    }

    fn kept(&self) -> RegistryFiles {
        let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
        runtime.block_on(self.store().registry()).expect("the register")
    }
}

fn metadata(entity_id: &str, key: &str, role: &str, endpoint: &str) -> String {
    let pem =
        fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("certs-dev").join(key)).expect("a key file");
    let key = FileKey::read(&pem, None).expect("a key");
    let binding = match role {
        "SPSSODescriptor" => "HTTP-POST",
        "AttributeAuthorityDescriptor" => "SOAP",
        _ => "HTTP-Redirect",
    };
    format!(
        r#"<md:EntityDescriptor xmlns:md="urn:oasis:names:tc:SAML:2.0:metadata" entityID="{entity_id}">
  <md:{role} protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol">
    <md:KeyDescriptor use="signing"><ds:KeyInfo xmlns:ds="http://www.w3.org/2000/09/xmldsig#"><ds:X509Data>
      <ds:X509Certificate>{}</ds:X509Certificate></ds:X509Data></ds:KeyInfo></md:KeyDescriptor>
    <md:{endpoint} Binding="urn:oasis:names:tc:SAML:2.0:bindings:{binding}" Location="{entity_id}/here" index="0"/>
  </md:{role}>
</md:EntityDescriptor>
"#,
        Signer::certificate(&key).to_base64()
    )
}

/// Every file below a folder, by its path.
fn files(folder: &Path, below: &Path, all: &mut BTreeMap<String, Vec<u8>>) {
    for entry in fs::read_dir(folder).expect("a folder").flatten() {
        let path = entry.path();
        if path.is_dir() {
            files(&path, below, all);
        } else {
            let name = path.strip_prefix(below).expect("a path below").display().to_string();
            all.insert(name, fs::read(&path).expect("a file"));
        }
    }
}

fn all_files(folder: &str) -> BTreeMap<String, Vec<u8>> {
    let mut all = BTreeMap::new();
    files(Path::new(folder), Path::new(folder), &mut all);
    all
}

#[test]
fn what_is_applied_is_exported_as_the_very_same_files() {
    let machine = Machine::with_roles();
    assert_eq!(machine.apply(&[]).0, Exit::Ok);
    let exported = machine.path("exported");
    let (exit, _, err) = machine.say(&["export", &exported]);
    assert_eq!((exit, err.as_str()), (Exit::Ok, ""));
    let given = all_files(&machine.path("register"));
    assert_eq!(given.len(), 6);
    assert_eq!(all_files(&exported), given);
    let (exit, _, err) = machine.say(&["export", &exported]);
    assert_eq!(exit, Exit::Usage, "what is there is not written over");
    assert!(err.contains("expected a directory that does not exist or is empty"), "{err}");
}

#[test]
fn a_plan_tells_party_by_party_what_would_change_and_changes_nothing() {
    let machine = Machine::with_parties();
    let apply = |more: &[&str]| machine.apply(more);
    let changes = |subjects: &[(&str, &str)]| {
        json!(
            subjects
                .iter()
                .map(|(action, subject)| json!({ "action": action, "subject": subject }))
                .collect::<Vec<_>>()
        )
    };
    let (exit, plan, _) = apply(&["--dry-run"]);
    let everything = [
        ("add", "authority 11111111"),
        ("add", "federation agreement 11111111 with https://idp.korsbaek.test"),
        ("add", "identity provider https://idp.korsbaek.test"),
        ("add", "service agreement 11111111 with https://bbr.test"),
        ("add", "service provider https://bbr.test"),
    ];
    assert_eq!((exit, &plan["changes"]), (Exit::Ok, &changes(&everything)));
    assert_eq!(machine.kept().version, 0, "a plan writes nothing");

    assert_eq!(apply(&[]).1["changes"], changes(&everything));
    assert_eq!(machine.kept().version, 1);
    let (exit, plan, _) = apply(&[]);
    assert_eq!((exit, &plan["changes"]), (Exit::Ok, &changes(&[])));
    assert_eq!(machine.kept().version, 1, "what has not changed is not written again");

    machine.change("register/parties/korsbaek.toml", "# Korsbæk and what it uses.", "\n\n# Moved down.");
    machine.change("register/parties/metadata/sp.xml", "/here", "/there");
    machine.change("register/parties/korsbaek.toml", "nsis = \"Substantial\"", "nsis = \"High\"");
    let (_, plan, _) = apply(&["--dry-run"]);
    let changed = [
        ("change", "identity provider https://idp.korsbaek.test"),
        ("change", "service provider https://bbr.test"),
    ];
    assert_eq!(plan["changes"], changes(&changed), "what only moved has not changed");

    machine.write("register/parties/korsbaek.toml", "");
    assert_eq!(apply(&["--dry-run"]).1["changes"].as_array().map(Vec::len), Some(5));
    assert_eq!(apply(&["--dry-run"]).1["changes"][0]["action"], "remove");
}

#[test]
fn every_mistake_is_told_with_file_and_line_and_then_nothing_is_applied() {
    let machine = Machine::with_parties();
    let apply = || machine.apply(&[]);
    assert_eq!(apply().0, Exit::Ok);
    let before = machine.kept();
    let register = "parties/korsbaek.toml";
    for (from, to, line, told) in [
        ("[[authority]]", "[[authorities]]", 2, "authorities"),
        ("cvr = \"11111111\"", "cvr = \"1111111\"", 3, "CVR"),
        ("profile = \"OIOSAML3\"\nnsis", "profile = \"OIOSAML9\"\nnsis", 10, "OIOSAML9"),
        ("nsis = \"Substantial\"", "nsiss = \"Substantial\"", 11, "nsiss"),
        ("metadata = \"metadata/idp.xml\"", "metadata = \"metadata/gone.xml\"", 9, "found none"),
        ("metadata = \"metadata/idp.xml\"", "metadata = \"metadata/sp.xml\"", 9, "refused"),
        (
            "name = \"BBR\"",
            "metadata-url = \"ftp://bbr.test\"\nname = \"BBR\"",
            15,
            "expected an https address",
        ),
        ("required-nsis = \"Substantial\"", "", 14, "got neither"),
        ("required-nsis = \"Substantial\"", "required-nsis = \"Low\"\nrequired-nist = 3", 19, "got both"),
        (
            "identity-provider = \"https://idp.korsbaek.test\"",
            "identity-provider = \"https://idp.feddet.test\"",
            22,
            "expected a party that is registered",
        ),
        (
            "service-providers = [\"https://bbr.test\"]",
            "service-providers = [\"https://bbr.test\", \"https://bbr.test\"]",
            27,
            "once",
        ),
        ("authority = \"11111111\"\n\n[[service", "authority = \"33333333\"\n\n[[service", 23, "33333333"),
    ] {
        let text = REGISTER.replacen(from, to, 1);
        assert_ne!(text, REGISTER, "{from}");
        machine.write(&format!("register/{register}"), text);
        let (exit, answer, err) = apply();
        assert_eq!(exit, Exit::Usage, "{to}: {answer:#}");
        let place = format!("error: {register}:{line}:");
        assert!(
            err.lines().any(|l| l.starts_with(&place) && l.contains(told)),
            "{to}: expected {place} {told}, got {err}"
        );
    }
    machine.write("register/parties/korsbaek.toml", REGISTER);
    machine.write("register/second.toml", "[[authority]]\ncvr = \"11111111\"\nname = \"Again\"\n");
    machine.write("register/third.toml", "[[authority]]\ncvr = 5\n");
    let (_, _, err) = apply();
    assert!(err.contains("third.toml:2:"), "{err}");
    machine.write(
        "register/third.toml",
        "[[service-agreement]]\nauthority = \"44444444\"\nservice-providers = []\n",
    );
    let (_, _, err) = apply();
    assert!(err.contains("second.toml:2:") && err.contains("third.toml:2:"), "all of them at once: {err}");
    assert_eq!(machine.kept(), before, "nothing of a directory with a mistake was applied");
}

const ROBOT: &str = r#"[[robot]]
authority = "11111111"
id = "4c1f7d5e"
name = "Robot 7"
service-providers = ["https://bbr.test"]
hours = "22:00-06:00"
days = "mon-fri"
networks = ["192.0.2.0/28"]
"#;

#[test]
fn a_robot_is_declared_with_all_that_limits_it() {
    let machine = Machine::with_parties();
    machine.write("register/robots.toml", ROBOT);
    let (exit, plan, _) = machine.apply(&[]);
    assert_eq!(exit, Exit::Ok, "{plan:#}");
    let added = json!({ "action": "add", "subject": "robot 4c1f7d5e of 11111111" });
    assert!(plan["changes"].as_array().is_some_and(|all| all.contains(&added)), "{plan:#}");
    machine.change("register/robots.toml", "mon-fri", "mon-sat");
    let (_, plan, _) = machine.apply(&["--dry-run"]);
    let changed = json!([{ "action": "change", "subject": "robot 4c1f7d5e of 11111111" }]);
    assert_eq!(plan["changes"], changed);

    let before = machine.kept();
    for (from, to, line, told) in [
        ("authority = \"11111111\"", "authority = \"33333333\"", 2, "expected a party that is registered"),
        ("id = \"4c1f7d5e\"", "id = \"O=1,Serial=4\"", 3, "serial number"),
        ("[\"https://bbr.test\"]", "[\"https://gone.test\"]", 5, "expected a party that is registered"),
        ("22:00-06:00", "22-06", 6, "expected hours as in"),
        ("mon-fri", "man-fre", 7, "expected days as in"),
        ("192.0.2.0/28", "192.0.2.1/28", 8, "192.0.2.1/28"),
        ("name = \"Robot 7\"", "nickname = \"R\"", 4, "nickname"),
        ("service-providers", "systems", 5, "systems"),
    ] {
        let text = ROBOT.replacen(from, to, 1);
        assert_ne!(text, ROBOT, "{from}");
        machine.write("register/robots.toml", text);
        let (exit, _, err) = machine.apply(&[]);
        assert_eq!(exit, Exit::Usage, "{to}");
        let place = format!("error: robots.toml:{line}:");
        assert!(err.lines().any(|l| l.starts_with(&place) && l.contains(told)), "{to}: {place} {err}");
    }
    machine.write("register/robots.toml", format!("{ROBOT}\n{ROBOT}"));
    let (_, _, err) = machine.apply(&[]);
    assert!(err.contains("robots.toml:12:") && err.contains("once"), "{err}");
    assert_eq!(machine.kept(), before);
}

#[test]
fn a_step_up_provider_speaks_for_nobody_and_only_such_a_one_raises_levels() {
    const STEP_UP: &str = r#"
[[identity-provider]]
entity-id = "https://nemlogin.test"
name = "NemLog-in"
role = "step-up"
metadata = "metadata/nemlogin.xml"
profile = "OIOSAML3"
nsis = "High"
"#;
    let machine = Machine::with_parties();
    let nemlogin =
        metadata("https://nemlogin.test", "nemlogin.pem", "IDPSSODescriptor", "SingleSignOnService");
    machine.write("register/parties/metadata/nemlogin.xml", nemlogin);
    let named = "name = \"Korsbæk Kommune\"\n";
    let allowed = format!("{named}step-up = \"https://nemlogin.test\"\n");
    let register = format!("{REGISTER}{STEP_UP}");
    machine.write("register/parties/korsbaek.toml", &register);
    assert_eq!(machine.apply(&[]).0, Exit::Ok);
    machine.write("register/parties/korsbaek.toml", register.replacen(named, &allowed, 1));
    let (exit, plan, _) = machine.apply(&[]);
    let change = json!([{ "action": "change", "subject": "authority 11111111" }]);
    assert_eq!((exit, &plan["changes"]), (Exit::Ok, &change), "a permission is a change of the authority");

    let before = machine.kept();
    let register = register.replacen(named, &allowed, 1);
    for (from, to, line, told) in [
        (
            "step-up = \"https://nemlogin.test\"",
            "step-up = \"https://idp.korsbaek.test\"",
            5,
            "role = \"step-up\"",
        ),
        (
            "step-up = \"https://nemlogin.test\"",
            "step-up = \"https://nobody.test\"",
            5,
            "https://nobody.test",
        ),
        (
            "identity-provider = \"https://idp.korsbaek.test\"",
            "identity-provider = \"https://nemlogin.test\"",
            23,
            "expected an identity provider that logs users in",
        ),
        ("role = \"step-up\"", "role = \"stepup\"", 33, "stepup"),
        ("nsis = \"High\"", "nist = 4", 33, "an `nsis` level"),
        (
            "profile = \"OIOSAML3\"\nnsis = \"High\"",
            "profile = \"OIOSAML2\"\nnsis = \"High\"",
            33,
            "OIOSAML3",
        ),
    ] {
        let text = register.replacen(from, to, 1);
        assert_ne!(text, register, "{from}");
        machine.write("register/parties/korsbaek.toml", text);
        let (exit, answer, err) = machine.apply(&[]);
        assert_eq!(exit, Exit::Usage, "{to}: {answer:#}");
        let place = format!("error: parties/korsbaek.toml:{line}:");
        assert!(
            err.lines().any(|l| l.starts_with(&place) && l.contains(told)),
            "{to}: expected {place} {told}, got {err}"
        );
    }
    assert_eq!(machine.kept(), before, "nothing of a directory with a mistake was applied");
}

#[test]
fn a_plan_tells_roles_restriction_types_and_mappings() {
    let machine = Machine::with_roles();
    let subjects = |plan: &Value| -> Vec<String> {
        let changes = plan["changes"].as_array().expect("changes").iter();
        let told =
            changes.map(|change| format!("{} {}", change["action"], change["subject"]).replace('"', ""));
        told.filter(|told| told.contains("role") || told.contains("restriction")).collect()
    };
    let (a, b, c) = (
        "http://korsbaek.test/roles/jobrole/a/1",
        "http://bbr.test/roles/usersystemrole/b/1",
        "http://other.test/roles/usersystemrole/c/1",
    );
    let everything = [
        format!("add job function role {a}"),
        "add restriction type http://sts.test/constraints/KLE/1".to_owned(),
        "add restriction type http://sts.test/constraints/unit/1".to_owned(),
        format!("add role mapping {a} to {b}"),
        format!("add role mapping {a} to {c}"),
        format!("add user system role {b}"),
        format!("add user system role {c}"),
    ];
    assert_eq!(subjects(&machine.apply(&[]).1), everything);
    machine.change("register/a-roles.toml", "# What Korsbæk's users do in BBR.", "\n\n# Moved down.");
    machine.change("register/a-roles.toml", "2027-01-01", "2026-12-01");
    machine.change("register/a-roles.toml", "values = [\"27\"]", "values = [\"28\"]");
    let (_, plan, _) = machine.apply(&["--dry-run"]);
    assert_eq!(
        subjects(&plan),
        [format!("change job function role {a}"), format!("change role mapping {a} to {b}")]
    );
}

#[test]
fn every_mistake_about_roles_is_told_with_file_and_line() {
    let machine = Machine::with_roles();
    assert_eq!(machine.apply(&[]).0, Exit::Ok);
    let before = machine.kept();
    for (from, to, line, told) in [
        ("syntax = '\\d{2}'", "syntax = '(\\d'", 5, "expected a regular expression"),
        ("syntax = '\\d{2}'", "syntax = '(\\d{1000}){1000}'", 5, "expected a regular expression"),
        ("authority = \"11111111\"", "authority = \"77777777\"", 9, "expected a party that is registered"),
        ("authority = \"99999999\"", "authority = \"77777777\"", 11, "expected a party that is registered"),
        ("jobrole/a/1\"\nauth", "jobrole/a 1\"\nauth", 8, "without white space"),
        ("\"https://bbr.test\"", "\"https://gone.test\"", 15, "expected a party that is registered"),
        (
            "[{ type = \"http://sts.test/constraints/KLE/1\" }]",
            "[{ type = \"KLE\" }]",
            17,
            "expected a restriction type",
        ),
        ("jobrole/a/1\"\nuser", "jobrole/x/1\"\nuser", 20, "expected a job function role"),
        ("usersystemrole/b/1\"\nrestr", "usersystemrole/x/1\"\nrestr", 21, "expected a user system role"),
        (
            "http://bbr.test/roles/usersystemrole/b/1\"\nrestr",
            "http://other.test/roles/usersystemrole/c/1\"\nrestr",
            22,
            "expected a restriction of http://other",
        ),
        ("KLE/1\", values", "unit/1\", values", 22, "expected a restriction of http://bbr"),
        ("KLE/1\", values", "gone\", values", 22, "expected a restriction type"),
        ("values = [\"27\"]", "values = [\"27\", \"2\"]", 22, "value 2 of http://sts.test/constraints/KLE/1"),
        ("values = [\"27\"]", "values = []", 22, "expected 1 to 100 values"),
        ("values = [\"27\"]", "values = [\"27\"], parameter = \"p\"", 22, "either `values` or `parameter`"),
        (", values = [\"27\"]", "", 22, "either `values` or `parameter`"),
        ("no-rights = \"refuse\"", "no-rights = \"maybe\"", 35, "maybe"),
        ("constraints/unit/1\"\nname", "constraints/KLE/1\"\nname", 38, "once"),
        (
            "http://other.test/roles/usersystemrole/c/1\"\nservice",
            "http://bbr.test/roles/usersystemrole/b/1\"\nservice",
            42,
            "once",
        ),
        (
            "http://other.test/roles/usersystemrole/c/1\"\nservice",
            "http://korsbaek.test/roles/jobrole/a/1\"\nservice",
            42,
            "once",
        ),
        (
            "[{ type = \"http://sts.test/constraints/unit/1\", required = true }]",
            "[{ type = \"http://sts.test/constraints/unit/1\" }, { type = \"http://sts.test/constraints/unit/1\" }]",
            45,
            "once",
        ),
        (
            "http://other.test/roles/usersystemrole/c/1\"\nrestr",
            "http://bbr.test/roles/usersystemrole/b/1\"\nrestr",
            49,
            "once",
        ),
    ] {
        let text = ROLES.replacen(from, to, 1);
        assert_ne!(text, ROLES, "{from}");
        machine.write("register/a-roles.toml", text);
        let (exit, answer, err) = machine.apply(&[]);
        assert_eq!(exit, Exit::Usage, "{to}: {answer:#}");
        let place = format!("error: a-roles.toml:{line}:");
        assert!(
            err.lines().any(|l| l.starts_with(&place) && l.contains(told)),
            "{to}: expected {place} {told}, got {err}"
        );
    }
    assert_eq!(machine.kept(), before, "nothing of a directory with a mistake was applied");
}

/// Where rights come from, in a file that comes after the one with the parties.
const SOURCES: &str = r#"[[attribute-service]]
entity-id = "https://as.test"
name = "Korsbæks attributservice"
metadata = "metadata/as.xml"
authorities = ["11111111"]
cache-minutes = 10
timeout-seconds = 5

[[group-mapping]]
identity-provider = "https://idp.korsbaek.test"
authority = "11111111"
preset = "entra-display-name"
domain = "korsbaek.dk"
"#;

fn with_sources() -> Machine {
    let machine = Machine::with_parties();
    let service = metadata(
        "https://as.test",
        "attribute-service.pem",
        "AttributeAuthorityDescriptor",
        "AttributeService",
    );
    machine.write("register/metadata/as.xml", service);
    machine.write("register/sources.toml", SOURCES);
    machine
}

#[test]
fn a_plan_tells_attribute_services_and_group_mappings() {
    let machine = with_sources();
    let (exit, answer, _) = machine.apply(&[]);
    assert_eq!(exit, Exit::Ok, "{answer:#}");
    let told = answer.to_string();
    let mapping = "group mapping of 11111111 with https://idp.korsbaek.test by http://schemas.microsoft.com/";
    assert!(told.contains("attribute service https://as.test") && told.contains(mapping), "{told}");
}

#[test]
fn every_mistake_about_sources_of_rights_is_told_with_file_and_line() {
    let machine = with_sources();
    assert_eq!(machine.apply(&[]).0, Exit::Ok);
    let before = machine.kept();
    for (from, to, line, told) in [
        ("[\"11111111\"]", "[\"77777777\"]", 5, "expected a party that is registered"),
        ("[\"11111111\"]", "[\"11111111\", \"11111111\"]", 5, "once"),
        ("metadata/as.xml", "parties/metadata/idp.xml", 4, "expected metadata of https://as.test"),
        ("cache-minutes = 10", "cache-minutes = 1441", 6, "expected 0 to 1440"),
        ("timeout-seconds = 5", "timeout-seconds = 0", 7, "expected 1 to 20"),
        ("timeout-seconds = 5", "timeout-seconds = 21", 7, "expected 1 to 20"),
        ("https://idp.korsbaek.test", "https://gone.test", 10, "expected a party that is registered"),
        ("authority = \"11111111\"", "authority = \"77777777\"", 11, "expected a party that is registered"),
        ("domain = \"korsbaek.dk\"", "", 10, "expected a `domain`"),
        ("entra-display-name", "role-uri", 10, "expected no `domain`"),
        ("entra-display-name", "entra", 12, "entra"),
        ("korsbaek.dk", "korsbaek", 13, "expected a domain"),
        ("preset = \"entra-display-name\"\ndomain = \"korsbaek.dk\"", "", 10, "got neither"),
        ("domain = \"korsbaek.dk\"", "roles = [{ value = \"a\", role = \"b\" }]", 10, "got both"),
    ] {
        machine.write("register/sources.toml", changed(SOURCES, from, to));
        refused(&machine, &format!("sources.toml:{line}:"), told);
    }
    machine.write("register/sources.toml", SOURCES);
    let required = "required-nsis = \"Substantial\"";
    for (from, more, line, told) in [
        (required, "attribute-service-down = \"use-cached\"", 14, "attribute-service-cached-minutes"),
        (required, "attribute-service-cached-minutes = 5", 20, "use-cached"),
        (
            required,
            "attribute-service-down = \"use-cached\"\nattribute-service-cached-minutes = 0",
            21,
            "expected 1 to 1440",
        ),
        ("profile = \"OIOSAML3\"", "rights = [\"telepathy\"]", 11, "telepathy"),
    ] {
        machine.write("register/parties/korsbaek.toml", changed(REGISTER, from, &format!("{from}\n{more}")));
        refused(&machine, &format!("parties/korsbaek.toml:{line}:"), told);
    }
    assert_eq!(machine.kept(), before, "nothing of a directory with a mistake was applied");
}

#[test]
fn an_identity_provider_that_leaves_rights_to_a_source_needs_that_source() {
    for (source, told) in [("attribute-service", "an attribute service"), ("groups", "a group mapping")] {
        let register = changed(
            REGISTER,
            "profile = \"OIOSAML3\"",
            &format!("profile = \"OIOSAML3\"\nrights = [{source:?}]"),
        );
        let machine = with_sources();
        machine.write("register/parties/korsbaek.toml", register.clone());
        assert_eq!(machine.apply(&[]).0, Exit::Ok);
        let machine = Machine::with_parties();
        machine.write("register/parties/korsbaek.toml", register);
        refused(&machine, "parties/korsbaek.toml:24:", told);
    }
}

fn changed(text: &str, from: &str, to: &str) -> String {
    let changed = text.replacen(from, to, 1);
    assert_ne!(changed, text, "{from}");
    changed
}

fn refused(machine: &Machine, place: &str, told: &str) {
    let (exit, answer, err) = machine.apply(&[]);
    assert_eq!(exit, Exit::Usage, "{told}: {answer:#}");
    let place = format!("error: {place}");
    assert!(
        err.lines().any(|line| line.starts_with(&place) && line.contains(told)),
        "{place} {told}, got {err}"
    );
}

#[test]
fn what_is_no_directory_or_holds_a_file_that_is_too_large_is_refused() {
    let machine = Machine::with_parties();
    let (exit, _, err) = machine.say(&["apply", &machine.path("nowhere")]);
    assert_eq!(exit, Exit::Usage);
    assert!(err.contains("expected a directory, got"), "{err}");
    let large = fs::File::create(machine.path("register/large.xml")).expect("a file");
    large.set_len(33 * 1024 * 1024).expect("a large file");
    let (exit, _, err) = machine.say(&["apply", &machine.path("register")]);
    assert_eq!(exit, Exit::Usage);
    assert!(err.contains("large.xml: expected at most 33554432 bytes"), "{err}");
}

#[test]
fn a_directory_without_a_register_removes_nothing() {
    let machine = Machine::with_parties();
    assert_eq!(machine.say(&["apply", &machine.path("register")]).0, Exit::Ok);
    fs::create_dir_all(machine.path("mistaken/metadata")).unwrap();
    fs::write(machine.path("mistaken/metadata/idp.xml"), "<a/>").unwrap();
    let (exit, _, err) = machine.say(&["apply", &machine.path("mistaken")]);
    assert_eq!(exit, Exit::Usage);
    assert!(err.contains("expected the register's *.toml files, got none"), "{err}");
    fs::write(machine.path("mistaken/nobody.toml"), "").unwrap();
    let (exit, out, err) = machine.say(&["apply", &machine.path("mistaken"), "--dry-run"]);
    assert_eq!((exit, err.as_str()), (Exit::Ok, ""));
    assert!(out.contains("remove  authority 11111111"), "{out}");
}

#[test]
fn the_command_line_finds_records_by_the_names_that_it_shows_and_says_when_none_fits() {
    let machine = Machine::with_parties();
    machine.say(&["apply", &machine.path("register")]);
    let (exit, out, err) = machine.say(&["audit", "search", "registry.applied"]);
    assert_eq!((exit, err.as_str()), (Exit::Ok, ""));
    let shown: Vec<&str> = out.split_whitespace().collect();
    assert_eq!(shown[5], "registry-changed", "{out}");
    assert_eq!(machine.say(&["audit", "search", "registry-changed", "registry.applied"]).1, out);
    assert_eq!(machine.say(&[&["audit", "search"], &shown[2..5]].concat()).1, out, "by the case number");
    let (exit, _, err) = machine.say(&["audit", "search", "--limit", "1"]);
    assert_eq!((exit, err.as_str()), (Exit::Ok, "these are the youngest 1; --limit shows more\n"));
    let none = machine.say(&["audit", "search", "registry-changed", "robot.nsis"]);
    assert_eq!(none, (Exit::CheckFailed, "no record fits\n".to_owned(), String::new()));
    assert_eq!(machine.say(&["--json", "audit", "search", "robot.nsis"]).1.trim(), "[]");
}

#[test]
fn an_empty_list_is_told_in_words() {
    let machine = Machine::with_parties();
    let register = machine.path("register");
    assert_eq!(machine.say(&["apply", &register]).0, Exit::Ok);
    assert_eq!(machine.say(&["apply", &register]).1, "0 added, 0 changed, 0 removed: applied\n");
    for words in [&["sessions", "list"], &["sessions", "logouts"], &["users", "list"]] {
        let (exit, out, err) = machine.say(&[&words[..], &["--authority", "11111111"]].concat());
        assert_eq!((exit, out.as_str(), err.as_str()), (Exit::Ok, "none\n", ""), "{words:?}");
    }
}

const CLIENT: &str = r#"[[oidc-client]]
client-id = "https://oidc.byggesag.test"
name = "Byggesag"
cvr = "22222222"
required-nsis = "Substantial"
redirect-uris = ["https://byggesag.test/callback"]
token-endpoint-auth-method = "private_key_jwt"
jwks = "keys/byggesag.jwks.json"
backchannel-logout-uri = "https://byggesag.test/logout"
issue-refresh-token = true

[[oidc-client]]
client-id = "app"
name = "App"
cvr = "22222222"
required-nist = 3
application-type = "native"
redirect-uris = ["dk.byggesag.app:/callback", "http://127.0.0.1/callback"]
token-endpoint-auth-method = "none"
active = false

[[service-agreement]]
authority = "11111111"
service-providers = ["https://oidc.byggesag.test", "app"]

[[user-system-role]]
id = "http://byggesag.test/roles/usersystemrole/a/1"
service-provider = "https://oidc.byggesag.test"
name = "A"
"#;

/// The key of a fagsystem of the development certificates.
const JWKS: &str = concat!(
    r#"{"keys": [{"kty": "RSA", "use": "sig", "kid": "1", "e": "AQAB", "n": ""#,
    "xfwbTX-OmXWmzOLH4p2GilSldZaAzx3k60BbZWazs1pSUyZl78JYXbeQYA-BOKU_Cyp70mUJVUHDzGK_Mxx83e__GX46ptGaRnNL",
    "b-2vy2kv0ck6HdRMYPKWnul1gx8QE0_0Wzwt2qqeusVhxbtwmQINavh4mYhYm1PCNmvEYB2aXPxTRx2hTQa4dIez66TmX89-",
    "zIN0vyYHxHLsQqMvvHuImg1z7C448o6b4M_ZEmw53tTtmmwFhWbWDzFlxntICyr-LpTEipdGxRMB8Z5dnf6om8AILMTq8TqJ5J1h",
    "Wj9YFI-i3qNA2BiTtG7qZ31a_1owKxFVW4pfvlD5lTnwMJ9OsLQn2uGkeU5zZYaRtEEf2Du1wKs76Qd-fsv5RqG_Wo7_JsA36URK",
    "AJBR18Ng7nHbFnR6LyCWWlWZcqXlXLig8gl_VcLFflBaLvfBF2xcAWIH7ECY3Xm0At3xLFZh1CTOPIb7vv-",
    "SmeS0ttutz2cb7aN1lsXjBU8P1ezmBZFZ",
    r#""}]}"#
);

#[test]
fn a_client_is_a_fagsystem_of_the_federation_that_speaks_in_its_own_way() {
    let machine = Machine::with_parties();
    machine.write("register/q-clients.toml", CLIENT);
    machine.write("register/keys/byggesag.jwks.json", JWKS);
    let (exit, plan, err) = machine.apply(&[]);
    assert_eq!(exit, Exit::Ok, "{err}");
    for subject in ["OIDC client app", "service agreement 11111111 with app"] {
        let added = json!({ "action": "add", "subject": subject });
        assert!(plan["changes"].as_array().is_some_and(|all| all.contains(&added)), "{plan:#}");
    }
    let snapshot = Snapshot::read(&machine.kept()).expect("a register");
    let name = |name: &str| EntityId::new(name).unwrap();
    let client =
        snapshot.client(&name("https://oidc.byggesag.test")).unwrap_or_else(|fault| panic!("{fault}"));
    assert_eq!(
        (client.registered.name.as_str(), client.speaks.authentication.method()),
        ("Byggesag", Method::PrivateKeyJwt)
    );
    let refresh = client.speaks.refresh.expect("refresh tokens");
    assert!(refresh.rotates && refresh.lives.as_mins() == 60 && client.speaks.tokens_live.as_mins() == 60);
    let reason = |party: &str| snapshot.client(&name(party)).err().map(|fault| fault.reason);
    assert_eq!(reason("app"), Some(Reason::SpDisabled));
    assert_eq!(reason("https://bbr.test"), Some(Reason::SpUnknown), "it speaks SAML");
    assert_eq!(reason("https://gone.test"), Some(Reason::SpUnknown));
    let now = SystemClock.now();
    let saml = snapshot.fagsystem(&name("https://oidc.byggesag.test"), now).err();
    assert!(saml.is_some(), "a client cannot be answered by SAML");

    machine.change("register/keys/byggesag.jwks.json", "\"1\"", "\"2\"");
    let (_, plan, _) = machine.apply(&["--dry-run"]);
    let changed = json!([{ "action": "change", "subject": "OIDC client https://oidc.byggesag.test" }]);
    assert_eq!(plan["changes"], changed, "a new key is a change of the client");
}

#[test]
fn a_mistake_in_a_client_is_told_with_its_place() {
    let machine = Machine::with_parties();
    machine.write("register/keys/byggesag.jwks.json", JWKS);
    let before = machine.kept();
    let hash = "0a".repeat(32);
    let by_secret =
        format!("token-endpoint-auth-method = \"client_secret_basic\"\nsecret-sha256 = [\"{hash}\"]");
    let by_plain_secret = by_secret.replace(&hash, "hemmeligt");
    let by_jwt = "token-endpoint-auth-method = \"private_key_jwt\"";
    let callback = "\"https://byggesag.test/callback\"";
    for (from, to, line, told) in [
        (callback, "\"https://*.byggesag.test/callback\"", 6, "without wildcard or fragment"),
        (callback, "\"https://byggesag.test/callback#a\"", 6, "without wildcard or fragment"),
        (callback, "\"http://byggesag.test/callback\"", 6, "expected an https address"),
        (callback, "\"https://byggesag.test/callback?code=1\"", 6, "without any of the parameters"),
        (callback, "\"dk.byggesag.app:/callback\"", 6, "expected an https address"),
        (callback, "", 6, "at least one address"),
        ("dk.byggesag.app:/callback", "https://byggesag.test/app", 18, "expected a scheme of the app's own"),
        (
            "\"http://127.0.0.1/callback\"",
            "\"dk.byggesag.app:/callback\"",
            18,
            "that no client has yet; app has",
        ),
        (by_jwt, "token-endpoint-auth-method = \"none\"", 7, "expected \"none\" for native"),
        (by_jwt, "token-endpoint-auth-method = \"client_secret_post\"", 7, "expected a `secret-sha256`"),
        (
            by_jwt,
            "token-endpoint-auth-method = \"tls_client_auth\"",
            7,
            "expected a `tls-client-auth-subject-dn`",
        ),
        (by_jwt, "token-endpoint-auth-method = \"client_secret_jwt\"", 7, "client_secret_jwt"),
        (by_jwt, by_plain_secret.as_str(), 8, "expected a SHA-256"),
        (
            "method = \"none\"",
            by_secret.trim_start_matches("token-endpoint-auth-"),
            19,
            "expected \"none\" for native",
        ),
        ("byggesag.jwks.json", "gone.jwks.json", 8, "expected a key set at keys/gone.jwks.json, found none"),
        ("jwks = \"keys/byggesag.jwks.json\"\n", "", 7, "expected `jwks` with a signing key"),
        ("backchannel-logout-uri = \"https://byggesag.test/logout\"\n", "", 2, "got neither"),
        (
            "https://byggesag.test/logout",
            "https://byggesag.test/logout#a",
            9,
            "without a user name, a fragment",
        ),
        (
            "issue-refresh-token = true",
            "refresh-token-minutes = 5",
            10,
            "expected `issue-refresh-token = true`",
        ),
        ("issue-refresh-token = true", "token-minutes = 481", 10, "expected 1 to 480"),
        (
            "active = false",
            "issue-refresh-token = true\nrefresh-token-rotation = false",
            21,
            "expected rotation or `dpop-bound = true`",
        ),
        (
            "issue-refresh-token = true",
            "id-token-encrypted-response-alg = \"RSA-OAEP-256\"",
            10,
            "expected `jwks` with an encryption key",
        ),
        (
            "issue-refresh-token = true",
            "id-token-encrypted-response-enc = \"A256GCM\"",
            10,
            "expected `id-token-encrypted-response-alg`",
        ),
        (
            "issue-refresh-token = true",
            "id-token-signed-response-alg = \"none\"",
            10,
            "expected one of PS256, PS384, PS512, ES256, got \"none\"",
        ),
        (
            "issue-refresh-token = true",
            "access-token-signed-response-alg = \"RS256\"",
            10,
            "expected one of PS256, PS384, PS512, ES256, got \"RS256\"",
        ),
        (
            "issue-refresh-token = true",
            "id-token-encrypted-response-alg = \"A128KW\"",
            10,
            "expected one of RSA-OAEP-256, RSA-OAEP, got \"A128KW\"",
        ),
        ("required-nist = 3", "required-nist = 3\nrequired-nsis = \"Low\"", 17, "got both"),
        ("required-nsis = \"Substantial\"\n", "", 2, "got neither"),
        ("client-id = \"app\"", "client-id = \"https://bbr.test\"", 13, "once"),
        ("client-id = \"app\"", "client-id = \"https://BBR.test/\"", 13, "more than case or a slash"),
        ("name = \"App\"", "navn = \"App\"", 14, "navn"),
    ] {
        let text = CLIENT.replacen(from, to, 1);
        assert_ne!(text, CLIENT, "{from}");
        machine.write("register/q-clients.toml", text);
        let (exit, _, err) = machine.apply(&[]);
        assert_eq!(exit, Exit::Usage, "{to}");
        let place = format!("error: q-clients.toml:{line}:");
        assert!(
            err.lines().any(|l| l.starts_with(&place) && l.contains(told)),
            "{to}: {place} {told}, got {err}"
        );
        assert!(!err.contains("hemmeligt"), "what may be a secret is not shown: {err}");
    }
    machine.write("register/q-clients.toml", CLIENT);
    let twice = JWKS.replace("[{", "[{}, {").replace("{}", JWKS.split(['[', ']']).nth(1).unwrap_or_default());
    let weak = r#"{"keys": [{"kty": "RSA", "kid": "1", "e": "AQAB", "n": "sQ"}]}"#;
    for (jwks, told) in [
        ("{}", "expected the list `keys`"),
        (&JWKS.replace("\"e\"", "\"d\": \"AQAB\", \"e\""), "a private key: it is no secret any more"),
        (&twice, "two keys have the same `kid`"),
        (weak, "2048"),
        ("\u{fffd}", "expected one JSON object"),
    ] {
        machine.write("register/keys/byggesag.jwks.json", jwks);
        let (_, _, err) = machine.apply(&[]);
        assert!(err.contains("q-clients.toml:8:") && err.contains(told), "{err}");
    }
    let stolen = CLIENT.replace("\"app\"", "\"thief\"").replace("dk.byggesag.app:/callback\", \"", "");
    machine.write("register/keys/byggesag.jwks.json", JWKS);
    machine.write("register/thief.toml", stolen.split("\n\n").nth(1).unwrap_or_default());
    let (_, _, err) = machine.apply(&[]);
    assert!(err.contains("thief.toml:7:") && err.contains("app has http://127.0.0.1/callback"), "{err}");
    assert_eq!(machine.kept(), before, "nothing of a directory with a mistake was applied");
}
