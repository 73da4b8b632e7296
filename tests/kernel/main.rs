//! What the XML security kernel promises: `docs/decisions/0001-xml-security.md`.

#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "tests may panic, and say what they skipped")]

mod dice;
mod encryption;
mod interop;
mod mutations;
mod newer;
mod reading;
mod signatures;
mod support;
mod tools;
mod vectors;
mod writing;
