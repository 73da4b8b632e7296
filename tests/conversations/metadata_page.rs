//! The page that judges metadata: for strangers without a call to anybody, for those who are signed in with all that can be
//! learnt.

use std::task::Poll;

use context_handler::domain::audit::Event;
use context_handler::domain::console::Sees;
use context_handler::domain::reason::Reason;
use context_handler::domain::trust::Check;

use crate::gate::metadata;
use crate::support::{Answer, Browser, Town, key};

const BOUNDARY: &str = "----browser";

/// Fills the form in as browsers do: every field is sent, whether filled or not.
async fn send(town: &Town, browser: &mut Browser, filled: &[(&str, &str)]) -> Answer {
    let mut body = String::new();
    for field in ["console", "file", "xml", "url"] {
        let value = filled.iter().find(|(name, _)| *name == field).map_or("", |(_, value)| value);
        let file = if field == "file" { "; filename=\"m.xml\"\r\nContent-Type: text/xml" } else { "" };
        body += &format!(
            "--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"{field}\"{file}\r\n\r\n{value}\r\n"
        );
    }
    body += &format!("--{BOUNDARY}--\r\n");
    let kind = format!("multipart/form-data; boundary={BOUNDARY}");
    browser.post_raw(&format!("{}/trust/metadata", town.url), &kind, body).await
}

/// The sign-in that the form names.
async fn named(town: &Town, browser: &mut Browser) -> String {
    let page = browser.get(&format!("{}/trust/metadata", town.url)).await;
    let (_, rest) =
        page.body.split_once("name=\"console\" value=\"").unwrap_or_else(|| panic!("{}", page.body));
    rest.split('"').next().unwrap().to_owned()
}

/// The page without its tags: a part that differs is marked.
fn text(answer: &Answer) -> String {
    answer.body.split('<').filter_map(|part| part.split_once('>')).map(|(_, text)| text).collect()
}

#[tokio::test]
async fn anybody_may_have_a_document_judged_and_nobody_is_called_or_told_about() {
    let town = Town::new("metadata-page").await;
    let mut browser = town.browser();
    let page = browser.get(&format!("{}/trust/metadata?lang=en", town.url)).await;
    assert_eq!(page.status, 200);
    assert!(page.body.contains("enctype=\"multipart/form-data\"") && !page.body.contains("name=\"url\""));
    // Somebody else's certificate, which a stranger is not told.
    let document = metadata("https://new.test", &key("idp-korsbaek"));
    for field in ["file", "xml"] {
        let answer = send(&town, &mut browser, &[(field, &document)]).await;
        assert_eq!(answer.status, 200, "{}", answer.body);
        assert!(answer.body.contains("https://new.test") && answer.body.contains("metadata.signature"));
        assert!(!text(&answer).contains(&town.korsbaek.entity_id), "the register is not told about");
        assert!(answer.body.contains("is-pass"));
    }
    let broken = document.replace("https://new.test/sso", "https://evil.test/sso");
    let answer = send(&town, &mut browser, &[("xml", &broken)]).await;
    assert!(answer.body.contains("verdict is-fail") && answer.body.contains("/errors/sig.invalid"));
    let hostile = "<script>alert(1)</script>";
    let answer = send(&town, &mut browser, &[("xml", hostile)]).await;
    assert!(answer.status == 200 && !answer.body.contains(hostile));
}

#[tokio::test]
async fn a_form_that_asks_for_nothing_or_too_much_is_told_so() {
    let town = Town::new("metadata-form").await;
    let mut browser = town.browser();
    let document = metadata("https://new.test", &key("idp-korsbaek"));
    let large = " ".repeat(1024 * 1024) + "<a>";
    let huge = " ".repeat(3 * 1024 * 1024);
    for (filled, status) in [
        (vec![], 400),
        (vec![("xml", document.as_str()), ("file", document.as_str())], 400),
        (vec![("xml", document.as_str()), ("url", "https://a.dk/")], 400),
        (vec![("url", "https://a.dk/")], 403),
        (vec![("file", huge.as_str())], 413),
        (vec![("xml", document.as_str())], 200),
    ] {
        let answer = send(&town, &mut browser, &filled).await;
        assert_eq!(answer.status, status, "{:?}", filled.iter().map(|(name, _)| name).collect::<Vec<_>>());
    }
    let padded = format!("<a>{large}");
    assert_eq!(send(&town, &mut browser, &[("xml", &padded)]).await.status, 413);
    let address = format!("{}/trust/metadata", town.url);
    assert_eq!(browser.post(&address, &[("xml", &document)]).await.status, 400, "no multipart form");
}

