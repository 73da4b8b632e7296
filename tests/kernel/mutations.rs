//! Genuine signed messages, changed at random. Whatever we accept, libxmlsec1 must accept with the same key, and libxml2
//! must read the same identity from it.
//!
//! 5,000 messages by default; `CH_MUTATIONS=100000` for the long run, `CH_SEED` for another one.

use std::collections::BTreeMap;
use std::path::PathBuf;

use context_handler::protocol::keys::{FileKey, SignatureAlgorithm};
use context_handler::protocol::xml::{Document, base64, verify};

use crate::dice::Chance;
use crate::support::*;
use crate::tools::*;

const NAME_ID: &str = "string(/*[local-name()='Response']/*[local-name()='Assertion']/*[local-name()='Subject']/*[local-name()='NameID'])";
const IDENTITY: &str = "C=DK,O=11111111,CN=Maude Varnæs";

#[test]
#[expect(clippy::disallowed_methods, reason = "tests take their length from the environment")]
fn what_we_accept_libxmlsec1_accepts_with_the_same_identity() {
    if !installed("xmlsec1") || !installed("xmllint") {
        return;
    }
    let count = std::env::var("CH_MUTATIONS").ok().and_then(|count| count.parse().ok()).unwrap_or(5_000);
    let (mut chance, folder) = (Chance::new(), Folder::new());
    let (public, ..) = key_files(&folder, &IDP);
    let genuine = genuine_messages(&IDP.key);
    let (mut accepted, mut refused) = (Vec::<(PathBuf, String)>::new(), Vec::<PathBuf>::new());
    let mut reasons = BTreeMap::<&str, usize>::new();
    let (mut total, mut disagreed) = (0, 0);
    for at in 0..count {
        let mut text = chance.pick(&genuine).clone();
        for _ in 0..=chance.below(3) {
            text = mutate(text, &mut chance, &genuine);
        }
        match judge(&text) {
            Ok(identity) => accepted.push((folder.file(&format!("accepted-{at}.xml"), &text), identity)),
            Err(reason) => {
                *reasons.entry(reason).or_default() += 1;
                if chance.one_in(50) {
                    refused.push(folder.file(&format!("refused-{at}.xml"), &text));
                }
            }
        }
        if accepted.len() == 2_000 || at + 1 == count {
            total += accepted.len();
            agreed(&public, std::mem::take(&mut accepted));
            let sample = std::mem::take(&mut refused);
            let theirs = xmlsec1_refuses(&public, ROOT_SIGNATURE, &sample);
            disagreed += sample.len() - theirs.len();
        }
    }
    println!("mutated {count}, accepted {total}, refused by reason {reasons:?}");
    println!("of one in fifty refused, libxmlsec1 accepts {disagreed}: forms that our profile does not have");
    assert!(total * 5 > count, "too few mutations are harmless to prove anything: {total} of {count}");
    assert!(total < count, "some mutations must do harm");
}

/// The same with RSA-PSS, which libxmlsec1 knows since 1.3: a twentieth as many.
#[test]
#[expect(clippy::disallowed_methods, reason = "tests take their length from the environment")]
fn what_we_accept_with_pss_the_newer_libxmlsec1_accepts_too() {
    let Some(newer) = Newer::installed() else { return };
    let count = std::env::var("CH_MUTATIONS").ok().and_then(|count| count.parse().ok()).unwrap_or(5_000) / 20;
    let (mut chance, folder) = (Chance::new(), Folder::new());
    let (_, _, certificate) = key_files(&folder, &IDP);
    let genuine = genuine_messages(&IDP.signing_with(SignatureAlgorithm::RSA_PSS_SHA256));
    let mut accepted = Vec::new();
    for at in 0..count {
        let mut text = chance.pick(&genuine).clone();
        for _ in 0..=chance.below(3) {
            text = mutate(text, &mut chance, &genuine);
        }
        if let Ok(identity) = judge(&text) {
            assert_eq!(identity, IDENTITY, "a forged identity in {text}");
            accepted.push(folder.file(&format!("accepted-{at}.xml"), &text));
        }
    }
    println!("mutated {count} with RSA-PSS, accepted {}", accepted.len());
    assert!(accepted.len() * 5 > count && accepted.len() < count, "{} of {count}", accepted.len());
    for (file, verdict) in accepted.iter().zip(newer.verdicts(&certificate, &accepted)) {
        assert_eq!(verdict, "OK", "accepted by us only: {}", std::fs::read_to_string(file).unwrap());
    }
}

