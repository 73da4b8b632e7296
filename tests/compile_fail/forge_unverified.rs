//! Who a message claims to be from is read from the message.

use context_handler::domain::id::EntityId;
use context_handler::protocol::Unverified;

fn forge(issuer: EntityId) -> Unverified<()> {
    Unverified { issuer, message: () }
}

fn main() {}
