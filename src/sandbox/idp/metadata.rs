//! What an identity provider for tests says about itself to whoever registers it.

use super::{Dialect, Naming, Provider};
use crate::domain::reason::Fault;
use crate::protocol::keys::Signer;
use crate::protocol::xml::Writer;
use crate::sandbox::saml::{REDIRECT, X509_SUBJECT_NAME, ds, md};

/// Its metadata, as a file.
pub(in crate::sandbox) fn write(provider: &Provider, key: &dyn Signer) -> Result<String, Fault> {
    let mut xml = Writer::new();
    xml.start(md("EntityDescriptor")).attribute("entityID", &provider.entity_id);
    xml.start(md("IDPSSODescriptor")).attribute("WantAuthnRequestsSigned", "true");
    xml.attribute("protocolSupportEnumeration", "urn:oasis:names:tc:SAML:2.0:protocol");
    xml.start(md("KeyDescriptor")).attribute("use", "signing");
    xml.start(ds("KeyInfo")).start(ds("X509Data"));
    xml.element(ds("X509Certificate"), key.certificate().to_base64()).end().end().end();
    let at = |path: &str| format!("{}{path}", provider.address);
    xml.start(md("SingleLogoutService")).attribute("Binding", REDIRECT);
    xml.attribute("Location", &at("/slo")).end();
    xml.element(
        md("NameIDFormat"),
        match provider.naming {
            Naming::ByEmployer => X509_SUBJECT_NAME,
            Naming::ByUuid => "urn:oasis:names:tc:SAML:2.0:nameid-format:persistent",
        },
    );
    xml.start(md("SingleSignOnService")).attribute("Binding", REDIRECT);
    xml.attribute("Location", &at("/sso")).end();
    Ok(xml.end().end().finish()?.into_string())
}

/// The lines of the register that let it speak for the municipalities of its people.
pub(in crate::sandbox) fn register(provider: &Provider) -> String {
    let Provider { entity_id, organisation, personas, .. } = provider;
    let profile = match provider.dialect {
        Dialect::Oiosaml2 => "OIOSAML2",
        Dialect::Oiosaml3 => "OIOSAML3",
    };
    let mut lines = format!(
        "# Put the metadata beside these lines as test-idp.xml, and `apply` the directory.\n\n\
         [[identity-provider]]\nentity-id = {entity_id:?}\nname = {organisation:?}\n\
         metadata = \"test-idp.xml\"\nprofile = {profile:?}\nnist = 4\nnsis = \"High\"\n"
    );
    let mut employers: Vec<_> = personas.iter().map(|persona| (persona.cvr, &persona.organisation)).collect();
    employers.sort_by_key(|(cvr, _)| cvr.to_string());
    employers.dedup_by_key(|(cvr, _)| *cvr);
    for (cvr, name) in employers {
        lines += &format!(
            "\n# Unless it is registered already.\n[[authority]]\ncvr = \"{cvr}\"\nname = {name:?}\n\n\
             [[federation-agreement]]\nidentity-provider = {entity_id:?}\nauthority = \"{cvr}\"\n\n\
             # The systems that are to be tried with it.\n[[service-agreement]]\nauthority = \"{cvr}\"\n\
             service-providers = []\n"
        );
    }
    lines
}
