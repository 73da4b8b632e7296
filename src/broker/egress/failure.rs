//! Why no answer came.

use std::error::Error;
use std::{io, iter};

use super::public::NotPublic;
use crate::domain::reason::{Fault, Reason};

/// Without the address, which the caller knows and which may hold a secret.
pub(super) fn unreachable(error: reqwest::Error) -> Fault {
    Fault::new(why(&error), told(&error.without_url()))
}

/// Which of the ways there are not to get an answer this one is. A connection that came about and yet cannot be used
/// failed in TLS: all else that happens before the first byte is an error of the machine's network.
fn why(error: &reqwest::Error) -> Reason {
    let causes = || iter::successors(error.source(), |&cause: &&(dyn Error + 'static)| cause.source());
    let of_network = causes().any(|cause| cause.is::<io::Error>());
    match () {
        () if causes().any(|cause| cause.is::<NotPublic>()) => Reason::EgressRefused,
        () if error.is_timeout() => Reason::NetSilent,
        () if error.is_redirect() => Reason::MdUnreachable,
        () if error.is_connect() && !of_network => Reason::NetTls,
        () => Reason::NetClosed,
    }
}

/// The error with its causes.
pub(super) fn told(error: &dyn Error) -> String {
    let mut parts = vec![error.to_string()];
    let mut cause = error.source();
    while let Some(inner) = cause {
        parts.push(inner.to_string());
        cause = inner.source();
    }
    parts.join(": ")
}
