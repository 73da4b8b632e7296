//! Tokens and keys: what is read, what is refused and why, and that others read what we write.

mod possession;
mod sealing;
mod sets;
mod support;
mod tokens;
