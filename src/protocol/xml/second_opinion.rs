//! The second opinion: libxmlsec1 verifies again what the kernel accepted, with the same key, at the same place.
//!
//! It is asked only after the kernel said yes, so it never sees an unproved byte, a foreign transform or a reference
//! to elsewhere. Its crate looks for "the first signature anywhere", so it is led to the node by its position instead,
//! and the one attribute that is an ID is named to it. The key is handed over bare: with a certificate on it every use
//! would copy that. A disagreement refuses the login.
//!
//! It abstains from RSA-PSS, which libxmlsec1 1.2 does not know.

use libxml::parser::{Parser, ParserOptions};
use libxml::tree::{Document, Node};
use xmlsec::{XmlSecDocumentExt, XmlSecKey, XmlSecKeyFormat, XmlSecSignatureContext};

use super::Element;
use crate::domain::reason::{Fault, Reason};
use crate::protocol::keys::{Certificate, SignatureAlgorithm};

/// Confirms that the element's own signature verifies with this key.
pub(super) fn confirm(
    element: Element<'_>,
    signature: Element<'_>,
    certificate: &Certificate,
    algorithm: SignatureAlgorithm,
) -> Result<(), Fault> {
    if algorithm.is_pss() {
        return Ok(());
    }
    match judge(element, signature, certificate) {
        Ok(true) => Ok(()),
        Ok(false) => Err(Fault::new(Reason::SecondOpinion, "libxmlsec1 does not verify the signature")),
        Err(what) => Err(Fault::new(Reason::SecondOpinion, what)),
    }
}

fn judge(
    element: Element<'_>,
    signature: Element<'_>,
    certificate: &Certificate,
) -> Result<bool, &'static str> {
    let options = ParserOptions { recover: false, no_net: true, ..ParserOptions::default() };
    let text = element.0.document().input_text();
    let document =
        Parser::default().parse_string_with_options(text, options).map_err(|_| "libxml2 does not read it")?;
    let place = path(element);
    let xpath = place.iter().map(|at| format!("/*[{}]", at + 1)).collect::<String>();
    document.specify_idattr(&xpath, "ID", None).map_err(|_| "libxmlsec1 does not find the ID")?;
    let node = node_at(&document, &path(signature)).ok_or("libxml2 sees another tree")?;
    if node.get_name() != "Signature" {
        return Err("libxml2 sees another tree");
    }
    let pem = certificate.key().public_key_to_pem().map_err(|_| "the key cannot be written")?;
    let key = XmlSecKey::from_memory(&pem, XmlSecKeyFormat::Pem, None)
        .map_err(|_| "libxmlsec1 does not take the key")?;
    let mut context = XmlSecSignatureContext::new();
    context.insert_key(key);
    context.verify_node(&node).map_err(|_| "libxmlsec1 cannot verify the signature")
}

/// Where the element stands: its number among its siblings, from the outermost inwards.
fn path(element: Element<'_>) -> Vec<usize> {
    let mut place = element
        .0
        .ancestors()
        .filter(roxmltree::Node::is_element)
        .map(|node| node.prev_siblings().skip(1).filter(roxmltree::Node::is_element).count())
        .collect::<Vec<_>>();
    place.reverse();
    place
}

fn node_at(document: &Document, place: &[usize]) -> Option<Node> {
    let root = document.get_root_element()?;
    place.iter().skip(1).try_fold(root, |node, at| node.get_child_elements().into_iter().nth(*at))
}

#[cfg(test)]
mod tests {
    use openssl::asn1::Asn1Time;
    use openssl::hash::MessageDigest;
    use openssl::pkey::PKey;
    use openssl::rsa::Rsa;
    use openssl::x509::X509;

    use super::super::profile::own_signature;
    use super::super::{Document, Name, Writer};
    use super::*;
    use crate::protocol::keys::{FileKey, Signer};

    fn key() -> FileKey {
        let key = PKey::from_rsa(Rsa::generate(2048).unwrap()).unwrap();
        let mut builder = X509::builder().unwrap();
        builder.set_pubkey(&key).unwrap();
        builder.set_not_before(&Asn1Time::from_unix(0).unwrap()).unwrap();
        builder.set_not_after(&Asn1Time::from_unix(1).unwrap()).unwrap();
        builder.sign(&key, MessageDigest::sha256()).unwrap();
        let certificate = builder.build().to_pem().unwrap();
        FileKey::from_pem(&certificate, &key.private_key_to_pem_pkcs8().unwrap(), None).unwrap()
    }

    fn opinion(text: &str, signer: &FileKey) -> Result<(), Reason> {
        let document = Document::parse(text.as_bytes()).unwrap();
        // The signed element stands inside another one, behind a sibling that is signed as well.
        let element = document.root().children().last().unwrap();
        let signature = own_signature(element).unwrap();
        let certificate = Signer::certificate(signer);
        confirm(element, signature, certificate, signer.algorithm()).map_err(|fault| fault.reason)
    }

    #[test]
    fn it_confirms_what_is_signed_at_that_very_place_and_nothing_else() {
        let (ours, other) = (key(), key());
        let part = |id: &str, signer: &FileKey| {
            let mut w = Writer::new();
            w.start(Name::new("urn:p", "p", "part")).attribute("ID", id).signature_goes_here();
            w.text("value").end().finish_signed(id, signer).unwrap()
        };
        let mut w = Writer::new();
        w.start(Name::new("urn:w", "w", "whole")).embed(&part("_1", &other)).embed(&part("_2", &ours)).end();
        let text = w.finish().unwrap().into_string();
        assert_eq!(opinion(&text, &ours), Ok(()));
        assert_eq!(opinion(&text, &other), Err(Reason::SecondOpinion), "another key");
        let (before, after) = text.split_at(text.rfind("value<").unwrap());
        let changed = format!("{before}{}", after.replacen("value", "Value", 1));
        assert_eq!(opinion(&changed, &ours), Err(Reason::SecondOpinion), "another value");
    }
}
