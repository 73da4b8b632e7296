//! A certificate authority as OCES3 has one: a root, an authority below it that signs with RSASSA-PSS, certificates that
//! name an organisation, a revocation list and an OCSP responder on a port of its own. It shares no code with the broker.

use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::{get, post};
use jiff::{SignedDuration, Timestamp};
use openssl::hash::MessageDigest;
use openssl::pkey::{PKey, Private};
use openssl::rsa::{Padding, Rsa};
use openssl::sha::sha1;
use openssl::sign::{RsaPssSaltlen, Signer};

use super::der::{bits, int, moment, oid, seq, tlv, utc};

const NULL: [u8; 2] = [5, 0];

/// Somebody who signs certificates.
#[derive(Clone)]
pub(crate) struct Issuer {
    pub(crate) key: PKey<Private>,
    name: Vec<u8>,
    pub(crate) der: Vec<u8>,
}

/// How the authority answers about revocation.
#[derive(Clone, Default)]
pub(crate) struct Says {
    /// What the list address answers; nothing is an error of the server.
    pub(crate) list: Option<Vec<u8>>,
    /// What the responder answers.
    pub(crate) answer: Option<Vec<u8>>,
}

/// The authority with its addresses.
pub(crate) struct Ca {
    pub(crate) root: Issuer,
    pub(crate) issuing: Issuer,
    pub(crate) url: String,
    says: Arc<Mutex<Says>>,
    now: Timestamp,
}

/// What a responder says about a certificate.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Status {
    Good,
    Revoked,
    Unknown,
}

impl Ca {
    /// An authority that has begun long ago. It answers nothing until it is told what.
    pub(crate) async fn new(now: Timestamp) -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://localhost:{}", listener.local_addr().unwrap().port());
        let says: Arc<Mutex<Says>> = Arc::default();
        let told = |told: Option<Vec<u8>>| told.ok_or(StatusCode::BAD_GATEWAY);
        let app =
            Router::new()
                .route(
                    "/list.crl",
                    get(move |State(s): State<Arc<Mutex<Says>>>| async move {
                        told(s.lock().unwrap().list.clone())
                    }),
                )
                .route(
                    "/ocsp",
                    post(move |State(s): State<Arc<Mutex<Says>>>| async move {
                        told(s.lock().unwrap().answer.clone())
                    }),
                )
                .with_state(says.clone());
        tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
        let root = Issuer::root("Test OCES rod-CA", now);
        let issuing = root.certify_issuer("Test OCES udstedende-CA 1", now);
        Self { root, issuing, url, says, now }
    }

    /// The root and the authority below it, as an operator configures them.
    pub(crate) fn pem(&self) -> Vec<u8> {
        [&self.root, &self.issuing].map(|issuer| pem(&issuer.der)).concat().into_bytes()
    }

    /// From now on it answers this.
    pub(crate) fn says(&self, says: Says) {
        *self.says.lock().unwrap() = says;
    }

    /// A certificate for an organisation, with the addresses of this authority.
    pub(crate) fn certify(&self, cvr: &str, serial: u32, key: &PKey<Private>) -> Vec<u8> {
        let uuid = "UI:DK-O:G:0d2f8b2e-8a52-4b0e-9a0f-1c2d3e4f5a6b";
        let subject = name(&[
            ("2.5.4.6", "DK"),
            ("2.5.4.10", &format!("Organisation {cvr}")),
            ("2.5.4.97", &format!("NTRDK-{cvr}")),
            ("2.5.4.5", uuid),
            ("2.5.4.3", &format!("system {serial}")),
        ]);
        self.issuing.certify(&subject, serial, key, &self.addresses(), self.now)
    }

    fn addresses(&self) -> Vec<Vec<u8>> {
        let uri = |path: &str| tlv(0x86, format!("{}{path}", self.url).as_bytes());
        let points = seq(&[seq(&[tlv(0xa0, &tlv(0xa0, &uri("/list.crl")))])]);
        let access = seq(&[seq(&[oid("1.3.6.1.5.5.7.48.1"), uri("/ocsp")])]);
        vec![extension("2.5.29.31", false, &points), extension("1.3.6.1.5.5.7.1.1", false, &access)]
    }

    /// A list of revoked certificates, made now and good for a day.
    pub(crate) fn list(&self, revoked: &[u32]) -> Vec<u8> {
        self.issuing.list(revoked, self.now)
    }

    /// An OCSP answer by the issuing authority itself.
    pub(crate) fn answer(&self, serial: u32, status: Status) -> Vec<u8> {
        self.answer_by(&self.issuing, &[], (serial, status), self.now)
    }

    /// The same by another signer, with its certificates, made at some moment.
    pub(crate) fn answer_by(
        &self,
        signer: &Issuer,
        certificates: &[Vec<u8>],
        (serial, status): (u32, Status),
        made: Timestamp,
    ) -> Vec<u8> {
        let id = seq(&[
            seq(&[oid("1.3.14.3.2.26"), NULL.to_vec()]),
            tlv(4, &sha1(&self.issuing.name)),
            tlv(4, &sha1(&self.issuing.key.rsa().unwrap().public_key_to_der_pkcs1().unwrap())),
            int(serial),
        ]);
        let status = match status {
            Status::Good => tlv(0x80, &[]),
            Status::Revoked => tlv(0xa1, &moment(made)),
            Status::Unknown => tlv(0x82, &[]),
        };
        let until = tlv(0xa0, &moment(made + SignedDuration::from_hours(24)));
        let data =
            seq(&[tlv(0xa1, &signer.name), moment(made), seq(&[seq(&[id, status, moment(made), until])])]);
        let certificates = tlv(0xa0, &seq(certificates));
        let basic = seq(&[data.clone(), pss(), bits(&signer.sign(&data)), certificates]);
        let typed = seq(&[oid("1.3.6.1.5.5.7.48.1.1"), tlv(4, &basic)]);
        seq(&[tlv(10, &[0]), tlv(0xa0, &typed)])
    }
}

