//! The OIO Basic Privilege Profile (OIOBPP): a [`PrivilegeList`] in XML and in JSON.
//!
//! Reading takes what identity providers really send and refuses what two readers could understand differently.
//! Writing has one form. What a list means, and who may give what, is not judged here.

mod json;
mod read;
mod write;

pub use json::{from_json, to_json};
pub use read::{Stated, inspect, read, simple};
pub use write::{attribute, write, xml};

use crate::domain::federation::Dialect;
use crate::domain::privilege::PrivilegeList;
use crate::domain::reason::{Fault, Reason};

/// The namespace that a generation of the SAML profile goes with. Both are met in either.
fn namespace(dialect: Dialect) -> &'static str {
    match dialect {
        Dialect::Oiosaml2 => "http://itst.dk/oiosaml/basic_privilege_profile",
        Dialect::Oiosaml3 => "http://digst.dk/oiosaml/basic_privilege_profile",
    }
}

/// Far more than any genuine list comes to: lists of some hundred kilobytes are read, and most name one privilege in a
/// group.
const HEAVIEST: usize = 4 * 1024 * 1024;

/// A short list can stand for a very long one, so it is weighed before anybody unfolds it.
fn check_weight(list: &PrivilegeList) -> Result<(), Fault> {
    let weight = list.weight();
    match weight <= HEAVIEST {
        true => Ok(()),
        false => {
            Err(wrong(format!("expected a list that unfolds to {HEAVIEST} bytes at most, got {weight}")))
        }
    }
}

fn wrong(detail: impl Into<std::borrow::Cow<'static, str>>) -> Fault {
    Fault::new(Reason::BppXml, detail)
}
