//! When somebody whom we call has failed again and again it is left alone for a while: our users learn at once what they
//! would else learn after a wait, and it gets a chance to recover. After that one call tries whether it is back.
//!
//! Everybody has a breaker of its own, and its lock is never held while anything is waited for.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use jiff::{SignedDuration, Timestamp};

use crate::domain::reason::{Fault, Reason};

/// So many failures in a row.
const FAILURES: u32 = 5;
/// So long it is left alone.
pub(super) const ALONE: SignedDuration = SignedDuration::from_secs(30);

/// What is known of one that we call.
#[derive(Debug)]
pub(super) struct Breaker(Mutex<State>);

#[derive(Clone, Copy, Debug)]
enum State {
    /// It is asked; so many failures in a row so far.
    Closed(u32),
    /// It is left alone since this moment.
    Open(Timestamp),
    /// One question tries whether it is back.
    Trying(Timestamp),
}

impl Default for Breaker {
    fn default() -> Self {
        Self(Mutex::new(State::Closed(0)))
    }
}

impl Breaker {
    /// Leave to ask, or that nobody is asked now: it is down, which is called so.
    pub(super) fn pass(self: &Arc<Self>, now: Timestamp, down: Reason) -> Result<Pass, Fault> {
        let mut state = self.state();
        let (next, tries) = match *state {
            State::Closed(failures) => (State::Closed(failures), false),
            State::Open(since) if now.duration_since(since) >= ALONE => (State::Trying(since), true),
            State::Open(since) | State::Trying(since) => {
                let detail = format!("it failed {FAILURES} times and is left alone since {since}");
                return Err(Fault::new(down, detail));
            }
        };
        *state = next;
        Ok(Pass { breaker: self.clone(), tries, told: false })
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Leave to ask once. Whoever asked tells how it went; a question that was given up tells nothing.
#[derive(Debug)]
pub(super) struct Pass {
    breaker: Arc<Breaker>,
    tries: bool,
    told: bool,
}

impl Pass {
    /// There was an answer, whatever it said.
    pub(super) fn answered(mut self) {
        self.told = true;
        *self.breaker.state() = State::Closed(0);
    }

    /// There was none.
    pub(super) fn failed(mut self, now: Timestamp) {
        self.told = true;
        let mut state = self.breaker.state();
        *state = match *state {
            State::Closed(failures) if failures + 1 < FAILURES => State::Closed(failures + 1),
            State::Open(since) if !self.tries => State::Open(since),
            _ => State::Open(now),
        };
    }
}

impl Drop for Pass {
    fn drop(&mut self) {
        let mut state = self.breaker.state();
        if let (true, false, State::Trying(since)) = (self.tries, self.told, *state) {
            *state = State::Open(since); // the next one may try
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn passes(breaker: &Arc<Breaker>, second: i64) -> Result<Pass, Fault> {
        breaker.pass(at(second), Reason::AsDown)
    }

    fn broken() -> Arc<Breaker> {
        let breaker = Arc::default();
        (0..5).for_each(|second| passes(&breaker, second).unwrap().failed(at(second)));
        breaker
    }

    #[test]
    fn five_failures_in_a_row_open_it_and_an_answer_between_them_does_not() {
        let breaker = Arc::default();
        for second in 0..20 {
            let pass = passes(&breaker, second).unwrap();
            if second % 5 == 4 { pass.answered() } else { pass.failed(at(second)) }
        }
        assert!(passes(&breaker, 20).is_ok());
        let fault = passes(&broken(), 5).map(|_| ()).unwrap_err();
        assert_eq!(fault.reason, Reason::AsDown);
    }

    #[test]
    fn after_half_a_minute_one_question_tries_and_decides() {
        let breaker = broken();
        assert!(passes(&breaker, 33).is_err());
        let trying = passes(&breaker, 34).unwrap();
        assert!(passes(&breaker, 34).is_err(), "one at a time");
        trying.failed(at(35));
        assert!(passes(&breaker, 64).is_err());
        passes(&breaker, 65).unwrap().answered();
        let both = (passes(&breaker, 66).unwrap(), passes(&breaker, 66).unwrap());
        drop(both);
    }

    #[test]
    fn a_question_that_was_given_up_leaves_the_try_to_the_next() {
        let breaker = broken();
        drop(passes(&breaker, 40).unwrap());
        assert!(passes(&breaker, 40).is_ok());
    }

    #[test]
    fn failures_that_were_under_way_when_it_opened_do_not_prolong_it() {
        let breaker = Arc::default();
        let late: Vec<_> = (0..10).map(|_| passes(&breaker, 0).unwrap()).collect();
        for (second, pass) in (0..).zip(late) {
            pass.failed(at(second));
        }
        assert!(passes(&breaker, 33).is_err());
        assert!(passes(&breaker, 34).is_ok(), "it opened with the fifth, in second four");
    }
}
