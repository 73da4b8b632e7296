//! The gate that metadata passes: who issued its certificates, whether they are revoked, who else uses them, and how it
//! differs from what is registered. What is refused stands beside what passes.

use context_handler::broker::trust::gate::Given;
use context_handler::domain::id::{EntityId, MessageId};
use context_handler::domain::reason::Reason;
use context_handler::domain::trust::{Check, Finding, Verdict};
use context_handler::protocol::keys::{Certificate, FileKey, Roots, Signer};
use context_handler::protocol::saml::metadata::{OurLogoutAddresses, OurMetadata};
use jiff::SignedDuration;
use openssl::asn1::Asn1Time;
use openssl::bn::BigNum;
use openssl::hash::MessageDigest;
use openssl::pkey::{PKey, Private};
use openssl::x509::{X509, X509Builder, X509Name};

use crate::support::ca::{Ca, Issuer, Says, Status, pem, rsa};
use crate::support::{Town, at, key};

const KORSBAEK: &str = "11111111";
const SERIAL: u32 = 4711;

/// Metadata of an identity provider, signed with its key.
pub(crate) fn metadata(name: &str, signer: &FileKey) -> String {
    let certificates = [Signer::certificate(signer).clone()];
    let ours = OurMetadata {
        id: &MessageId::new("_m1").unwrap(),
        entity_id: &EntityId::new(name).unwrap(),
        now: at(0),
        signing: &certificates,
        encryption: &certificates,
    };
    let logout = OurLogoutAddresses {
        browser: "https://new.test/slo".to_owned(),
        soap: "https://new.test/slo/soap".to_owned(),
    };
    ours.write_idp("https://new.test/sso", &logout, signer).unwrap().into_string()
}

pub(crate) fn signer(certificate: &[u8], key: &PKey<Private>) -> FileKey {
    FileKey::from_pem(pem(certificate).as_bytes(), &key.private_key_to_pem_pkcs8().unwrap(), None).unwrap()
}

fn of(findings: &[Finding], check: Check) -> Vec<&Finding> {
    findings.iter().filter(|finding| finding.check == check).collect()
}

fn one(findings: &[Finding], check: Check) -> &Finding {
    let found = of(findings, check);
    assert_eq!(found.len(), 1, "{check}: {findings:#?}");
    found[0]
}

/// A party whose certificate is issued by a test authority, and a broker that trusts that authority.
struct Scene {
    ca: Ca,
    town: Town,
    key: PKey<Private>,
    document: String,
}

impl Scene {
    async fn new(name: &str) -> Self {
        let ca = Ca::new(at(0)).await;
        let town = Town::trusting(name, Roots::from_pem(&ca.pem()).unwrap(), |_| {}).await;
        let key = rsa();
        let certificate = ca.certify(KORSBAEK, SERIAL, &key);
        let document = metadata("https://new.test", &signer(&certificate, &key));
        Self { ca, town, key, document }
    }

    async fn check(&self) -> Vec<Finding> {
        self.check_document(&self.document).await
    }

    async fn check_document(&self, document: &str) -> Vec<Finding> {
        self.town.broker.check_metadata(Given::Document(document.as_bytes().to_vec())).await
    }

    /// What is found about revocation when the authority answers so.
    async fn revocation(&self, list: Option<Vec<u8>>, answer: Option<Vec<u8>>) -> (Verdict, Option<Reason>) {
        self.ca.says(Says { list, answer });
        let findings = self.check().await;
        let finding = one(&findings, Check::CertificateRevoked);
        (finding.verdict, finding.reason)
    }
}

const GOOD: (Verdict, Option<Reason>) = (Verdict::Pass, None);
const REVOKED: (Verdict, Option<Reason>) = (Verdict::Fail, Some(Reason::CertRevoked));
const UNCHECKED: (Verdict, Option<Reason>) = (Verdict::Warning, Some(Reason::CertUnchecked));

#[tokio::test]
async fn a_certificate_of_a_configured_root_that_is_not_revoked_passes_in_every_respect() {
    let scene = Scene::new("gate-good").await;
    let (list, answer) = (scene.ca.list(&[1, 2]), scene.ca.answer(SERIAL, Status::Good));
    scene.ca.says(Says { list: Some(list), answer: Some(answer) });
    let findings = scene.check().await;
    let wrong: Vec<_> = findings.iter().filter(|f| f.verdict > Verdict::Pass).collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
    let chain = one(&findings, Check::CertificateChain);
    assert!(chain.received.contains("Test OCES udstedende-CA 1 ← ") && chain.received.contains("RSASSA-PSS"));
    assert_eq!(one(&findings, Check::CertificateRevoked).verdict, Verdict::Pass);
    assert_eq!(one(&findings, Check::CertificateUnique).verdict, Verdict::Pass);
    assert!(one(&findings, Check::CertificateOwner).received.contains("NTRDK-11111111"));
    assert_eq!(
        one(&findings, Check::MetadataStored).verdict,
        Verdict::NotApplicable,
        "it is registered nowhere"
    );
}

