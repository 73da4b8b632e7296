//! Whether a certificate is revoked: the question to its issuer's OCSP responder, and what its answer or the issuer's list
//! proves. Nothing is fetched here. An answer that proves nothing is no answer.

use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use openssl::asn1::Asn1GeneralizedTimeRef;
use openssl::error::ErrorStack;
use openssl::hash::MessageDigest;
use openssl::ocsp::{
    OcspBasicResponseRef, OcspCertId, OcspCertStatus, OcspFlag, OcspRequest, OcspResponse, OcspResponseStatus,
};
use openssl::stack::Stack;
use openssl::x509::{CrlStatus, X509, X509Crl, X509KeyUsage};

use super::Roots;
use super::certificate::{name_of, timestamp};
use super::chain::{Chain, stack};
use crate::domain::reason::{Fault, Reason};

/// How far the issuer's clock may be ahead of ours.
const SKEW: SignedDuration = SignedDuration::from_mins(5);
/// How long an answer counts that does not say until when it does.
const OPEN_END: SignedDuration = SignedDuration::from_hours(24);

/// A certificate and the one that issued it, proved by a chain.
#[derive(Clone, Debug)]
pub struct Link {
    certificate: X509,
    issuer: X509,
}

impl Link {
    /// Those of a chain, the party's own first. A root is trusted by itself.
    pub fn all_of(chain: &Chain) -> Vec<Self> {
        let link = |(one, issuer): (&X509, &X509)| Self { certificate: one.clone(), issuer: issuer.clone() };
        chain.pairs().map(link).collect()
    }

    /// Whose certificate it is, as `CN=…, O=…`.
    pub fn subject(&self) -> String {
        name_of(self.certificate.subject_name())
    }

    /// Where the issuer answers questions by OCSP, by the certificate's own word.
    pub fn responders(&self) -> Vec<String> {
        let all = self.certificate.ocsp_responders();
        all.map(|all| all.iter().map(|address| address.to_string()).collect()).unwrap_or_default()
    }

    /// Where the issuer's list of revoked certificates stands, by the certificate's own word.
    pub fn lists(&self) -> Vec<String> {
        let points = self.certificate.crl_distribution_points();
        let names = points.iter().flatten().filter_map(|point| point.distpoint()?.fullname());
        names.flatten().filter_map(|name| name.uri().map(str::to_owned)).collect()
    }

    /// The question by OCSP.
    pub fn question(&self) -> Result<Vec<u8>, Fault> {
        let written = || -> Result<Vec<u8>, ErrorStack> {
            let mut request = OcspRequest::new()?;
            request.add_id(self.id(MessageDigest::sha1())?)?;
            request.to_der()
        };
        written().map_err(|_| unchecked("the question cannot be written"))
    }

    /// What the responder's answer proves: that the certificate is good, that it is revoked, or nothing.
    pub fn judge_answer(&self, answer: &[u8], roots: &Roots, now: Timestamp) -> Result<(), Fault> {
        let answer = OcspResponse::from_der(answer).map_err(|_| unchecked("expected an OCSP answer"))?;
        if answer.status() != OcspResponseStatus::SUCCESSFUL {
            let detail = format!("the responder refused with status {}", answer.status().as_raw());
            return Err(unchecked(detail));
        }
        let basic = answer.basic().map_err(|_| unchecked("expected a basic OCSP answer"))?;
        let proved = || -> Result<(), ErrorStack> {
            // The issuer may sign by itself or by somebody whom it certified for this; OpenSSL looks at both.
            basic.verify(&*self.known()?, &*roots.store(now)?, OcspFlag::empty())
        };
        proved().map_err(|_| unchecked("the signature of the OCSP answer does not prove it"))?;
        self.judge_status(&basic, now)
    }

    fn judge_status(&self, basic: &OcspBasicResponseRef, now: Timestamp) -> Result<(), Fault> {
        // A responder may answer in the terms of another digest than the one of the question.
        let ids = [MessageDigest::sha1(), MessageDigest::sha256()].map(|digest| self.id(digest));
        let ids: Vec<OcspCertId> = ids.into_iter().flatten().collect();
        let status = ids.iter().find_map(|id| basic.find_status(id));
        let status = status.ok_or_else(|| unchecked("the OCSP answer is about another certificate"))?;
        if status.status == OcspCertStatus::REVOKED {
            let since = status.revocation_time.map_or(String::new(), |at| format!(" {at}"));
            return Err(Fault::new(Reason::CertRevoked, format!("OCSP revoked{since}")));
        }
        if status.status != OcspCertStatus::GOOD {
            return Err(unchecked("the responder does not know the certificate"));
        }
        let until = match status.next_update() {
            Some(until) => Some(moment(until)?),
            None => None,
        };
        recent("OCSP answer", moment(status.this_update)?, until, now)
    }

