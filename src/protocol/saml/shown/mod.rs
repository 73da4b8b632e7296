//! Messages as they are shown to people: indented, and without what tells who somebody is.

mod mask;
mod print;

pub use mask::{HIDDEN, Mask};
pub use print::{excerpt, pretty};
