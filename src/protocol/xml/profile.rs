//! The closed profile of a signature, read before any cryptography. What is not named here is refused.
//!
//! A signature is a direct child of the element that it signs, after nothing but its issuer. It has one
//! `SignedInfo` with one `Reference`, which points at that element by its ID and transforms it by
//! "enveloped" and exclusive canonicalisation, in this order and nothing else. Its algorithms come from short
//! lists. There are no comments, no foreign attributes and no foreign parts inside.

use roxmltree::Node;

use super::read::is_named;
use super::{Element, base64, namespace};
use crate::domain::reason::{Fault, Reason};
use crate::protocol::keys::{Digest, SignatureAlgorithm};

const ENVELOPED: &str = "http://www.w3.org/2000/09/xmldsig#enveloped-signature";
const WITH_COMMENTS: &str = "http://www.w3.org/2001/10/xml-exc-c14n#WithComments";
/// Other canonical forms, named to tell the reason precisely.
const OTHER_FORMS: [&str; 5] = [
    WITH_COMMENTS,
    "http://www.w3.org/TR/2001/REC-xml-c14n-20010315",
    "http://www.w3.org/TR/2001/REC-xml-c14n-20010315#WithComments",
    "http://www.w3.org/2006/12/xml-c14n11",
    "http://www.w3.org/2006/12/xml-c14n11#WithComments",
];
/// More prefixes than any writer lists.
const PREFIXES: usize = 32;

/// A signature that has the form of the profile.
#[derive(Debug)]
pub(super) struct Profile<'d> {
    pub(super) signature: Node<'d, 'd>,
    pub(super) signed_info: Node<'d, 'd>,
    /// The `PrefixList` by which `SignedInfo` itself is canonicalised.
    pub(super) own_prefixes: Vec<&'d str>,
    /// The `PrefixList` by which the element is canonicalised.
    pub(super) prefixes: Vec<&'d str>,
    pub(super) algorithm: SignatureAlgorithm,
    pub(super) digest: Digest,
    pub(super) digest_value: Vec<u8>,
    pub(super) value: Vec<u8>,
    pub(super) key_info: Option<Element<'d>>,
}

impl<'d> Profile<'d> {
    /// Reads the signature of the element.
    pub(super) fn read(element: Element<'d>) -> Result<Self, Fault> {
        let signature = own_signature(element)?;
        no_objects(signature)?;
        let [signed_info, value, key_info] = parts(signature, ["SignedInfo", "SignatureValue"], "KeyInfo")
            .map_err(|fault| wrapped(element, signature).unwrap_or(fault))?;
        let (Some(signed_info), Some(value)) = (signed_info, value) else {
            return Err(structure("a signature lacks a part"));
        };
        let info = SignedInfo::read(signed_info, element)?;
        attributes(value, &["Id"])?;
        Ok(Self {
            signature: signature.0,
            signed_info: signed_info.0,
            own_prefixes: info.own_prefixes,
            prefixes: info.prefixes,
            algorithm: info.algorithm,
            digest: info.digest,
            digest_value: info.digest_value,
            value: base64::decode(&value.text()?)?,
            key_info,
        })
    }
}

struct SignedInfo<'d> {
    own_prefixes: Vec<&'d str>,
    prefixes: Vec<&'d str>,
    algorithm: SignatureAlgorithm,
    digest: Digest,
    digest_value: Vec<u8>,
}

impl<'d> SignedInfo<'d> {
    fn read(signed_info: Element<'d>, element: Element<'d>) -> Result<Self, Fault> {
        attributes(signed_info, &["Id"])?;
        let references = signed_info.children().filter(|child| is_ds(*child, "Reference")).count();
        if references != 1 {
            return Err(Fault::new(Reason::SigReference, format!("{references} references")));
        }
        let [form, method, reference] =
            parts_exactly(signed_info, ["CanonicalizationMethod", "SignatureMethod", "Reference"])?;
        let own_prefixes = canonical_form(form)?;
        let algorithm = SignatureAlgorithm::from_uri(algorithm_of(method))
            .ok_or_else(|| Fault::new(Reason::AlgRefused, "the signature method"))?;
        attributes(method, &["Algorithm"])?;
        nothing_inside(method)?;
        refers_to(reference, element)?;
        let [transforms, digest_method, digest_value] =
            parts_exactly(reference, ["Transforms", "DigestMethod", "DigestValue"])?;
        let prefixes = transforms_of(transforms)?;
        let digest = Digest::of_reference(algorithm_of(digest_method))
            .ok_or_else(|| Fault::new(Reason::AlgRefused, "the digest method"))?;
        attributes(digest_method, &["Algorithm"])?;
        nothing_inside(digest_method)?;
        attributes(digest_value, &[])?;
        let digest_value = base64::decode(&digest_value.text()?)?;
        Ok(Self { own_prefixes, prefixes, algorithm, digest, digest_value })
    }
}

