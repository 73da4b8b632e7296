//! The subject of a certificate, compared with the text by which it is registered (RFC 4514, as RFC 8705 wants it).

use openssl::asn1::Asn1Object;
use openssl::nid::Nid;
use openssl::x509::X509NameRef;

use crate::domain::id::Cvr;

/// The organisation that an OCES3 certificate names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Organisation {
    /// Its CVR number.
    pub cvr: Cvr,
    /// The UUID of the system or the organisation.
    pub uuid: String,
}

/// The organisation of a subject: `organizationIdentifier` with `NTRDK-` and the CVR number, `serialNumber` with
/// `UI:DK-O:G:` and the UUID, each once.
pub(super) fn organisation(name: &X509NameRef) -> Option<Organisation> {
    let only = |nid: Nid, prefix: &str| {
        let mut entries = name.entries_by_nid(nid);
        let value = entries.next()?.data().to_string().ok()?;
        let rest = value.strip_prefix(prefix)?.to_owned();
        entries.next().is_none().then_some(rest)
    };
    let number = Asn1Object::from_str("2.5.4.97").ok()?.nid();
    let cvr = Cvr::new(&only(number, "NTRDK-")?).ok()?;
    let uuid = only(Nid::SERIALNUMBER, "UI:DK-O:G:")?;
    let is_uuid = uuid.len() == 36
        && uuid.char_indices().all(|(at, c)| match at {
            8 | 13 | 18 | 23 => c == '-',
            _ => c.is_ascii_hexdigit(),
        });
    is_uuid.then_some(Organisation { cvr, uuid })
}

/// Whether the name is the one that is written: the same parts in the same order, the last of the certificate first, as
/// `openssl x509 -subject -nameopt RFC2253` prints it. Case and the number of spaces do not count.
pub(super) fn is_written(name: &X509NameRef, written: &str) -> bool {
    let Some(expected) = parts(written) else { return false };
    let entries: Option<Vec<_>> = name
        .entries()
        .map(|entry| {
            let value = entry.data().to_string().ok()?;
            Some((entry.object().to_string(), prepared(&value)))
        })
        .collect();
    entries.is_some_and(|entries| !entries.is_empty() && entries.into_iter().rev().eq(expected))
}

/// Each part as its type, in OpenSSL's one name for it, and its value.
fn parts(written: &str) -> Option<Vec<(String, String)>> {
    split(written)?.into_iter().map(|(name, value)| Some((kind(&name)?, prepared(&value)))).collect()
}

fn kind(name: &str) -> Option<String> {
    // The names that RFC 4514 has and OpenSSL does not.
    let known = match name.to_ascii_uppercase().as_str() {
        "STREET" => "street".to_owned(),
        "SERIALNUMBER" => "serialNumber".to_owned(),
        "ORGANIZATIONIDENTIFIER" => "organizationIdentifier".to_owned(),
        short if short.len() <= 2 || short == "UID" => short.to_owned(),
        _ => name.to_owned(),
    };
    Some(Asn1Object::from_str(&known).ok()?.to_string())
}

/// Takes the text apart where a comma or a plus is not escaped, and undoes the escapes.
fn split(written: &str) -> Option<Vec<(String, String)>> {
    let mut all = Vec::new();
    let mut characters = written.chars().peekable();
    while characters.peek().is_some() {
        let mut name = String::new();
        loop {
            match characters.next()? {
                '=' => break,
                c => name.push(c),
            }
        }
        let mut value = Vec::new();
        loop {
            match characters.next() {
                None | Some(',' | '+') => break,
                Some('\\') => value.extend(escape(&mut characters)?),
                Some(c) => value.extend(c.to_string().into_bytes()),
            }
        }
        all.push((name.trim().to_owned(), String::from_utf8(value).ok()?));
    }
    Some(all)
}

/// Two hexadecimal digits are a byte; anything else stands for itself.
fn escape(characters: &mut impl Iterator<Item = char>) -> Option<Vec<u8>> {
    let first = characters.next()?;
    match first.to_digit(16) {
        None => Some(first.to_string().into_bytes()),
        Some(high) => Some(vec![u8::try_from(high * 16 + characters.next()?.to_digit(16)?).ok()?]),
    }
}

fn prepared(value: &str) -> String {
    value.split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase()
}

#[cfg(test)]
mod tests {
    use openssl::x509::X509Name;

    use super::*;

    fn name(parts: &[(&str, &str)]) -> X509Name {
        let mut name = X509Name::builder().unwrap();
        parts.iter().for_each(|(kind, value)| name.append_entry_by_text(kind, value).unwrap());
        name.build()
    }

    #[test]
    fn a_subject_is_the_registered_one_part_by_part() {
        let name = name(&[
            ("C", "DK"),
            ("organizationIdentifier", "NTRDK-77777777"),
            ("O", "Byg, Sag + Søn"),
            ("CN", "Byggesag  klient"),
        ]);
        for same in [
            "CN=Byggesag klient,O=Byg\\, Sag \\+ Søn,organizationIdentifier=NTRDK-77777777,C=DK",
            "cn=byggesag KLIENT, o=Byg\\2C Sag \\2B S\\C3\\B8n, 2.5.4.97=NTRDK-77777777, c=dk",
        ] {
            assert!(is_written(&name, same), "{same}");
        }
        for other in [
            "",
            "CN=Byggesag klient",
            "C=DK,organizationIdentifier=NTRDK-77777777,O=Byg\\, Sag \\+ Søn,CN=Byggesag klient",
            "CN=Byggesag klient,O=Byg\\, Sag \\+ Søn,organizationIdentifier=NTRDK-77777778,C=DK",
            "CN=Byggesag klient,O=Byg, Sag + Søn,organizationIdentifier=NTRDK-77777777,C=DK",
            "CN=Byggesag klient,CN=Byggesag klient,O=Byg\\, Sag \\+ Søn,organizationIdentifier=NTRDK-77777777,C=DK",
            "NoSuchType=Byggesag klient,C=DK",
            "CN=Byggesag klient,C",
            "CN=Byggesag\\",
        ] {
            assert!(!is_written(&name, other), "{other}");
        }
    }

    #[test]
    fn a_name_without_parts_is_nobodys() {
        assert!(!is_written(&name(&[]), ""));
    }
}