    /// What the list proves that stands at this address.
    pub fn judge_list(&self, list: &[u8], address: &str, now: Timestamp) -> Result<(), Fault> {
        let parsed = X509Crl::from_der(list).or_else(|_| X509Crl::from_pem(list));
        let parsed = parsed.map_err(|_| unchecked("expected a revocation list"))?;
        let by_issuer = parsed.issuer_name().try_cmp(self.issuer.subject_name());
        if !by_issuer.is_ok_and(|order| order.is_eq()) {
            let detail = format!("the revocation list is by {}", name_of(parsed.issuer_name()));
            return Err(unchecked(detail));
        }
        let key = self.issuer.public_key().map_err(|_| unchecked("the issuer's key cannot be read"))?;
        if !parsed.verify(&key).is_ok_and(|proved| proved) {
            return Err(unchecked("the signature of the revocation list does not prove it"));
        }
        let der = parsed.to_der().map_err(|_| unchecked("expected a revocation list"))?;
        if !is_whole(&der, address, self.is_of_authority()) {
            return Err(unchecked("the revocation list is a part of one"));
        }
        let time = |time| timestamp(time).map_err(|_| unchecked("expected times in the revocation list"));
        let until = parsed.next_update().map(time).transpose()?;
        match parsed.get_by_cert(&self.certificate) {
            CrlStatus::Revoked(entry) => {
                let detail = format!("CRL revoked {}", entry.revocation_date());
                Err(Fault::new(Reason::CertRevoked, detail))
            }
            _ => recent("revocation list", time(parsed.last_update())?, until, now),
        }
    }

    /// Whether it issues certificates itself.
    pub fn is_of_authority(&self) -> bool {
        self.certificate.key_usage().is_some_and(|uses| uses.contains(X509KeyUsage::KEY_CERT_SIGN))
    }

    fn id(&self, digest: MessageDigest) -> Result<OcspCertId, ErrorStack> {
        OcspCertId::from_cert(digest, &self.certificate, &self.issuer)
    }

    fn known(&self) -> Result<Stack<X509>, ErrorStack> {
        stack(std::slice::from_ref(&self.issuer))
    }
}

/// Whether a statement counts now.
fn recent(what: &str, made: Timestamp, until: Option<Timestamp>, now: Timestamp) -> Result<(), Fault> {
    let until = until.unwrap_or_else(|| made.checked_add(OPEN_END).unwrap_or(Timestamp::MAX));
    // Some hold for ever, to the last moment that can be told.
    match made <= now + SKEW && now - SKEW < until {
        true => Ok(()),
        false => Err(unchecked(format!("the {what} holds from {made} to {until}, it is {now}"))),
    }
}

/// The time as OpenSSL prints it, which is the only form in which it tells.
fn moment(time: &Asn1GeneralizedTimeRef) -> Result<Timestamp, Fault> {
    let printed = time.to_string().split_whitespace().collect::<Vec<_>>().join(" ");
    let read = DateTime::strptime("%b %d %H:%M:%S %Y GMT", &printed);
    let read = read.and_then(|read| read.to_zoned(TimeZone::UTC)).map(|zoned| zoned.timestamp());
    read.map_err(|_| unchecked("expected a time in the OCSP answer"))
}

/// Whether a list is about every certificate of its issuer that is of this kind and names this address: no delta, and no
/// partition by reason or issuer. A partition by address must be the one of this address.
fn is_whole(list: &[u8], address: &str, of_authorities: bool) -> bool {
    const DELTA: &[u8] = &[0x06, 0x03, 0x55, 0x1d, 0x1b];
    const PARTITION: &[u8] = &[0x06, 0x03, 0x55, 0x1d, 0x1c];
    const CRITICAL: &[u8] = &[0x01, 0x01, 0xff];
    let after = |oid: &[u8]| {
        list.windows(oid.len()).position(|part| part == oid).and_then(|at| list.get(at + oid.len()..))
    };
    if after(DELTA).is_some() {
        return false;
    }
    let Some(rest) = after(PARTITION) else { return true };
    let rest = rest.strip_prefix(CRITICAL).unwrap_or(rest);
    let inner = value(rest, 0x04).and_then(|(octets, _)| value(octets, 0x30));
    let Some((mut parts, _)) = inner else { return false };
    while let Some(&tag) = parts.first() {
        let Some((content, rest)) = value(parts, tag) else { return false };
        let fits = match tag {
            0xa0 => content.windows(address.len().max(1)).any(|part| part == address.as_bytes()),
            0x81 => !of_authorities,
            0x82 => of_authorities,
            _ => false,
        };
        if !fits {
            return false;
        }
        parts = rest;
    }
    true
}