/// The one signature that stands directly in the element, in the place that its schema gives it.
pub(super) fn own_signature(element: Element<'_>) -> Result<Element<'_>, Fault> {
    let mut own = element.children().filter(|child| is_ds(*child, "Signature"));
    let Some(signature) = own.next() else {
        return Err(missing(element));
    };
    if own.next().is_some() {
        return Err(structure("more than one signature in one element"));
    }
    let mut before = element.children().take_while(|child| *child != signature);
    if before.next().is_some_and(|first| first.local() != "Issuer") || before.next().is_some() {
        return Err(structure("the signature does not stand after the issuer"));
    }
    attributes(signature, &["Id"])?;
    Ok(signature)
}

/// No signature of its own: if the like of it is signed further inside, somebody wrapped it.
fn missing(element: Element<'_>) -> Fault {
    let like = |node: Node<'_, '_>| is_named(node, element.namespace(), element.local());
    let mut inner = element.0.descendants().filter(|node| is_named(*node, namespace::DS, "Signature"));
    if inner.any(|signature| signature.parent().is_some_and(like)) {
        return Fault::new(
            Reason::SigCoverage,
            format!("the signature belongs to another {} inside", element.local()),
        );
    }
    Fault::new(Reason::SigMissing, format!("{} has no signature", element.local()))
}

fn no_objects(signature: Element<'_>) -> Result<(), Fault> {
    let mut objects = signature.children().filter(|child| is_ds(*child, "Object")).peekable();
    if objects.peek().is_some() {
        if objects.any(|object| object.children().any(|child| is_ds(child, "Manifest"))) {
            return Err(Fault::new(Reason::SigReference, "a list of references instead of one"));
        }
        return Err(structure("a signature with an Object"));
    }
    Ok(())
}

/// A signature with foreign content that points elsewhere holds what it signs: that is wrapping, not mere disorder.
fn wrapped(element: Element<'_>, signature: Element<'_>) -> Option<Fault> {
    let foreign = signature.children().any(|child| child.namespace() != namespace::DS);
    let mut infos = signature.children().filter(|child| is_ds(*child, "SignedInfo"));
    let reference = infos.next()?.children().find(|child| is_ds(*child, "Reference"))?;
    let elsewhere = refers_to(reference, element).err().filter(|fault| fault.reason == Reason::SigCoverage);
    elsewhere.filter(|_| foreign)
}

/// The reference must name the element that the signature stands in, by its plain ID.
fn refers_to(reference: Element<'_>, element: Element<'_>) -> Result<(), Fault> {
    let refused = |what| Err(Fault::new(Reason::SigReference, what));
    if reference.attribute("Type").is_some() {
        return refused("a reference with a type");
    }
    attributes(reference, &["Id", "URI"])?;
    let Some(id) = reference.attribute("URI").and_then(|uri| uri.strip_prefix('#')) else {
        return refused("a reference that is not to an ID");
    };
    if !is_plain_id(id) {
        return refused("a reference that is not to a plain ID");
    }
    if element.attribute("ID") == Some(id) {
        return Ok(());
    }
    let elsewhere = |node: Node<'_, '_>| {
        node.attributes().any(|a| a.value() == id && a.name().eq_ignore_ascii_case("id"))
    };
    if element.0.document().descendants().any(elsewhere) {
        return Err(Fault::new(Reason::SigCoverage, "the signature covers another element"));
    }
    refused("a reference to an ID that does not exist")
}

/// Letters, digits and the three signs of an XML name: nothing that could be taken for an expression.
fn is_plain_id(id: &str) -> bool {
    !id.is_empty() && id.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '-' | '.'))
}

