//! Rights that the identity provider does not know: they come from an attribute service, and whoever is entitled asks
//! our attribute authority for them. The attribute service is a broker of its own, reached by HTTP.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

use crate::browser::{Browser, Page};
use crate::world::{Municipality, RIGHTS, Sp, World};
use crate::{KAREN, KORSBAEK, MELLON, PYSAML2, assert_nobody_logged_in, missing, only};

const SERIAL: &str = "6f0b1f52-6f0c-4b7e-9d0b-0a4f6a1f5a11";
const CASEWORKER: &str = "http://korsbaek.example/roles/jobrole/caseworker/1";
const REQUESTER: &str = "https://asks.example";

#[test]
fn a_user_of_a_provider_without_rights_has_those_of_the_attribute_service_at_the_service_provider() {
    if missing() {
        return;
    }
    let mut world = World::start("rights", Municipality { states_rights: false, ..KORSBAEK });
    let users = world.start_attribute_service();
    let systems = [MELLON, PYSAML2].map(|sp| {
        world.register(&format!("{}-roles.toml", sp.name), &roles(sp));
        (sp, format!("{}{}", world.join(sp), sp.login))
    });
    for (_, start) in &systems {
        assert_eq!(rights(&Browser::default().log_in(start, "karen")), [""; 0], "nobody knows her yet");
    }
    users.put(SERIAL, CASEWORKER);
    for (sp, start) in &systems {
        let page = Browser::default().log_in(start, "karen");
        assert_eq!(page.json()["name_id"], KAREN);
        assert_eq!(rights(&page), [system_role(*sp)]);
    }
    assert!(world.refusals().is_empty());

    world.stop_attribute_service();
    for (_, start) in &systems {
        assert_nobody_logged_in(&Browser::default().log_in(start, "karen"));
    }
    let each = ["attributes-received as.down", "answer-received as.down", "refusal-sent as.down"];
    assert_eq!(world.refusals(), [each, each].concat());
}

#[test]
fn pysaml2_asks_our_attribute_authority_and_verifies_its_answer() {
    if missing() {
        return;
    }
    let world = World::start("query", KORSBAEK);
    let users = world.keep_users();
    users.put(SERIAL, CASEWORKER);
    for environment in [&[][..], &["PEER_ENCRYPTED"]] {
        let metadata = world.ask_with_pysaml2(REQUESTER, environment, &["metadata"]);
        world.register("asks.xml", &metadata);
        world.register("asks.toml", &users.requester(REQUESTER, "asks.xml"));
        world.apply();
        for attributes in [&[][..], &[RIGHTS]] {
            let told = asked(&world, REQUESTER, environment, attributes);
            assert!(told["refused"].is_null(), "{told}");
            assert_eq!(privileges(only(&told["attributes"][RIGHTS])), [CASEWORKER], "{told}");
            assert_eq!(told["encrypted"], !environment.is_empty());
        }
        if environment.is_empty() {
            let told = asked(&world, REQUESTER, &["PEER_TAMPERED"], &[]);
            assert!(told["refused"].as_str().unwrap().starts_with("SignatureError"), "{told}");
        }
    }
    assert!(world.refusals().is_empty());
    for (entity_id, environment, attributes) in [
        ("https://stranger.example", &["PEER_ENCRYPTED"][..], &[][..]),
        (REQUESTER, &["PEER_ENCRYPTED", "PEER_UNSIGNED"], &[]),
        (REQUESTER, &["PEER_ENCRYPTED"], &["dk:gov:saml:attribute:CprNumberIdentifier"]),
    ] {
        let told = asked(&world, entity_id, environment, attributes);
        assert!(told["refused"].as_str().unwrap().starts_with("StatusRequestDenied"), "{told}");
    }
    assert_eq!(world.refusals(), ["attributes-asked aq.denied"; 3]);
}

fn asked(world: &World, entity_id: &str, environment: &[&str], attributes: &[&str]) -> Value {
    let told = world.ask_with_pysaml2(entity_id, environment, &[&["ask", KAREN], attributes].concat());
    serde_json::from_str(&told).unwrap()
}

/// The registration of the caseworker, and of what she may do in this system.
fn roles(sp: Sp) -> String {
    let job = format!(
        "[[job-function-role]]\nid = \"{CASEWORKER}\"\nauthority = \"11111111\"\nname = \"Caseworker\"\n\n"
    );
    format!(
        "{}[[user-system-role]]\nid = \"{role}\"\nservice-provider = \"https://saml.{}.example\"\nname = \"Writes\"\n\n\
         [[role-mapping]]\njob-function-role = \"{CASEWORKER}\"\nuser-system-role = \"{role}\"\n",
        if sp.name == MELLON.name { &job } else { "" },
        sp.name,
        role = system_role(sp),
    )
}

fn system_role(sp: Sp) -> String {
    format!("http://{}.example/roles/usersystemrole/write/1", sp.name)
}

/// The rights that a service provider was told.
fn rights(page: &Page) -> Vec<String> {
    assert_eq!(page.status, 200, "{page:?}");
    let who = page.json();
    let names = ["privileges", "dk:gov:saml:attribute:Privileges_intermediate", RIGHTS];
    let told: Vec<&Value> =
        names.iter().map(|name| &who["attributes"][name]).filter(|v| !v.is_null()).collect();
    told.first().map(|value| privileges(only(value))).unwrap_or_default()
}

fn privileges(value: &Value) -> Vec<String> {
    let xml = String::from_utf8(STANDARD.decode(value.as_str().unwrap()).unwrap()).unwrap();
    let document = roxmltree::Document::parse(&xml).unwrap();
    let told = document.descendants().filter(|node| node.tag_name().name() == "Privilege");
    told.map(|node| node.text().unwrap().to_owned()).collect()
}
