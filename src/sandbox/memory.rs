//! What neighbours keep in mind while they run, never more than a bounded number of things: and what they did, for
//! whoever watches.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// More than one machine's user ever begins; what is older is forgotten.
const MOST: usize = 1000;

/// Things by a name that cannot be guessed.
pub(super) struct Memory<T>(Mutex<VecDeque<(String, T)>>);

impl<T> Default for Memory<T> {
    fn default() -> Self {
        Self(Mutex::new(VecDeque::new()))
    }
}

impl<T: Clone> Memory<T> {
    pub(super) fn keep(&self, name: String, thing: T) {
        let mut all = self.all();
        if all.len() == MOST {
            all.pop_front();
        }
        all.push_back((name, thing));
    }

    pub(super) fn find(&self, name: &str) -> Option<T> {
        self.all().iter().find(|(known, _)| known == name).map(|(_, thing)| thing.clone())
    }

    /// Finds it and forgets it: the next one who asks gets nothing.
    pub(super) fn take(&self, name: &str) -> Option<T> {
        let mut all = self.all();
        let place = all.iter().position(|(known, _)| known == name)?;
        all.remove(place).map(|(_, thing)| thing)
    }

    /// Forgets all that are so, and says how many.
    pub(super) fn end(&self, is_so: impl Fn(&T) -> bool) -> usize {
        let mut all = self.all();
        let before = all.len();
        all.retain(|(_, thing)| !is_so(thing));
        before - all.len()
    }

    fn all(&self) -> MutexGuard<'_, VecDeque<(String, T)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What neighbours checked, for whoever watches.
#[derive(Default)]
pub(super) struct Journal(Mutex<VecDeque<String>>);

impl Journal {
    pub(super) fn note(&self, notes: impl IntoIterator<Item = String>) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.extend(notes);
        let too_many = all.len().saturating_sub(MOST);
        all.drain(..too_many);
    }

    /// What was noted since the last time.
    pub(super) fn take(&self) -> Vec<String> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).drain(..).collect()
    }
}

/// The checks that a message has passed so far, in words that a page shows: Danish and English.
#[derive(Clone, Debug, Default)]
pub(super) struct Checks(pub(super) Vec<[String; 2]>);

impl Checks {
    pub(super) fn passed(&mut self, danish: impl Into<String>, english: impl Into<String>) {
        self.0.push([danish.into(), english.into()]);
    }

    /// As the journal tells them.
    pub(super) fn noted(&self) -> impl Iterator<Item = String> {
        self.0.iter().map(|[_, english]| english.clone())
    }
}
