//! What the kernel costs beside the bare operations of the key, on one realistic response, in one run.
//!
//! Prints microseconds of one pinned processor (median of many) and the ratio to the bare operation.
//! `taskset -c 1 cargo bench --bench kernel`

#![expect(clippy::print_stdout, clippy::unwrap_used, reason = "a benchmark prints and may panic")]

#[path = "../tests/kernel/support.rs"]
#[expect(dead_code, reason = "the tests use more of it")]
mod support;

use std::hint::black_box;
use std::sync::Arc;
use std::time::Instant;

use context_handler::protocol::keys::{Decrypter, FileKey, Oaep, SignatureAlgorithm, Signer};
use context_handler::protocol::xml::{
    Cbc, ContentCipher, Document, Encryption, KeyTransport, Writer, decrypt, encrypt, verify,
};
use openssl::hash::MessageDigest;
use openssl::nid::Nid;
use openssl::sign::{Signer as BareSigner, Verifier};
use support::{Dice, Party, assertion, response, saml};

fn main() {
    for (name, party) in [
        ("RSA-2048", Party::rsa("bench", 2048)),
        ("RSA-3072", Party::rsa("bench", 3072)),
        ("P-256", Party::ec("bench", Nid::X9_62_PRIME256V1)),
    ] {
        signatures(name, &party);
    }
    encryption(&Party::rsa("bench", 2048));
    hostile();
}

/// What hostile shapes cost until they are refused, and the dearest one that is still read.
fn hostile() {
    println!("\nhostile shapes");
    let attributes = (0..80_000).map(|at| format!(" a{at}=''")).collect::<String>();
    let refused = [
        ("80,000 attributes", format!("<a{attributes}/>")),
        ("1,000,000 elements", format!("<a>{}</a>", "<b/>".repeat(1_000_000))),
        ("200,000 levels", "<a>".repeat(200_000)),
    ];
    for (name, shape) in refused {
        row(
            name,
            median(|| {
                black_box(Document::parse(shape.as_bytes()).unwrap_err());
            }),
            None,
        );
        let metadata = median(|| {
            black_box(Document::parse_metadata(shape.as_bytes()).unwrap_err());
        });
        row("  as metadata", metadata, None);
    }
    let declared =
        |from: usize| (0..62).map(|at| format!(" xmlns:n{}='urn:n'", from + at)).collect::<String>();
    let uses = "<n0:b n1:c=''/>".repeat(24_000);
    let dear = format!(
        "<a{}><a{}><a{}><a{}>{uses}</a></a></a></a>",
        declared(0),
        declared(100),
        declared(200),
        declared(300)
    );
    let document = Document::parse(dear.as_bytes()).unwrap();
    row(
        "24,000 elements in 248 namespaces",
        median(|| {
            black_box(Document::parse(dear.as_bytes()).unwrap());
        }),
        None,
    );
    row(
        "  canonicalised",
        median(|| {
            black_box(document.root().canonical().unwrap());
        }),
        None,
    );
}

fn signatures(name: &str, party: &Party) {
    let unsigned = assertion("_a1", "C=DK,O=11111111,CN=Maude", None);
    let text = response("_r1", &unsigned, Some(&party.key)).into_string();
    let document = Document::parse(text.as_bytes()).unwrap();
    let keys = party.trusted();
    println!("{name}, a response of {} bytes", text.len());

    let data = vec![7; 1500];
    let signature = bare_sign(party, &data);
    let public = party.private.public_key_to_der().unwrap();
    let public = openssl::pkey::PKey::public_key_from_der(&public).unwrap();
    let bare_public = median(|| {
        let mut verifier = Verifier::new(MessageDigest::sha256(), &public).unwrap();
        assert!(verifier.verify_oneshot(&signature, &data).unwrap());
    });
    let bare_private = median(|| {
        black_box(bare_sign(party, &data));
    });
    row("bare public operation", bare_public, None);
    row("bare private operation", bare_private, None);
    row(
        "parse",
        median(|| {
            black_box(Document::parse(text.as_bytes()).unwrap());
        }),
        None,
    );
    row(
        "canonicalise",
        median(|| {
            black_box(document.root().canonical().unwrap());
        }),
        None,
    );
    row(
        "verify, parsed",
        median(|| {
            black_box(verify(document.root(), &keys).unwrap());
        }),
        Some(bare_public),
    );
    let parse_and_verify = median(|| {
        let document = Document::parse(text.as_bytes()).unwrap();
        black_box(verify(document.root(), &keys).unwrap());
    });
    row("parse and verify", parse_and_verify, Some(bare_public));
    let write = median(|| {
        black_box(response("_r1", &assertion("_a1", "Maude", None), None));
    });
    row("write", write, None);
    let write_and_sign = median(|| {
        black_box(response("_r1", &assertion("_a1", "Maude", None), Some(&party.key)));
    });
    row("write and sign", write_and_sign, Some(bare_private));
    row("sign alone (the difference)", write_and_sign - write, Some(bare_private));
    println!();
}

