//! What each attribute profile tells of the person: SEB everything that is known, the others nothing that says who
//! somebody is to the state.

use context_handler::broker::registry::Files;

use crate::attacks::refused;
use crate::support::{Answer, Ask, Fagsystem, Say, Told, Town};

const CPR: &str = "https://data.gov.dk/model/core/eid/cprNumber";
const OLD_CPR: &str = "dk:gov:saml:attribute:CprNumberIdentifier";
const PERSISTENT: &str = "https://data.gov.dk/model/core/eid/professional/uuid/persistent";
const TOKEN: &str = "https://data.gov.dk/model/core/eid/bootstrapToken";
const EMAIL: &str = "https://data.gov.dk/model/core/eid/email";
const OLD_EMAIL: &str = "urn:oid:0.9.2342.19200300.100.1.3";
const ORG_NAME: &str = "https://data.gov.dk/model/core/eid/professional/orgName";
const NAME: &str = "https://data.gov.dk/model/core/eid/fullName";
const OLD_NAME: &str = "urn:oid:2.5.4.3";
const UID: &str = "urn:oid:0.9.2342.19200300.100.1.1";
const UUID: &str = "5b0c6a2e-0f3d-4a51-9c77-1d2e3f405162";

/// What must never be seen where it does not belong.
const SECRET: &str = "0101010101";
/// What the municipality told beforehand.
const STORED: &str = "0202020202";

/// The town whose fagsystemer have this profile.
async fn town(name: &str, profile: &str) -> Town {
    Town::with(name, |files| change(files, profile)).await
}

fn change(files: &mut Files, profile: &str) {
    let register = files.get_mut("register.toml").unwrap();
    let line = "[[service-provider]]\n";
    let toml = String::from_utf8(register.clone()).unwrap();
    *register = toml.replace(line, &format!("{line}attribute-profile = {profile:?}\n")).into_bytes();
}

/// The same, and the municipality told things beforehand about its user.
async fn town_that_knows(name: &str, profile: &str, claims: &[(&str, &str)]) -> Town {
    let claims: Vec<_> = claims.iter().map(|(name, value)| format!("{name:?} = [{value:?}]")).collect();
    let user = format!(
        "[[user]]\nauthority = \"11111111\"\nid = \"5b0c\"\nroles = []\nclaims = {{ {} }}\n",
        claims.join(", ")
    );
    Town::with(name, |files| {
        change(files, profile);
        files.get_mut("register.toml").unwrap().extend(user.into_bytes());
    })
    .await
}

async fn login(town: &Town, fagsystem: &Fagsystem, bend: impl FnOnce(&mut Say)) -> Answer {
    let mut browser = town.browser();
    let sent = fagsystem.send(&mut browser, &fagsystem.ask()).await;
    let bend = |say: &mut Say| {
        if fagsystem.file == "driving" {
            say.nist("3");
        }
        bend(say);
    };
    town.korsbaek.answer(town, &mut browser, &sent, bend).await
}

/// The identity provider says all of it.
fn everything(say: &mut Say) {
    for (name, value) in [
        (OLD_CPR, SECRET),
        (PERSISTENT, &*format!("urn:uuid:{}", UUID.to_uppercase())),
        (TOKEN, "Qk9PVFNUUkFQ\nVE9LRU4=\n"),
        (OLD_NAME, "Ib Dam"),
        (UID, "ib@korsbaek.test"),
    ] {
        say.set(name, Some(value));
    }
}

fn lines(told: &Told) -> String {
    let line =
        |(name, values): &(String, Vec<String>)| format!("{name} = {}\n", values.join(" | ").escape_debug());
    told.attributes.iter().map(line).collect()
}

/// Nothing that was written down holds a number of a person, a UUID, or a token.
async fn nothing_is_written_down(town: &Town) {
    let log = serde_json::to_string(&town.log().await).unwrap();
    for secret in [SECRET, STORED, UUID, "Qk9PVFNUUkFQ", "Ib Dam"] {
        assert!(!log.contains(secret) && !log.contains(&secret.to_uppercase()), "{secret} in {log}");
    }
}

