//! The broker as a process of its own, and what the kernel says about it.

use std::fs::{self, File};
use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use super::bare::Example;
use super::http::Connection;
use super::parties::Parties;
use super::register::{self, Size};
use super::{PUBLIC_URL, Trouble};

/// A folder with everything that a broker needs, removed at its end.
pub(crate) struct Home {
    folder: PathBuf,
    program: PathBuf,
    pub(crate) address: SocketAddr,
    operations: SocketAddr,
}

impl Home {
    /// Writes configuration, keys and register, and applies the register.
    pub(crate) fn new(program: &Path, parties: &Parties, size: Size) -> Result<Self, Trouble> {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let folder =
            std::env::temp_dir().join(format!("context-handler-load-{}-{number}", std::process::id()));
        fs::create_dir_all(&folder)?;
        let home = Self {
            folder,
            program: program.to_owned(),
            address: free_address()?,
            operations: free_address()?,
        };
        fs::write(home.folder.join("signing.pem"), parties.signing.pem())?;
        fs::write(home.folder.join("decryption.pem"), parties.decryption.pem())?;
        let tokens = parties.access_tokens.as_ref();
        if let Some((_, key)) = tokens {
            fs::write(home.folder.join("tokens.pem"), key.pem())?;
        }
        let config = format!(
            "[server]\nlisten = \"{}\"\noperations-listen = \"{}\"\npublic-url = \"{PUBLIC_URL}\"\n\
             [store]\npath = \"store.sqlite\"\n\
             [egress]\nallow-hosts = [\"localhost\"]\n\
             [keys]\nsigning = [\"signing.pem\"]\ndecryption = [\"decryption.pem\"]\n{}",
            home.address,
            home.operations,
            tokens.map_or("", |_| "token-signing = [\"tokens.pem\"]\n")
        );
        fs::write(home.folder.join("config.toml"), config)?;
        let written = home.folder.join("register");
        register::write(&written, size, parties)?;
        let applied = home.command("apply").arg(&written).stdout(Stdio::null()).status()?;
        if !applied.success() {
            return Err("the register was not applied".into());
        }
        Ok(home)
    }

    /// The database.
    pub(crate) fn store(&self) -> PathBuf {
        self.folder.join("store.sqlite")
    }

    fn command(&self, verb: &str) -> Command {
        let mut command = Command::new(&self.program);
        command.arg(verb).arg("--config").arg(self.folder.join("config.toml"));
        command
    }

    /// Starts the broker, and tells how long it took until it was ready.
    pub(crate) fn start(&self) -> Result<(Running, Duration), Trouble> {
        let log = File::options().create(true).append(true).open(self.folder.join("log"))?;
        let begun = Instant::now();
        let child = self.command("serve").stdout(log.try_clone()?).stderr(log).spawn()?;
        let mut running = Running(child);
        while !self.is_ready() {
            if running.0.try_wait()?.is_some() || begun.elapsed() > Duration::from_secs(60) {
                return Err(fs::read_to_string(self.folder.join("log")).unwrap_or_default().into());
            }
            thread::sleep(Duration::from_millis(2));
        }
        Ok((running, begun.elapsed()))
    }

    /// Starts the server that does only what cannot be left out, with a real broker's answers.
    pub(crate) fn start_bare(&self, example: &Example) -> Result<Running, Trouble> {
        example.write(&self.folder)?;
        let mut command = Command::new(std::env::current_exe()?);
        let mut running =
            Running(command.arg("--bare-server").arg(&self.folder).arg(self.address.to_string()).spawn()?);
        while Connection::open(self.address).is_err() {
            if let Some(ended) = running.0.try_wait()? {
                return Err(format!("the bare server ended: {ended}").into());
            }
            thread::sleep(Duration::from_millis(2));
        }
        Ok(running)
    }

    fn is_ready(&self) -> bool {
        let asked = Connection::open(self.operations).and_then(|mut connection| connection.get("/readyz"));
        asked.is_ok_and(|answer| answer.status == 200)
    }
}

impl Drop for Home {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.folder);
    }
}

fn free_address() -> Result<SocketAddr, Trouble> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?)
}

/// A running broker; killed when it is let go.
pub(crate) struct Running(Child);

impl Running {
    /// Ends it as a power cut would: nothing is finished, nothing is said.
    pub(crate) fn kill(&mut self) -> Result<(), Trouble> {
        self.0.kill()?;
        self.0.wait()?;
        Ok(())
    }

    /// Its number.
    pub(crate) fn id(&self) -> u32 {
        self.0.id()
    }

    /// The processor time that it has used.
    pub(crate) fn used(&self) -> Result<Used, Trouble> {
        // After the name, which stands in brackets, the fields begin with the third.
        let stat = fs::read_to_string(format!("/proc/{}/stat", self.0.id()))?;
        let fields: Vec<&str> = stat.rsplit(") ").next().unwrap_or_default().split(' ').collect();
        let ticks = |field: usize| -> Result<f64, Trouble> {
            Ok(fields.get(field - 3).ok_or("no such field")?.parse::<f64>()? * MILLISECONDS_PER_TICK)
        };
        Ok(Used { user: ticks(14)?, system: ticks(15)? })
    }

    /// A line of its status in MiB: `VmRSS`, `VmHWM`.
    pub(crate) fn memory(&self, line: &str) -> Result<f64, Trouble> {
        let status = fs::read_to_string(Path::new("/proc").join(self.0.id().to_string()).join("status"))?;
        let found = status.lines().find_map(|known| known.strip_prefix(line)?.strip_prefix(':'));
        let kilobytes = found.and_then(|value| value.split_whitespace().next()).ok_or("no such line")?;
        Ok(kilobytes.parse::<f64>()? / 1024.0)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.kill();
    }
}

/// The unit in which Linux tells processor time is a hundredth of a second, whatever its own clock does.
const MILLISECONDS_PER_TICK: f64 = 10.0;

/// Processor time in milliseconds.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Used {
    pub(crate) user: f64,
    pub(crate) system: f64,
}

impl Used {
    /// What was used since an earlier moment, per login.
    pub(crate) fn since(self, before: Used, logins: usize) -> Self {
        let each = |now: f64, before: f64| (now - before) / logins as f64;
        Self { user: each(self.user, before.user), system: each(self.system, before.system) }
    }

    /// Both together.
    pub(crate) fn sum(self) -> f64 {
        self.user + self.system
    }
}