fn judge(text: &str) -> Result<String, &'static str> {
    let document = Document::parse(text.as_bytes()).map_err(|fault| fault.reason.code())?;
    let signed = verify(document.root(), &IDP.trusted()).map_err(|fault| fault.reason.code())?;
    name_id(signed.element()).ok_or("no single NameID")
}

fn agreed(public: &std::path::Path, accepted: Vec<(PathBuf, String)>) {
    let (files, identities): (Vec<_>, Vec<_>) = accepted.into_iter().unzip();
    let refused = xmlsec1_refuses(public, ROOT_SIGNATURE, &files);
    let first = refused.first().map(|file| std::fs::read_to_string(file).unwrap());
    assert_eq!(first, None, "accepted by us only");
    for ((file, ours), theirs) in files.iter().zip(&identities).zip(xpath(NAME_ID, &files)) {
        assert_eq!(*ours, theirs, "two identities in {}", std::fs::read_to_string(file).unwrap());
        assert_eq!(*ours, IDENTITY, "a forged identity in {}", std::fs::read_to_string(file).unwrap());
    }
}

/// Messages as we write them, and with the spellings that others use.
fn genuine_messages(signer: &FileKey) -> Vec<String> {
    let plain = assertion("_a1", IDENTITY, None);
    let signed = assertion("_a1", IDENTITY, Some(signer));
    let one = response("_r1", &plain, Some(signer)).into_string();
    let both = response("_r1", &signed, Some(signer)).into_string();
    let declared =
        one.replacen("<samlp:Response ", "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<samlp:Response ", 1);
    vec![one, both, declared]
}

type Mutation = fn(&str, &mut Chance, &[String]) -> Option<String>;

const HARMLESS: [Mutation; 11] = [
    spaced_tag,
    other_quotes,
    swapped_attributes,
    character_reference,
    cdata,
    self_closed,
    unused_namespace,
    redeclared_namespace,
    base64_lines,
    surroundings,
    comment,
];
const HARMFUL: [Mutation; 12] = [
    changed_character,
    removed_element,
    doubled_element,
    moved_element,
    white_space,
    wrapped,
    other_key_info,
    other_word,
    renamed_prefix,
    foreign_attribute,
    doctype,
    spare_bits,
];

fn mutate(text: String, chance: &mut Chance, genuine: &[String]) -> String {
    let harmful = chance.one_in(6);
    let mutation = if harmful { *chance.pick(&HARMFUL) } else { *chance.pick(&HARMLESS) };
    // Enough of a document must be left to change.
    if tags(&text).len() < 4 || elements(&text).is_empty() || start_tags(&text).is_empty() {
        return text;
    }
    mutation(&text, chance, genuine).unwrap_or(text)
}

/// The tags as ranges, in order; comments, CDATA and declarations left out.
fn tags(text: &str) -> Vec<(usize, usize)> {
    let (mut found, mut at) = (Vec::new(), 0);
    while let Some(start) = text[at..].find('<').map(|offset| at + offset) {
        let rest = &text[start..];
        let close = [("<!--", "-->"), ("<![CDATA[", "]]>"), ("<?", "?>"), ("<!", ">")];
        if let Some((_, end)) = close.iter().find(|(open, _)| rest.starts_with(open)) {
            let Some(length) = rest.find(end) else { break };
            at = start + length + end.len();
            continue;
        }
        let mut quote = None;
        let end = rest.char_indices().find(|(_, c)| match (quote, c) {
            (Some(open), c) => {
                if open == *c {
                    quote = None;
                }
                false
            }
            (None, '"' | '\'') => {
                quote = Some(*c);
                false
            }
            (None, c) => *c == '>',
        });
        let Some((length, _)) = end else { break };
        found.push((start, start + length + 1));
        at = start + length + 1;
    }
    found
}

fn start_tags(text: &str) -> Vec<(usize, usize)> {
    tags(text).into_iter().filter(|(start, _)| !text[*start..].starts_with("</")).collect()
}

