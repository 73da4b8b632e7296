//! The place where tokens are made is no door.

use context_handler::broker::issue::Issued;

fn main() {}
