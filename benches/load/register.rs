//! A register of any size, as the directory that `apply` takes.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use context_handler::protocol::keys::Signer;

use super::Trouble;
use super::parties::Parties;
use super::rights::{Asked, Rights, registered};
use super::service::{BESIDE, SERVICE};

/// How large the register is.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Size {
    pub(crate) authorities: usize,
    pub(crate) systems: usize,
    pub(crate) agreements: usize,
    pub(crate) rights: Rights,
    /// Whether every system is there a second time, as one that speaks OpenID Connect, and where those hear of logouts.
    pub(crate) clients: Option<Ears>,
}

/// The ports at which clients hear of logouts; of ten of them three are deaf.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ears {
    pub(crate) answering: u16,
    pub(crate) deaf: u16,
}

impl Size {
    /// How many systems each authority has an agreement with.
    fn systems_of(self, authority: usize) -> usize {
        let (each, more) = (self.agreements / self.authorities, self.agreements % self.authorities);
        (each + usize::from(authority < more)).clamp(1, self.systems)
    }

    /// How many agreements that makes in all: an authority agrees with a system once.
    pub(crate) fn agreements(self) -> usize {
        (0..self.authorities).map(|authority| self.systems_of(authority)).sum()
    }

    /// The parties of the n-th login: they go round through all agreements.
    pub(crate) fn pair(self, login: usize) -> (usize, usize) {
        let authority = login % self.authorities;
        (authority, (login / self.authorities) % self.systems_of(authority))
    }
}

pub(crate) fn cvr(authority: usize) -> String {
    format!("{}", 11_111_111 + authority)
}

pub(crate) fn idp(authority: usize) -> String {
    format!("https://idp.kommune{authority}.example.dk/saml")
}

pub(crate) fn system(system: usize) -> String {
    format!("https://fagsystem{system}.example.dk/saml/metadata")
}

pub(crate) fn acs(system: usize) -> String {
    format!("https://fagsystem{system}.example.dk/saml/login")
}

/// The secret of every client.
pub(crate) const SECRET: &str = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFG";

pub(crate) fn client(number: usize) -> String {
    format!("https://klient{number}.example.dk")
}

pub(crate) fn callback(number: usize) -> String {
    format!("https://klient{number}.example.dk/callback")
}

/// Writes the directory.
pub(crate) fn write(folder: &Path, size: Size, parties: &Parties) -> Result<(), Trouble> {
    for part in ["authorities", "systems"] {
        fs::create_dir_all(folder.join(part))?;
    }
    for authority in 0..size.authorities + usize::from(size.rights.beside.is_some()) {
        let file = folder.join("authorities").join(format!("{authority}.toml"));
        fs::write(file, authority_file(authority, size))?;
        let file = folder.join("authorities").join(format!("{authority}.xml"));
        fs::write(file, idp_metadata(authority, parties))?;
    }
    fs::write(folder.join("roles.toml"), registered(size.rights, size))?;
    let all: Vec<_> = (0..size.authorities).map(cvr).collect();
    for (name, asked, authorities) in
        [(SERVICE, size.rights.service, all), (BESIDE, size.rights.beside, vec![cvr(size.authorities)])]
    {
        if let Some(asked) = asked {
            let file = if name == SERVICE { "service" } else { "beside" };
            fs::write(folder.join(format!("{file}.toml")), service_file(name, file, asked, &authorities))?;
            fs::write(folder.join(format!("{file}.xml")), service_metadata(name, asked, parties))?;
        }
    }
    for number in 0..size.systems {
        fs::write(folder.join("systems").join(format!("{number}.toml")), system_file(number))?;
        fs::write(folder.join("systems").join(format!("{number}.xml")), sp_metadata(number, parties))?;
    }
    if let Some(ears) = size.clients {
        let signed = parties.access_tokens.as_ref();
        let signed = signed.map(|(name, _)| format!("access-token-signed-response-alg = {name:?}\n"));
        let signed = signed.unwrap_or_default();
        let clients: String = (0..size.systems).map(|number| client_file(number, ears, &signed)).collect();
        fs::write(folder.join("clients.toml"), clients)?;
    }
    Ok(())
}

/// An authority, its identity provider, and its agreements as one list.
fn authority_file(authority: usize, size: Size) -> String {
    let (cvr, idp) = (cvr(authority), idp(authority));
    let asks = size.rights.service.is_some() || authority == size.authorities;
    let rights = if asks { "rights = [\"attribute-service\"]\n" } else { "" };
    let mut file = format!(
        "[[authority]]\ncvr = \"{cvr}\"\nname = \"Kommune {authority}\"\n\n\
         [[identity-provider]]\nentity-id = \"{idp}\"\nname = \"Kommune {authority}\"\nmetadata = \"{authority}.xml\"\n\
         profile = \"OIOSAML3\"\nnist = 3\nnsis = \"Substantial\"\n{rights}\n\
         [[federation-agreement]]\nidentity-provider = \"{idp}\"\nauthority = \"{cvr}\"\n\n\
         [[service-agreement]]\nauthority = \"{cvr}\"\nservice-providers = [\n"
    );
    for number in 0..size.systems_of(authority) {
        let _ = writeln!(file, "  \"{}\",", system(number));
        if size.clients.is_some() {
            let _ = writeln!(file, "  \"{}\",", client(number));
        }
    }
    file.push_str("]\n");
    file
}