impl Issuer {
    /// A root.
    pub(crate) fn root(common_name: &str, now: Timestamp) -> Self {
        let key = rsa();
        let own = name(&[("2.5.4.6", "DK"), ("2.5.4.3", common_name)]);
        let mut root = Self { key: key.clone(), name: own.clone(), der: Vec::new() };
        root.der = root.certify(&own, 1, &key, &authority(), now);
        root
    }

    /// An authority below this one.
    pub(crate) fn certify_issuer(&self, common_name: &str, now: Timestamp) -> Self {
        let key = rsa();
        let own = name(&[("2.5.4.6", "DK"), ("2.5.4.3", common_name)]);
        let der = self.certify(&own, 2, &key, &authority(), now);
        Self { key, name: own, der }
    }

    /// Somebody who answers by OCSP for this authority, if it is certified for that.
    pub(crate) fn certify_responder(&self, may_answer: bool, now: Timestamp) -> Self {
        let key = rsa();
        let own = name(&[("2.5.4.6", "DK"), ("2.5.4.3", "Test OCSP")]);
        let purpose = if may_answer { "1.3.6.1.5.5.7.3.9" } else { "1.3.6.1.5.5.7.3.2" };
        let extensions = [extension("2.5.29.37", false, &seq(&[oid(purpose)]))];
        let der = self.certify(&own, 3, &key, &extensions, now);
        Self { key, name: own, der }
    }

    /// A server of this name.
    pub(crate) fn certify_server(&self, host: &str, now: Timestamp) -> Self {
        let key = rsa();
        let own = name(&[("2.5.4.6", "DK"), ("2.5.4.3", host)]);
        let names = [extension("2.5.29.17", false, &seq(&[tlv(0x82, host.as_bytes())]))];
        let der = self.certify(&own, 4, &key, &names, now);
        Self { key, name: own, der }
    }

