//! The other judges: the programs `xmlsec1` and `xmllint`, and libxmlsec1 1.3 through Python, each over many files at a time.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use context_handler::protocol::keys::{Decrypter, FileKey};

use crate::support::{BROKER, IDP, Party, SAML, assertion};

/// Whether a program is installed; says so when it is not.
pub(crate) fn installed(program: &str) -> bool {
    let found = Command::new(program).arg("--version").output().is_ok();
    if !found {
        skipped(&format!("no {program}"));
    }
    found
}

/// Says why a test is skipped. Where everything must be there, as in `make test`, nothing is.
fn skipped(why: &str) {
    let wanted = std::env::var_os("CH_PEERS").is_some_and(|value| value == "1");
    assert!(!wanted, "CH_PEERS=1, but {why}");
    println!("skipped: {why}");
}

/// A directory of its own, removed at the end.
pub(crate) struct Folder(PathBuf);

impl Folder {
    pub(crate) fn new() -> Self {
        static NEXT: AtomicUsize = AtomicUsize::new(0);
        let name = format!("kernel-{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
        let path = std::env::temp_dir().join(name);
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    pub(crate) fn file(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.0.join(name);
        std::fs::write(&path, content).unwrap();
        path
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

pub(crate) fn run(program: &str, arguments: &[&str], files: &[PathBuf]) -> Output {
    Command::new(program).args(arguments).args(files).output().unwrap()
}

pub(crate) const ID_ATTRIBUTES: [&str; 6] = [
    "--id-attr:ID",
    "urn:oasis:names:tc:SAML:2.0:protocol:Response",
    "--id-attr:ID",
    "urn:oasis:names:tc:SAML:2.0:assertion:Assertion",
    "--id-attr:ID",
    "urn:oasis:names:tc:SAML:2.0:metadata:EntityDescriptor",
];

/// libxmlsec1 1.3, from the Python environment that the peers' installation makes.
pub(crate) struct Newer(PathBuf);

impl Newer {
    /// The judge, if it is installed; says so when it is not.
    pub(crate) fn installed() -> Option<Self> {
        let own = concat!(env!("CARGO_MANIFEST_DIR"), "/target/peers").into();
        let folder = std::env::var_os("CH_PEERS_DIR").map_or(own, PathBuf::from);
        let python = Self(folder.join("venv/bin/python"));
        if !python.0.exists() {
            skipped("tests/peers/install.sh has not run");
            return None;
        }
        let version = python.says(&["version"]);
        assert!(version.starts_with("1.3."), "expected libxmlsec1 1.3, got {version}");
        Some(python)
    }

    /// What it prints.
    pub(crate) fn says(&self, arguments: &[&str]) -> String {
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/kernel/libxmlsec1.py");
        let done = Command::new(&self.0).arg(script).args(arguments).output().unwrap();
        assert!(done.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&done.stderr));
        String::from_utf8(done.stdout).unwrap()
    }

    /// What it says about the signature of each file's outermost element.
    pub(crate) fn verdicts(&self, certificate: &Path, files: &[PathBuf]) -> Vec<String> {
        let paths = files.iter().map(|file| file.to_str().unwrap());
        let arguments: Vec<&str> =
            ["verify", certificate.to_str().unwrap()].into_iter().chain(paths).collect();
        let verdicts: Vec<String> = self.says(&arguments).lines().map(str::to_owned).collect();
        assert_eq!(verdicts.len(), files.len());
        verdicts
    }
}

/// The signature that stands directly in the outermost element.
pub(crate) const ROOT_SIGNATURE: &str =
    "/*/*[local-name()='Signature' and namespace-uri()='http://www.w3.org/2000/09/xmldsig#']";

/// Whether libxmlsec1 verifies, with this key, the signature at the path in every one of the files.
pub(crate) fn xmlsec1_verifies(key: &Path, signature: &str, files: &[PathBuf]) -> bool {
    let key = key.to_str().unwrap();
    let mut arguments = vec!["--verify", "--pubkey-pem", key, "--enabled-reference-uris", "same-doc"];
    arguments.extend(["--node-xpath", signature]);
    arguments.extend(ID_ATTRIBUTES);
    let output = run("xmlsec1", &arguments, files);
    let said = String::from_utf8_lossy(&output.stderr);
    output.status.success() && said.lines().filter(|line| *line == "OK").count() == files.len()
}

/// The files that libxmlsec1 does not verify.
pub(crate) fn xmlsec1_refuses(key: &Path, signature: &str, files: &[PathBuf]) -> Vec<PathBuf> {
    let mut refused = Vec::new();
    for batch in files.chunks(200) {
        if !xmlsec1_verifies(key, signature, batch) {
            let alone = |file: &&PathBuf| !xmlsec1_verifies(key, signature, std::slice::from_ref(*file));
            refused.extend(batch.iter().filter(alone).cloned());
        }
    }
    refused
}

/// The value of an XPath expression in each file, as libxml2 reads it.
pub(crate) fn xpath(expression: &str, files: &[PathBuf]) -> Vec<String> {
    const END: &str = "|END|\n";
    let expression = format!("concat({expression}, '|END|')");
    let mut values = Vec::new();
    for batch in files.chunks(200) {
        let output = run("xmllint", &["--xpath", &expression], batch);
        let text = String::from_utf8(output.stdout).unwrap();
        values.extend(text.split_terminator(END).map(str::to_owned));
    }
    assert_eq!(values.len(), files.len(), "libxml2 reads every file");
    values
}

/// The exclusive canonical form of each file as libxml2 makes it; empty where it refuses the file.
pub(crate) fn xmllint_c14n(folder: &Folder, files: &[PathBuf]) -> Vec<String> {
    const MARK: &str = "<mark-between-files></mark-between-files>";
    let mark = folder.file("mark.xml", MARK);
    let mut forms = Vec::new();
    for batch in files.chunks(100) {
        let with_marks = batch.iter().flat_map(|file| [file.clone(), mark.clone()]).collect::<Vec<_>>();
        let output = run("xmllint", &["--nonet", "--exc-c14n"], &with_marks);
        let text = String::from_utf8(output.stdout).unwrap();
        forms.extend(text.split_terminator(MARK).map(str::to_owned));
    }
    assert_eq!(forms.len(), files.len());
    forms
}

/// What opens messages for the broker.
pub(crate) fn broker_key() -> Arc<dyn Decrypter> {
    Arc::new(FileKey::from_pem(&BROKER.certificate_pem, &BROKER.key_pem, None).unwrap())
}

/// A signed assertion in the place where an encrypted one is to stand.
pub(crate) fn message_to_seal(folder: &Folder) -> PathBuf {
    let plaintext = assertion("_a1", "CN=Maude", Some(&IDP.key));
    let message = format!(
        "<saml:EncryptedAssertion xmlns:saml=\"{SAML}\">{}</saml:EncryptedAssertion>",
        plaintext.as_str()
    );
    folder.file("message.xml", message)
}

/// A party's keys as files.
pub(crate) fn key_files(folder: &Folder, party: &Party) -> (PathBuf, PathBuf, PathBuf) {
    let public = folder.file("public.pem", &party.public_pem);
    (public, folder.file("key.pem", &party.key_pem), folder.file("cert.pem", &party.certificate_pem))
}
