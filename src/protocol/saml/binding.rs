//! How messages travel through the browser: in the address (Redirect) or in a form (POST).
//!
//! A signature over an address is checked against the octets that arrived, not against a re-encoding of what they
//! mean, because senders escape differently. For the same reason a parameter has exactly one spelling here: a name
//! that stands twice, or that only becomes a protocol name after decoding, refuses the message.

use miniz_oxide::inflate::{TINFLStatus, decompress_to_vec_with_limit};

use super::deflate::deflate;
use crate::domain::reason::{Fault, Reason};
use crate::protocol::address::{escaped, fits_a_form, unescaped};
use crate::protocol::keys::{Signer, fingerprint};
use crate::protocol::xml::base64;

/// The largest message that we read, compressed or not. A genuine response with 200 rights has 60 kB.
pub const MAX_MESSAGE: usize = 512 * 1024;

/// The longest RelayState that we carry: it travels through the browser inside a cookie of at most 4 kB. SAML asks
/// senders to keep to 80 bytes; real ones send whole addresses.
pub const MAX_RELAY_STATE: usize = 1024;

const PROTOCOL_NAMES: [&str; 6] =
    ["SAMLRequest", "SAMLResponse", "RelayState", "SigAlg", "Signature", "SAMLEncoding"];

/// Which of the two kinds of message a parameter carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Carries {
    /// `SAMLRequest`.
    Request,
    /// `SAMLResponse`.
    Response,
}

impl Carries {
    /// The name of the parameter.
    pub fn parameter(self) -> &'static str {
        match self {
            Self::Request => "SAMLRequest",
            Self::Response => "SAMLResponse",
        }
    }

    /// Which kind a query or a form brings, for an address that takes both.
    pub fn of(parameters: &str) -> Result<Self, Fault> {
        let parameters = Parameters::read(parameters)?;
        let response = parameters.raw(Self::Response.parameter()).is_some();
        let kind = if response { Self::Response } else { Self::Request };
        parameters.message(kind).map(|_| kind)
    }
}

/// A message as it arrived, not yet looked into.
#[derive(Debug)]
pub struct Arrived {
    /// The XML.
    pub xml: Vec<u8>,
    /// What the sender wants back unchanged.
    pub relay_state: Option<String>,
    /// The signature beside it, when it came by Redirect and is signed.
    pub detached: Option<Detached>,
    /// Whether it came by Redirect, where a signature inside the message does not count.
    pub by_redirect: bool,
}

/// A signature over the octets of an address.
#[derive(Clone, Debug)]
pub struct Detached {
    /// What was signed.
    pub octets: Vec<u8>,
    /// The signature.
    pub signature: Vec<u8>,
    /// The algorithm's URI.
    pub algorithm: String,
}

impl Arrived {
    /// Takes a message out of the query of an address.
    pub fn by_redirect(query: &str, carries: Carries) -> Result<Self, Fault> {
        let parameters = Parameters::read(query)?;
        let raw = parameters.message(carries)?;
        if parameters.raw("SAMLEncoding").is_some_and(|e| unescaped(e).as_deref() != Ok(DEFLATE)) {
            return Err(Fault::new(Reason::RequestUnsupported, "expected the DEFLATE encoding"));
        }
        let xml = inflate(&decoded(&unescaped(raw)?)?)?;
        Ok(Self {
            xml,
            relay_state: parameters.relay_state()?,
            detached: parameters.detached(carries, raw)?,
            by_redirect: true,
        })
    }

    /// Takes a message out of the body of a form.
    pub fn by_post(body: &str, carries: Carries) -> Result<Self, Fault> {
        let parameters = Parameters::read(body)?;
        let xml = decoded(&unescaped(parameters.message(carries)?)?)?;
        Ok(Self { xml, relay_state: parameters.relay_state()?, detached: None, by_redirect: false })
    }

    /// Takes a message out of a form of ours.
    pub fn in_form(form: &Form) -> Result<Self, Fault> {
        let (xml, relay_state) = (decoded(&form.message)?, form.relay_state.clone());
        Ok(Self { xml, relay_state, detached: None, by_redirect: false })
    }
}

