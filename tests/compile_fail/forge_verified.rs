//! Only a signature makes a message proved.

use context_handler::protocol::saml::response::Response;
use context_handler::protocol::{Proof, Verified};

fn forge(message: Response, proof: Proof) -> Verified<Response> {
    Verified { message, proof }
}

fn main() {}
