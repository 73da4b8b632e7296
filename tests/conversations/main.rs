//! Conversations with the broker over real HTTP: fake parties with their own keys, a clock that stands still, dice that
//! always fall alike. Names say what is promised; what is refused stands beside what is accepted.

mod attacks;
mod discovery;
mod login;
mod support;
