//! Where two values differ: what they begin and end with in common, and what stands between.

/// What two values have in common at their ends, and what each has between.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Difference<'v> {
    /// What both begin with.
    pub before: &'v str,
    /// What only the expected value has.
    pub expected: &'v str,
    /// What only the received value has.
    pub received: &'v str,
    /// What both end with.
    pub after: &'v str,
}

impl<'v> Difference<'v> {
    /// Compares two values sign by sign. Nothing where they are the same, or so unlike that the comparison would say less
    /// than the values themselves.
    pub fn between(expected: &'v str, received: &'v str) -> Option<Self> {
        if expected == received {
            return None;
        }
        let before = common(expected.chars().zip(received.chars()));
        let (left, right) = (&expected[before..], &received[before..]);
        let after = common(left.chars().rev().zip(right.chars().rev()));
        let shorter = expected.len().min(received.len());
        let alike = before + after >= 4 && (before + after) * 2 >= shorter;
        alike.then(|| Self {
            before: &expected[..before],
            expected: &left[..left.len() - after],
            received: &right[..right.len() - after],
            after: &left[left.len() - after..],
        })
    }

    /// The place of the first sign that differs, counted from 1.
    pub fn place(&self) -> usize {
        self.before.chars().count() + 1
    }
}

/// How many bytes are the same until the first pair that is not.
fn common(pairs: impl Iterator<Item = (char, char)>) -> usize {
    pairs.take_while(|(one, other)| one == other).map(|(one, _)| one.len_utf8()).sum()
}

/// The signs of a text with those that nobody sees made visible.
pub fn visible(text: &str) -> String {
    let mut shown = String::new();
    for sign in text.chars() {
        let unseen = sign.is_control()
            || (sign.is_whitespace() && sign != ' ')
            || matches!(sign, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}');
        match sign {
            ' ' => shown.push('␣'),
            _ if unseen => shown.push_str(&format!("[U+{:04X}]", u32::from(sign))),
            _ => shown.push(sign),
        }
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts<'v>(expected: &'v str, received: &'v str) -> Option<[&'v str; 4]> {
        Difference::between(expected, received).map(|d| [d.before, d.expected, d.received, d.after])
    }

    #[test]
    fn the_first_difference_is_found_wherever_it_stands() {
        for (expected, received, told) in [
            ("https://a.test/", "https://a.test", Some(["https://a.test", "/", "", ""])),
            ("https://a.test", "https://a.test/", Some(["https://a.test", "", "/", ""])),
            ("https://a.test/acs", "http://a.test/acs", Some(["http", "s", "", "://a.test/acs"])),
            ("https://a.test/A", "https://a.test/a", Some(["https://a.test/", "A", "a", ""])),
            ("kommune-æ", "kommune-ø", Some(["kommune-", "æ", "ø", ""])),
            ("aaaa", "aaaaa", Some(["aaaa", "", "a", ""])),
            ("same", "same", None),
            ("https://sp.test/one", "urn:oid:2.5.4.3", None),
            ("11111111", "22222222", None),
            ("", "x", None),
        ] {
            assert_eq!(parts(expected, received), told, "{expected} {received}");
        }
        assert_eq!(Difference::between("https://æ.test/", "https://æ.test").map(|d| d.place()), Some(15));
    }

    #[test]
    fn two_values_are_put_together_again_from_what_is_told_of_them() {
        proptest::proptest!(|(start in "[a-cæ]{3,9}", a in "[a-cø]{0,5}", b in "[a-cø]{0,5}", end in "[a-c]{0,5}")| {
            let (expected, received) = (format!("{start}{a}{end}"), format!("{start}{b}{end}"));
            if let Some(d) = Difference::between(&expected, &received) {
                assert_eq!([d.before, d.expected, d.after].concat(), expected);
                assert_eq!([d.before, d.received, d.after].concat(), received);
                assert_ne!(d.expected.chars().next(), d.received.chars().next());
            }
        });
    }

    #[test]
    fn what_nobody_sees_is_made_visible() {
        assert_eq!(visible("a b\u{200b}\t\u{a0}æ"), "a␣b[U+200B][U+0009][U+00A0]æ");
    }
}
