//! How a message shows who sent it: by a signature inside it, or beside it in the address that carries it.

use super::binding::{Arrived, Detached};
use super::wrapping;
use crate::domain::reason::{Fault, Reason};
use crate::protocol::Proof;
use crate::protocol::keys::TrustedKeys;
use crate::protocol::xml::{Element, is_signed, verify};

/// A signed message, not yet proved.
pub(super) struct Offered<'d> {
    root: Element<'d>,
    beside: Option<Detached>,
}

impl<'d> Offered<'d> {
    /// Takes what a browser brought. In an address only the signature beside the message counts, whatever stands
    /// inside it.
    pub(super) fn by_browser(root: Element<'d>, arrived: &Arrived) -> Result<Self, Fault> {
        let offered = Self { root, beside: arrived.detached.clone() };
        let signed = offered.beside.is_some() || !arrived.by_redirect && is_signed(root);
        if signed { Ok(offered) } else { Err(unsigned(root)) }
    }

    /// Takes what a server brought in an envelope, where the signature stands inside the message.
    pub(super) fn by_server(root: Element<'d>) -> Result<Self, Fault> {
        if is_signed(root) { Ok(Self { root, beside: None }) } else { Err(unsigned(root)) }
    }

    /// Proves the message, and hands out what the signature covers.
    pub(super) fn verify(self, keys: &TrustedKeys) -> Result<(Element<'d>, Proof), Fault> {
        let root = self.root;
        let Some(Detached { octets, signature, algorithm }) = self.beside else {
            let signed = verify(root, keys).map_err(|fault| wrapping(root, fault))?;
            return Ok((
                signed.element(),
                Proof { key: signed.key().clone(), algorithm: signed.algorithm() },
            ));
        };
        let (key, algorithm) = keys.verify_detached(&algorithm, &octets, &signature)?;
        // Two signatures must not tell two stories: one inside the message is checked as well.
        if is_signed(root) {
            verify(root, keys)?;
        }
        Ok((root, Proof { key, algorithm }))
    }
}

fn unsigned(root: Element<'_>) -> Fault {
    wrapping(root, Fault::new(Reason::SigMissing, format!("expected a signed {}", root.local())))
}
