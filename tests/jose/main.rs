//! Tokens and keys: what is read, what is refused and why, and that others read what we write.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on panics")]

mod possession;
mod sealing;
mod sets;
mod support;
mod tokens;