fn service_file(name: &str, file: &str, asked: Asked, authorities: &[String]) -> String {
    format!(
        "[[attribute-service]]\nentity-id = \"{name}\"\nname = \"{file}\"\nmetadata = \"{file}.xml\"\n\
         authorities = {authorities:?}\ncache-minutes = {}\ntimeout-seconds = 2\n",
        asked.cache_minutes
    )
}

fn service_metadata(name: &str, asked: Asked, parties: &Parties) -> String {
    format!(
        "<md:EntityDescriptor {MD} entityID=\"{name}\"><md:AttributeAuthorityDescriptor {SAML2}>{key}\
         <md:AttributeService Binding=\"urn:oasis:names:tc:SAML:2.0:bindings:SOAP\" \
         Location=\"http://localhost:{port}/soap\"></md:AttributeService>\
         </md:AttributeAuthorityDescriptor></md:EntityDescriptor>",
        key = key("signing", Signer::certificate(&parties.service.key).to_base64(), ""),
        port = asked.address.port(),
    )
}

fn system_file(number: usize) -> String {
    format!(
        "[[service-provider]]\nentity-id = \"{}\"\nname = \"Fagsystem {number}\"\ncvr = \"19435075\"\n\
         metadata = \"{number}.xml\"\nprofile = \"OIOSAML3\"\nrequired-nsis = \"Substantial\"\n",
        system(number)
    )
}

fn client_file(number: usize, ears: Ears, signed: &str) -> String {
    let port = if number % 10 < 3 { ears.deaf } else { ears.answering };
    let digest: String = openssl::sha::sha256(SECRET.as_bytes()).iter().map(|b| format!("{b:02x}")).collect();
    format!(
        "[[oidc-client]]\nclient-id = \"{}\"\nname = \"Klient {number}\"\ncvr = \"19435075\"\n\
         required-nsis = \"Substantial\"\nredirect-uris = [\"{}\"]\n\
         token-endpoint-auth-method = \"client_secret_post\"\nsecret-sha256 = [\"{digest}\"]\n\
         backchannel-logout-uri = \"http://localhost:{port}/logout\"\nissue-refresh-token = true\n{signed}\n",
        client(number),
        callback(number)
    )
}

const MD: &str = "xmlns:md=\"urn:oasis:names:tc:SAML:2.0:metadata\"";
const SAML2: &str = "protocolSupportEnumeration=\"urn:oasis:names:tc:SAML:2.0:protocol\"";

fn idp_metadata(authority: usize, parties: &Parties) -> String {
    format!(
        "<md:EntityDescriptor {MD} entityID=\"{idp}\"><md:IDPSSODescriptor {SAML2}>{key}\
         <md:SingleSignOnService Binding=\"urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect\" \
         Location=\"https://idp.kommune{authority}.example.dk/sso\"></md:SingleSignOnService>\
         </md:IDPSSODescriptor></md:EntityDescriptor>",
        idp = idp(authority),
        key = key("signing", Signer::certificate(&parties.idp.key).to_base64(), ""),
    )
}

fn sp_metadata(number: usize, parties: &Parties) -> String {
    let certificate = Signer::certificate(&parties.fagsystem(number).key).to_base64();
    let reads = "<md:EncryptionMethod Algorithm=\"http://www.w3.org/2009/xmlenc11#aes256-gcm\"/>\
                 <md:EncryptionMethod Algorithm=\"http://www.w3.org/2009/xmlenc11#rsa-oaep\"/>";
    format!(
        "<md:EntityDescriptor {MD} entityID=\"{name}\"><md:SPSSODescriptor {SAML2}>{signs}{reads}\
         <md:AssertionConsumerService Binding=\"urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST\" \
         Location=\"{acs}\" index=\"0\" isDefault=\"true\"></md:AssertionConsumerService>\
         </md:SPSSODescriptor></md:EntityDescriptor>",
        name = system(number),
        acs = acs(number),
        signs = key("signing", certificate, ""),
        reads = key("encryption", certificate, reads),
    )
}

fn key(purpose: &str, certificate: &str, methods: &str) -> String {
    format!(
        "<md:KeyDescriptor use=\"{purpose}\"><ds:KeyInfo xmlns:ds=\"http://www.w3.org/2000/09/xmldsig#\">\
         <ds:X509Data><ds:X509Certificate>{certificate}</ds:X509Certificate></ds:X509Data></ds:KeyInfo>{methods}\
         </md:KeyDescriptor>"
    )
}