impl Arrived {
    /// The fingerprint of the message, for the exchange log, which never holds the message itself.
    pub fn sha256(&self) -> String {
        fingerprint(&self.xml)
    }
}

const DEFLATE: &str = "urn:oasis:names:tc:SAML:2.0:bindings:URL-Encoding:DEFLATE";

/// Parameters by name, their values still escaped.
pub struct Parameters<'q>(Vec<(&'q str, &'q str)>);

impl<'q> Parameters<'q> {
    /// Splits a query or a form body. Names that belong to SAML must be spelt plainly and stand once.
    pub fn read(text: &'q str) -> Result<Self, Fault> {
        let mut pairs: Vec<(&str, &str)> = Vec::new();
        for pair in text.split('&').filter(|pair| !pair.is_empty()) {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            if !PROTOCOL_NAMES.contains(&name) && disguised(name) {
                return Err(Fault::new(
                    Reason::ParamEncoded,
                    "a name turns into one of SAML's only after decoding",
                ));
            }
            if PROTOCOL_NAMES.contains(&name) && pairs.iter().any(|(known, _)| *known == name) {
                return Err(Fault::new(Reason::ParamDuplicate, format!("{name} stands twice")));
            }
            pairs.push((name, value));
        }
        Ok(Self(pairs))
    }

    /// The first value of this name, decoded.
    pub fn get(&self, name: &str) -> Option<String> {
        unescaped(self.raw(name)?).ok()
    }

    /// Whether one of SAML's own names is among them.
    pub fn has_protocol_names(&self) -> bool {
        self.0.iter().any(|(name, _)| PROTOCOL_NAMES.contains(name))
    }

    fn raw(&self, name: &str) -> Option<&'q str> {
        self.0.iter().find(|(known, _)| *known == name).map(|(_, value)| *value)
    }

    /// The one message, of the kind that belongs here.
    fn message(&self, carries: Carries) -> Result<&'q str, Fault> {
        if [Carries::Request, Carries::Response].iter().all(|kind| self.raw(kind.parameter()).is_some()) {
            return Err(Fault::new(Reason::ParamDuplicate, "SAMLRequest and SAMLResponse in one message"));
        }
        let wanted = carries.parameter();
        self.raw(wanted).ok_or_else(|| Fault::new(Reason::ParamMissing, format!("expected {wanted}")))
    }

    fn relay_state(&self) -> Result<Option<String>, Fault> {
        let Some(raw) = self.raw("RelayState") else { return Ok(None) };
        let state = unescaped(raw)?;
        if state.len() > MAX_RELAY_STATE {
            let detail = format!("expected at most {MAX_RELAY_STATE} bytes, got {}", state.len());
            return Err(Fault::new(Reason::RelayState, detail));
        }
        if !fits_a_form(&state) {
            return Err(Fault::new(
                Reason::RelayState,
                "expected no lone CR, LF or NUL, which no form can carry",
            ));
        }
        Ok(Some(state))
    }

    fn detached(&self, carries: Carries, message: &str) -> Result<Option<Detached>, Fault> {
        let (algorithm, signature) = match (self.raw("SigAlg"), self.raw("Signature")) {
            (None, None) => return Ok(None),
            (Some(algorithm), Some(signature)) => (algorithm, signature),
            _ => {
                return Err(Fault::new(Reason::SigMissing, "expected both SigAlg and Signature, or neither"));
            }
        };
        let relay_state = self.raw("RelayState").map_or(String::new(), |raw| format!("&RelayState={raw}"));
        let octets = format!("{}={message}{relay_state}&SigAlg={algorithm}", carries.parameter());
        Ok(Some(Detached {
            octets: octets.into_bytes(),
            signature: decoded(&unescaped(signature)?)?,
            algorithm: unescaped(algorithm)?,
        }))
    }
}

/// Whether a lenient reader would take the name for one of SAML's: escaped, in brackets, or with blanks around it.
fn disguised(name: &str) -> bool {
    let plain = unescaped(name).unwrap_or_default();
    let plain = plain.split('[').next().unwrap_or_default();
    let plain = plain.trim_matches(|c: char| c.is_whitespace() || c.is_control());
    PROTOCOL_NAMES.iter().any(|known| known.eq_ignore_ascii_case(plain))
}

