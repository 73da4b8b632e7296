//! Our own metadata, written for those who want to trust us.

use jiff::{SignedDuration, Timestamp};

use super::super::{Binding, X509_SUBJECT_NAME, ds, md, soap, written};
use crate::domain::id::{EntityId, MessageId};
use crate::domain::reason::Fault;
use crate::protocol::keys::{Certificate, Signer};
use crate::protocol::xml::{Canonical, ContentCipher, KeyTransport, Writer, namespace};

/// How long others may keep our metadata before they fetch it again.
const CACHE_FOR: &str = "PT1H";
/// How long our metadata holds.
const VALID_FOR: SignedDuration = SignedDuration::from_hours(24 * 14);

/// What we publish about ourselves. All keys that are published stand in it: those that will sign and those that
/// may still have signed, so that partners can follow a change of keys without an appointment.
#[derive(Clone, Copy)]
pub struct OurMetadata<'m> {
    /// The ID of the document.
    pub id: &'m MessageId,
    /// Our name in the role.
    pub entity_id: &'m EntityId,
    /// Now.
    pub now: Timestamp,
    /// Every key that may sign.
    pub signing: &'m [Certificate],
    /// Every key that may be encrypted to.
    pub encryption: &'m [Certificate],
}

impl OurMetadata<'_> {
    /// Writes our metadata as an identity provider, for fagsystemer.
    pub fn write_idp(
        &self,
        sso: &str,
        logout: &OurLogoutAddresses,
        signer: &dyn Signer,
    ) -> Result<Canonical, Fault> {
        let mut xml = self.begin();
        xml.start(md("IDPSSODescriptor"));
        xml.attribute("WantAuthnRequestsSigned", "true");
        xml.attribute("protocolSupportEnumeration", namespace::SAMLP);
        self.keys(&mut xml, "signing", self.signing);
        logout.write(&mut xml);
        xml.element(md("NameIDFormat"), X509_SUBJECT_NAME);
        for binding in [Binding::Redirect, Binding::Post] {
            endpoint(&mut xml, "SingleSignOnService", binding.uri(), sso, None);
        }
        xml.end();
        xml.end();
        xml.finish_signed(self.id.as_str(), signer)
    }

    /// Writes our metadata as a service provider, for identity providers.
    pub fn write_sp(
        &self,
        acs: &str,
        logout: &OurLogoutAddresses,
        signer: &dyn Signer,
    ) -> Result<Canonical, Fault> {
        let mut xml = self.begin();
        xml.start(md("SPSSODescriptor"));
        xml.attribute("AuthnRequestsSigned", "true");
        xml.attribute("WantAssertionsSigned", "true");
        xml.attribute("protocolSupportEnumeration", namespace::SAMLP);
        self.keys(&mut xml, "signing", self.signing);
        self.keys(&mut xml, "encryption", self.encryption);
        logout.write(&mut xml);
        xml.element(md("NameIDFormat"), X509_SUBJECT_NAME);
        endpoint(&mut xml, "AssertionConsumerService", Binding::Post.uri(), acs, Some("0"));
        xml.end();
        xml.end();
        xml.finish_signed(self.id.as_str(), signer)
    }

    /// Writes our metadata as an attribute authority, for those who ask about users that are kept here.
    pub fn write_aa(&self, address: &str, signer: &dyn Signer) -> Result<Canonical, Fault> {
        let mut xml = self.begin();
        xml.start(md("AttributeAuthorityDescriptor"));
        xml.attribute("protocolSupportEnumeration", namespace::SAMLP);
        self.keys(&mut xml, "signing", self.signing);
        endpoint(&mut xml, "AttributeService", soap::BINDING, address, None);
        xml.element(md("NameIDFormat"), X509_SUBJECT_NAME);
        xml.end();
        xml.end();
        xml.finish_signed(self.id.as_str(), signer)
    }

    fn begin(&self) -> Writer {
        let mut xml = Writer::new();
        xml.start(md("EntityDescriptor"));
        xml.attribute("ID", self.id.as_str());
        xml.attribute("cacheDuration", CACHE_FOR);
        xml.attribute("entityID", self.entity_id.as_str());
        xml.attribute("validUntil", &written(self.now + VALID_FOR));
        xml.signature_goes_here();
        xml
    }

    fn keys(&self, xml: &mut Writer, used_for: &str, certificates: &[Certificate]) {
        for certificate in certificates {
            xml.start(md("KeyDescriptor"));
            xml.attribute("use", used_for);
            xml.start(ds("KeyInfo"));
            xml.start(ds("X509Data"));
            xml.element(ds("X509Certificate"), certificate.to_base64());
            xml.end();
            xml.end();
            if used_for == "encryption" {
                for method in [
                    ContentCipher::Aes256Gcm.uri(),
                    ContentCipher::Aes128Gcm.uri(),
                    KeyTransport::OaepSha256.uri(),
                    KeyTransport::OaepMgf1p.uri(),
                ] {
                    xml.start(md("EncryptionMethod"));
                    xml.attribute("Algorithm", method);
                    xml.end();
                }
            }
            xml.end();
        }
    }
}

/// Where we take messages about logout in one of our roles.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OurLogoutAddresses {
    /// From browsers, by Redirect and by POST.
    pub browser: String,
    /// From servers, by SOAP.
    pub soap: String,
}

impl OurLogoutAddresses {
    fn write(&self, xml: &mut Writer) {
        for binding in [Binding::Redirect, Binding::Post] {
            endpoint(xml, "SingleLogoutService", binding.uri(), &self.browser, None);
        }
        endpoint(xml, "SingleLogoutService", soap::BINDING, &self.soap, None);
    }
}

fn endpoint(xml: &mut Writer, kind: &'static str, binding: &str, location: &str, index: Option<&str>) {
    xml.start(md(kind));
    xml.attribute("Binding", binding);
    xml.attribute("Location", location);
    if let Some(index) = index {
        xml.attribute("index", index);
        xml.attribute("isDefault", "true");
    }
    xml.end();
}
