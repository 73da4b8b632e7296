//! The floor: what a login costs at the very least, three operations with a private key and three with a public one.
//!
//! We verify the fagsystem's request, sign ours, open the identity provider's assertion and verify it, sign our own
//! and seal it for the fagsystem. Measured bare, with the library and the keys of the same run.

use std::fs;
use std::hint::black_box;

use openssl::md::Md;
use openssl::pkey::{HasPrivate, HasPublic, PKeyRef};
use openssl::pkey_ctx::PkeyCtx;
use openssl::rsa::Padding;

use super::Trouble;
use super::parties::Parties;

/// The processor time of the six operations in milliseconds: the mean over some rounds.
pub(crate) fn measure(parties: &Parties, rounds: u32) -> Result<f64, Trouble> {
    let (ours, theirs) = (&parties.signing.private, &parties.idp.private);
    let (signature, wrapped) = (sign(ours, &[7; 32])?, seal(ours, &[7; 32])?);
    let public = theirs.public_key_to_der()?;
    let theirs = openssl::pkey::PKey::public_key_from_der(&public)?;
    let before = thread_time()?;
    for _ in 0..rounds {
        black_box(sign(ours, &[7; 32])?);
        black_box(sign(ours, &[8; 32])?);
        black_box(open(ours, &wrapped)?);
        black_box(verify(ours, &[7; 32], &signature)?);
        black_box(verify(ours, &[7; 32], &signature)?);
        black_box(seal(&theirs, &[7; 32])?);
    }
    Ok((thread_time()? - before) / f64::from(rounds))
}

/// The processor time of one signature and of one verification in milliseconds.
pub(crate) fn query(parties: &Parties, rounds: u32) -> Result<(f64, f64), Trouble> {
    let key = &parties.signing.private;
    let signature = sign(key, &[7; 32])?;
    let begun = thread_time()?;
    for _ in 0..rounds {
        black_box(sign(key, &[8; 32])?);
    }
    let signed = thread_time()?;
    for _ in 0..rounds {
        black_box(verify(key, &[7; 32], &signature)?);
    }
    Ok(((signed - begun) / f64::from(rounds), (thread_time()? - signed) / f64::from(rounds)))
}

pub(crate) fn sign(key: &PKeyRef<impl HasPrivate>, digest: &[u8]) -> Result<Vec<u8>, Trouble> {
    let mut context = PkeyCtx::new(key)?;
    context.sign_init()?;
    context.set_rsa_padding(Padding::PKCS1)?;
    context.set_signature_md(Md::sha256())?;
    let mut signature = Vec::new();
    context.sign_to_vec(digest, &mut signature)?;
    Ok(signature)
}

pub(crate) fn verify(
    key: &PKeyRef<impl HasPublic>,
    digest: &[u8],
    signature: &[u8],
) -> Result<bool, Trouble> {
    let mut context = PkeyCtx::new(key)?;
    context.verify_init()?;
    context.set_rsa_padding(Padding::PKCS1)?;
    context.set_signature_md(Md::sha256())?;
    Ok(context.verify(digest, signature)?)
}

pub(crate) fn seal(key: &PKeyRef<impl HasPublic>, content: &[u8]) -> Result<Vec<u8>, Trouble> {
    let mut context = PkeyCtx::new(key)?;
    context.encrypt_init()?;
    context.set_rsa_padding(Padding::PKCS1_OAEP)?;
    let mut sealed = Vec::new();
    context.encrypt_to_vec(content, &mut sealed)?;
    Ok(sealed)
}

pub(crate) fn open(key: &PKeyRef<impl HasPrivate>, sealed: &[u8]) -> Result<Vec<u8>, Trouble> {
    let mut context = PkeyCtx::new(key)?;
    context.decrypt_init()?;
    context.set_rsa_padding(Padding::PKCS1_OAEP)?;
    let mut content = Vec::new();
    context.decrypt_to_vec(sealed, &mut content)?;
    Ok(content)
}

/// The processor time of this thread in milliseconds, as the scheduler counts it.
fn thread_time() -> Result<f64, Trouble> {
    let told = fs::read_to_string("/proc/thread-self/schedstat")?;
    let nanoseconds: f64 = told.split(' ').next().ok_or("no time")?.parse()?;
    Ok(nanoseconds / 1e6)
}
