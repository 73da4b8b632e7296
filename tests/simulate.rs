//! What `simulate` promises: over the example federation and one more municipality it tells whole stories, shows no CPR
//! number unasked, and leaves nothing behind.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on panics")]

#[expect(dead_code, reason = "shared with tests that want other things of it")]
mod machine;

use std::fs;
use std::path::Path;

use context_handler::cli::Exit;
use context_handler::protocol::keys::{FileKey, Signer};
use context_handler::store::{AuditQuery, Store};
use machine::Machine;
use serde_json::{Value, json};

const BBR: &str = "https://saml.bbr.example";
const KORSBAEK: &str = "https://saml.korsbaek.example/idp";
const SKOVBY: &str = "https://saml.skovby.example/idp";
const HEALTH: &str = "https://saml.helbred.example";
const VERSION: &str = "https://data.gov.dk/model/core/specVersion";
const CVR: &str = "https://data.gov.dk/model/core/eid/professional/cvr";
const PRIVILEGES: &str = "https://data.gov.dk/model/core/eid/privilegesIntermediate";
const PERSISTENT: &str = "https://data.gov.dk/model/core/eid/professional/uuid/persistent";
const CPR: &str = "https://data.gov.dk/model/core/eid/cprNumber";
const SECRET: &str = "0101010101";

/// What stands beside the example federation: Skovby, whose provider knows the older scale only, whose users may step up,
/// and which keeps users here; and a fagsystem of the health sector.
const SKOVBYS: &str = r#"
[[authority]]
cvr = "88888888"
name = "Skovby Kommune"
step-up = "https://saml.loeft.example"

[[identity-provider]]
entity-id = "https://saml.skovby.example/idp"
name = "Skovby login"
metadata = "skovby.xml"
profile = "OIOSAML3"
nist = 3
rights = ["assertion", "users", "attribute-service"]

[[identity-provider]]
entity-id = "https://saml.loeft.example"
name = "Løft"
role = "step-up"
metadata = "loeft.xml"
profile = "OIOSAML3"
nist = 4
nsis = "High"

[[service-provider]]
entity-id = "https://saml.helbred.example"
name = "Helbred"
cvr = "44444444"
metadata = "helbred.xml"
profile = "OIOSAML3"
required-nist = 2
attribute-profile = "SEB"

[[attribute-service]]
entity-id = "https://aa.skovby.example"
name = "Skovby rettigheder"
metadata = "aa.xml"
authorities = ["88888888"]
active = false

[[federation-agreement]]
identity-provider = "https://saml.skovby.example/idp"
authority = "88888888"

[[service-agreement]]
authority = "88888888"
service-providers = ["https://saml.bbr.example", "https://saml.helbred.example"]

[[job-function-role]]
id = "http://skovby.example/roles/jobrole/bygning/1"
authority = "88888888"
name = "Bygning"

[[role-mapping]]
job-function-role = "http://skovby.example/roles/jobrole/bygning/1"
user-system-role = "http://bbr.example/roles/usersystemrole/se/1"

[[robot]]
authority = "88888888"
id = "robot-1"
name = "Robot 1"
service-providers = ["https://saml.bbr.example", "https://saml.helbred.example"]

[[user]]
authority = "88888888"
id = "ea-01"
roles = [{ role = "http://skovby.example/roles/jobrole/bygning/1" }]

[user.claims]
"urn:oid:2.5.4.3" = ["Ea Skov"]
"dk:gov:saml:attribute:CprNumberIdentifier" = ["0101010101"]
"https://data.gov.dk/model/core/eid/professional/uuid/persistent" = ["5b0c6a2e-0f3d-4a51-9c77-1d2e3f405162"]
"https://data.gov.dk/model/core/eid/bootstrapToken" = ["Qk9PVFNUUkFQ"]
"#;

