//! What the sandbox brings along: the example federation, the development keys, the configuration of its broker, and
//! the directory that all of it lies in while the sandbox runs.

use std::fs::{self, DirBuilder};
use std::io;
use std::os::unix::fs::DirBuilderExt;
use std::path::PathBuf;

use crate::broker::registry::Files;
use crate::domain::world::Random;

/// The name of the configuration file in the sandbox's directory.
pub(super) const CONFIG: &str = "config.toml";

/// The files of `metadata/`, as they stand in the repository.
pub const FEDERATION: [(&str, &str); 17] = [
    ("README.md", include_str!("../../metadata/README.md")),
    ("agreements.toml", include_str!("../../metadata/agreements.toml")),
    ("authorities.toml", include_str!("../../metadata/authorities.toml")),
    ("bbr.xml", include_str!("../../metadata/bbr.xml")),
    ("byggesag.jwks.json", include_str!("../../metadata/byggesag.jwks.json")),
    ("feddet-rettigheder.xml", include_str!("../../metadata/feddet-rettigheder.xml")),
    ("feddet.xml", include_str!("../../metadata/feddet.xml")),
    ("identity-providers.toml", include_str!("../../metadata/identity-providers.toml")),
    ("koereproevebooking.xml", include_str!("../../metadata/koereproevebooking.xml")),
    ("korsbaek.xml", include_str!("../../metadata/korsbaek.xml")),
    ("nemlogin.xml", include_str!("../../metadata/nemlogin.xml")),
    ("oidc-clients.toml", include_str!("../../metadata/oidc-clients.toml")),
    ("rights.toml", include_str!("../../metadata/rights.toml")),
    ("roles.toml", include_str!("../../metadata/roles.toml")),
    ("seb.xml", include_str!("../../metadata/seb.xml")),
    ("service-providers.toml", include_str!("../../metadata/service-providers.toml")),
    ("users.toml", include_str!("../../metadata/users.toml")),
];

/// The development keys, which are not secret.
pub(super) const BROKER_SIGNING: &[u8] = include_bytes!("../../certs-dev/broker-signing.pem");
pub(super) const BROKER_DECRYPTION: &[u8] = include_bytes!("../../certs-dev/broker-decryption.pem");
pub(super) const IDP_KORSBAEK: &[u8] = include_bytes!("../../certs-dev/idp-korsbaek.pem");
pub(super) const IDP_FEDDET: &[u8] = include_bytes!("../../certs-dev/idp-feddet.pem");
pub(super) const SP_OIOSAML2: &[u8] = include_bytes!("../../certs-dev/sp-oiosaml2.pem");
pub(super) const SP_OIOSAML3: &[u8] = include_bytes!("../../certs-dev/sp-oiosaml3.pem");
pub(super) const SP_SEB: &[u8] = include_bytes!("../../certs-dev/sp-seb.pem");
pub(super) const OIDC_BYGGESAG: &[u8] = include_bytes!("../../certs-dev/oidc-byggesag.pem");
pub(super) const ATTRIBUTE_SERVICE: &[u8] = include_bytes!("../../certs-dev/attribute-service.pem");
pub(super) const NEMLOGIN_KEY: &[u8] = include_bytes!("../../certs-dev/nemlogin.pem");

/// The port of the addresses in `metadata/`.
const USUAL_PORT: u16 = 8080;
/// How far the neighbours' ports go beyond the broker's.
const NEIGHBOURS: std::ops::RangeInclusive<u16> = 1..=8;
/// Where the broker's operations are, beyond its neighbours.
const OPERATIONS: u16 = 9;

/// Where everybody is, counted from the broker's port.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Places {
    port: u16,
}

impl Places {
    /// The places from this port on; none when there is no room above it.
    pub fn from_port(port: u16) -> Option<Self> {
        (port > 0 && port.checked_add(OPERATIONS).is_some()).then_some(Self { port })
    }

    /// The broker.
    pub fn broker(self) -> String {
        self.neighbour(0)
    }

    /// The neighbour on the port so many above the broker's.
    pub(super) fn neighbour(self, number: u16) -> String {
        format!("http://localhost:{}", self.port + number)
    }

    pub(super) fn neighbours(self) -> impl Iterator<Item = u16> {
        NEIGHBOURS.map(move |number| self.port + number)
    }

    /// The example federation, its addresses moved to these ports.
    pub fn federation(self) -> Files {
        let moved = |text: &str| {
            NEIGHBOURS.fold(text.to_owned(), |text, number| {
                let from = format!("http://localhost:{}/", USUAL_PORT + number);
                // The mark keeps an address that was moved from being moved again.
                text.replace(&from, &format!("http://localhost:\u{0}{}/", self.port + number))
            })
        };
        let files = FEDERATION.iter().map(|(path, text)| (*path, moved(text).replace('\u{0}', "")));
        files.map(|(path, text)| (path.to_owned(), text.into_bytes())).collect()
    }

    pub(super) fn config(self) -> String {
        let (port, operations) = (self.port, self.port + OPERATIONS);
        format!(
            "# The broker of a sandbox: this file and all beside it are removed when the sandbox stops.\n\
             [server]\n\
             listen = \"127.0.0.1:{port}\"\n\
             public-url = \"http://localhost:{port}\"\n\
             operations-listen = \"127.0.0.1:{operations}\"\n\n\
             [identity]\nentity-id = \"https://saml.context-handler.example\"\n\n\
             [egress]\nallow-hosts = [\"localhost\"]\n\n\
             [store]\npath = \"store.sqlite\"\n\n\
             [keys]\nsigning = [\"broker-signing.pem\"]\ndecryption = [\"broker-decryption.pem\"]\n\n\
             [logging]\nformat = \"text\"\nlevel = \"warn\"\n"
        )
    }
}

/// A directory that only we can read, removed when it is dropped.
pub(super) struct Folder(PathBuf);

impl Folder {
    pub(super) fn new(random: &dyn Random) -> io::Result<Self> {
        let name = format!("context-handler-sandbox-{:016x}", random.bits() >> 64);
        let path = std::env::temp_dir().join(name);
        DirBuilder::new().mode(0o700).create(&path)?;
        Ok(Self(path))
    }

    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    pub(super) fn write(&self, name: &str, content: &[u8]) -> io::Result<()> {
        fs::write(self.path(name), content)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::path::Path;

    use super::*;

    #[test]
    fn the_sandbox_loads_exactly_the_directory_of_the_repository() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("metadata");
        let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
        let there: BTreeMap<_, _> = entries
            .map(|path| (path.file_name().unwrap().to_str().unwrap().to_owned(), fs::read(path).unwrap()))
            .collect();
        assert_eq!(Places::from_port(USUAL_PORT).unwrap().federation(), there);
    }

    #[test]
    fn another_port_moves_every_address_and_nothing_else() {
        // Two places from the usual one, so that old and new addresses overlap.
        let moved = Places::from_port(USUAL_PORT + 2).unwrap().federation();
        for (path, text) in FEDERATION {
            let mut expected = text.to_owned();
            for number in NEIGHBOURS.rev() {
                expected = expected.replace(
                    &format!("localhost:{}/", USUAL_PORT + number),
                    &format!("localhost:{}/", USUAL_PORT + 2 + number),
                );
            }
            assert_eq!(String::from_utf8_lossy(&moved[path]), expected, "{path}");
        }
    }

    #[test]
    fn there_must_be_room_above_the_port() {
        assert!(Places::from_port(u16::MAX - OPERATIONS).is_some());
        assert!(Places::from_port(u16::MAX - OPERATIONS + 1).is_none());
        assert!(Places::from_port(0).is_none());
    }
}
