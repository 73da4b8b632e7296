//! `keys`: make a key with a self-signed certificate, or list the keys in use. A key goes into a file that only its owner
//! reads, never to the terminal.

use std::fs::OpenOptions;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use jiff::Timestamp;
use openssl::asn1::{Asn1Integer, Asn1Time};
use openssl::bn::BigNum;
use openssl::error::ErrorStack;
use openssl::hash::MessageDigest;
use openssl::pkey::{PKey, Private};
use openssl::rsa::Rsa;
use openssl::x509::extension::{BasicConstraints, KeyUsage};
use openssl::x509::{X509, X509Name};
use serde::Serialize;

use super::{Done, Exit, Session, table, wrong};
use crate::config;
use crate::domain::id::Cvr;
use crate::domain::world::Random;
use crate::domain::written::Complaint;
use crate::keyring::Keyring;
use crate::protocol::keys::{Certificate, FileKey, Signer, fingerprint};

/// What to do with keys.
#[derive(Debug, Subcommand)]
pub(super) enum Keys {
    /// Make a key and a self-signed certificate in one new PEM file that only its owner reads
    Generate(Generate),

    /// Make a token for a system that calls the API, in a new file that only its owner reads, and tell its SHA-256
    Token(Token),

    /// List the keys that the configuration names, with the days that their certificates have left
    List,
}

/// The key to make.
#[derive(Debug, Args)]
pub(super) struct Generate {
    /// The file to make; it must not exist
    #[arg(long, value_name = "FILE")]
    out: PathBuf,

    /// The name in the certificate
    #[arg(long, default_value = "Context Handler")]
    name: String,

    /// The organisation in the certificate
    #[arg(long)]
    organisation: Option<String>,

    /// The CVR number of the organisation
    #[arg(long, value_parser = Cvr::new)]
    cvr: Option<Cvr>,

    /// The size of the RSA key
    #[arg(long, default_value_t = 3072, value_parser = clap::value_parser!(u32).range(2048..=8192))]
    bits: u32,

    /// How long the certificate is good
    #[arg(long, default_value_t = 1095, value_parser = clap::value_parser!(u32).range(1..=3650))]
    days: u32,

    /// Say what would be made, and make nothing
    #[arg(long)]
    dry_run: bool,
}

impl Keys {
    pub(super) fn run(self, session: &mut Session<'_>) -> Done {
        match self {
            Self::Generate(generate) => generate.run(session),
            Self::Token(token) => token.run(session),
            Self::List => {
                let keys = session.configuration()?.keys;
                let listed = list(&keys, &Keyring::open(&keys)?, session.desk.clock.now());
                session.answer(&listed, || Listed::table(&listed));
                let in_trouble = listed.iter().any(Listed::is_in_trouble);
                Ok(if in_trouble { Exit::CheckFailed } else { Exit::Ok })
            }
        }
    }
}

/// A key in use, as it is listed.
#[derive(Serialize)]
pub(super) struct Listed {
    r#use: &'static str,
    file: PathBuf,
    subject: String,
    not_before: Timestamp,
    not_after: Timestamp,
    days_left: i64,
    trouble: Option<&'static str>,
    sha256: String,
}

impl Listed {
    /// Whether partners will refuse what this key signs or what is encrypted for it.
    pub(super) fn is_in_trouble(&self) -> bool {
        self.trouble.is_some()
    }

