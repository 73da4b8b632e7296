//! What the XML security kernel promises: `docs/decisions/0001-xml-security.md`.

mod encryption;
mod reading;
mod signatures;
mod support;
mod writing;