#[tokio::test]
async fn what_the_issuer_proves_about_revocation_counts_and_nothing_else_does() {
    let scene = Scene::new("gate-revocation").await;
    let ca = &scene.ca;
    let day = SignedDuration::from_hours(24);
    let answer = |status| Some(ca.answer(SERIAL, status));
    let list = |revoked: &[u32]| Some(ca.list(revoked));
    // Either proof is enough.
    assert_eq!(scene.revocation(list(&[]), None).await, GOOD);
    assert_eq!(scene.revocation(None, answer(Status::Good)).await, GOOD);
    // Either proof of the contrary is enough, whatever the other says.
    assert_eq!(scene.revocation(list(&[SERIAL]), answer(Status::Good)).await, REVOKED);
    assert_eq!(scene.revocation(list(&[]), answer(Status::Revoked)).await, REVOKED);
    assert_eq!(scene.revocation(list(&[SERIAL, 5]), None).await, REVOKED);
    assert_eq!(scene.revocation(list(&[5]), None).await, GOOD);
    // Silence, and what does not prove anything, is neither.
    let stranger = Issuer::root("Test OCES udstedende-CA 1", at(0));
    let by = |signer: &Issuer| {
        Some(ca.answer_by(signer, std::slice::from_ref(&signer.der), (SERIAL, Status::Good), at(0)))
    };
    let (may, may_not) =
        (ca.issuing.certify_responder(true, at(0)), ca.issuing.certify_responder(false, at(0)));
    let old = Some(ca.answer_by(&ca.issuing, &[], (SERIAL, Status::Good), at(0) - day * 2));
    let early = Some(ca.answer_by(&ca.issuing, &[], (SERIAL, Status::Good), at(0) + day));
    let broken = |mut signed: Vec<u8>| {
        let last = signed.len() - 10;
        signed[last] ^= 1;
        Some(signed)
    };
    for (what, list, answer, expected) in [
        ("both silent", None, None, UNCHECKED),
        ("unknown to the responder", None, answer(Status::Unknown), UNCHECKED),
        ("about another certificate", None, Some(ca.answer(SERIAL + 1, Status::Good)), UNCHECKED),
        ("an answer of yesterday", None, old, UNCHECKED),
        ("an answer of tomorrow", None, early, UNCHECKED),
        ("an answer by a stranger", None, by(&stranger), UNCHECKED),
        ("an answer by somebody certified for it", None, by(&may), GOOD),
        ("an answer by somebody certified for something else", None, by(&may_not), UNCHECKED),
        ("no answer at all", None, Some(b"<html>".to_vec()), UNCHECKED),
        ("a list of yesterday", Some(ca.issuing.list(&[], at(0) - day * 2)), None, UNCHECKED),
        ("a list of the root", Some(ca.root.list(&[], at(0))), None, UNCHECKED),
        ("a list by a stranger of the same name", Some(stranger.list(&[], at(0))), None, UNCHECKED),
        ("a list that was changed", broken(ca.list(&[])), None, UNCHECKED),
        ("no list at all", Some(b"<html>".to_vec()), None, UNCHECKED),
        ("a forged revocation", Some(stranger.list(&[SERIAL], at(0))), None, UNCHECKED),
    ] {
        assert_eq!(scene.revocation(list, answer).await, expected, "{what}");
    }
}

