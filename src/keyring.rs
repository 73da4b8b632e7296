//! Our own keys, read once from the files that the configuration names.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::{fs, io};

use crate::config::{KeyFile, Keys};
use crate::domain::written::Complaint;
use crate::protocol::keys::{FileKey, Roots};

/// Our own keys in the order of the configuration.
#[derive(Clone)]
pub struct Keyring {
    /// Keys that sign. The first one signs, all are published.
    pub signing: Vec<Arc<FileKey>>,
    /// Keys that decrypt. All are tried, the first one is published.
    pub decryption: Vec<Arc<FileKey>>,
    /// Further keys that sign tokens.
    pub token_signing: Vec<Arc<FileKey>>,
}

impl Keyring {
    /// Reads every key file, or says which cannot be used and why.
    pub fn open(keys: &Keys) -> Result<Self, Vec<Complaint>> {
        let mut complaints = Vec::new();
        let mut open_all = |files: &[KeyFile]| {
            let mut opened = Vec::new();
            for file in files {
                match open(file) {
                    Ok(key) => opened.push(Arc::new(key)),
                    Err(complaint) => complaints.push(complaint),
                }
            }
            opened
        };
        let (signing, decryption) = (open_all(&keys.signing), open_all(&keys.decryption));
        let token_signing = open_all(&keys.token_signing);
        if complaints.is_empty() { Ok(Self { signing, decryption, token_signing }) } else { Err(complaints) }
    }
}

/// The roots of certificates that parties may have, with the authorities below them; none where no file is named.
pub fn roots(files: &[PathBuf]) -> Result<Roots, Vec<Complaint>> {
    let (mut roots, mut complaints) = (Roots::default(), Vec::new());
    for file in files {
        let complain = |what: String| Complaint::whole_file(&file.display().to_string(), what);
        let read = fs::read(file).map_err(|error| complain(format!("expected certificates, got: {error}")));
        let read =
            read.and_then(|pem| Roots::from_pem(&pem).map_err(|fault| complain(fault.detail.into_owned())));
        match read {
            Ok(read) => roots.extend(read),
            Err(complaint) => complaints.push(complaint),
        }
    }
    if complaints.is_empty() { Ok(roots) } else { Err(complaints) }
}

fn open(file: &KeyFile) -> Result<FileKey, Complaint> {
    let key = bytes(&file.file)?;
    let password = file.password_file.as_deref().map(bytes).transpose()?;
    let password =
        password.map(|password| String::from_utf8_lossy(&password).trim_end_matches(['\r', '\n']).to_owned());
    let opened = match &file.certificate {
        Some(certificate) => FileKey::from_pem(&bytes(certificate)?, &key, password.as_deref()),
        None => FileKey::read(&key, password.as_deref()),
    };
    opened.map_err(|fault| Complaint::whole_file(&file.file.display().to_string(), fault.detail))
}

fn bytes(path: &Path) -> Result<Vec<u8>, Complaint> {
    let unreadable = |error: io::Error| {
        let complaint =
            Complaint::whole_file(&path.display().to_string(), format!("expected a key file, got: {error}"));
        match error.kind() {
            io::ErrorKind::NotFound => {
                complaint.hint("make one for tests with `context-handler keys generate`")
            }
            _ => complaint,
        }
    };
    fs::read(path).map_err(unreadable)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::keys::Signer;

    fn development(name: &str) -> KeyFile {
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("certs-dev").join(name);
        KeyFile { file, certificate: None, password_file: None }
    }

    #[test]
    fn the_development_keys_are_read_and_their_subjects_are_of_the_right_shape() {
        for name in [
            "broker-signing.pem",
            "broker-decryption.pem",
            "idp-korsbaek.pem",
            "idp-feddet.pem",
            "sp-oiosaml2.pem",
            "sp-oiosaml3.pem",
            "attribute-service.pem",
            "nemlogin.pem",
        ] {
            let key = open(&development(name)).unwrap_or_else(|complaint| panic!("{complaint}"));
            let subject = key.certificate().subject().to_owned();
            assert!(subject.contains("NTRDK-") && subject.contains("UI:DK-O:G:"), "{subject}");
            assert_eq!(key.certificate().weakness(), None);
        }
    }

    #[test]
    fn every_key_that_cannot_be_used_is_complained_about() {
        let keys = Keys {
            signing: vec![development("broker-signing.pem"), development("gone.pem")],
            decryption: vec![
                development("README.md"),
                KeyFile {
                    certificate: Some(development("nemlogin.pem").file),
                    ..development("idp-feddet.pem")
                },
                KeyFile {
                    password_file: Some(PathBuf::from("/nowhere/password")),
                    ..development("nemlogin.pem")
                },
            ],
            token_signing: vec![development("lost.pem")],
        };
        let complaints = Keyring::open(&keys).err().expect("five complaints");
        let shown: Vec<String> = complaints.iter().map(ToString::to_string).collect();
        assert_eq!(shown.len(), 5, "{shown:?}");
        assert!(shown[0].contains("gone.pem: expected a key file, got: No such file"), "{shown:?}");
        assert!(
            shown[2].contains("idp-feddet.pem: the private key does not belong to the certificate"),
            "{shown:?}"
        );
    }
}
