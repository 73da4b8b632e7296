//! The command line: what can be said, what is answered, and with which exit code. Each command is one file.
//!
//! Answers go to standard output, as text for people or with `--json` as one JSON value; complaints go to standard
//! error and say what to do next. A secret is never an argument.

mod audit;
mod bpp;
mod check_config;
mod decode;
mod doctor;
mod explain;
mod keys;
mod metadata;
mod register;
mod sandbox;
mod serve;
mod sessions;
mod simulate;
mod test_idp;
mod trust;
mod users;
mod verify_response;

use std::ffi::OsString;
use std::fs::File;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use serde::Serialize;

use crate::config::{Config, DEFAULT_FILE, Sources};
use crate::domain::world::{Clock, Random};
use crate::domain::written::Complaint;
use crate::store::Sqlite;

/// What was said on the command line.
#[derive(Debug, Parser)]
#[command(name = "context-handler", version, about = "An open Context Handler for Danish municipalities", after_help = EXIT_CODES)]
struct Arguments {
    /// The configuration file; conf.d beside it and CH__SECTION__KEY in the environment are read as well
    #[arg(long, global = true, value_name = "FILE", default_value = DEFAULT_FILE)]
    config: PathBuf,

    /// Answer in JSON
    #[arg(long, global = true)]
    json: bool,

    #[command(subcommand)]
    command: Command,
}

const EXIT_CODES: &str = "Exit codes: 0 all is well, 1 a check failed, 2 the command or the configuration is wrong, \
                          3 a partner cannot be reached";

#[derive(Debug, Subcommand)]
enum Command {
    /// Show every setting in force and where it came from, and try the key files
    CheckConfig,

    /// Look at everything that a deployment needs, and say what to do
    Doctor,

    /// Serve logins until told to stop
    Serve,

    /// Korsbæk in a box: the broker and all its neighbours on this machine, for looking at logins
    Sandbox(sandbox::Sandbox),

    /// An identity provider with made-up people, to be registered at a broker in a test environment
    TestIdp(test_idp::TestIdp),

    /// Make a directory of TOML and metadata files the register, whole or not at all
    Apply(register::Apply),

    /// Write the register as the directory that was applied
    Export(register::Export),

    /// Judge the metadata of a partner
    #[command(subcommand)]
    Metadata(metadata::Metadata),

    /// Judge one stored SAML response as a login would
    VerifyResponse(verify_response::VerifyResponse),

    /// Say how a login would end and why, without a login
    Simulate(simulate::Simulate),

    /// Show readably what a message says: an address, a form, base64, XML or a privilege value
    Decode(decode::Decode),

    /// Users whose rights and claims are kept here: take them out of a file, list them, write them into a file
    #[command(subcommand)]
    Users(users::Users),

    /// Who is logged in, and who has heard of a logout: list sessions, end them, list logouts
    #[command(subcommand)]
    Sessions(sessions::Sessions),

    /// Privilege lists: judge, show and make the value of a privilege attribute
    #[command(subcommand)]
    Bpp(bpp::Bpp),

    /// Prove that an identity provider works, and say who may see it
    #[command(subcommand)]
    Trust(trust::Trust),

    /// Search the exchange log
    #[command(subcommand)]
    Audit(audit::Audit),

    /// Say what a reason code means and who must do what
    Explain(explain::Explain),

    /// Our own keys: make a pair for tests or a token for the API, or list those in use
    #[command(subcommand)]
    Keys(keys::Keys),
}

/// How a command ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// All is well.
    Ok,
    /// What was asked about is not as it should be.
    CheckFailed,
    /// The command or the configuration is wrong.
    Usage,
    /// A partner cannot be reached.
    Unreachable,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(match exit {
            Exit::Ok => 0,
            Exit::CheckFailed => 1,
            Exit::Usage => 2,
            Exit::Unreachable => 3,
        })
    }
}

/// What a command has at hand: where to answer, how, and what comes from outside.
pub struct Desk<'d> {
    /// Standard input.
    pub input: &'d mut dyn Read,
    /// Standard output.
    pub out: &'d mut dyn Write,
    /// Standard error.
    pub err: &'d mut dyn Write,
    /// The time.
    pub clock: &'d dyn Clock,
    /// The dice.
    pub random: &'d dyn Random,
}

/// Does what the command line says.
pub fn run(arguments: impl IntoIterator<Item = OsString>, desk: Desk<'_>) -> Exit {
    let words: Vec<OsString> = arguments.into_iter().collect();
    let wants_json = words.iter().any(|word| word == "--json");
    let arguments = match Arguments::try_parse_from(words) {
        Ok(arguments) => arguments,
        Err(told) => return not_understood(&told, wants_json, desk),
    };
    let mut session = Session { desk, json: arguments.json, config: arguments.config };
    let done = match arguments.command {
        Command::CheckConfig => check_config::run(&mut session),
        Command::Doctor => doctor::run(&mut session),
        Command::Serve => serve::run(&mut session),
        Command::Sandbox(sandbox) => sandbox.run(&mut session),
        Command::TestIdp(test_idp) => test_idp.run(&mut session),
        Command::Apply(apply) => apply.run(&mut session),
        Command::Export(export) => export.run(&mut session),
        Command::Metadata(metadata) => metadata.run(&mut session),
        Command::VerifyResponse(verify) => verify.run(&mut session),
        Command::Simulate(simulate) => simulate.run(&mut session),
        Command::Decode(decode) => decode.run(&mut session),
        Command::Users(users) => users.run(&mut session),
        Command::Sessions(sessions) => sessions.run(&mut session),
        Command::Bpp(bpp) => bpp.run(&mut session),
        Command::Trust(trust) => trust.run(&mut session),
        Command::Audit(audit) => audit.run(&mut session),
        Command::Explain(explain) => explain.run(&mut session),
        Command::Keys(keys) => keys.run(&mut session),
    };
    match done {
        Ok(exit) => exit,
        Err(complaints) => session.complain(&complaints),
    }
}

