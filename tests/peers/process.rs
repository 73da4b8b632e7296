//! The processes of a test: started with a guard, watched until they answer, stopped whatever happens; and what they need
//! from the machine, keys and ports.

use std::ffi::OsStr;
use std::fs;
use std::net::{TcpListener, TcpStream};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU16, Ordering};
use std::time::{Duration, Instant};

use crate::browser::Browser;

/// A process of a test, with its log. Dropping it stops it.
pub(crate) struct Process {
    name: String,
    child: Child,
    log: PathBuf,
}

impl Process {
    /// Starts a command in this folder, which then holds its log.
    pub(crate) fn start(name: &str, folder: &Path, mut command: Command) -> Self {
        let log = folder.join(format!("{name}.log"));
        let output = fs::File::create(&log).unwrap();
        // Its own process group, because Apache, when asked to end, ends its whole group.
        command.current_dir(folder).stdin(Stdio::null()).process_group(0);
        command.stdout(output.try_clone().unwrap()).stderr(output);
        let child = command.spawn().unwrap_or_else(|error| panic!("{name}: {error}"));
        Self { name: name.to_owned(), child, log }
    }

    /// What it was called.
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// Waits until it answers here, and gives what it answers.
    pub(crate) fn wait_for(&mut self, url: &str) -> String {
        let address = url.trim_start_matches("http://").split('/').next().unwrap_or_default();
        wait_until(&format!("{} answers at {url}", self.name), || {
            let ended = self.child.try_wait().unwrap();
            assert!(ended.is_none(), "{} ended: {ended:?}", self.name);
            TcpStream::connect(address).is_ok()
        });
        let page = Browser::default().get(url);
        assert_eq!(page.status, 200, "{page:?}");
        page.body
    }

    /// Asks it to end, and insists after five seconds.
    fn stop(&mut self) {
        drop(
            Command::new("sh")
                .args(["-c", &format!("kill {}", self.child.id())])
                .stderr(Stdio::null())
                .status(),
        );
        let deadline = Instant::now() + Duration::from_secs(5);
        while matches!(self.child.try_wait(), Ok(None)) {
            if Instant::now() > deadline {
                println!("{} does not end when asked", self.name);
                drop(self.child.kill());
                drop(self.child.wait());
                return;
            }
            std::thread::sleep(Duration::from_millis(10));
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.stop();
        if std::thread::panicking() {
            let log = String::from_utf8_lossy(&fs::read(&self.log).unwrap_or_default()).into_owned();
            let start = log.char_indices().rev().nth(4000).map_or(0, |(index, _)| index);
            println!("--- the end of {}'s log ---\n{}", self.name, &log[start..]);
        }
    }
}

/// A command that dies with the thread that starts it, so that nothing is left even when the test run is killed.
pub(crate) fn guarded(step_down: &[&str], program: impl AsRef<OsStr>) -> Command {
    let mut command = Command::new("setpriv");
    command.args(["--pdeathsig", "TERM"]).args(step_down).arg("--").arg(program);
    command
}

pub(crate) fn wait_until(what: &str, mut happened: impl FnMut() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(30);
    while !happened() {
        assert!(Instant::now() < deadline, "waited 30 s in vain until {what}");
        std::thread::sleep(Duration::from_millis(25));
    }
}

/// Makes a key of this kind and a certificate that names it.
pub(crate) fn make_key(folder: &Path, name: &str, kind: &str) {
    let output = Command::new("openssl")
        .args(["req", "-x509", "-newkey", kind, "-nodes", "-days", "30"])
        .args(["-subj", &format!("/CN={name}")])
        .args(["-keyout".as_ref(), folder.join(format!("{name}.key")).as_os_str()])
        .args(["-out".as_ref(), folder.join(format!("{name}.crt")).as_os_str()])
        .output()
        .unwrap();
    assert!(output.status.success(), "openssl: {output:?}");
}

/// A port that nobody uses, below those which the system hands out by itself.
pub(crate) fn free_port() -> u16 {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    let first = u16::try_from(std::process::id() % 500).unwrap() * 20;
    loop {
        let port = 20_000 + (first + NEXT.fetch_add(1, Ordering::Relaxed)) % 12_000;
        if TcpListener::bind(("127.0.0.1", port)).is_ok() {
            return port;
        }
    }
}
