//! The XML security kernel: the only place that parses, canonicalises, signs, verifies, encrypts or decrypts XML.
//!
//! Three rules carry it.
//!
//! 1. **One parser, one tree.** [`verify()`] returns the very node that it digested, and an [`Element`] leads only
//!    downwards: there is no search through the document, so nothing beside the signed element can be read by mistake.
//! 2. **A closed profile before any cryptography.** What is not named is refused: see `profile` for signatures and
//!    `decrypt` for encryption. A refusal names its reason.
//! 3. **What is written is canonical.** [`Writer`] emits exclusive canonical XML, so that signing digests what was
//!    written, and every value is escaped in one place.
//!
//! No SAML lives here: no knowledge of issuers, audiences or times. What the names mean is told in `protocol::saml`.

mod c14n;
mod ciphers;
mod decrypt;
mod encrypt;
mod keyinfo;
mod limits;
mod profile;
mod read;
mod scan;
#[cfg(feature = "second-opinion")]
mod second_opinion;
mod sign;
mod verify;
mod write;

pub mod base64;

pub use c14n::Canonical;
pub use ciphers::{Cbc, ContentCipher, Encryption, KeyTransport};
pub use decrypt::decrypt;
pub use encrypt::{encrypt, encrypt_into};
pub use limits::Limits;
pub use read::{Document, Element};
pub use verify::{Signed, is_signed, verify};
pub use write::Writer;

/// The name of an element: its namespace, the prefix that we write it with, and its local name.
///
/// Two names are the same element when namespace and local name agree; the prefix of others is theirs to choose.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Name {
    /// The namespace URI; empty for an element without namespace.
    pub namespace: &'static str,
    /// The prefix that we write; empty for the default namespace.
    pub prefix: &'static str,
    /// The local name.
    pub local: &'static str,
}

impl Name {
    /// Names an element.
    pub const fn new(namespace: &'static str, prefix: &'static str, local: &'static str) -> Self {
        Self { namespace, prefix, local }
    }
}

/// Namespaces that the kernel itself knows.
pub(crate) mod namespace {
    pub(crate) const XML: &str = "http://www.w3.org/XML/1998/namespace";
    pub(crate) const XMLNS: &str = "http://www.w3.org/2000/xmlns/";
    pub(crate) const DS: &str = "http://www.w3.org/2000/09/xmldsig#";
    pub(crate) const DSIG11: &str = "http://www.w3.org/2009/xmldsig11#";
    pub(crate) const XENC: &str = "http://www.w3.org/2001/04/xmlenc#";
    pub(crate) const XENC11: &str = "http://www.w3.org/2009/xmlenc11#";
    pub(crate) const EXCLUSIVE_C14N: &str = "http://www.w3.org/2001/10/xml-exc-c14n#";
    pub(crate) const SAMLP: &str = "urn:oasis:names:tc:SAML:2.0:protocol";
    pub(crate) const SAML: &str = "urn:oasis:names:tc:SAML:2.0:assertion";
    pub(crate) const SOAP: &str = "http://schemas.xmlsoap.org/soap/envelope/";
    pub(crate) const XSI: &str = "http://www.w3.org/2001/XMLSchema-instance";
    pub(crate) const XINCLUDE: &str = "http://www.w3.org/2001/XInclude";
    pub(crate) const MD: &str = "urn:oasis:names:tc:SAML:2.0:metadata";

    /// Namespaces whose elements and attributes are ours to judge: they define no attribute that takes a prefix.
    pub(crate) const PROTOCOL: [&str; 7] = [SAMLP, SAML, MD, DS, DSIG11, XENC, XENC11];
}
