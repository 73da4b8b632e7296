//! A message that is proved but not accepted cannot be read.

use context_handler::protocol::Verified;
use context_handler::protocol::saml::response::Response;

fn peek(answer: Verified<Response>) {
    let _ = answer.message;
}

fn main() {}