    /// A certificate that began a year ago and lasts another year.
    fn certify(
        &self,
        subject: &[u8],
        serial: u32,
        key: &PKey<Private>,
        extensions: &[Vec<u8>],
        now: Timestamp,
    ) -> Vec<u8> {
        let year = SignedDuration::from_hours(24 * 365);
        let content = seq(&[
            tlv(0xa0, &int(2)),
            int(serial),
            pss(),
            self.name.clone(),
            seq(&[utc(now - year), utc(now + year)]),
            subject.to_vec(),
            key.public_key_to_der().unwrap(),
            tlv(0xa3, &seq(extensions)),
        ]);
        seq(&[content.clone(), pss(), bits(&self.sign(&content))])
    }

    /// A list of revoked certificates, good for a day from then.
    pub(crate) fn list(&self, revoked: &[u32], made: Timestamp) -> Vec<u8> {
        let mut parts =
            vec![int(1), pss(), self.name.clone(), utc(made), utc(made + SignedDuration::from_hours(24))];
        if !revoked.is_empty() {
            let entries: Vec<Vec<u8>> =
                revoked.iter().map(|serial| seq(&[int(*serial), utc(made)])).collect();
            parts.push(seq(&entries));
        }
        let content = seq(&parts);
        seq(&[content.clone(), pss(), bits(&self.sign(&content))])
    }

    fn sign(&self, content: &[u8]) -> Vec<u8> {
        let mut signer = Signer::new(MessageDigest::sha256(), &self.key).unwrap();
        signer.set_rsa_padding(Padding::PKCS1_PSS).unwrap();
        signer.set_rsa_pss_saltlen(RsaPssSaltlen::DIGEST_LENGTH).unwrap();
        signer.set_rsa_mgf1_md(MessageDigest::sha256()).unwrap();
        signer.sign_oneshot_to_vec(content).unwrap()
    }
}

/// A new key.
pub(crate) fn rsa() -> PKey<Private> {
    PKey::from_rsa(Rsa::generate(2048).unwrap()).unwrap()
}

/// A certificate or a key in PEM.
pub(crate) fn pem(der: &[u8]) -> String {
    String::from_utf8(openssl::x509::X509::from_der(der).unwrap().to_pem().unwrap()).unwrap()
}

/// RSASSA-PSS with SHA-256, MGF1 with SHA-256, and a salt of 32 bytes.
fn pss() -> Vec<u8> {
    let sha256 = seq(&[oid("2.16.840.1.101.3.4.2.1"), NULL.to_vec()]);
    let mgf1 = seq(&[oid("1.2.840.113549.1.1.8"), sha256.clone()]);
    let terms = seq(&[tlv(0xa0, &sha256), tlv(0xa1, &mgf1), tlv(0xa2, &int(32))]);
    seq(&[oid("1.2.840.113549.1.1.10"), terms])
}

fn name(parts: &[(&str, &str)]) -> Vec<u8> {
    let part = |(kind, value): &(&str, &str)| {
        let tag = if *kind == "2.5.4.6" { 0x13 } else { 0x0c };
        tlv(0x31, &seq(&[oid(kind), tlv(tag, value.as_bytes())]))
    };
    seq(&parts.iter().map(part).collect::<Vec<_>>())
}

fn authority() -> Vec<Vec<u8>> {
    let is_authority = seq(&[tlv(1, &[0xff])]);
    let signs = tlv(3, &[1, 0b0000_0110]);
    vec![extension("2.5.29.19", true, &is_authority), extension("2.5.29.15", true, &signs)]
}

fn extension(kind: &str, critical: bool, content: &[u8]) -> Vec<u8> {
    let critical = if critical { tlv(1, &[0xff]) } else { Vec::new() };
    seq(&[oid(kind), critical, tlv(4, content)])
}