fn decoded(text: &str) -> Result<Vec<u8>, Fault> {
    let wrong = |what: &str| Fault::new(Reason::EncodingBase64, format!("expected base64: {what}"));
    if text.len() > MAX_MESSAGE * 4 / 3 {
        return Err(Fault::new(Reason::LimitXml, format!("expected at most {MAX_MESSAGE} bytes")));
    }
    match base64::decode_wrapped(text) {
        Ok(bytes) if !bytes.is_empty() => Ok(bytes),
        Ok(_) => Err(wrong("the value is empty")),
        Err(fault) => Err(wrong(&fault.detail)),
    }
}

fn inflate(deflated: &[u8]) -> Result<Vec<u8>, Fault> {
    let too_long = || Fault::new(Reason::LimitInflate, format!("expected at most {MAX_MESSAGE} bytes"));
    match decompress_to_vec_with_limit(deflated, MAX_MESSAGE + 1) {
        Ok(xml) if xml.len() <= MAX_MESSAGE => Ok(xml),
        Ok(_) => Err(too_long()),
        Err(error) if error.status == TINFLStatus::HasMoreOutput => Err(too_long()),
        Err(_) => Err(Fault::new(Reason::XmlMalformed, "expected a message compressed with DEFLATE")),
    }
}

/// Writes the address that carries a signed message to its receiver.
pub fn redirect_to(
    location: &str,
    carries: Carries,
    xml: &str,
    relay_state: Option<&str>,
    signer: &dyn Signer,
) -> Result<String, Fault> {
    let message = escaped(&base64::encode(&deflate(xml.as_bytes())));
    let relay_state = relay_state.map_or(String::new(), |state| format!("&RelayState={}", escaped(state)));
    let algorithm = escaped(signer.algorithm().uri());
    let signed = format!("{}={message}{relay_state}&SigAlg={algorithm}", carries.parameter());
    let signature = escaped(&base64::encode(&signer.sign(signed.as_bytes())?));
    let joint = if location.contains('?') { '&' } else { '?' };
    Ok(format!("{location}{joint}{signed}&Signature={signature}"))
}

/// A form that the browser posts to the receiver.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Form {
    /// The receiver's address.
    pub action: String,
    /// `SAMLRequest` or `SAMLResponse`.
    pub parameter: &'static str,
    /// The message in base64.
    pub message: String,
    /// What the receiver gets back unchanged.
    pub relay_state: Option<String>,
}

