//! Whether somebody who tries ciphertexts on us learns how far one of them got: from what the answer says, or from how long
//! it took. What an answer says is looked at always; time only where `CH_PROBES` says how many probes there are to be
//! (10,000 is the long form), on a machine that does nothing else.

use std::sync::Arc;
use std::time::Instant;

use context_handler::protocol::keys::Decrypter;
use context_handler::protocol::xml::{Cbc, Document, decrypt};
use openssl::encrypt::Encrypter;
use openssl::hash::MessageDigest;
use openssl::rsa::Padding;

use crate::support::forge::{CONTENT_KEY, Envelope, Party, Pieces, b64, wrap};
use crate::support::{Town, key};

/// So many ciphertexts of each class, one after the other.
const OF_EACH: usize = 16;
/// Welch's t beyond which two classes count as told apart.
const APART: f64 = 4.5;

/// What everybody may know: an answer for us that was overheard. What is changed of it fails at another place in each
/// class, and looks alike until it is opened.
fn classes(plain: &str) -> Vec<(&'static str, Vec<Envelope>)> {
    let to = Party::dev("broker-decryption");
    let of = |make: &dyn Fn(u8) -> Envelope| (0..OF_EACH).map(|n| make(u8::try_from(n).unwrap())).collect();
    let wrapped = |wrapped: Vec<u8>| Envelope { wrapped, ..Envelope::gcm(plain) };
    let block =
        |n: u8| -> Vec<u8> { (0..384u32).map(|at| (at as u8).wrapping_mul(n + 3) >> 1 | 1).collect() };
    vec![
        ("no padding", of(&|n| wrapped(wrap(&to, &block(n), Padding::NONE)))),
        ("the older padding", of(&|_| wrapped(wrap(&to, &CONTENT_KEY, Padding::PKCS1)))),
        ("padding with another digest", of(&|_| wrapped(wrap_with_sha256(&to)))),
        ("a key that is too short", of(&|n| wrapped(wrap(&to, &[n; 16], Padding::PKCS1_OAEP)))),
        ("another key", of(&|n| wrapped(wrap(&to, &[n + 8; 32], Padding::PKCS1_OAEP)))),
        (
            "another tag",
            of(&|n| {
                let mut envelope = Envelope::gcm(plain);
                *envelope.content.last_mut().unwrap() ^= n + 1;
                envelope
            }),
        ),
    ]
}

fn wrap_with_sha256(to: &Party) -> Vec<u8> {
    let mut encrypter = Encrypter::new(&to.key).unwrap();
    encrypter.set_rsa_padding(Padding::PKCS1_OAEP).unwrap();
    encrypter.set_rsa_oaep_md(MessageDigest::sha256()).unwrap();
    encrypter.set_rsa_mgf1_md(MessageDigest::sha256()).unwrap();
    let mut wrapped = vec![0; encrypter.encrypt_len(&CONTENT_KEY).unwrap()];
    let length = encrypter.encrypt(&CONTENT_KEY, &mut wrapped).unwrap();
    wrapped.truncate(length);
    wrapped
}

fn probes() -> Option<usize> {
    std::env::var_os("CH_PROBES").map(|count| count.to_str().unwrap().parse().unwrap())
}

#[tokio::test]
async fn no_answer_tells_how_far_a_ciphertext_got() {
    // ATK-092
    let town = Town::new("e-oracle").await;
    let mut browser = town.browser();
    let sent = town.bbr.send(&mut browser, &town.bbr.ask()).await;
    let (question, arrived) = town.korsbaek.question(&sent);
    let state = arrived.relay_state.unwrap();
    let mut say = town.korsbaek.say(&question);
    say.encrypted = false;
    let pieces = Pieces::of(&town.korsbaek.write(&say));
    let message = |envelope: &Envelope| b64(pieces.with(&envelope.xml()).as_bytes());
    let classes = classes(&pieces.assertion);
    let messages: Vec<Vec<String>> =
        classes.iter().map(|(_, envelopes)| envelopes.iter().map(message).collect()).collect();
    let cookies = browser.cookies.clone();
    let (mut faces, mut times) = (Vec::new(), vec![Vec::new(); messages.len()]);
    for (class, turn) in turns(messages.len(), probes().unwrap_or(120)) {
        browser.cookies.clone_from(&cookies);
        let form = [("SAMLResponse", messages[class][turn % OF_EACH].as_str()), ("RelayState", &state)];
        let begun = Instant::now();
        let answer = browser.post(&town.acs(), &form).await;
        times[class].push(begun.elapsed().as_secs_f64());
        // The case number differs from one login to the next, and the clock goes on.
        let body: String = answer.body.chars().map(|c| if c.is_ascii_digit() { '0' } else { c }).collect();
        let headers = answer.headers.iter().filter(|(name, _)| name.as_str() != "date");
        let mut headers: Vec<String> = headers.map(|header| format!("{header:?}")).collect();
        headers.sort();
        let face = (answer.status, headers, body, browser.cookies.len());
        if !faces.contains(&face) {
            faces.push(face);
        }
    }
    assert!(faces.len() == 1 && faces[0].0 == 400, "{faces:#?}");
    let log = town.log().await;
    let reasons = log.iter().filter(|record| !record.allowed).map(|record| record.reason.as_str());
    assert!(reasons.clone().all(|reason| reason == "dec.failed"));
    assert_eq!(reasons.count(), times.iter().map(Vec::len).sum::<usize>());
    compare("the whole answer", &classes, &times);

    browser.cookies.clone_from(&cookies);
    let genuine =
        [("SAMLResponse", message(&Envelope::gcm(&pieces.assertion))), ("RelayState", state.clone())];
    let genuine = genuine.each_ref().map(|(name, value)| (*name, value.as_str()));
    let answer = browser.post(&town.acs(), &genuine).await;
    assert_eq!(town.bbr.read(&answer, &town).status, ["Success"], "the twin");
}

