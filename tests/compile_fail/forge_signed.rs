//! Only verifying makes an element signed.

use context_handler::protocol::keys::{KeyId, SignatureAlgorithm};
use context_handler::protocol::xml::{Element, Signed};

fn forge<'d>(element: Element<'d>, key: KeyId, algorithm: SignatureAlgorithm) -> Signed<'d> {
    Signed { element, key, algorithm }
}

fn main() {}