#[tokio::test]
async fn only_a_configured_root_makes_a_chain_and_without_one_nobody_is_asked() {
    let scene = Scene::new("gate-chain").await;
    let other = Ca::new(at(0)).await;
    let foreign = other.certify(KORSBAEK, SERIAL, &scene.key);
    other.says(Says { list: Some(other.list(&[SERIAL])), answer: None });
    let document = metadata("https://new.test", &signer(&foreign, &scene.key));
    let findings = scene.check_document(&document).await;
    let chain = one(&findings, Check::CertificateChain);
    assert_eq!((chain.verdict, chain.reason), (Verdict::Fail, Some(Reason::CertChain)));
    assert!(of(&findings, Check::CertificateRevoked).is_empty(), "its addresses are nobody's word");

    let plain = Town::new("gate-no-roots").await;
    let findings = plain.broker.check_metadata(Given::Document(scene.document.clone().into_bytes())).await;
    for check in [Check::CertificateChain, Check::CertificateRevoked] {
        let finding = one(&findings, check);
        assert_eq!(
            (finding.verdict, finding.received.as_str()),
            (Verdict::NotApplicable, "trust.oces-roots = []")
        );
    }
    // The development certificates issue themselves.
    let own = metadata("https://new.test", &key("idp-korsbaek"));
    let findings = scene.check_document(&own).await;
    assert_eq!(one(&findings, Check::CertificateChain).reason, Some(Reason::CertChain));
}

#[tokio::test]
async fn a_chain_may_be_signed_with_rsa_of_either_kind_and_never_with_sha_1() {
    let scene = Scene::new("gate-digest").await;
    let signed = |digest: MessageDigest| {
        let issuer = X509::from_der(&scene.ca.issuing.der).unwrap();
        let mut builder = X509Builder::new().unwrap();
        builder.set_version(2).unwrap();
        builder.set_serial_number(&BigNum::from_u32(9).unwrap().to_asn1_integer().unwrap()).unwrap();
        builder.set_issuer_name(issuer.subject_name()).unwrap();
        let mut subject = X509Name::builder().unwrap();
        subject.append_entry_by_text("CN", "leaf").unwrap();
        builder.set_subject_name(&subject.build()).unwrap();
        builder.set_not_before(&Asn1Time::from_unix(at(-60).as_second()).unwrap()).unwrap();
        builder.set_not_after(&Asn1Time::from_unix(at(86_400 * 100).as_second()).unwrap()).unwrap();
        builder.set_pubkey(&scene.key).unwrap();
        builder.sign(&scene.ca.issuing.key, digest).unwrap();
        metadata("https://new.test", &signer(&builder.build().to_der().unwrap(), &scene.key))
    };
    for (digest, expected) in [
        (MessageDigest::sha256(), (Verdict::Pass, None)),
        (MessageDigest::sha1(), (Verdict::Fail, Some(Reason::CertChain))),
    ] {
        let findings = scene.check_document(&signed(digest)).await;
        let chain = one(&findings, Check::CertificateChain);
        assert_eq!((chain.verdict, chain.reason), expected, "{chain:?}");
    }
}

#[tokio::test]
async fn a_certificate_belongs_to_one_party_and_to_its_organisation() {
    let town = Town::new("gate-owner").await;
    let check = async |document: &str| {
        town.broker.check_metadata(Given::Document(document.as_bytes().to_vec())).await
    };
    let stranger = metadata("https://new.test", &key("idp-korsbaek"));
    let findings = check(&stranger).await;
    let unique = one(&findings, Check::CertificateUnique);
    assert_eq!((unique.verdict, unique.reason), (Verdict::Fail, Some(Reason::CertShared)));
    assert_eq!(unique.received, town.korsbaek.entity_id);

    let own = metadata(&town.korsbaek.entity_id, &key("idp-korsbaek"));
    let findings = check(&own).await;
    assert_eq!(one(&findings, Check::CertificateUnique).verdict, Verdict::Pass);
    assert_eq!(one(&findings, Check::CertificateOwner).verdict, Verdict::Pass);

    let of_another = metadata(&town.korsbaek.entity_id, &key("idp-feddet"));
    let findings = check(&of_another).await;
    let owner = one(&findings, Check::CertificateOwner);
    assert_eq!((owner.verdict, owner.reason), (Verdict::Warning, Some(Reason::CertOwner)));
    assert_eq!((owner.expected.as_str(), owner.received.as_str()), ("NTRDK-11111111", "NTRDK-99999999"));
}

