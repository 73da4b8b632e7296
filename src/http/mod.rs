//! Who knocks: decode, one call to the broker, encode.

pub mod assets;
pub mod pages;
pub mod visitor;

mod text;
