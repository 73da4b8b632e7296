//! How sure we are of a user: NIST and NSIS levels, what was stated, what counts, and whether it is enough.
//!
//! Pure and table-driven. [`Achieved::read`] turns statements into the level that counts: the lowest link decides, and a
//! statement never counts for more than the identity provider is registered for. [`Achieved::judge`] holds that level
//! against a [`Requirement`] and names the rule that decided. `docs/assurance.md` shows the tables to people.

mod achieved;
mod judge;
mod level;
mod requirement;
#[cfg(test)]
mod tests;

pub use achieved::{Achieved, Ceiling, Stated};
pub use judge::{Judged, Rule, Verdict};
pub use level::{Level, Nist, Nsis};
pub use requirement::{Comparison, Requirement};
