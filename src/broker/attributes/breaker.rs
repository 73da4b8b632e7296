//! When a service has failed again and again it is left alone for a while: its users learn at once what they would else
//! learn after a wait, and it gets a chance to recover. After that one question tries whether it is back.
//!
//! Every service has a breaker of its own, and its lock is never held while anything is waited for.

use std::sync::{Mutex, MutexGuard, PoisonError};

use jiff::{SignedDuration, Timestamp};

use crate::domain::reason::{Fault, Reason};

/// So many failures in a row.
const FAILURES: u32 = 5;
/// So long it is left alone.
const ALONE: SignedDuration = SignedDuration::from_secs(30);

/// What is known of one service.
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
    /// Leave to ask, or the fault that nobody is asked now.
    pub(super) fn pass(&self, now: Timestamp) -> Result<Pass<'_>, Fault> {
        let mut state = self.state();
        let (next, tries) = match *state {
            State::Closed(failures) => (State::Closed(failures), false),
            State::Open(since) if now.duration_since(since) >= ALONE => (State::Trying(since), true),
            State::Open(since) | State::Trying(since) => {
                let detail = format!("it failed {FAILURES} times and is left alone since {since}");
                return Err(Fault::new(Reason::AsDown, detail));
            }
        };
        *state = next;
        Ok(Pass { breaker: self, tries, told: false })
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Leave to ask once. Whoever asked tells how it went; a question that was given up tells nothing.
#[derive(Debug)]
pub(super) struct Pass<'b> {
    breaker: &'b Breaker,
    tries: bool,
    told: bool,
}

impl Pass<'_> {
    /// The service answered, whatever it said.
    pub(super) fn answered(mut self) {
        self.told = true;
        *self.breaker.state() = State::Closed(0);
    }

    /// The service did not answer.
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

impl Drop for Pass<'_> {
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

    fn broken() -> Breaker {
        let breaker = Breaker::default();
        (0..5).for_each(|second| breaker.pass(at(second)).unwrap().failed(at(second)));
        breaker
    }

    #[test]
    fn five_failures_in_a_row_open_it_and_an_answer_between_them_does_not() {
        let breaker = Breaker::default();
        for second in 0..20 {
            let pass = breaker.pass(at(second)).unwrap();
            if second % 5 == 4 { pass.answered() } else { pass.failed(at(second)) }
        }
        assert!(breaker.pass(at(20)).is_ok());
        let fault = broken().pass(at(5)).map(|_| ()).unwrap_err();
        assert_eq!(fault.reason, Reason::AsDown);
    }

    #[test]
    fn after_half_a_minute_one_question_tries_and_decides() {
        let breaker = broken();
        assert!(breaker.pass(at(33)).is_err());
        let trying = breaker.pass(at(34)).unwrap();
        assert!(breaker.pass(at(34)).is_err(), "one at a time");
        trying.failed(at(35));
        assert!(breaker.pass(at(64)).is_err());
        breaker.pass(at(65)).unwrap().answered();
        let both = (breaker.pass(at(66)).unwrap(), breaker.pass(at(66)).unwrap());
        drop(both);
    }

    #[test]
    fn a_question_that_was_given_up_leaves_the_try_to_the_next() {
        let breaker = broken();
        drop(breaker.pass(at(40)).unwrap());
        assert!(breaker.pass(at(40)).is_ok());
    }

    #[test]
    fn failures_that_were_under_way_when_it_opened_do_not_prolong_it() {
        let breaker = Breaker::default();
        let late: Vec<_> = (0..10).map(|_| breaker.pass(at(0)).unwrap()).collect();
        for (second, pass) in (0..).zip(late) {
            pass.failed(at(second));
        }
        assert!(breaker.pass(at(33)).is_err());
        assert!(breaker.pass(at(34)).is_ok(), "it opened with the fifth, in second four");
    }
}