impl Machine {
    /// One with that register beside the example federation.
    fn with_skovby() -> Self {
        let machine = Self::new();
        let example = Path::new(env!("CARGO_MANIFEST_DIR")).join("metadata");
        copy(&example, Path::new(&machine.path("register")));
        for (file, content) in [
            ("skovby.toml", SKOVBYS.to_owned()),
            ("skovby.xml", idp(SKOVBY, "idp-feddet")),
            ("loeft.xml", idp("https://saml.loeft.example", "nemlogin")),
            ("aa.xml", aa("https://aa.skovby.example", "attribute-service")),
            ("helbred.xml", sp(HEALTH, "sp-oiosaml2")),
        ] {
            machine.write(&format!("register/{file}"), content);
        }
        let (exit, _, err) = machine.say(&["apply", &machine.path("register")]);
        assert_eq!((exit, err.as_str()), (Exit::Ok, ""));
        machine
    }

    /// What would become of a user of this provider at this fagsystem.
    fn simulate(&self, idp: &str, fagsystem: &str, said: &str, more: &[&str]) -> (Exit, String) {
        let words = ["simulate", "--idp", idp, "--fagsystem", fagsystem, "--at", "2026-11-21T08:00:00Z"];
        let who: &[&str] = if said.is_empty() { &[] } else { &["--attributes", "-"] };
        let (exit, out, err) =
            machine::say(&self.path("config.toml"), &[&words, who, more].concat(), said.as_bytes());
        (exit, if out.is_empty() { err } else { out })
    }
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for file in fs::read_dir(from).unwrap() {
        let (from, to) = (file.as_ref().unwrap().path(), to.join(file.unwrap().file_name()));
        if from.is_dir() { copy(&from, &to) } else { assert!(fs::copy(from, to).is_ok()) }
    }
}

fn certificate(key: &str) -> String {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("certs-dev").join(format!("{key}.pem"));
    let key = FileKey::read(&fs::read(file).unwrap(), None).unwrap();
    format!(
        "<md:KeyDescriptor use=\"signing\"><ds:KeyInfo xmlns:ds=\"http://www.w3.org/2000/09/xmldsig#\"><ds:X509Data>\
         <ds:X509Certificate>{}</ds:X509Certificate></ds:X509Data></ds:KeyInfo></md:KeyDescriptor>",
        Signer::certificate(&key).to_base64()
    )
}

fn party(entity_id: &str, kind: &str, content: &str) -> String {
    format!(
        "<md:EntityDescriptor xmlns:md=\"urn:oasis:names:tc:SAML:2.0:metadata\" entityID=\"{entity_id}\"><md:{kind} \
         protocolSupportEnumeration=\"urn:oasis:names:tc:SAML:2.0:protocol\">{content}</md:{kind}></md:EntityDescriptor>"
    )
}

fn idp(entity_id: &str, key: &str) -> String {
    let sso = format!(
        "<md:SingleSignOnService Binding=\"urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect\" Location=\"{entity_id}/sso\"/>"
    );
    party(entity_id, "IDPSSODescriptor", &(certificate(key) + &sso))
}

fn sp(entity_id: &str, key: &str) -> String {
    let acs = format!(
        "<md:AssertionConsumerService Binding=\"urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST\" Location=\"{entity_id}/acs\" index=\"0\"/>"
    );
    party(entity_id, "SPSSODescriptor", &(certificate(key) + &acs))
}

fn aa(entity_id: &str, key: &str) -> String {
    let soap = format!(
        "<md:AttributeService Binding=\"urn:oasis:names:tc:SAML:2.0:bindings:SOAP\" Location=\"{entity_id}/soap\"/>"
    );
    party(entity_id, "AttributeAuthorityDescriptor", &(certificate(key) + &soap))
}

/// A privilege list as plain XML: scope and role of each group.
fn privileges(groups: &[(&str, &str)]) -> String {
    let group = |(cvr, role): &(&str, &str)| {
        format!(
            "<PrivilegeGroup Scope=\"urn:dk:gov:saml:cvrNumberIdentifier:{cvr}\"><Privilege>{role}</Privilege></PrivilegeGroup>"
        )
    };
    format!(
        "<bpp:PrivilegeList xmlns:bpp=\"http://digst.dk/oiosaml/basic_privilege_profile\">{}</bpp:PrivilegeList>",
        groups.iter().map(group).collect::<String>()
    )
}

