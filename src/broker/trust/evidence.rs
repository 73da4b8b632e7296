//! The evidence of a run: its report in every form, signed by our key, in one archive. It is proved without us and without
//! a network, by `openssl` alone.

use std::fmt::Write;

use super::super::Broker;
use crate::domain::reason::{Fault, Reason};
use crate::domain::trust::{Published, Report};
use crate::protocol::keys::{Signer, fingerprint, sign_detached};
use crate::protocol::zip::archive;

/// How the list of files, its signature and our certificate are called in the archive.
const LIST: &str = "SHA256SUMS";
const SIGNATURE: &str = "SHA256SUMS.sig";
const CERTIFICATE: &str = "certificate.pem";

impl Broker {
    /// The archive of a report, with its pages for people in Danish and in English.
    pub fn evidence(&self, report: &Report, danish: &str, english: &str) -> Result<Vec<u8>, Fault> {
        let signer = self.keys.signer();
        let json = serde_json::to_string_pretty(&Published::from(report))
            .map_err(|error| Fault::new(Reason::Internal, error.to_string()))?;
        let certificate = signer.certificate().to_pem();
        let readme = self.readme(report, signer);
        let files = [
            ("README.txt", readme.as_str()),
            (CERTIFICATE, certificate.as_str()),
            ("report.da.html", danish),
            ("report.en.html", english),
            ("report.json", json.as_str()),
        ];
        let mut list = String::new();
        for (name, content) in files {
            // The form that `openssl dgst -r` prints and `sha256sum -c` reads.
            let _ = writeln!(list, "{} *{name}", fingerprint(content.as_bytes()));
        }
        let signature = sign_detached(signer, list.as_bytes())?;
        let signed = [(LIST, list.as_bytes()), (SIGNATURE, signature.as_slice())];
        let files = files.iter().map(|(name, content)| (*name, content.as_bytes()));
        archive(&files.chain(signed).collect::<Vec<_>>(), report.finished)
    }

    fn readme(&self, report: &Report, signer: &dyn Signer) -> String {
        let said = report.sentence();
        let certificate = signer.certificate();
        let (who, scenario) = (format!("{} ({})", report.idp_name, report.idp), report.scenario);
        let facts =
            format!("{}\n{scenario}, {}\n{}", report.authority_name, report.environment, report.finished);
        let (us, metadata) = (&self.settings.entity_id, &self.settings.public_url);
        let print = certificate.id();
        format!(
            "{da}\n{facts}\n{who}\n\n\
             Dette arkiv er bevis for en tillidsprøve hos {us}.\n\
             Om det er ægte, vises i mappen med filerne af disse kommandoer, uden netværk:\n\n{COMMANDS}\n\
             Den anden skal svare \"Verified OK\", den tredje intet. Certifikatet skal være vores:\n\
             {PRINT}\n\
             skal vise {print},\n\
             det samme som i {metadata}/saml/idp/metadata.\n\n\
             ----\n\n\
             {en}\n{facts}\n{who}\n\n\
             This archive is evidence of a run of the trust test at {us}.\n\
             Whether it is genuine is shown in the folder of the files by these commands, without a network:\n\n{COMMANDS}\n\
             The second must answer \"Verified OK\", the third nothing. The certificate must be ours:\n\
             {PRINT}\n\
             must show {print},\n\
             the same as in {metadata}/saml/idp/metadata.\n",
            da = said.da,
            en = said.en,
        )
    }
}

/// How the evidence is proved.
const COMMANDS: &str = "    openssl x509 -in certificate.pem -noout -pubkey > key.pem
    openssl dgst -sha256 -verify key.pem -signature SHA256SUMS.sig SHA256SUMS
    openssl dgst -sha256 -r README.txt certificate.pem report.da.html report.en.html report.json | diff SHA256SUMS -
";

/// How it is seen whose certificate it is.
const PRINT: &str = "    openssl x509 -in certificate.pem -outform DER | openssl dgst -sha256 -r";