#[tokio::test]
async fn what_differs_from_the_registered_copy_is_told_by_name() {
    let town = Town::new("gate-stored").await;
    let check = async |document: String| {
        let findings = town.broker.check_metadata(Given::Document(document.into_bytes())).await;
        let about = |finding: &Finding| {
            let about = finding.about.clone().unwrap_or_default();
            let what = about.split_once("SSODescriptor").map_or(about.as_str(), |(_, what)| what);
            (finding.verdict, what.trim().to_owned(), finding.expected.clone(), finding.received.clone())
        };
        of(&findings, Check::MetadataStored).into_iter().map(about).collect::<Vec<_>>()
    };
    let registered = town.korsbaek.metadata();
    let name = &town.korsbaek.entity_id;
    let (old, new) = ("https://idp.korsbaek.test/sso", "https://idp.korsbaek.test/new");
    assert_eq!(check(registered.clone()).await, [(Verdict::Pass, String::new(), name.clone(), name.clone())]);
    assert_eq!(
        check(registered.replace(old, new)).await,
        [(Verdict::Warning, "SingleSignOnService HTTP-Redirect".into(), old.into(), new.into())]
    );
    let print = |name: &str| Signer::certificate(key(name).as_ref()).id().as_str()[..16].to_owned();
    let base64 = |name: &str| Signer::certificate(key(name).as_ref()).to_base64().to_owned();
    let rolled = registered.replace(&base64("idp-korsbaek"), &base64("nemlogin"));
    assert_eq!(
        check(rolled).await,
        [(Verdict::Warning, "KeyDescriptor signing".into(), print("idp-korsbaek"), print("nemlogin"))]
    );
    let slash = format!("{name}/");
    assert_eq!(
        check(registered.replace(&format!("entityID=\"{name}\""), &format!("entityID=\"{slash}\""))).await,
        [(Verdict::Warning, "entityID".into(), name.clone(), slash)]
    );
    let sp = town.bbr.metadata();
    let changed = check(sp.replace("use=\"encryption\"", "use=\"signing\"")).await;
    let named: Vec<&str> = changed.iter().map(|(_, what, ..)| what.as_str()).collect();
    assert!(named.contains(&"KeyDescriptor encryption"), "{changed:?}");
}

#[tokio::test]
async fn metadata_is_fetched_where_that_is_allowed_and_what_fails_is_told() {
    let town = Town::new("gate-fetched").await;
    let ours = format!("{}/saml/idp/metadata", town.url);
    let findings = town.broker.check_metadata(Given::Address(ours.clone())).await;
    assert_eq!(one(&findings, Check::MetadataFetched).verdict, Verdict::Pass);
    assert_eq!(one(&findings, Check::MetadataSignature).verdict, Verdict::Pass);
    for (address, reason) in [
        (format!("{}/nothing", town.url), Reason::MdUnreachable),
        ("http://localhost:1/".to_owned(), Reason::NetClosed),
        ("http://idp.korsbaek.dk/metadata".to_owned(), Reason::EgressRefused),
        ("https://10.0.0.1/metadata".to_owned(), Reason::EgressRefused),
    ] {
        let findings = town.broker.check_metadata(Given::Address(address.clone())).await;
        let finding = one(&findings, Check::MetadataFetched);
        assert_eq!(
            (findings.len(), finding.verdict, finding.reason),
            (1, Verdict::Fail, Some(reason)),
            "{address}"
        );
    }
}

#[tokio::test]
async fn a_registered_party_passes_the_same_gate() {
    let town = Town::new("gate-party").await;
    let name = EntityId::new(&town.korsbaek.entity_id).unwrap();
    let findings = town.broker.gate(&name).await;
    assert_eq!(one(&findings, Check::MetadataUsable).verdict, Verdict::Pass);
    let missing = of(&findings, Check::MetadataEndpoints);
    assert!(missing.iter().any(|finding| finding.reason == Some(Reason::SloMissing)), "{missing:?}");
    assert!(of(&findings, Check::MetadataStored).is_empty(), "it is the registered copy");
    let nobody = town.broker.gate(&EntityId::new("https://nobody.test").unwrap()).await;
    assert_eq!(nobody.iter().map(|finding| finding.verdict).collect::<Vec<_>>(), [Verdict::NotApplicable]);
}

#[tokio::test]
async fn the_part_without_network_says_that_nobody_was_asked() {
    let scene = Scene::new("gate-offline").await;
    let revoked = scene.ca.list(&[SERIAL]);
    scene.ca.says(Says { list: Some(revoked), answer: None });
    let examined = scene.town.broker.judge_metadata(scene.document.clone().into()).await.unwrap();
    assert_eq!(one(&examined.findings, Check::CertificateChain).verdict, Verdict::Pass);
    assert_eq!(one(&examined.findings, Check::CertificateRevoked).verdict, Verdict::NotApplicable);
    let certificate = Certificate::from_der(&scene.ca.certify(KORSBAEK, 1, &scene.key)).unwrap();
    assert_eq!(certificate.organisation().map(|owner| owner.cvr.to_string()), Some(KORSBAEK.to_owned()));
}