/// What Korsbæk's provider says about a user with these roles.
fn of_korsbaek(groups: &[(&str, &str)]) -> String {
    json!({
        "name-id": "C=DK,O=11111111,CN=Ib Dam,Serial=5b0c",
        "class": "https://data.gov.dk/concept/core/nsis/loa/Substantial",
        "attributes": {
            VERSION: "OIO-SAML-3.0",
            CVR: "11111111",
            PRIVILEGES: privileges(groups),
            "http://korsbaek.example/enhed/1/parametric": ["11111111-0000-4000-8000-000000000001"],
            "http://korsbaek.example/kle/1/parametric": ["02.34", "02.36"],
            "https://data.gov.dk/model/core/eid/email": ["ib@korsbaek.example"],
            CPR: SECRET,
        },
    })
    .to_string()
}

/// What Skovby's provider says about a user, in TOML.
fn of_skovby(serial: &str) -> String {
    format!(
        "name-id = \"C=DK,O=88888888,CN=Ea Skov,Serial={serial}\"\nclass = \"urn:dk:gov:saml:attribute:AssuranceLevel:3\"\n\
         [attributes]\n{VERSION:?} = \"OIO-SAML-3.0\"\n{CVR:?} = \"88888888\"\n"
    )
}

const CASE_WORKER: (&str, &str) = ("11111111", "http://korsbaek.example/roles/jobrole/byggesagsbehandler/1");

