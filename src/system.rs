//! The real clock and the real dice, for everybody who is handed [`Clock`] and [`Random`].

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_throws_of_the_dice_differ() {
        let random: &dyn Random = &SystemRandom;
        assert_ne!(random.bits(), random.bits());
    }
}