#[tokio::test]
async fn seb_is_told_who_the_person_is_in_either_generation() {
    let town = town("profile-seb", "SEB").await;
    let answer = login(&town, &town.bbr, everything).await;
    insta::assert_snapshot!(lines(&town.bbr.read(&answer, &town)), @r"
    https://data.gov.dk/model/core/specVersion = OIO-SAML-3.0
    dk:gov:saml:attribute:KombitSpecVer = 2.0
    https://data.gov.dk/concept/core/nsis/loa = Substantial
    https://data.gov.dk/model/core/eid/professional/cvr = 11111111
    https://data.gov.dk/model/core/eid/professional/orgName = Korsbæk Kommune
    https://data.gov.dk/model/core/eid/email = ib@korsbaek.test
    https://data.gov.dk/model/core/eid/fullName = Ib Dam
    urn:oid:0.9.2342.19200300.100.1.1 = ib@korsbaek.test
    https://data.gov.dk/model/core/eid/cprNumber = 0101010101
    https://data.gov.dk/model/core/eid/professional/uuid/persistent = 5b0c6a2e-0f3d-4a51-9c77-1d2e3f405162
    https://data.gov.dk/model/core/eid/bootstrapToken = Qk9PVFNUUkFQ\nVE9LRU4=\n
    ");
    nothing_is_written_down(&town).await;

    let town = self::town("profile-seb-2", "SEB").await;
    let answer = login(&town, &town.driving, everything).await;
    insta::assert_snapshot!(lines(&town.driving.read(&answer, &town)), @r"
    dk:gov:saml:attribute:SpecVer = DK-SAML-2.0
    dk:gov:saml:attribute:KombitSpecVer = 1.0
    dk:gov:saml:attribute:AssuranceLevel = 3
    dk:gov:saml:attribute:CvrNumberIdentifier = 11111111
    urn:oid:2.5.4.3 = Ib Dam
    urn:oid:0.9.2342.19200300.100.1.1 = ib@korsbaek.test
    dk:gov:saml:attribute:CprNumberIdentifier = 0101010101
    https://data.gov.dk/model/core/eid/professional/uuid/persistent = 5b0c6a2e-0f3d-4a51-9c77-1d2e3f405162
    https://data.gov.dk/model/core/eid/bootstrapToken = Qk9PVFNUUkFQ\nVE9LRU4=\n
    ");
    nothing_is_written_down(&town).await;
}

#[tokio::test]
async fn no_other_profile_tells_who_the_person_is_wherever_it_is_known() {
    let stored = [(CPR, STORED), (PERSISTENT, UUID), (NAME, "Ib Dam"), (OLD_EMAIL, "ib@stored.test")];
    for profile in ["KOMBIT", "KOMBIT_WITHOUT_PERSONAL_DATA"] {
        let town = town_that_knows(&format!("profile-{profile}"), profile, &stored).await;
        for fagsystem in [&town.bbr, &town.driving] {
            let mut ask = fagsystem.ask();
            ask.id = format!("_request-of-{}", fagsystem.file);
            let mut browser = town.browser();
            let sent = fagsystem.send(&mut browser, &ask).await;
            let answer = town
                .korsbaek
                .answer(&town, &mut browser, &sent, |say| {
                    say.assertion_id = format!("_assertion-for-{}", fagsystem.file);
                    if fagsystem.file == "driving" {
                        say.nist("3");
                    }
                    everything(say);
                })
                .await;
            let told = fagsystem.read(&answer, &town);
            assert_eq!(told.status, ["Success"]);
            let assertion = told.assertion.as_deref().unwrap();
            for secret in [SECRET, STORED, UUID, "Qk9PVFNUUkFQ", "stored"] {
                assert!(!assertion.contains(secret), "{profile} {secret} in {assertion}");
            }
            // Not the whole assertion: three letters stand in a signature by chance.
            let attributes = format!("{:?}", told.attributes);
            for name in ["cpr", "Cpr"] {
                assert!(!attributes.contains(name), "{profile} {name} in {attributes}");
            }
            let is_told = profile == "KOMBIT" && fagsystem.file == "bbr";
            assert_eq!(told.attribute(EMAIL).is_some(), is_told, "{profile} {}", fagsystem.file);
            assert_eq!(told.name_id, "C=DK,O=11111111,CN=Ib Dam,Serial=5b0c", "the name stays as it came");
        }
        let log = serde_json::to_string(&town.log().await).unwrap();
        assert!(!log.contains(SECRET) && !log.contains(STORED) && !log.contains(UUID));
    }
}

#[tokio::test]
async fn what_no_assertion_says_comes_from_the_user_store_and_the_assertion_goes_before_it() {
    let stored =
        [(CPR, STORED), (PERSISTENT, UUID), (NAME, "Ib Stored"), ("urn:oid:2.5.4.12", "Case worker")];
    let town = town_that_knows("profile-stored", "SEB", &stored).await;
    let told = town.bbr.read(&login(&town, &town.bbr, |_| {}).await, &town);
    assert_eq!(told.attribute(CPR), Some(STORED));
    assert_eq!(told.attribute(PERSISTENT), Some(UUID));
    assert_eq!(told.attribute(NAME), Some("Ib Stored"));
    assert!(!told.assertion.unwrap().contains("Case worker"), "no name that is not on the list leaves");
    nothing_is_written_down(&town).await;

    let town = town_that_knows("profile-first", "SEB", &stored).await;
    let answer = login(&town, &town.bbr, |say| say.set(OLD_CPR, Some(SECRET))).await;
    let told = town.bbr.read(&answer, &town);
    assert_eq!(told.attribute(CPR), Some(SECRET), "the assertion goes first");
    assert_eq!(told.attribute(PERSISTENT), Some(UUID), "what it does not say is taken from the store");
    nothing_is_written_down(&town).await;
}

#[tokio::test]
async fn a_value_of_another_form_ends_the_login_for_who_would_be_told_it_and_is_never_quoted() {
    for (number, (name, value)) in [
        (CPR, "010101-0101"),
        (OLD_CPR, "01010101011"),
        (PERSISTENT, "urn:uuid:5b0c"),
        (TOKEN, "<Assertion/>"),
    ]
    .into_iter()
    .enumerate()
    {
        let town = town(&format!("profile-form-{number}"), "SEB").await;
        let answer = login(&town, &town.bbr, |say| say.set(name, Some(value))).await;
        let detail = refusal(&town, &answer, "value.format").await;
        assert!(!detail.contains(value) && !answer.body.contains(value), "{detail}");
        // Whoever is not told it is not kept from logging in by it.
        let town = self::town(&format!("profile-form-{number}-twin"), "KOMBIT").await;
        let answer = login(&town, &town.bbr, |say| say.set(name, Some(value))).await;
        assert_eq!(town.bbr.read(&answer, &town).status, ["Success"]);
    }
    let town = town_that_knows("profile-form-stored", "SEB", &[(CPR, "1")]).await;
    let answer = login(&town, &town.bbr, |_| {}).await;
    refusal(&town, &answer, "value.format").await;
    let town = self::town("profile-two", "SEB").await;
    let two = |say: &mut Say| {
        say.set(CPR, Some(SECRET));
        say.set(OLD_CPR, Some(STORED));
    };
    let detail = refusal(&town, &login(&town, &town.bbr, two).await, "attr.duplicate").await;
    assert_eq!(detail, "CPR number: expected one value, got several");
}

async fn refusal(town: &Town, answer: &Answer, reason: &str) -> String {
    refused(town, answer, reason).await;
    nothing_is_written_down(town).await;
    let log = town.log().await;
    log.iter().rev().find_map(|record| record.detail.clone()).unwrap()
}

#[tokio::test]
async fn a_bootstrap_token_goes_through_letter_by_letter_up_to_its_size() {
    let line = "QUJD".repeat(19);
    let token = format!("{}\r\n", vec![line; 400].join("\n"));
    let town = town("profile-token", "SEB").await;
    let answer = login(&town, &town.bbr, |say| say.set(TOKEN, Some(&token))).await;
    assert_eq!(town.bbr.read(&answer, &town).attribute(TOKEN), Some(&*token));
    let town = self::town("profile-token-large", "SEB").await;
    let large = "QUJD".repeat(16 * 1024 + 1);
    let answer = login(&town, &town.bbr, |say| say.set(TOKEN, Some(&large))).await;
    refused(&town, &answer, "value.format").await;
}

#[tokio::test]
async fn what_only_we_may_say_is_never_taken_from_upstream() {
    let system_role = "http://bbr.test/roles/usersystemrole/se/1";
    let claims = [(ORG_NAME, "Stored A/S"), ("dk:gov:saml:attribute:AssuranceLevel", "4")];
    let town = town_that_knows("profile-reserved", "SEB", &claims).await;
    let answer = login(&town, &town.bbr, |say| {
        say.set(ORG_NAME, Some("What the IdP calls it"));
        say.set("dk:gov:saml:attribute:KombitSpecVer", Some("9.9"));
        say.set("dk:gov:saml:attribute:AssuranceLevel", Some("4"));
        say.set("https://example.test/anything", Some("else"));
        say.rights(&[("urn:dk:gov:saml:cvrNumberIdentifier:11111111", system_role, &[])]);
    })
    .await;
    insta::assert_snapshot!(lines(&town.bbr.read(&answer, &town)), @r"
    https://data.gov.dk/model/core/specVersion = OIO-SAML-3.0
    dk:gov:saml:attribute:KombitSpecVer = 2.0
    https://data.gov.dk/concept/core/nsis/loa = Substantial
    https://data.gov.dk/model/core/eid/professional/cvr = 11111111
    https://data.gov.dk/model/core/eid/professional/orgName = Korsbæk Kommune
    https://data.gov.dk/model/core/eid/email = ib@korsbaek.test
    ");
    let noticed: Vec<_> = town.log().await.into_iter().flat_map(|record| record.noticed).collect();
    assert!(noticed.contains(&"attr.reserved".to_owned()), "{noticed:?}");
}

#[tokio::test]
async fn atk_205_markup_in_a_value_stays_text_of_that_value() {
    let town = town("profile-markup", "SEB").await;
    let markup =
        "x</saml:AttributeValue></saml:Attribute><saml:Attribute Name=\"urn:oid:2.5.4.10\">&<![CDATA[";
    let answer = login(&town, &town.bbr, |say| {
        for name in [NAME, UID, EMAIL] {
            say.set(name, Some(markup));
        }
    })
    .await;
    let told = town.bbr.read(&answer, &town);
    for name in [NAME, UID, EMAIL] {
        assert_eq!(told.attribute(name), Some(markup), "{name}");
    }
    assert!(told.attribute("urn:oid:2.5.4.10").is_none());
}

/// What BBR is told when it asks so, in a town where its metadata too wishes for more than was agreed.
async fn told_for(name: &str, wish: impl FnOnce(&mut Ask)) -> Vec<(String, Vec<String>)> {
    let town = Town::with(name, |files| {
        change(files, "KOMBIT");
        let wishes = [CPR, NAME, UID, PERSISTENT]
            .map(|name| format!("<md:RequestedAttribute isRequired=\"true\" Name=\"{name}\"/>"));
        let service = format!(
            "<md:AttributeConsumingService index=\"1\" isDefault=\"true\"><md:ServiceName xml:lang=\"da\">BBR</md:ServiceName>{}\
             </md:AttributeConsumingService></md:SPSSODescriptor>",
            wishes.concat()
        );
        let metadata = String::from_utf8(files["bbr.xml"].clone()).unwrap();
        let metadata = metadata.replace("</md:SPSSODescriptor>", &service);
        files.insert("bbr.xml".into(), metadata.into_bytes());
    })
    .await;
    let mut browser = town.browser();
    let mut ask = town.bbr.ask();
    wish(&mut ask);
    let sent = town.bbr.send(&mut browser, &ask).await;
    let answer = town.korsbaek.answer(&town, &mut browser, &sent, everything).await;
    town.bbr.read(&answer, &town).attributes
}

#[tokio::test]
async fn atk_211_a_request_gets_no_more_attributes_than_the_profile_has() {
    let ordinary = told_for("profile-no-index", |_| {}).await;
    let names: Vec<&str> = ordinary.iter().map(|(name, _)| name.as_str()).collect();
    assert!(names.contains(&EMAIL) && !names.contains(&CPR) && !names.contains(&NAME), "{names:?}");
    for index in ["0", "1", "7", "65535"] {
        let index = |ask: &mut Ask| ask.attributes.push(("AttributeConsumingServiceIndex", index.into()));
        assert_eq!(told_for("profile-index", index).await, ordinary);
    }
}

#[tokio::test]
async fn atk_211_an_extension_that_no_profile_knows_changes_nothing() {
    let ordinary = told_for("profile-plain", |_| {}).await;
    let wished = told_for("profile-wishes", |ask| ask.wishes = vec![CPR, NAME, PERSISTENT]).await;
    assert_eq!(wished, ordinary);
}
