//! How somebody can be told that a session is over: by a server, by a browser, or not at all.

use jiff::Timestamp;

use super::Side;
use super::party::KnownParty;
use crate::broker::registry::{KnownClient, Snapshot};
use crate::domain::reason::{Fault, Reason};
use crate::domain::session::Party;

/// How somebody can be told.
pub(super) enum Way<'s> {
    Soap(&'s str),
    BackChannel(KnownClient<'s>, &'s str),
    Browser,
    Nowhere(Fault),
}

/// How a party can be told now. One that takes messages from servers is told so, since that needs no browser.
pub(super) fn way<'s>(snapshot: &'s Snapshot, party: &Party, now: Timestamp) -> Way<'s> {
    if let Ok(client) = snapshot.client(party.entity_id()) {
        let nowhere =
            || Fault::new(Reason::SloDown, "it is registered with no address that confirms a logout");
        let address = client.speaks.logout.backchannel.as_deref();
        return address.map_or_else(|| Way::Nowhere(nowhere()), |address| Way::BackChannel(client, address));
    }
    match KnownParty::of(snapshot, Side::of(party), party.entity_id(), now) {
        Err(fault) => Way::Nowhere(Fault::new(Reason::SloDown, fault.to_string())),
        Ok(known) => match (&known.logout.soap, &known.logout.browser) {
            (Some(address), _) => Way::Soap(address),
            (None, Some(_)) => Way::Browser,
            (None, None) => {
                Way::Nowhere(Fault::new(Reason::SloDown, "its metadata names no address for logout"))
            }
        },
    }
}

impl Way<'_> {
    /// Where a server takes the news.
    pub(super) fn server(&self) -> Option<&str> {
        match self {
            Self::Soap(address) | Self::BackChannel(_, address) => Some(address),
            Self::Browser | Self::Nowhere(_) => None,
        }
    }

    /// Why it cannot be told now.
    pub(super) fn closed(self) -> Fault {
        match self {
            Self::Nowhere(fault) => fault,
            _ => Fault::new(Reason::SloDown, "it can be told by a browser only, and none is there"),
        }
    }
}
