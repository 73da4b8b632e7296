//! What we promise about privilege lists: how they are read, written, and handled on the command line.

#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "tests may panic, and say their seed")]

mod command;
#[path = "../kernel/dice.rs"]
mod dice;
mod generator;
mod reading;
mod schema;
mod second;
mod writing;