/// The attributes of a start tag: from the space before each to its closing quote.
fn attributes(text: &str, (start, end): (usize, usize)) -> Vec<(usize, usize)> {
    let (mut found, mut at) = (Vec::new(), start);
    while let Some(equals) = text[at..end].find('=').map(|offset| at + offset) {
        let Some(open) = text[equals..end].find(['"', '\'']).map(|offset| equals + offset) else { break };
        let quote = char::from(text.as_bytes()[open]);
        let Some(close) = text[open + 1..end].find(quote).map(|offset| open + 1 + offset) else { break };
        let Some(space) = text[start..equals].rfind([' ', '\n', '\t']).map(|offset| start + offset) else {
            break;
        };
        found.push((space, close + 1));
        at = close + 1;
    }
    found
}

/// Whole elements as ranges.
fn elements(text: &str) -> Vec<(usize, usize)> {
    let (mut open, mut found) = (Vec::new(), Vec::new());
    for (start, end) in tags(text) {
        if text[start..].starts_with("</") {
            found.extend(open.pop().map(|start| (start, end)));
        } else if text[..end].ends_with("/>") {
            found.push((start, end));
        } else {
            open.push(start);
        }
    }
    found
}

/// Places between tags, at character boundaries and outside references.
fn text_place(text: &str, chance: &mut Chance) -> Option<usize> {
    let tags = tags(text);
    let gap = chance.below(tags.len().checked_sub(1)?);
    let (from, to) = (tags[gap].1, tags[gap + 1].0);
    let place = from + chance.below(to - from + 1);
    let plain = text.is_char_boundary(place)
        && !text[from..to].contains("<!")
        && text[from..place].rfind('&').is_none_or(|at| text[from + at..place].contains(';'));
    plain.then_some(place)
}

fn insert(text: &str, at: usize, what: &str) -> String {
    format!("{}{what}{}", &text[..at], &text[at..])
}

fn replace(text: &str, (from, to): (usize, usize), with: &str) -> String {
    format!("{}{with}{}", &text[..from], &text[to..])
}

fn spaced_tag(text: &str, chance: &mut Chance, _: &[String]) -> Option<String> {
    let tag = *chance.pick(&tags(text));
    let spaces = chance.word(&[" ", "\n", "\t", "\r\n", "   "]);
    let attributes = attributes(text, tag);
    let at = if attributes.is_empty() || chance.one_in(2) { tag.1 - 1 } else { chance.pick(&attributes).0 };
    let at = if text[..tag.1].ends_with("/>") && at == tag.1 - 1 { at - 1 } else { at };
    Some(insert(text, at, spaces))
}

fn other_quotes(text: &str, chance: &mut Chance, _: &[String]) -> Option<String> {
    let tag = *chance.pick(&start_tags(text));
    let all = attributes(text, tag);
    let (from, to) = *all.get(chance.below(all.len()))?;
    let attribute = &text[from..to];
    let value = attribute.find('"')?;
    let inner = &attribute[value + 1..attribute.len() - 1];
    if inner.contains('\'') {
        return None;
    }
    Some(replace(text, (from, to), &format!("{}'{inner}'", &attribute[..value])))
}

fn swapped_attributes(text: &str, chance: &mut Chance, _: &[String]) -> Option<String> {
    let tag = *chance.pick(&start_tags(text));
    let all = attributes(text, tag);
    let at = chance.below(all.len().checked_sub(1).filter(|pairs| *pairs > 0)?);
    let ((a, b), (c, d)) = (all[at], all[at + 1]);
    Some(format!("{}{}{}{}{}", &text[..a], &text[c..d], &text[b..c], &text[a..b], &text[d..]))
}

fn character_reference(text: &str, chance: &mut Chance, _: &[String]) -> Option<String> {
    let at = text_place(text, chance)?;
    let c = text[at..].chars().next().filter(|c| !matches!(c, '<' | '&' | '\r' | '\n'))?;
    let written =
        if chance.one_in(2) { format!("&#{};", u32::from(c)) } else { format!("&#x{:X};", u32::from(c)) };
    Some(replace(text, (at, at + c.len_utf8()), &written))
}

fn cdata(text: &str, chance: &mut Chance, _: &[String]) -> Option<String> {
    let at = text_place(text, chance)?;
    let end = at + text[at..].find(['<', '&', '\r'])?;
    let middle = at + chance.below(end - at + 1);
    text.is_char_boundary(middle)
        .then(|| replace(text, (at, middle), &format!("<![CDATA[{}]]>", &text[at..middle])))
}

