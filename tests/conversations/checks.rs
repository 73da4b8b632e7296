//! Metadata that systems have looked at: by our own API, and in the form of the municipal federation. Who may ask, what
//! is answered, and that every call is written down.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use context_handler::domain::audit::Event;
use context_handler::protocol::keys::{FileKey, Roots, fingerprint};
use openssl::pkey::{PKey, Private};
use serde_json::{Value, json};

use crate::gate::{metadata, signer};
use crate::support::ca::{Ca, Says, Status, rsa};
use crate::support::{Answer, Browser, Town, at, key};

const KORSBAEK: &str = "11111111";
const CHECKS: &str = "/api/v1/trust/checks";
const IDP: &str = "/Validation/IdentityProviderSamlMetadata";
const SP: &str = "/Validation/BrugervendteSystemSamlMetadata";

struct Scene {
    town: Town,
    ca: Ca,
    key: PKey<Private>,
    system: Browser,
}

impl Scene {
    /// A town that trusts an authority, with a system of Korsbæk that may call.
    async fn new(name: &str) -> Self {
        let ca = Ca::new(at(0)).await;
        let sha256 = fingerprint(b"of korsbaek");
        let client = format!(
            "[[api-client]]\nauthority = {KORSBAEK:?}\nname = \"system\"\ntoken-sha256 = {sha256:?}\n"
        );
        let roots = Roots::from_pem(&ca.pem()).unwrap();
        let town = Town::trusting(name, roots, |files| {
            files.get_mut("register.toml").unwrap().extend(client.into_bytes());
        })
        .await;
        let mut system = town.browser();
        system.headers.push(("authorization".into(), "Bearer of korsbaek".into()));
        Self { town, ca, key: rsa(), system }
    }

    fn signer(&self) -> FileKey {
        signer(&self.ca.certify(KORSBAEK, 1, &self.key), &self.key)
    }

    /// The issuer answers that the certificate is good.
    fn is_good(&self) {
        let (list, answer) = (self.ca.list(&[]), self.ca.answer(1, Status::Good));
        self.ca.says(Says { list: Some(list), answer: Some(answer) });
    }

    async fn call(&mut self, path: &str, content: &Value) -> (u16, Value) {
        let answer = self.raw(path, content.to_string()).await;
        let body = serde_json::from_str(&answer.body).unwrap_or_else(|_| panic!("{}", answer.body));
        (answer.status, body)
    }

    async fn raw(&mut self, path: &str, content: String) -> Answer {
        self.system.call("POST", &format!("{}{path}", self.town.url), Some(content)).await
    }
}

fn xml(document: &str) -> Value {
    json!({ "SamlMetadata": { "Xml": STANDARD.encode(document) } })
}