/// The content of the first element in DER, if it has this tag, and what follows it.
fn value(der: &[u8], tag: u8) -> Option<(&[u8], &[u8])> {
    let (&found, rest) = der.split_first()?;
    let (&first, rest) = rest.split_first()?;
    let (length, rest) = match first {
        0..=0x7f => (usize::from(first), rest),
        0x81 | 0x82 => {
            let (bytes, rest) = rest.split_at_checked(usize::from(first & 0x7f))?;
            (bytes.iter().fold(0, |sum, byte| sum << 8 | usize::from(*byte)), rest)
        }
        _ => return None,
    };
    (found == tag).then_some(())?;
    rest.split_at_checked(length)
}

fn unchecked(detail: impl Into<std::borrow::Cow<'static, str>>) -> Fault {
    Fault::new(Reason::CertUnchecked, detail)
}

#[cfg(test)]
mod tests {
    use super::*;

    const AT: &str = "http://ca.test/list.crl";

    fn list(extension: &[u8]) -> Vec<u8> {
        [b"anything before", extension, b"anything after"].concat()
    }

    fn partition(parts: &[u8]) -> Vec<u8> {
        let length = |content: &[u8]| u8::try_from(content.len()).unwrap();
        let sequence = [&[0x30, length(parts)], parts].concat();
        [&[0x06, 0x03, 0x55, 0x1d, 0x1c, 0x01, 0x01, 0xff, 0x04, length(&sequence)][..], &sequence].concat()
    }

    fn point(address: &str) -> Vec<u8> {
        let name = [&[0x86, u8::try_from(address.len()).unwrap()], address.as_bytes()].concat();
        let full = [&[0xa0, u8::try_from(name.len()).unwrap()][..], &name].concat();
        [&[0xa0, u8::try_from(full.len()).unwrap()][..], &full].concat()
    }

    #[test]
    fn a_statement_holds_in_its_time_however_long_that_is() {
        let at = |second| Timestamp::from_second(1_795_000_000 + second).unwrap();
        let (skew, open) = (SKEW.as_secs(), OPEN_END.as_secs());
        for (made, until, now) in [
            (at(0), Some(at(100)), at(-skew)),
            (at(0), Some(at(100)), at(99 + skew)),
            (at(0), None, at(open + skew - 1)),
            (at(0), Some(Timestamp::MAX), at(0)),
        ] {
            assert_eq!(recent("list", made, until, now), Ok(()), "{made} {until:?} {now}");
        }
        for (made, until, now) in [
            (at(0), Some(at(100)), at(-skew - 1)),
            (at(0), Some(at(100)), at(100 + skew)),
            (at(0), None, at(open + skew)),
            (Timestamp::MAX, None, at(0)),
        ] {
            assert!(recent("list", made, until, now).is_err(), "{made} {until:?} {now}");
        }
    }

    #[test]
    fn a_list_that_tells_a_part_only_is_not_taken_for_the_whole() {
        let (parties, authorities) = ([0x81, 0x01, 0xff], [0x82, 0x01, 0xff]);
        assert!(is_whole(&list(&[]), AT, false));
        assert!(is_whole(&list(&partition(&point(AT))), AT, false));
        assert!(is_whole(&list(&partition(&parties)), AT, false));
        assert!(is_whole(&list(&partition(&authorities)), AT, true));
        assert!(!is_whole(&list(&partition(&parties)), AT, true));
        for (what, extension) in [
            ("a delta", vec![0x06, 0x03, 0x55, 0x1d, 0x1b, 0x01, 0x01, 0xff]),
            ("another address", partition(&point("http://ca.test/other.cr"))),
            ("authorities only", partition(&[0x82, 0x01, 0xff])),
            ("some reasons only", partition(&[0x83, 0x02, 0x01, 0x02])),
            ("of other issuers", partition(&[0x84, 0x01, 0xff])),
            ("cut off", partition(&[0x81, 0x05, 0xff])),
        ] {
            assert!(!is_whole(&list(&extension), AT, false), "{what}");
        }
    }
}