fn self_closed(text: &str, chance: &mut Chance, _: &[String]) -> Option<String> {
    let empty = text.match_indices("></").map(|(at, _)| at).collect::<Vec<_>>();
    let at = *empty.get(chance.below(empty.len()))?;
    let end = at + 1 + text[at + 1..].find('>')? + 1;
    Some(replace(text, (at, end), "/>"))
}

fn unused_namespace(text: &str, chance: &mut Chance, _: &[String]) -> Option<String> {
    let tag = *chance.pick(&start_tags(text));
    let name_end = tag.0 + text[tag.0..tag.1].find([' ', '>', '/', '\n', '\t', '\r'])?;
    let prefix = chance.word(&["unused", "evil", "ID", "xs", "é"]);
    (!text[tag.0..tag.1].contains(&format!("xmlns:{prefix}=")))
        .then(|| insert(text, name_end, &format!(" xmlns:{prefix}=\"urn:x\"")))
}

fn redeclared_namespace(text: &str, chance: &mut Chance, _: &[String]) -> Option<String> {
    let tag = *chance.pick(&start_tags(text));
    let name_end = tag.0 + text[tag.0..tag.1].find([' ', '>', '/', '\n', '\t', '\r'])?;
    let prefix = text[tag.0 + 1..name_end].split_once(':')?.0;
    let known = [("saml", SAML), ("samlp", SAMLP), ("ds", "http://www.w3.org/2000/09/xmldsig#")];
    let (_, uri) = known.iter().find(|(known, _)| *known == prefix)?;
    let declaration = format!(" xmlns:{prefix}=\"{uri}\"");
    (!text[tag.0..tag.1].contains(&format!("xmlns:{prefix}="))).then(|| insert(text, name_end, &declaration))
}

fn base64_lines(text: &str, chance: &mut Chance, _: &[String]) -> Option<String> {
    let element = chance.word(&["SignatureValue", "X509Certificate", "DigestValue"]);
    let start = text.find(&format!("{element}>"))? + element.len() + 1;
    let length = text[start..].find('<')?;
    let at = start + chance.below(length + 1);
    text.is_char_boundary(at).then(|| insert(text, at, chance.word(&["\n", " ", "\r\n", "\t", "&#13;"])))
}

fn surroundings(text: &str, chance: &mut Chance, _: &[String]) -> Option<String> {
    match chance.below(4) {
        0 if !text.starts_with("<?xml") && !text.starts_with('\u{feff}') => {
            Some(format!("<?xml version='1.0' encoding='utf-8' ?>\r\n{text}"))
        }
        1 if !text.starts_with('\u{feff}') => Some(format!("\u{feff}{text}")),
        2 => Some(format!("{text}\n<!-- end -->\n")),
        _ => Some(format!("{text}\r\n")),
    }
}

fn comment(text: &str, chance: &mut Chance, _: &[String]) -> Option<String> {
    let at = text_place(text, chance)?;
    Some(insert(text, at, chance.word(&["<!-- -->", "<!---->", "<!-- <NameID>x</NameID> -->"])))
}

fn changed_character(text: &str, chance: &mut Chance, _: &[String]) -> Option<String> {
    let at = chance.below(text.len());
    let c = text.get(at..).and_then(|rest| rest.chars().next())?;
    let other = chance.word(&["a", "A", "0", " ", "<", "&", "\"", "/", "é", ""]);
    Some(replace(text, (at, at + c.len_utf8()), other))
}

fn removed_element(text: &str, chance: &mut Chance, _: &[String]) -> Option<String> {
    Some(replace(text, *chance.pick(&elements(text)), ""))
}

fn doubled_element(text: &str, chance: &mut Chance, _: &[String]) -> Option<String> {
    let (from, to) = *chance.pick(&elements(text));
    Some(insert(text, to, &text[from..to]))
}

fn moved_element(text: &str, chance: &mut Chance, _: &[String]) -> Option<String> {
    let (from, to) = *chance.pick(&elements(text));
    let (element, rest) = (text[from..to].to_owned(), replace(text, (from, to), ""));
    let places = tags(&rest);
    let (_, place) = *places.get(chance.below(places.len()))?;
    Some(insert(&rest, place, &element))
}

fn white_space(text: &str, chance: &mut Chance, _: &[String]) -> Option<String> {
    let at = text_place(text, chance)?;
    Some(insert(text, at, chance.word(&["\n", " ", "\t"])))
}