/// Exactly "enveloped", then exclusive canonicalisation; gives back the latter's `PrefixList`.
fn transforms_of(transforms: Element<'_>) -> Result<Vec<&str>, Fault> {
    attributes(transforms, &[])?;
    only_elements(transforms)?;
    let all = transforms.children().collect::<Vec<_>>();
    if all.iter().any(|transform| !is_ds(*transform, "Transform")) {
        return Err(structure("something else among the transforms"));
    }
    let named = all.iter().map(|transform| algorithm_of(*transform)).collect::<Vec<_>>();
    match named.as_slice() {
        [ENVELOPED, namespace::EXCLUSIVE_C14N] => {
            nothing_inside(all[0])?;
            attributes(all[0], &["Algorithm"])?;
            canonical_form(all[1])
        }
        [ENVELOPED, other] if OTHER_FORMS.contains(other) => {
            Err(Fault::new(Reason::SigC14n, "another canonical form"))
        }
        _ => Err(Fault::new(
            Reason::SigTransform,
            "other transforms than enveloped and exclusive canonicalisation",
        )),
    }
}

/// Exclusive canonicalisation without comments; gives back its `PrefixList`, with an empty name for `#default`.
fn canonical_form(method: Element<'_>) -> Result<Vec<&str>, Fault> {
    let refused = |what| Err(Fault::new(Reason::SigC14n, what));
    if algorithm_of(method) != namespace::EXCLUSIVE_C14N {
        return refused("another canonical form");
    }
    attributes(method, &["Algorithm"])?;
    only_elements(method)?;
    let mut inside = method.children();
    let Some(list) = inside.next() else { return Ok(Vec::new()) };
    if inside.next().is_some() || !is_named(list.0, namespace::EXCLUSIVE_C14N, "InclusiveNamespaces") {
        return refused("something else than a list of prefixes inside");
    }
    attributes(list, &["PrefixList"])?;
    nothing_inside(list)?;
    let prefixes = list.attribute("PrefixList").unwrap_or_default().split_ascii_whitespace();
    let prefixes = prefixes.map(|prefix| if prefix == "#default" { "" } else { prefix }).collect::<Vec<_>>();
    let plain = |prefix: &&str| prefix.is_empty() || is_plain_id(prefix);
    if prefixes.len() > PREFIXES || !prefixes.iter().all(plain) {
        return refused("a list of prefixes that is none");
    }
    Ok(prefixes)
}

fn parts<'d>(
    of: Element<'d>,
    required: [&str; 2],
    optional: &str,
) -> Result<[Option<Element<'d>>; 3], Fault> {
    only_elements(of)?;
    let mut children = of.children();
    let [first, second, third] = [children.next(), children.next(), children.next()];
    let fits = |child: Option<Element<'d>>, name: &str| child.is_some_and(|child| is_ds(child, name));
    let last = third.is_none_or(|child| is_ds(child, optional));
    if fits(first, required[0]) && fits(second, required[1]) && last && children.next().is_none() {
        return Ok([first, second, third]);
    }
    Err(structure(format!("{} has other parts than the profile", of.local())))
}

fn parts_exactly<'d>(of: Element<'d>, names: [&str; 3]) -> Result<[Element<'d>; 3], Fault> {
    match parts(of, [names[0], names[1]], names[2])? {
        [Some(first), Some(second), Some(third)] => Ok([first, second, third]),
        _ => Err(structure(format!("{} lacks {}", of.local(), names[2]))),
    }
}

fn algorithm_of(element: Element<'_>) -> &str {
    element.attribute("Algorithm").unwrap_or_default()
}

/// White space is all the text that may stand between parts; comments may not.
pub(super) fn only_elements(element: Element<'_>) -> Result<(), Fault> {
    let blank =
        |node: Node<'_, '_>| node.is_text() && node.text().is_some_and(|text| text.trim_ascii().is_empty());
    match element.0.children().all(|node| node.is_element() || blank(node)) {
        true => Ok(()),
        false => Err(structure(format!("text or a comment in {}", element.local()))),
    }
}

fn nothing_inside(element: Element<'_>) -> Result<(), Fault> {
    only_elements(element)?;
    match element.children().next() {
        None => Ok(()),
        Some(_) => Err(structure(format!("{} with parameters", element.local()))),
    }
}

fn attributes(element: Element<'_>, allowed: &[&str]) -> Result<(), Fault> {
    match element.attributes().all(|(namespace, local, _)| namespace.is_empty() && allowed.contains(&local)) {
        true => Ok(()),
        false => Err(structure(format!("{} with a foreign attribute", element.local()))),
    }
}

pub(super) fn is_ds(element: Element<'_>, local: &str) -> bool {
    is_named(element.0, namespace::DS, local)
}

fn structure(detail: impl Into<std::borrow::Cow<'static, str>>) -> Fault {
    Fault::new(Reason::SigStructure, detail)
}