fn details(body: &Value) -> Vec<String> {
    let all = body["errorDetails"].as_array().unwrap_or_else(|| panic!("{body}"));
    all.iter().map(|detail| detail.as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn metadata_as_the_federation_demands_it_is_answered_with_its_name() {
    let mut scene = Scene::new("validation-good").await;
    scene.is_good();
    let document = metadata("https://new.test", &scene.signer());
    let (status, body) = scene.call(IDP, &xml(&document)).await;
    assert_eq!((status, &body), (200, &json!({ "Id": "https://new.test" })));
    let record = scene.town.log().await.pop().unwrap();
    assert_eq!(
        (record.event, record.reason.as_str(), record.allowed),
        (Event::MetadataChecked, "md.checked", true)
    );
    assert_eq!(record.endpoint, format!("{IDP} POST"));
    assert_eq!(record.detail.as_deref(), Some("Pass: https://new.test"));

    let (status, body) = scene.call(SP, &xml(&document)).await;
    assert_eq!(status, 400);
    assert_eq!((&body["code"], &body["version"]), (&json!(400), &json!("2.0")));
    assert_eq!(details(&body), ["1 × SPSSODescriptor"]);
}

#[tokio::test]
async fn what_the_federation_refuses_is_refused_with_the_check_that_found_it() {
    let mut scene = Scene::new("validation-bad").await;
    scene.is_good();
    let document = metadata("https://new.test", &scene.signer());
    let signature = document.find("<ds:Signature").unwrap()..document.find("</ds:Signature>").unwrap() + 15;
    let unsigned = document.replace(&document[signature], "");
    let without = |text: &str, from: &str, to: &str| {
        let begin = text.find(from).unwrap();
        let end = begin + text[begin..].find(to).unwrap() + to.len();
        format!("{}{}", &text[..begin], &text[end..])
    };
    let no_logout = without(&unsigned, "<md:SingleLogoutService", "/md:SingleLogoutService>");
    let no_redirect = without(&unsigned, "<md:SingleSignOnService", "/md:SingleSignOnService>");
    let self_issued = metadata("https://new.test", &key("nemlogin"));
    for (what, document, check) in [
        ("unsigned", unsigned, "metadata.signature"),
        ("no logout by Redirect", no_logout, "metadata.endpoints"),
        ("no login by Redirect", no_redirect, "metadata.endpoints"),
        ("of another root", self_issued, "certificate.chain"),
        ("used by another", metadata("https://new.test", &key("idp-korsbaek")), "certificate.unique"),
        ("changed", document.replace("https://new.test/sso", "https://evil.test/sso"), "metadata.signature"),
        ("no metadata", "<html/>".to_owned(), "metadata.entity"),
    ] {
        let (status, body) = scene.call(IDP, &xml(&document)).await;
        assert_eq!(status, 400, "{what}: {body}");
        assert!(details(&body).iter().any(|detail| detail.starts_with(check)), "{what}: {body}");
    }
    scene.ca.says(Says { list: Some(scene.ca.list(&[1])), answer: None });
    let (status, body) = scene.call(IDP, &xml(&document)).await;
    assert_eq!(status, 400);
    assert!(details(&body)[0].starts_with("certificate.revoked"), "{body}");
}

#[tokio::test]
async fn whoever_cannot_be_reached_is_told_as_such() {
    let mut scene = Scene::new("validation-silent").await;
    let document = metadata("https://new.test", &scene.signer());
    let (status, body) = scene.call(IDP, &xml(&document)).await;
    assert_eq!(status, 503, "the issuer is silent: {body}");
    assert!(details(&body)[0].starts_with("certificate.revoked"), "{body}");
    let address = json!({ "SamlMetadata": { "MetadataUrl": "http://localhost:1/metadata" } });
    let (status, body) = scene.call(IDP, &address).await;
    assert_eq!(status, 503, "{body}");
    assert!(details(&body)[0].starts_with("metadata.fetched"), "{body}");
    let inside = json!({ "SamlMetadata": { "MetadataUrl": "https://10.0.0.1/metadata" } });
    assert_eq!(
        scene.call(IDP, &inside).await.0,
        400,
        "what may not be called is no failure of the other side"
    );
}

#[tokio::test]
async fn only_a_proved_caller_with_a_readable_question_is_answered() {
    let mut scene = Scene::new("validation-who").await;
    scene.is_good();
    let question = xml(&metadata("https://new.test", &scene.signer()));
    let mut stranger = scene.town.browser();
    for path in [IDP, SP] {
        let answer =
            stranger.call("POST", &format!("{}{path}", scene.town.url), Some(question.to_string())).await;
        let body: Value = serde_json::from_str(&answer.body).unwrap();
        assert_eq!((answer.status, &body["code"]), (401, &json!(401)), "{body}");
    }
    let answer =
        stranger.call("POST", &format!("{}{CHECKS}", scene.town.url), Some(question.to_string())).await;
    assert_eq!(answer.status, 401);
    let both = json!({ "SamlMetadata": { "Xml": "PGEvPg==", "MetadataUrl": "https://a.dk/" } });
    for wrong in [json!({}), json!({ "SamlMetadata": {} }), both, json!({ "SamlMetadata": { "Xml": "***" } })]
    {
        for path in [IDP, CHECKS] {
            let (status, body) = scene.call(path, &wrong).await;
            assert_eq!(status, 400, "{wrong} {body}");
            assert!(!scene.town.log().await.pop().unwrap().allowed);
        }
    }
    let large = xml(&" ".repeat(1024 * 1024 + 1));
    assert_eq!(scene.raw(IDP, large.to_string()).await.status, 400);
    assert_eq!(scene.raw(CHECKS, " ".repeat(3 * 1024 * 1024)).await.status, 413);
    assert_eq!(scene.call(IDP, &question).await.0, 200);
}

#[tokio::test]
async fn our_own_api_tells_every_finding_with_its_words_in_both_languages() {
    let mut scene = Scene::new("checks-all").await;
    scene.is_good();
    let document = metadata("https://new.test", &scene.signer());
    let (status, body) = scene.call(CHECKS, &xml(&document)).await;
    assert_eq!(
        (status, &body["verdict"], &body["entities"]),
        (200, &json!("pass"), &json!(["https://new.test"]))
    );
    let unsigned = document.replace("<md:NameIDFormat>", "<md:NameIDFormat >");
    let (_, body) = scene.call(CHECKS, &xml(&unsigned)).await;
    assert_eq!(body["verdict"], "pass", "canonical XML does not see that blank: {body}");
    let (_, body) = scene.call(CHECKS, &xml(&document.replace("X509SubjectName", "unknown"))).await;
    assert_eq!(body["verdict"], "fail");
    let finding =
        body["findings"].as_array().unwrap().iter().find(|f| f["check"] == "metadata.signature").unwrap();
    assert_eq!((&finding["verdict"], &finding["reason"]), (&json!("fail"), &json!("sig.invalid")));
    for words in ["title", "why", "means", "fix"] {
        assert!(finding[words]["da"].is_string() && finding[words]["en"].is_string(), "{finding}");
    }
}

#[tokio::test]
async fn a_registered_party_is_told_to_those_who_have_agreed_with_it() {
    let mut scene = Scene::new("checks-party").await;
    let own = scene.town.korsbaek.entity_id.clone();
    let (status, body) = scene.call(CHECKS, &json!({ "party": own })).await;
    assert_eq!((status, &body["entities"]), (200, &json!([own])));
    let used = scene.town.bbr.entity_id.clone();
    assert_eq!(scene.call(CHECKS, &json!({ "party": used })).await.0, 200);
    let foreign = scene.town.feddet.entity_id.clone();
    let (status, body) = scene.call(CHECKS, &json!({ "party": foreign })).await;
    assert_eq!((status, &body["code"]), (403, &json!("api.authority")));
    assert_eq!(scene.town.last_reason().await, "api.authority");
}