impl Form {
    /// Puts a message into a form.
    pub fn new(action: &str, carries: Carries, xml: &str, relay_state: Option<String>) -> Self {
        Self {
            action: action.to_owned(),
            parameter: carries.parameter(),
            message: base64::encode(xml.as_bytes()),
            relay_state,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reason(query: &str) -> Reason {
        Arrived::by_redirect(query, Carries::Request).unwrap_err().reason
    }

    /// `<a/>`, compressed.
    const A: &str = "s0nUtwMA";

    #[test]
    fn a_plain_query_is_read() {
        let arrived =
            Arrived::by_redirect(&format!("x=1&SAMLRequest={A}&RelayState=a+b%2Fc"), Carries::Request);
        let arrived = arrived.unwrap();
        assert_eq!((arrived.xml.as_slice(), arrived.relay_state.as_deref()), (&b"<a/>"[..], Some("a b/c")));
        assert!(arrived.detached.is_none());
    }

    #[test]
    fn a_parameter_has_one_spelling_and_stands_once() {
        for query in [
            format!("SAMLRequest={A}&SAMLRequest={A}"),
            format!("SAMLRequest={A}&RelayState=a&RelayState=b"),
            format!("SAMLRequest={A}&SigAlg=a&Signature=QQ%3D%3D&SigAlg=b"),
            format!("SAMLRequest={A}&SAMLResponse={A}"),
        ] {
            assert_eq!(reason(&query), Reason::ParamDuplicate, "{query}");
        }
        for query in [
            format!("SAMLRequest={A}&SAMLRequest[]={A}"),
            format!("SAMLRequest={A}&%53AMLRequest={A}"),
            format!("SAMLRequest={A}&SAMLRequest%00={A}"),
            format!("SAMLRequest={A}&+SAMLRequest={A}"),
            format!("SAMLRequest={A}&samlrequest={A}"),
            format!("SAMLRequest={A}&RelayState%5B0%5D=x"),
        ] {
            assert_eq!(reason(&query), Reason::ParamEncoded, "{query}");
        }
        assert_eq!(reason(&format!("SAMLResponse={A}")), Reason::ParamMissing);
    }

    #[test]
    fn an_address_for_both_kinds_takes_one_message() {
        assert_eq!(Carries::of(&format!("RelayState=x&SAMLRequest={A}")), Ok(Carries::Request));
        assert_eq!(Carries::of(&format!("SAMLResponse={A}")), Ok(Carries::Response));
        for (query, reason) in [
            (format!("SAMLRequest={A}&SAMLResponse={A}"), Reason::ParamDuplicate),
            (format!("SAMLResponse={A}&SAMLResponse={A}"), Reason::ParamDuplicate),
            (format!("SAMLResponse={A}&SAMLRequest[]={A}"), Reason::ParamEncoded),
            ("RelayState=x".to_owned(), Reason::ParamMissing),
        ] {
            assert_eq!(Carries::of(&query).unwrap_err().reason, reason, "{query}");
        }
    }

    #[test]
    fn the_signed_octets_are_those_that_arrived() {
        let query = format!("Signature=QQ%3d%3D&RelayState=%c3%A6+&SAMLRequest={A}&SigAlg=http%3a//x");
        let detached = Arrived::by_redirect(&query, Carries::Request).unwrap().detached.unwrap();
        let octets = format!("SAMLRequest={A}&RelayState=%c3%A6+&SigAlg=http%3a//x");
        assert_eq!(String::from_utf8(detached.octets).unwrap(), octets);
        assert_eq!((detached.algorithm.as_str(), detached.signature.as_slice()), ("http://x", &b"A"[..]));
    }

    #[test]
    fn base64_has_one_reading() {
        assert_eq!(decoded("PGEvPg==").unwrap(), b"<a/>");
        assert_eq!(decoded("PGEv\r\nPg==\n").unwrap(), b"<a/>");
        for wrong in
            ["", "PGEvPg", "PGEvPg=", "PGEvPh==", "PGEv Pg==", "PGEvPg==PGEvPg==", "PGEvP_==", "PGEvPg==\0"]
        {
            assert_eq!(decoded(wrong).unwrap_err().reason, Reason::EncodingBase64, "{wrong:?}");
        }
    }

    #[test]
    fn a_message_that_grows_too_large_is_refused_before_it_has_grown() {
        let bomb = miniz_oxide::deflate::compress_to_vec(&vec![b' '; 64 << 20], 9);
        let query = format!("SAMLRequest={}", escaped(&base64::encode(&bomb)));
        assert_eq!(reason(&query), Reason::LimitInflate);
    }

    #[test]
    fn a_message_of_the_greatest_length_is_read_and_one_byte_more_is_not() {
        let deflated = |length| miniz_oxide::deflate::compress_to_vec(&vec![b'x'; length], 6);
        assert_eq!(inflate(&deflated(MAX_MESSAGE)).unwrap().len(), MAX_MESSAGE);
        assert_eq!(inflate(&deflated(MAX_MESSAGE + 1)).unwrap_err().reason, Reason::LimitInflate);
        let cut = deflated(1_000);
        for wrong in [&[][..], &cut[..cut.len() - 1], b"<a/>"] {
            assert_eq!(inflate(wrong).unwrap_err().reason, Reason::XmlMalformed);
        }
    }

    #[test]
    fn a_relay_state_that_cannot_be_carried_is_refused() {
        let state = "x".repeat(MAX_RELAY_STATE);
        assert!(
            Arrived::by_redirect(&format!("SAMLRequest={A}&RelayState={state}"), Carries::Request).is_ok()
        );
        assert_eq!(reason(&format!("SAMLRequest={A}&RelayState={state}x")), Reason::RelayState);
    }
}
