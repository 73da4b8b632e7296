//! Only the register knows what was agreed.

use context_handler::domain::federation::{Agreement, Authority, Fagsystem, IdentityProvider};

fn forge<'f>(authority: &'f Authority, idp: &'f IdentityProvider, fagsystem: &'f Fagsystem) -> Agreement<'f> {
    Agreement { authority, idp, fagsystem }
}

fn main() {}
