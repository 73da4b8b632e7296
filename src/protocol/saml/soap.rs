//! SOAP 1.1, as far as SAML needs it: an envelope with one message in its body, and the fault that says why there is no
//! answer. The signature stands in the message, so nothing of the envelope counts but its shape.

use crate::domain::reason::{Blame, Fault, Reason};
use crate::protocol::xml::{Canonical, Document, Element, Name, Writer, namespace};

/// The URI of the binding.
pub const BINDING: &str = "urn:oasis:names:tc:SAML:2.0:bindings:SOAP";

/// The content type of what is sent.
pub const CONTENT_TYPE: &str = "text/xml; charset=utf-8";

/// The header of HTTP that SOAP 1.1 demands, and what SAML says that it holds.
pub const ACTION: (&str, &str) = ("soapaction", "\"http://www.oasis-open.org/committees/security\"");

const fn soap(local: &'static str) -> Name {
    Name::new(namespace::SOAP, "soap", local)
}

/// Puts a message into an envelope.
pub fn wrap(message: &Canonical) -> Result<Canonical, Fault> {
    let mut xml = Writer::new();
    xml.start(soap("Envelope")).start(soap("Body")).embed(message).end().end();
    xml.finish()
}

/// The one message of an envelope. A header that must be understood is refused, since we understand none.
pub fn unwrap<'d>(document: &'d Document<'_>) -> Result<Element<'d>, Fault> {
    let wrong = |what: &str, got: &str| Fault::new(Reason::XmlSchema, format!("expected {what}, got {got}"));
    let envelope = document.root();
    if !envelope.is(soap("Envelope")) {
        return Err(wrong("a SOAP 1.1 Envelope", envelope.local()));
    }
    let parts: Vec<_> = envelope.children().take(3).collect();
    let body = match parts.as_slice() {
        [body] if body.is(soap("Body")) => body,
        [header, body] if header.is(soap("Header")) && body.is(soap("Body")) => {
            check_understood(*header)?;
            body
        }
        _ => return Err(wrong("a Body, and at most a Header before it", "something else")),
    };
    let mut inside = body.children();
    match (inside.next(), inside.next()) {
        (Some(only), None) => Ok(only),
        (None, _) => Err(wrong("one message in the Body", "none")),
        _ => Err(wrong("one message in the Body", "several")),
    }
}

fn check_understood(header: Element<'_>) -> Result<(), Fault> {
    let must = |entry: &Element<'_>| {
        entry.attribute_ns(namespace::SOAP, "mustUnderstand").is_some_and(|must| must != "0")
    };
    match header.children().find(must) {
        Some(entry) => {
            let shown: String = entry.local().chars().take(60).collect();
            Err(Fault::new(Reason::SoapHeader, format!("the header {shown:?} must be understood")))
        }
        None => Ok(()),
    }
}

/// Whether a message is the fault of whoever was asked.
pub fn is_fault(message: Element<'_>) -> bool {
    message.is(soap("Fault"))
}

/// Writes an envelope that says why a message was not taken, and nothing about proofs.
pub fn write_fault(why: Reason) -> Result<Canonical, Fault> {
    let (code, text) = match (why, why.blame()) {
        (Reason::SoapHeader, _) => ("soap:MustUnderstand", "a header is not understood"),
        (_, Blame::Us) => ("soap:Server", "try again in a little while"),
        _ => ("soap:Client", "the message was not accepted"),
    };
    let mut xml = Writer::new();
    xml.start(soap("Envelope")).start(soap("Body")).start(soap("Fault"));
    xml.element(Name::new("", "", "faultcode"), code);
    xml.element(Name::new("", "", "faultstring"), text);
    xml.end().end().end();
    xml.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    const SOAP: &str = "xmlns:s=\"http://schemas.xmlsoap.org/soap/envelope/\"";

    fn unwrapped(inside: &str) -> Result<String, Reason> {
        let xml = format!("<s:Envelope {SOAP}>{inside}</s:Envelope>");
        let document = Document::parse(xml.as_bytes()).unwrap();
        unwrap(&document).map(|message| message.local().to_owned()).map_err(|fault| fault.reason)
    }

    #[test]
    fn an_envelope_holds_one_message_and_headers_that_may_be_passed_over() {
        for right in [
            "<s:Body><m/></s:Body>",
            "<s:Header/><s:Body> <m/> </s:Body>",
            "<s:Header><t xmlns=\"urn:t\"/></s:Header><s:Body><m/></s:Body>",
            "<s:Header><t xmlns=\"urn:t\" s:mustUnderstand=\"0\"/></s:Header><s:Body><m/></s:Body>",
        ] {
            assert_eq!(unwrapped(right), Ok("m".to_owned()), "{right}");
        }
        for wrong in [
            "",
            "<s:Body/>",
            "<s:Body><m/><m/></s:Body>",
            "<s:Body><m/></s:Body><s:Body><m/></s:Body>",
            "<s:Body><m/></s:Body><s:Header/>",
            "<s:Header/><s:Header/><s:Body><m/></s:Body>",
            "<s:Body><m/></s:Body><m/>",
            "<Body><m/></Body>",
        ] {
            assert_eq!(unwrapped(wrong), Err(Reason::XmlSchema), "{wrong}");
        }
        let must = "<s:Header><t xmlns=\"urn:t\" s:mustUnderstand=\"1\"/></s:Header><s:Body><m/></s:Body>";
        assert_eq!(unwrapped(must), Err(Reason::SoapHeader));
    }

    #[test]
    fn another_version_of_soap_is_refused() {
        let xml = "<e:Envelope xmlns:e=\"http://www.w3.org/2003/05/soap-envelope\"><e:Body><m/></e:Body></e:Envelope>";
        let document = Document::parse(xml.as_bytes()).unwrap();
        assert_eq!(unwrap(&document).unwrap_err().reason, Reason::XmlSchema);
    }

    #[test]
    fn what_is_wrapped_is_unwrapped_and_a_fault_is_told_from_a_message() {
        let mut message = Writer::new();
        let message = message.start(Name::new("", "", "m")).end().finish().unwrap();
        let wrapped = wrap(&message).unwrap();
        let document = Document::parse(wrapped.as_str().as_bytes()).unwrap();
        let inside = unwrap(&document).unwrap();
        assert!(inside.local() == "m" && !is_fault(inside));
        for (why, code) in [
            (Reason::SoapHeader, "soap:MustUnderstand"),
            (Reason::StoreDown, "soap:Server"),
            (Reason::SigInvalid, "soap:Client"),
        ] {
            let fault = write_fault(why).unwrap();
            assert!(fault.as_str().contains(code) && !fault.as_str().contains(why.code()));
            let document = Document::parse(fault.as_str().as_bytes()).unwrap();
            assert!(is_fault(unwrap(&document).unwrap()));
        }
    }
}