#[test]
fn a_case_worker_goes_to_bbr() {
    let machine = Machine::with_skovby();
    let (exit, told) = machine.simulate(KORSBAEK, BBR, &of_korsbaek(&[CASE_WORKER]), &[]);
    assert_eq!(exit, Exit::Ok);
    insta::assert_snapshot!(told, @r#"
    issued, as of 2026-11-21T08:00:00Z
      simulated: what the identity provider says is supposed, no signature was looked at, nothing was issued

    from   11111111 at https://saml.korsbaek.example/idp
    to     https://saml.bbr.example

    level  reached: NSIS Substantial
           required: registered https://data.gov.dk/concept/core/nsis/loa/Substantial
           nsis-reached: The NSIS level that counts meets every demand.

    rights
      kept    http://korsbaek.example/roles/jobrole/byggesagsbehandler/1 in the matters of 11111111
              → http://bbr.example/roles/usersystemrole/se/1
              bpp.kept: A role of the municipality became a right in the fagsystem.
      kept    http://korsbaek.example/roles/jobrole/byggesagsbehandler/1 in the matters of 11111111
              → http://bbr.example/roles/usersystemrole/ret/1
              bpp.kept: A role of the municipality became a right in the fagsystem.
              limited by http://sts.kombit.dk/constraints/KLE/1
      kept    http://korsbaek.example/roles/jobrole/byggesagsbehandler/1 in the matters of 11111111
              → http://bbr.example/roles/usersystemrole/godkend/1
              bpp.kept: A role of the municipality became a right in the fagsystem.
              limited by http://sts.kombit.dk/constraints/orgenhed/1

    token
      NameID = C=DK,O=11111111,CN=Ib Dam,Serial=5b0c
      class = https://data.gov.dk/concept/core/nsis/loa/Substantial
      https://data.gov.dk/model/core/specVersion = OIO-SAML-3.0
      dk:gov:saml:attribute:KombitSpecVer = 2.0
      https://data.gov.dk/concept/core/nsis/loa = Substantial
      https://data.gov.dk/model/core/eid/professional/cvr = 11111111
      https://data.gov.dk/model/core/eid/professional/orgName = Korsbæk Kommune
      https://data.gov.dk/model/core/eid/email = ib@korsbaek.example
      https://data.gov.dk/model/core/eid/privilegesIntermediate = *** (1104 characters, shown below)
        CVR 11111111  http://bbr.example/roles/usersystemrole/se/1
        CVR 11111111  http://bbr.example/roles/usersystemrole/ret/1
                        only http://sts.kombit.dk/constraints/KLE/1 = 02.34 or 02.36
        CVR 11111111  http://bbr.example/roles/usersystemrole/godkend/1
                        only http://sts.kombit.dk/constraints/orgenhed/1 = 11111111-0000-4000-8000-000000000001
    "#);
}

#[test]
fn a_foreign_role_is_dropped_and_the_login_goes_on() {
    let machine = Machine::with_skovby();
    let foreign = ("99999999", "http://feddet.example/roles/jobrole/koereproevebooker/1");
    let unknown = ("22222222", "http://nord.example/roles/jobrole/leder/1");
    let (exit, told) = machine.simulate(KORSBAEK, BBR, &of_korsbaek(&[foreign, unknown]), &[]);
    assert_eq!(exit, Exit::Ok);
    insta::assert_snapshot!(told, @r#"
    issued, as of 2026-11-21T08:00:00Z
      simulated: what the identity provider says is supposed, no signature was looked at, nothing was issued

    from   11111111 at https://saml.korsbaek.example/idp
    to     https://saml.bbr.example

    level  reached: NSIS Substantial
           required: registered https://data.gov.dk/concept/core/nsis/loa/Substantial
           nsis-reached: The NSIS level that counts meets every demand.

    rights
      dropped http://feddet.example/roles/jobrole/koereproevebooker/1 in the matters of 99999999
              bpp.mapping: A role of the municipality stands for nothing in this fagsystem; it was left out.
              the role stands for nothing in this fagsystem
      dropped http://nord.example/roles/jobrole/leder/1 in the matters of 22222222
              bpp.scope: A role was claimed in the matters of somebody for whom the municipality may not speak; it was dropped.
              22222222 has not delegated this role to 11111111

    token
      NameID = C=DK,O=11111111,CN=Ib Dam,Serial=5b0c
      class = https://data.gov.dk/concept/core/nsis/loa/Substantial
      https://data.gov.dk/model/core/specVersion = OIO-SAML-3.0
      dk:gov:saml:attribute:KombitSpecVer = 2.0
      https://data.gov.dk/concept/core/nsis/loa = Substantial
      https://data.gov.dk/model/core/eid/professional/cvr = 11111111
      https://data.gov.dk/model/core/eid/professional/orgName = Korsbæk Kommune
      https://data.gov.dk/model/core/eid/email = ib@korsbaek.example
    "#);
}

#[test]
fn a_user_of_the_older_scale_steps_up_for_bbr() {
    let machine = Machine::with_skovby();
    let (exit, told) = machine.simulate(SKOVBY, BBR, &of_skovby("ea-01"), &[]);
    assert_eq!(exit, Exit::Ok);
    insta::assert_snapshot!(told, @r#"
    step-up, as of 2026-11-21T08:00:00Z
      simulated: what the identity provider says is supposed, no signature was looked at, nothing was issued

    from   88888888 at https://saml.skovby.example/idp
    to     https://saml.bbr.example

    level  reached: NIST 3
           required: registered https://data.gov.dk/concept/core/nsis/loa/Substantial
           step-up: The NSIS level is the only thing that is missing, and a step-up can reach it.
           step-up to Substantial at https://saml.loeft.example; what follows is told after it

    rights
      kept    http://skovby.example/roles/jobrole/bygning/1 in the matters of 88888888
              → http://bbr.example/roles/usersystemrole/se/1
              bpp.kept: A role of the municipality became a right in the fagsystem.

    token
      NameID = C=DK,O=88888888,CN=Ea Skov,Serial=ea-01
      class = https://data.gov.dk/concept/core/nsis/loa/Substantial
      https://data.gov.dk/model/core/specVersion = OIO-SAML-3.0
      dk:gov:saml:attribute:KombitSpecVer = 2.0
      https://data.gov.dk/concept/core/nsis/loa = Substantial
      https://data.gov.dk/model/core/eid/professional/cvr = 88888888
      https://data.gov.dk/model/core/eid/professional/orgName = Skovby Kommune
      https://data.gov.dk/model/core/eid/privilegesIntermediate = *** (336 characters, shown below)
        CVR 88888888  http://bbr.example/roles/usersystemrole/se/1
    "#);
}

#[test]
fn a_robot_is_refused_where_a_person_is_required() {
    let machine = Machine::with_skovby();
    let (exit, told) = machine.simulate(SKOVBY, BBR, &of_skovby("robot-1"), &[]);
    assert_eq!(exit, Exit::CheckFailed);
    insta::assert_snapshot!(told, @r#"
    refused, as of 2026-11-21T08:00:00Z
      simulated: what the identity provider says is supposed, no signature was looked at, nothing was issued

    from   88888888 at https://saml.skovby.example/idp
    to     https://saml.bbr.example

    refused: required registered https://data.gov.dk/concept/core/nsis/loa/Substantial; the user is a robot
    robot.nsis (who must act: the identity provider)

      The user is a robot, and the fagsystem requires an NSIS level, which is about persons: no robot can reach one.
      Whoever runs the robot lets it use the fagsystem's API with a system login instead of the pages for people. Has the fagsystem no API, its supplier is asked for one.

      Brugeren er en robot, og fagsystemet kræver et NSIS-niveau, som handler om personer: Det kan ingen robot nå.
      Den, der driver robotten, lader den bruge fagsystemets API med et systemlogin i stedet for brugerfladen. Har fagsystemet ingen API, må leverandøren bedes om en.

    level  reached: NIST 3, a robot
           required: registered https://data.gov.dk/concept/core/nsis/loa/Substantial
    "#);
    // Its twin: a level that a robot can have.
    let more = ["--from", "10.0.0.1", "--rights", &*file(&machine, "[]")];
    let (exit, told) = machine.simulate(SKOVBY, HEALTH, &of_skovby("robot-1"), &more);
    assert_eq!(exit, Exit::Ok, "{told}");
    assert!(told.contains("reached: NIST 3, a robot"), "{told}");
}

fn file(machine: &Machine, content: &str) -> String {
    fs::write(machine.path("rights"), content).unwrap();
    machine.path("rights")
}

#[test]
fn a_stored_user_is_shown_to_a_program_with_the_cpr_number_masked() {
    let machine = Machine::with_skovby();
    let ea = ["--user", "ea-01", "--authority", "88888888", "--json"];
    let (exit, told) = machine.simulate(SKOVBY, HEALTH, "", &ea);
    assert_eq!(exit, Exit::Ok);
    assert!(!told.contains(SECRET));
    insta::assert_snapshot!(told, @r#"
    {
      "verdict": "issued",
      "supposed": "simulated: what the identity provider says is supposed, no signature was looked at, nothing was issued",
      "at": "2026-11-21T08:00:00Z",
      "authority": "88888888",
      "identity_provider": "https://saml.skovby.example/idp",
      "fagsystem": "https://saml.helbred.example",
      "level": {
        "required": "registered urn:dk:gov:saml:attribute:AssuranceLevel:2",
        "reached": "NIST 3",
        "rule": {
          "code": "nist-reached",
          "da": "Det NIST-niveau, der gælder, opfylder alle krav.",
          "en": "The NIST level that counts meets every demand."
        }
      },
      "robot": false,
      "noticed": [],
      "step_up": null,
      "rights": [
        {
          "kept": false,
          "scope": "88888888",
          "role": "http://skovby.example/roles/jobrole/bygning/1",
          "user_system_role": null,
          "reason": {
            "code": "bpp.mapping",
            "da": "En af kommunens roller svarer ikke til noget i dette fagsystem; den blev udeladt.",
            "en": "A role of the municipality stands for nothing in this fagsystem; it was left out."
          },
          "detail": "the role stands for nothing in this fagsystem"
        }
      ],
      "refusal": null,
      "token": {
        "name_id": "C=DK,O=88888888,CN=Ea Skov,Serial=ea-01",
        "class": "urn:dk:gov:saml:attribute:AssuranceLevel:3",
        "attributes": [
          {
            "name": "https://data.gov.dk/model/core/specVersion",
            "values": [
              "OIO-SAML-3.0"
            ]
          },
          {
            "name": "dk:gov:saml:attribute:KombitSpecVer",
            "values": [
              "2.0"
            ]
          },
          {
            "name": "dk:gov:saml:attribute:AssuranceLevel",
            "values": [
              "3"
            ]
          },
          {
            "name": "https://data.gov.dk/model/core/eid/professional/cvr",
            "values": [
              "88888888"
            ]
          },
          {
            "name": "https://data.gov.dk/model/core/eid/professional/orgName",
            "values": [
              "Skovby Kommune"
            ]
          },
          {
            "name": "https://data.gov.dk/model/core/eid/fullName",
            "values": [
              "Ea Skov"
            ]
          },
          {
            "name": "https://data.gov.dk/model/core/eid/cprNumber",
            "values": [
              "******-****"
            ]
          },
          {
            "name": "https://data.gov.dk/model/core/eid/professional/uuid/persistent",
            "values": [
              "5b0c6a2e-0f3d-4a51-9c77-1d2e3f405162"
            ]
          },
          {
            "name": "https://data.gov.dk/model/core/eid/bootstrapToken",
            "values": [
              "*** (12 characters)"
            ]
          }
        ],
        "privileges": []
      }
    }
    "#);
    let (_, revealed) = machine.simulate(SKOVBY, HEALTH, "", &[&ea[..], &["--reveal"]].concat());
    let shown: Value = serde_json::from_str(&revealed).unwrap();
    let attributes = shown["token"]["attributes"].as_array().unwrap();
    assert!(attributes.contains(&json!({ "name": CPR, "values": [SECRET] })), "{revealed}");
    assert!(revealed.contains("Qk9PVFNUUkFQ") && revealed.contains(PERSISTENT));
}

#[test]
fn a_level_can_be_supposed() {
    let machine = Machine::with_skovby();
    let said = of_skovby("ea-01");
    let (exit, told) = machine.simulate(SKOVBY, HEALTH, &said, &["--level", "1"]);
    assert_eq!(exit, Exit::CheckFailed);
    assert!(told.contains("below-registered"), "{told}");
    let (exit, told) = machine.simulate(SKOVBY, HEALTH, &said, &["--level", "4"]);
    assert_eq!(exit, Exit::Ok);
    assert!(told.contains("reached: NIST 3") && told.contains("noticed loa.cap"), "{told}");
    let (_, told) = machine.simulate(SKOVBY, HEALTH, &said, &["--level", "High"]);
    assert!(
        told.contains("refused") && told.contains("nothing-stated"),
        "NSIS is nothing it may state: {told}"
    );
}

#[test]
fn an_attribute_service_is_not_asked_unless_that_is_wanted() {
    let machine = Machine::with_skovby();
    let said = of_skovby("unknown-here");
    let (exit, told) = machine.simulate(SKOVBY, BBR, &said, &["--json"]);
    assert_eq!(exit, Exit::Usage);
    let told: Value = serde_json::from_str(&told).unwrap();
    assert_eq!((&told["verdict"], &told["refusal"]["code"]), (&json!("refused"), &json!("as.unasked")));
    // What it would say can be supposed. The service is switched off, so that is what is heard when it is to be asked.
    let rights =
        file(&machine, &privileges(&[("88888888", "http://skovby.example/roles/jobrole/bygning/1")]));
    let steps_up = format!("{said}{PERSISTENT:?} = \"5b0c6a2e-0f3d-4a51-9c77-1d2e3f405162\"\n");
    let (exit, told) = machine.simulate(SKOVBY, BBR, &steps_up, &["--rights", &rights]);
    assert_eq!(exit, Exit::Ok, "{told}");
    assert!(told.contains("kept    http://skovby.example/roles/jobrole/bygning/1"), "{told}");
    let (exit, told) = machine.simulate(SKOVBY, BBR, &said, &["--ask"]);
    assert_eq!(exit, Exit::CheckFailed);
    assert!(told.contains("as.down"), "{told}");
}

#[test]
fn the_xml_of_an_assertion_is_a_source_whatever_its_signature() {
    let machine = Machine::with_skovby();
    let xml = format!(
        "<a:Assertion xmlns:a=\"urn:oasis:names:tc:SAML:2.0:assertion\"><a:Subject><a:NameID>C=DK,O=11111111,CN=Ib \
         Dam,Serial=5b0c</a:NameID></a:Subject><a:AuthnStatement><a:AuthnContext><a:AuthnContextClassRef>\
         https://data.gov.dk/concept/core/nsis/loa/Substantial</a:AuthnContextClassRef></a:AuthnContext></a:AuthnStatement>\
         <a:AttributeStatement><a:Attribute Name=\"{VERSION}\"><a:AttributeValue>OIO-SAML-3.0</a:AttributeValue></a:Attribute>\
         <a:Attribute Name=\"{CVR}\"><a:AttributeValue>11111111</a:AttributeValue></a:Attribute></a:AttributeStatement></a:Assertion>"
    );
    let (exit, told) = machine.simulate(KORSBAEK, BBR, &xml, &[]);
    assert_eq!(exit, Exit::Ok, "{told}");
    assert!(told.starts_with("issued") && told.contains("no signature was looked at"), "{told}");
    assert!(told.contains("rights: nobody stated any role"), "{told}");
    let (exit, told) = machine.simulate(KORSBAEK, BBR, &xml.replace("11111111<", "99999999<"), &[]);
    assert_eq!(exit, Exit::CheckFailed, "{told}");
    assert!(told.contains("tenant.mismatch"), "{told}");
    let (exit, told) = machine.simulate(KORSBAEK, BBR, "<EntityDescriptor/>", &[]);
    assert_eq!(exit, Exit::Usage, "{told}");
}

#[test]
fn what_cannot_be_asked_is_told_as_such() {
    let machine = Machine::with_skovby();
    let (exit, told) = machine.simulate(KORSBAEK, BBR, "", &["--user", "nobody", "--authority", "11111111"]);
    assert_eq!(exit, Exit::Usage);
    assert!(told.contains("expected a user that 11111111 keeps here"), "{told}");
    for (said, more) in [
        ("", &[][..]),
        ("", &["--user", "ea-01"]),
        ("{}", &[]),
        ("{\"name-id\": \"Ib\"}", &[]),
        ("name = 1", &[]),
        ("{\"name-id\": \"Ib\"}", &["--level", "5"]),
    ] {
        assert_eq!(machine.simulate(KORSBAEK, BBR, said, more).0, Exit::Usage, "{said} {more:?}");
    }
    let (exit, told) = machine.simulate(KORSBAEK, "https://nobody.example", &of_korsbaek(&[]), &[]);
    assert_eq!(exit, Exit::CheckFailed, "{told}");
}

#[test]
fn a_simulation_leaves_nothing_behind() {
    let machine = Machine::with_skovby();
    let kept = || {
        let store = machine.store();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let all = AuditQuery { limit: u32::MAX, ..AuditQuery::default() };
            (store.search_audit(all).await.unwrap().len(), store.seal_keys().await.unwrap().len())
        })
    };
    assert_eq!(kept(), (1, 0), "the register was applied");
    for said in [of_skovby("ea-01"), of_skovby("robot-1")] {
        machine.simulate(SKOVBY, BBR, &said, &[]);
    }
    assert_eq!(kept(), (1, 0));
}

#[test]
fn a_fagsystem_that_speaks_openid_connect_is_simulated_like_any_other() {
    let machine = Machine::with_skovby();
    let byggesag = "https://oidc.byggesag.example";
    let (exit, told) = machine.simulate(KORSBAEK, byggesag, &of_korsbaek(&[CASE_WORKER]), &[]);
    assert_eq!(exit, Exit::Ok, "{told}");
    assert!(told.starts_with("issued, as of") && told.contains(byggesag), "{told}");
    assert!(told.contains("http://byggesag.example/roles/usersystemrole/sagsbehandler/1"), "{told}");
    let (exit, told) = machine.simulate(KORSBAEK, "https://gone.example", &of_korsbaek(&[CASE_WORKER]), &[]);
    assert_ne!(exit, Exit::Ok, "{told}");
}
