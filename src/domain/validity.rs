//! From when until when something that is registered holds.

use jiff::Timestamp;

/// From when until when something holds; an open end means always.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Validity {
    /// The first moment.
    pub from: Option<Timestamp>,
    /// The first moment after.
    pub until: Option<Timestamp>,
}

impl Validity {
    /// Whether it holds at this moment.
    pub fn holds(&self, now: Timestamp) -> bool {
        self.from.is_none_or(|from| from <= now) && self.until.is_none_or(|until| now < until)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn validity_includes_its_first_moment_and_excludes_its_end() {
        let at = |second| Timestamp::from_second(second).unwrap();
        let validity = Validity { from: Some(at(10)), until: Some(at(20)) };
        assert_eq!([9, 10, 19, 20].map(|s| validity.holds(at(s))), [false, true, true, false]);
        assert!(Validity::default().holds(at(0)));
    }
}