fn bare_sign(party: &Party, data: &[u8]) -> Vec<u8> {
    let mut signer = BareSigner::new(MessageDigest::sha256(), &party.private).unwrap();
    signer.sign_oneshot_to_vec(data).unwrap()
}

fn encryption(party: &Party) {
    let how = Encryption { content: ContentCipher::Aes256Gcm, key: KeyTransport::OaepSha256 };
    let plaintext = assertion("_a1", "C=DK,O=11111111,CN=Maude", None);
    let certificate = party.certificate();
    println!("RSA-2048, an assertion of {} bytes", plaintext.as_str().len());
    let data = encrypt(&plaintext, &certificate, how, &Dice).unwrap();
    let text = Writer::new().start(saml("EncryptedAssertion")).embed(&data).end().finish().unwrap();
    let document = Document::parse(text.as_str().as_bytes()).unwrap();
    let key = Arc::new(FileKey::from_pem(&party.certificate_pem, &party.key_pem, None).unwrap());
    let wrapped = wrap(party);
    let oaep = Oaep { digest: SHA256, mgf1: SHA256 };
    let bare_public = median(|| {
        black_box(wrap(party));
    });
    let bare_private = median(|| {
        black_box(key.decrypt(&wrapped, oaep).unwrap());
    });
    row("bare public operation", bare_public, None);
    row("bare private operation", bare_private, None);
    let keys: [Arc<dyn Decrypter>; 1] = [key.clone()];
    row(
        "encrypt",
        median(|| {
            black_box(encrypt(&plaintext, &certificate, how, &Dice).unwrap());
        }),
        Some(bare_public),
    );
    row(
        "decrypt",
        median(|| {
            black_box(decrypt(document.root(), &keys, Cbc::Refused).unwrap());
        }),
        Some(bare_private),
    );
    assert_eq!(Signer::algorithm(&*key), SignatureAlgorithm::RSA_SHA256);
}

const SHA256: context_handler::protocol::keys::Digest = context_handler::protocol::keys::Digest::Sha256;

fn wrap(party: &Party) -> Vec<u8> {
    let mut context = openssl::pkey_ctx::PkeyCtx::new(&party.private).unwrap();
    context.encrypt_init().unwrap();
    context.set_rsa_padding(openssl::rsa::Padding::PKCS1_OAEP).unwrap();
    context.set_rsa_oaep_md(openssl::md::Md::sha256()).unwrap();
    context.set_rsa_mgf1_md(openssl::md::Md::sha256()).unwrap();
    let mut out = Vec::new();
    context.encrypt_to_vec(&[7; 32], &mut out).unwrap();
    out
}

/// The median time of one call in microseconds, over at least a third of a second.
fn median(mut operation: impl FnMut()) -> f64 {
    for _ in 0..20 {
        operation();
    }
    let (begun, mut times) = (Instant::now(), Vec::new());
    while begun.elapsed().as_millis() < 400 || times.len() < 100 {
        let start = Instant::now();
        operation();
        times.push(start.elapsed());
    }
    times.sort_unstable();
    times[times.len() / 2].as_secs_f64() * 1e6
}

fn row(what: &str, micros: f64, bare: Option<f64>) {
    match bare {
        Some(bare) => {
            println!("  {what:<30}{micros:>9.1} µs   {:>5.2} × bare, +{:.1} µs", micros / bare, micros - bare)
        }
        None => println!("  {what:<30}{micros:>9.1} µs"),
    }
}