/// The genuine message moved into a forged one, in the places that the literature knows and some more.
fn wrapped(text: &str, chance: &mut Chance, genuine: &[String]) -> Option<String> {
    let evil = text.replacen(IDENTITY, "C=DK,O=22222222,CN=Evil", 1);
    let evil = if chance.one_in(2) { evil.replacen("\"_r1\"", "\"_e1\"", 1) } else { evil };
    let evil = if chance.one_in(2) { evil.replacen("\"_a1\"", "\"_e2\"", 1) } else { evil };
    let original = chance.pick(genuine);
    let original = &original[original.find("<samlp:Response")?..];
    let assertion = original.get(original.find("<saml:Assertion")?..original.find("</samlp:Response>")?)?;
    let what = if chance.one_in(2) { original } else { assertion };
    let places = tags(&evil);
    let at = places[chance.below(places.len().checked_sub(1)?)].1;
    Some(insert(&evil, at, what))
}

fn other_key_info(text: &str, chance: &mut Chance, _: &[String]) -> Option<String> {
    let (from, to) = (text.find("<ds:KeyInfo>")?, text.find("</ds:KeyInfo>")? + 13);
    let other = OTHER.certificate().to_base64().to_owned();
    let with = match chance.below(4) {
        0 => String::new(),
        1 => "<ds:KeyInfo><ds:KeyName>k</ds:KeyName></ds:KeyInfo>".to_owned(),
        2 => format!(
            "<ds:KeyInfo><ds:X509Data><ds:X509Certificate>{other}</ds:X509Certificate></ds:X509Data></ds:KeyInfo>"
        ),
        _ => "<ds:KeyInfo><ds:RetrievalMethod URI=\"#_a1\"/></ds:KeyInfo>".to_owned(),
    };
    (from <= to).then(|| replace(text, (from, to), &with))
}

fn other_word(text: &str, chance: &mut Chance, _: &[String]) -> Option<String> {
    let (from, to) = *chance.pick(&[
        ("#_r1", "#_a1"),
        ("#_r1", ""),
        ("\"_r1\"", "\"_r2\""),
        ("ID=", "Id="),
        ("rsa-sha256", "rsa-sha1"),
        ("xml-exc-c14n#", "xml-exc-c14n#WithComments"),
        ("#enveloped-signature", "#base64"),
        (IDENTITY, "Evil"),
        ("SAML:2.0:assertion", "SAML:1.0:assertion"),
        ("urn:oasis", "URN:oasis"),
        ("encoding=\"UTF-8\"", "encoding=\"ISO-8859-1\""),
        ("version=\"1.0\"", "version=\"1.1\""),
    ]);
    text.contains(from).then(|| text.replacen(from, to, 1))
}

fn renamed_prefix(text: &str, chance: &mut Chance, _: &[String]) -> Option<String> {
    let prefix = chance.word(&["saml", "samlp", "ds", "xsi"]);
    Some(text.replace(&format!("{prefix}:"), "q:").replace(&format!("xmlns:{prefix}="), "xmlns:q="))
}

fn foreign_attribute(text: &str, chance: &mut Chance, _: &[String]) -> Option<String> {
    let tag = *chance.pick(&start_tags(text));
    let at = tag.1 - if text[..tag.1].ends_with("/>") { 2 } else { 1 };
    Some(insert(
        text,
        at,
        chance.word(&[" evil=\"1\"", " Id=\"_r1\"", " xml:id=\"_e\"", " ID=\"_e\"", " xml:lang=\"da\""]),
    ))
}

fn doctype(text: &str, chance: &mut Chance, _: &[String]) -> Option<String> {
    let at = text.find("<samlp:Response")?;
    Some(insert(
        text,
        at,
        chance.word(&["<!DOCTYPE x>", "<!DOCTYPE x [<!ENTITY e 'x'>]>", "<?pi x?>", "<evil/>"]),
    ))
}

fn spare_bits(text: &str, _: &mut Chance, _: &[String]) -> Option<String> {
    let end = text.find("</ds:SignatureValue>")?;
    let start = text.find("<ds:SignatureValue>")? + 19;
    let mut bytes = base64::decode(text.get(start..end)?).ok()?;
    bytes.push(0);
    Some(replace(text, (start, end), &base64::encode(&bytes)))
}
