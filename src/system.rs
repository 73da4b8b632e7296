//! The machine that we run on: the real clock and the real dice, for everybody who is handed [`Clock`] and [`Random`],
//! and a word to the service manager.

use std::ffi::OsStr;
use std::io;
use std::os::linux::net::SocketAddrExt;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::net::{SocketAddr, UnixDatagram};

use jiff::Timestamp;

use crate::domain::world::{Clock, Random};

/// The clock of this machine.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "this is the one place where the time comes from")]
    fn now(&self) -> Timestamp {
        Timestamp::now()
    }
}

/// The random numbers of OpenSSL, which seeds itself from the kernel.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemRandom;

impl Random for SystemRandom {
    #[expect(clippy::disallowed_methods, reason = "this is the one place where randomness comes from")]
    #[expect(clippy::panic, reason = "without randomness nothing that we do is safe, so nothing is done")]
    fn fill(&self, bytes: &mut [u8]) {
        if let Err(error) = openssl::rand::rand_bytes(bytes) {
            panic!("the random number generator failed: {error}");
        }
    }
}

/// Tells the service manager how we are: `READY=1`, `STOPPING=1`. The unit has `Type=notify`, so systemd waits for
/// the first before it calls us started. Its address comes from the environment variable `NOTIFY_SOCKET`; where
/// there is none, nobody wants to know.
pub fn tell_service_manager(address: Option<&OsStr>, state: &str) -> io::Result<()> {
    let Some(address) = address else { return Ok(()) };
    let address = match address.as_bytes().strip_prefix(b"@") {
        Some(name) => SocketAddr::from_abstract_name(name)?,
        None => SocketAddr::from_pathname(address)?,
    };
    UnixDatagram::unbound()?.send_to_addr(state.as_bytes(), &address).map(|_| ())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_service_manager_hears_what_it_is_told_and_nobody_else_is_needed() {
        let name = format!("context-handler-test-{}", std::process::id());
        let address = SocketAddr::from_abstract_name(&name).expect("a name");
        let manager = UnixDatagram::bind_addr(&address).expect("a socket");
        tell_service_manager(Some(format!("@{name}").as_ref()), "READY=1").expect("is told");
        let mut heard = [0; 16];
        let length = manager.recv(&mut heard).expect("a word");
        assert_eq!(&heard[..length], b"READY=1");
        assert!(tell_service_manager(None, "READY=1").is_ok());
        assert!(tell_service_manager(Some("/nowhere/notify".as_ref()), "READY=1").is_err());
    }

    #[test]
    fn two_throws_of_the_dice_differ() {
        let random: &dyn Random = &SystemRandom;
        assert_ne!(random.bits(), random.bits());
    }
}
