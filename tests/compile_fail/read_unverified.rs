//! A message that was not proved shows nothing but who it claims to be from.

use context_handler::protocol::Unverified;
use context_handler::protocol::saml::response::Answer;

fn peek(answer: Unverified<Answer<'_>>) {
    let _ = answer.message;
}

fn main() {}
