//! Starts: arguments → one command; nothing else.

use std::io;
use std::process::ExitCode;

use context_handler::cli::{self, Desk};
use context_handler::system::{SystemClock, SystemRandom};

fn main() -> ExitCode {
    let (mut input, mut out, mut err) = (io::stdin(), io::stdout(), io::stderr());
    let desk =
        Desk { input: &mut input, out: &mut out, err: &mut err, clock: &SystemClock, random: &SystemRandom };
    cli::run(std::env::args_os(), desk).into()
}
