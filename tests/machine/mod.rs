//! A machine on which the program is told what to do: a folder with a configuration, keys, a directory for the register, and
//! a store. What stands in the register is up to each test.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

use context_handler::cli::{Desk, Exit, run};
use context_handler::store::Sqlite;
use context_handler::system::{SystemClock, SystemRandom};
use serde_json::Value;

/// Exit code, standard output and standard error.
pub(crate) type Said = (Exit, String, String);

/// Says these words to the program, which reads this configuration and this input.
pub(crate) fn say(config: &str, words: &[&str], mut input: &[u8]) -> Said {
    let words = [&["context-handler"], words, &["--config", config]].concat();
    let said = || {
        let (mut out, mut err) = (Vec::new(), Vec::new());
        let desk = Desk {
            input: &mut input,
            out: &mut out,
            err: &mut err,
            clock: &SystemClock,
            random: &SystemRandom,
        };
        let exit = run(words.iter().map(Into::into), desk);
        (exit, String::from_utf8(out).unwrap(), String::from_utf8(err).unwrap())
    };
    // A command has a runtime of its own, which cannot start within a test's.
    std::thread::scope(|scope| scope.spawn(said).join().unwrap())
}

/// The folder of one test, which goes with it.
pub(crate) struct Machine(PathBuf);

impl Machine {
    pub(crate) fn new() -> Self {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let machine = Self(std::env::temp_dir().join(format!("ch-machine-{}-{number}", std::process::id())));
        drop(fs::remove_dir_all(&machine.0));
        let keys = Path::new(env!("CARGO_MANIFEST_DIR")).join("certs-dev");
        let config = format!(
            "[server]\npublic-url = \"https://login.example.dk\"\n[store]\npath = \"store.sqlite\"\n\
             [keys]\nsigning = [{:?}]\ndecryption = [{:?}]\n",
            keys.join("broker-signing.pem"),
            keys.join("broker-decryption.pem"),
        );
        machine.write("config.toml", config);
        machine
    }

    pub(crate) fn path(&self, name: &str) -> String {
        self.0.join(name).display().to_string()
    }

    pub(crate) fn write(&self, name: &str, content: impl AsRef<[u8]>) {
        let path = self.0.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }

    pub(crate) fn store(&self) -> Sqlite {
        Sqlite::open(&self.0.join("store.sqlite")).unwrap()
    }

    pub(crate) fn say(&self, words: &[&str]) -> Said {
        say(&self.path("config.toml"), words, &[])
    }

    /// What a command that goes well tells programs.
    pub(crate) fn json(&self, words: &[&str]) -> Value {
        let (exit, out, err) = self.say(&[words, &["--json"]].concat());
        assert_eq!((exit, err.as_str()), (Exit::Ok, ""), "{out}");
        serde_json::from_str(&out).unwrap()
    }

    /// Makes this one file the whole register, and applies it.
    pub(crate) fn register(&self, toml: &str) -> Said {
        self.write("register/register.toml", toml);
        self.say(&["apply", &self.path("register")])
    }
}

impl Drop for Machine {
    fn drop(&mut self) {
        drop(fs::remove_dir_all(&self.0));
    }
}