    pub(super) fn table(keys: &[Self]) -> String {
        let row = |key: &Self| {
            let state = match key.trouble {
                Some(trouble) => trouble.to_owned(),
                None => format!("{} days left", key.days_left),
            };
            vec![key.r#use.to_owned(), state, key.file.display().to_string(), key.subject.clone()]
        };
        table(&keys.iter().map(row).collect::<Vec<_>>())
    }
}

/// The keys in use, in the order of the configuration.
pub(super) fn list(keys: &config::Keys, ring: &Keyring, now: Timestamp) -> Vec<Listed> {
    let signing = keys.signing.iter().zip(&ring.signing).enumerate();
    let decryption = keys.decryption.iter().zip(&ring.decryption);
    let signing =
        signing.map(|(at, (file, key))| (if at == 0 { "signs" } else { "published" }, &file.file, key));
    let decryption = decryption.map(|(file, key)| ("decrypts", &file.file, key));
    let tokens = keys.token_signing.iter().zip(&ring.token_signing);
    let tokens = tokens.map(|(file, key)| ("signs tokens", &file.file, key));
    let all = signing.chain(decryption).chain(tokens);
    all.map(|(usage, file, key)| listed(usage, file, key.certificate(), now)).collect()
}

fn listed(usage: &'static str, file: &Path, certificate: &Certificate, now: Timestamp) -> Listed {
    let trouble = match () {
        () if certificate.weakness().is_some() => certificate.weakness(),
        () if now > certificate.not_after() => Some("EXPIRED"),
        () if now < certificate.not_before() => Some("NOT YET VALID"),
        () => None,
    };
    Listed {
        r#use: usage,
        file: file.to_owned(),
        subject: certificate.subject().to_owned(),
        not_before: certificate.not_before(),
        not_after: certificate.not_after(),
        days_left: certificate.not_after().duration_since(now).as_hours() / 24,
        trouble,
        sha256: certificate.id().as_str().to_owned(),
    }
}

/// Writes a secret into a new file that only its owner reads.
fn write_new(file: &Path, secret: &[u8]) -> Result<(), Vec<Complaint>> {
    let mut open = OpenOptions::new();
    let made = open.write(true).create_new(true).mode(0o600).open(file);
    let written = made.and_then(|mut made| made.write_all(secret).and_then(|()| made.sync_all()));
    written.map_err(|error| wrong(&file.display().to_string(), format!("expected a new file, got: {error}")))
}

/// The token to make.
#[derive(Debug, Args)]
pub(super) struct Token {
    /// The file to make; it must not exist
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
}

impl Token {
    fn run(self, session: &mut Session<'_>) -> Done {
        // 256 bits: nobody guesses it, so a plain SHA-256 of it may stand in the register.
        let token = format!("{:032x}{:032x}", session.desk.random.bits(), session.desk.random.bits());
        write_new(&self.out, token.as_bytes())?;
        let file = self.out.display().to_string();
        let sha256 = fingerprint(token.as_bytes());
        session.answer(&serde_json::json!({ "file": file, "sha256": sha256 }), || {
            format!("made {file}\n  token-sha256 = \"{sha256}\"")
        });
        Ok(Exit::Ok)
    }
}

#[derive(Serialize)]
struct Generated {
    file: PathBuf,
    made: bool,
    subject: String,
    not_after: Timestamp,
    sha256: String,
}

impl Generate {
    fn run(self, session: &mut Session<'_>) -> Done {
        let file = self.out.display().to_string();
        let complain = |message: String| vec![Complaint::whole_file(&file, message)];
        if self.out.exists() {
            return Err(complain("expected a file that does not exist, got one that does".to_owned()));
        }
        let pem = self.pem(session.desk.random, session.desk.clock.now());
        let pem = pem.map_err(|error| complain(format!("OpenSSL refused: {error}")))?;
        // What cannot be read back must not be used.
        let key = FileKey::read(&pem, None).map_err(|fault| complain(fault.to_string()))?;
        if !self.dry_run {
            write_new(&self.out, &pem)?;
        }
        let certificate = key.certificate();
        let generated = Generated {
            file: self.out,
            made: !self.dry_run,
            subject: certificate.subject().to_owned(),
            not_after: certificate.not_after(),
            sha256: certificate.id().as_str().to_owned(),
        };
        session.answer(&generated, || {
            let verb = if generated.made { "made" } else { "would make" };
            let Generated { file, subject, not_after, sha256, .. } = &generated;
            format!("{verb} {}\n  {subject}\n  good until {not_after}\n  SHA-256 {sha256}", file.display())
        });
        Ok(Exit::Ok)
    }

    /// Key and certificate, one after the other.
    fn pem(&self, random: &dyn Random, now: Timestamp) -> Result<Vec<u8>, ErrorStack> {
        let key = PKey::from_rsa(Rsa::generate(self.bits)?)?;
        let certificate = self.certificate(&key, random, now.as_second())?;
        let mut pem = key.private_key_to_pem_pkcs8()?;
        pem.extend(certificate.to_pem()?);
        Ok(pem)
    }

    fn certificate(&self, key: &PKey<Private>, random: &dyn Random, now: i64) -> Result<X509, ErrorStack> {
        let mut name = X509Name::builder()?;
        name.append_entry_by_text("C", "DK")?;
        if let Some(organisation) = &self.organisation {
            name.append_entry_by_text("O", organisation)?;
        }
        if let Some(cvr) = self.cvr {
            name.append_entry_by_text("organizationIdentifier", &format!("NTRDK-{cvr}"))?;
        }
        name.append_entry_by_text("CN", &self.name)?;
        let name = name.build();
        let mut certificate = X509::builder()?;
        certificate.set_version(2)?;
        // A serial number is positive.
        let serial = (random.bits() >> 1).to_be_bytes();
        certificate.set_serial_number(&*Asn1Integer::from_bn(&*BigNum::from_slice(&serial)?)?)?;
        certificate.set_subject_name(&name)?;
        certificate.set_issuer_name(&name)?;
        certificate.set_not_before(&*Asn1Time::from_unix(now)?)?;
        certificate.set_not_after(&*Asn1Time::from_unix(now + i64::from(self.days) * 86_400)?)?;
        certificate.set_pubkey(key)?;
        certificate.append_extension(BasicConstraints::new().critical().build()?)?;
        certificate
            .append_extension(KeyUsage::new().critical().digital_signature().key_encipherment().build()?)?;
        certificate.sign(key, MessageDigest::sha256())?;
        Ok(certificate.build())
    }
}