/// Help was asked for, or the command line cannot be understood.
fn not_understood(told: &clap::Error, wants_json: bool, desk: Desk<'_>) -> Exit {
    if !told.use_stderr() {
        let _ = write!(desk.out, "{told}");
        return Exit::Ok;
    }
    if wants_json {
        let whole = told.to_string();
        let said = whole.strip_prefix("error: ").and_then(|said| said.split("\n\n").next());
        let complaints = wrong("command line", said.unwrap_or("expected a command"));
        let answer = serde_json::json!({ "complaints": complaints });
        let _ = writeln!(desk.out, "{}", serde_json::to_string_pretty(&answer).unwrap_or_default());
    }
    let _ = write!(desk.err, "{told}");
    Exit::Usage
}

/// The largest file that a command reads: a federation's metadata has some megabytes.
const MAX_INPUT: u64 = 32 * 1024 * 1024;

/// What every command returns: how it ended, or what is wrong with what it was given.
type Done = Result<Exit, Vec<Complaint>>;

/// The desk with what was said for all commands.
struct Session<'d> {
    desk: Desk<'d>,
    json: bool,
    config: PathBuf,
}

/// Runs what has to wait for something: the store, the network.
fn wait_for<T>(work: impl Future<Output = T>) -> Result<T, Vec<Complaint>> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    Ok(runtime.map_err(|error| wrong("the machine", error))?.block_on(work))
}

/// One complaint about a file, a store or a machine as a whole.
fn wrong(what: &str, error: impl std::fmt::Display) -> Vec<Complaint> {
    vec![Complaint::whole_file(what, error.to_string())]
}

impl Session<'_> {
    /// The store that the configuration names.
    fn store(&self) -> Result<Sqlite, Vec<Complaint>> {
        let path = self.configuration()?.store.path;
        Sqlite::open(&path).map_err(|error| wrong(&path.display().to_string(), error))
    }

    fn configuration(&self) -> Result<Config, Vec<Complaint>> {
        Config::resolve(&Sources::gather(Some(&self.config))?)
    }

    /// What stands in a file, or on standard input where the file is called `-`.
    fn read(&mut self, file: &Path) -> Result<Vec<u8>, Vec<Complaint>> {
        let shown = if file == Path::new("-") { "standard input" } else { &*file.to_string_lossy() };
        let mut content = Vec::new();
        let read = match file == Path::new("-") {
            true => (&mut *self.desk.input).take(MAX_INPUT + 1).read_to_end(&mut content),
            false => File::open(file).and_then(|file| file.take(MAX_INPUT + 1).read_to_end(&mut content)),
        };
        match read {
            Ok(length) if length as u64 > MAX_INPUT => {
                Err(wrong(shown, format!("expected at most {MAX_INPUT} bytes, got more")))
            }
            Ok(_) => Ok(content),
            Err(error) => Err(wrong(shown, format!("expected a file to read, got: {error}"))),
        }
    }

    /// Gives the answer: as JSON if that was asked for, else as text, which says so where there is nothing to tell. A
    /// reader that went away is no mistake of ours.
    fn answer(&mut self, json: &impl Serialize, text: impl FnOnce() -> String) {
        let answer = if self.json {
            serde_json::to_string_pretty(json).unwrap_or_default()
        } else {
            harmless(&text())
        };
        let answer = match answer.trim_end() {
            "" => "none",
            told => told,
        };
        let _ = writeln!(self.desk.out, "{answer}");
    }

    /// Answers with what is wrong with what we were given.
    fn complain(&mut self, complaints: &[Complaint]) -> Exit {
        if self.json {
            self.answer(&serde_json::json!({ "complaints": complaints }), String::new);
        }
        self.show(complaints);
        Exit::Usage
    }

    fn show(&mut self, complaints: &[Complaint]) {
        for complaint in complaints {
            let _ = writeln!(self.desk.err, "error: {}", harmless(&complaint.to_string()));
        }
    }
}

/// Text that does nothing to the terminal that shows it: strangers choose parts of what we tell.
fn harmless(text: &str) -> String {
    let disguises = |c| matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}');
    let visible = |c: char| if (c.is_control() && c != '\n') || disguises(c) { '\u{fffd}' } else { c };
    text.chars().map(visible).collect()
}

/// Columns as wide as their widest entry, the last one as it is.
fn table(rows: &[Vec<String>]) -> String {
    let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    let width =
        |column: usize| rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.chars().count()).max();
    let widths: Vec<usize> = (0..columns).map(|column| width(column).unwrap_or(0)).collect();
    let line = |row: &Vec<String>| {
        let cells = row.iter().zip(&widths).map(|(cell, &width)| format!("{cell:width$}"));
        cells.collect::<Vec<_>>().join("  ").trim_end().to_owned()
    };
    rows.iter().map(line).collect::<Vec<_>>().join("\n")
}
