//! Starts: arguments, configuration, log, one command; nothing else.

fn main() {}
