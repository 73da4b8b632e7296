//! Signing: the digest is taken over what was written, because what is written is canonical.

use super::{base64, c14n};
use crate::domain::reason::Fault;
use crate::protocol::keys::Signer;

/// The prefix of everything in a signature that we write.
pub(super) const PREFIX: &str = "ds";

/// The canonical `ds:Signature` over a canonical element with this ID.
pub(super) fn signature(id: &str, element: &str, signer: &dyn Signer) -> Result<String, Fault> {
    let digest = base64::encode(&openssl::sha::sha256(element.as_bytes()));
    let mut reference = String::new();
    c14n::escape_attribute(id, &mut reference);
    let method = signer.algorithm().uri();
    let content = format!(
        "<ds:CanonicalizationMethod Algorithm=\"http://www.w3.org/2001/10/xml-exc-c14n#\">\
         </ds:CanonicalizationMethod><ds:SignatureMethod Algorithm=\"{method}\"></ds:SignatureMethod>\
         <ds:Reference URI=\"#{reference}\"><ds:Transforms>\
         <ds:Transform Algorithm=\"http://www.w3.org/2000/09/xmldsig#enveloped-signature\"></ds:Transform>\
         <ds:Transform Algorithm=\"http://www.w3.org/2001/10/xml-exc-c14n#\"></ds:Transform></ds:Transforms>\
         <ds:DigestMethod Algorithm=\"http://www.w3.org/2001/04/xmlenc#sha256\"></ds:DigestMethod>\
         <ds:DigestValue>{digest}</ds:DigestValue></ds:Reference></ds:SignedInfo>"
    );
    // Canonicalised on its own, the signed part declares the namespace that it has from the signature around it.
    let signed = format!("<ds:SignedInfo xmlns:ds=\"http://www.w3.org/2000/09/xmldsig#\">{content}");
    let value = base64::encode(&signer.sign(signed.as_bytes())?);
    let certificate = signer.certificate().to_base64();
    Ok(format!(
        "<ds:Signature xmlns:ds=\"http://www.w3.org/2000/09/xmldsig#\"><ds:SignedInfo>{content}\
         <ds:SignatureValue>{value}</ds:SignatureValue>\
         <ds:KeyInfo><ds:X509Data><ds:X509Certificate>{certificate}</ds:X509Certificate></ds:X509Data></ds:KeyInfo>\
         </ds:Signature>"
    ))
}