#[tokio::test]
async fn who_is_signed_in_has_metadata_fetched_and_compared_with_the_register() {
    let town = Town::new("metadata-signed-in").await;
    let mut reader = town.reader(Sees::Programme).await;
    let named = named(&town, &mut reader).await;
    let address = format!("{}/saml/idp/metadata", town.url);
    let answer = send(&town, &mut reader, &[("console", &named), ("url", &address)]).await;
    assert!(answer.status == 200 && answer.body.contains("metadata.fetched"), "{}", answer.body);
    let record = town.log().await.pop().unwrap();
    assert_eq!((record.event, record.allowed), (Event::ConsoleViewed, true));
    assert_eq!(record.detail, Some(format!("metadata at {address}")));

    let document = metadata("https://new.test", &key("idp-korsbaek"));
    let answer = send(&town, &mut reader, &[("console", &named), ("xml", &document)]).await;
    assert!(answer.body.contains("/errors/cert.shared"), "{}", answer.body);
    assert!(text(&answer).contains(&town.korsbaek.entity_id));
    // A form of another site brings the cookie and not the name.
    let forged = send(&town, &mut reader, &[("url", &address)]).await;
    assert_eq!(forged.status, 403);
}

#[tokio::test]
async fn a_stranger_cannot_make_us_tell_of_each_of_very_many_mistakes_nor_write_a_namespace_out_very_often() {
    let town = Town::new("metadata-page-many").await;
    let document = metadata("https://new.test", &key("idp-korsbaek"));
    let with =
        |more: &str| document.replacen("<md:IDPSSODescriptor", &format!("{more}<md:IDPSSODescriptor"), 1);
    let schema = async |document: &str| {
        let examined = town.broker.judge_metadata(document.into()).await.unwrap();
        examined
            .findings
            .into_iter()
            .filter(|finding| finding.check == Check::MetadataSchema)
            .collect::<Vec<_>>()
    };
    assert_eq!(schema(&document).await.len(), 1, "as it should be");
    for wrong in ["<x/>", "<md:Extensions/>", "<md:Extensions><md:x/></md:Extensions>"] {
        let few = schema(&with(&wrong.repeat(2))).await.len();
        let many = schema(&with(&wrong.repeat(4_000))).await.len();
        assert!(few < many && many <= 40, "{wrong}: {few} and {many}");
    }
    // It proves itself with the key that it brings, so that anybody could have it brought into the form that was signed.
    let bomb = with(&format!("<md:Extensions>{}</md:Extensions>", "<a:x/>".repeat(10_000)));
    let bomb = bomb.replacen(
        "<md:EntityDescriptor",
        &format!("<md:EntityDescriptor xmlns:a=\"urn:{}\"", "a".repeat(1_000)),
        1,
    );
    let examined = town.broker.judge_metadata(bomb.into()).await.unwrap();
    let signature =
        examined.findings.iter().find(|finding| finding.check == Check::MetadataSignature).unwrap();
    assert_eq!(signature.reason, Some(Reason::LimitXml));
}

/// To read a certificate takes longer than to copy it, and a stranger may send thousands.
#[tokio::test]
async fn a_stranger_cannot_make_us_read_thousands_of_certificates() {
    let town = Town::new("metadata-page-keys").await;
    let document = metadata("https://new.test", &key("idp-korsbaek"));
    let (begin, end) = ("<md:KeyDescriptor", "</md:KeyDescriptor>");
    let at = document.find(begin).unwrap();
    let after = document.find(end).unwrap() + end.len();
    let descriptor = &document[at..after];
    let with = |descriptor: &str, many: usize| {
        let parts = [&document[..at], &descriptor.repeat(many), &document[after..]];
        parts.concat()
    };
    let keys = async |document: String| {
        let examined = town.broker.judge_metadata(document.into()).await.unwrap();
        let of_keys = examined.findings.into_iter().filter(|finding| finding.check == Check::MetadataKeys);
        of_keys.filter_map(|finding| finding.reason).collect::<Vec<_>>()
    };
    assert_eq!(keys(with(descriptor, 10)).await, [], "ten keys are many, and not too many");
    // They are counted before the first is read: none of these can be.
    let (_, rest) = descriptor.split_once("<ds:X509Certificate>").unwrap();
    let (certificate, _) = rest.split_once("</ds:X509Certificate>").unwrap();
    let junk = descriptor.replace(certificate, "AAAA");
    assert_eq!(keys(with(&junk, 1)).await, [Reason::MdKey], "read");
    assert_eq!(keys(with(&junk, 2_000)).await, [Reason::MdLimit], "counted");
}

#[tokio::test]
async fn nobody_waits_while_the_document_of_a_stranger_is_judged() {
    let town = Town::new("metadata-page-turns").await;
    let document = metadata("https://new.test", &key("idp-korsbaek"));
    let large = document
        .replace("</md:IDPSSODescriptor>", &format!("{}</md:IDPSSODescriptor>", "<x/>".repeat(20_000)));
    let judge = || Box::pin(town.broker.judge_metadata(large.clone().into()));
    let mut many: Vec<_> = std::iter::repeat_with(judge).take(3).collect();
    for judging in &mut many {
        let is_over = std::future::poll_fn(|context| Poll::Ready(judging.as_mut().poll(context).is_ready()));
        assert!(!is_over.await, "whoever else has something to do is not kept");
    }
    for judging in many {
        assert!(judging.await.is_ok_and(|examined| !examined.findings.is_empty()), "each has its turn");
    }
}