#[test]
fn no_ciphertext_takes_longer_to_fail_than_another() {
    // ATK-092
    let plain = format!("<Assertion>{}</Assertion>", "x".repeat(8000));
    let within = |envelope: &Envelope| {
        let saml = "urn:oasis:names:tc:SAML:2.0:assertion";
        format!(
            "<saml:EncryptedAssertion xmlns:saml=\"{saml}\">{}</saml:EncryptedAssertion>",
            envelope.data()
        )
    };
    let own: Vec<Arc<dyn Decrypter>> = vec![key("broker-decryption")];
    let opened = |xml: &str| {
        let document = Document::parse(xml.as_bytes()).unwrap();
        let begun = Instant::now();
        let opened = decrypt(document.root(), &own, Cbc::Refused);
        (opened, begun.elapsed().as_secs_f64())
    };
    let (twin, _) = opened(&within(&Envelope::gcm(&plain)));
    assert_eq!(twin.unwrap(), plain.as_bytes());
    let classes = classes(&plain);
    let all: Vec<Vec<String>> =
        classes.iter().map(|(_, envelopes)| envelopes.iter().map(within).collect()).collect();
    let mut times = vec![Vec::new(); all.len()];
    let mut faults = Vec::new();
    for (class, turn) in turns(all.len(), probes().map_or(120, |each| each * all.len())) {
        let (opened, time) = opened(&all[class][turn % OF_EACH]);
        faults.push(opened.unwrap_err());
        times[class].push(time);
    }
    faults.dedup();
    assert_eq!(faults.len(), 1, "{faults:?}");
    compare("opening alone", &classes, &times);
}

/// Every class as often as every other, in an order that dice decide.
fn turns(classes: usize, count: usize) -> impl Iterator<Item = (usize, usize)> {
    let mut dice: u64 = 92;
    (0..count / classes).flat_map(move |turn| {
        let mut order: Vec<usize> = (0..classes).collect();
        for last in (1..classes).rev() {
            dice = dice.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            order.swap(last, usize::try_from(dice >> 33).unwrap() % (last + 1));
        }
        order.into_iter().map(move |class| (class, turn))
    })
}

/// Holds the times of the classes against each other, where there are enough of them. The slowest twentieth is left out:
/// it tells of the machine.
#[expect(clippy::print_stdout, reason = "the long form is run for its figures")]
fn compare(what: &str, classes: &[(&'static str, Vec<Envelope>)], times: &[Vec<f64>]) {
    if probes().is_none() {
        return;
    }
    let mut all: Vec<f64> = times.concat();
    all.sort_by(f64::total_cmp);
    let slowest = all[all.len() * 19 / 20];
    let kept: Vec<Vec<f64>> =
        times.iter().map(|times| times.iter().copied().filter(|time| *time <= slowest).collect()).collect();
    let mut worst = (0.0, "", "");
    for (one, name) in kept.iter().zip(classes) {
        println!("{what}: {:28} {:9.2} µs, {} probes", name.0, mean(one) * 1e6, one.len());
        for (other, beside) in kept.iter().zip(classes) {
            let t = welch(one, other);
            worst = if t > worst.0 { (t, name.0, beside.0) } else { worst };
        }
    }
    println!("{what}: the largest |t| is {:.2}, between {} and {}", worst.0, worst.1, worst.2);
    assert!(worst.0 < APART, "{what}: {worst:?}");
}

fn mean(all: &[f64]) -> f64 {
    all.iter().sum::<f64>() / all.len() as f64
}

/// Welch's t of two samples.
fn welch(one: &[f64], other: &[f64]) -> f64 {
    let spread = |all: &[f64]| {
        let middle = mean(all);
        all.iter().map(|value| (value - middle).powi(2)).sum::<f64>()
            / (all.len() - 1) as f64
            / all.len() as f64
    };
    (mean(one) - mean(other)) / (spread(one) + spread(other)).sqrt()
}
