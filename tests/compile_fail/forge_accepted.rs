//! Only the checks of an answer make it accepted.

use context_handler::protocol::saml::response::Response;
use context_handler::protocol::{Accepted, Proof};

fn forge(message: Response, proof: Proof) -> Accepted<Response> {
    Accepted { message, proof }
}

fn main() {}
