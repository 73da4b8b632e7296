//! The parameters of a request: of an address, or of the body of a form.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::domain::reason::{Fault, Reason};
use crate::protocol::address::unescaped;

/// The longest request that we read. A client assertion with a chain of certificates has some ten kilobytes.
pub const MAX_REQUEST: usize = 64 * 1024;

/// More parameters than any genuine request has.
const MOST: usize = 64;

/// Parameters by name, decoded. None of them stands twice, not even one that we don't know.
#[derive(Serialize, Deserialize)]
#[serde(transparent)]
pub struct Parameters(BTreeMap<String, String>);

impl Parameters {
    /// Reads a query or a form body. A parameter without a value counts as one that was left out.
    pub fn read(text: &str) -> Result<Self, Fault> {
        if text.len() > MAX_REQUEST {
            return Err(wrong(format!("expected at most {MAX_REQUEST} bytes, got {}", text.len())));
        }
        let mut known = BTreeMap::new();
        for (pair, number) in text.split('&').filter(|pair| !pair.is_empty()).zip(1..) {
            if number > MOST {
                return Err(wrong(format!("expected at most {MOST} parameters")));
            }
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            // An unknown name may hold anything, so only its place is told.
            let twice = || Fault::new(Reason::ParamDuplicate, format!("parameter {number} stands twice"));
            if known.insert(unescaped(name)?, unescaped(value)?).is_some() {
                return Err(twice());
            }
        }
        known.retain(|_, value| !value.is_empty());
        Ok(Self(known))
    }

    /// Those of these names.
    pub fn only(mut self, names: &[&str]) -> Self {
        self.0.retain(|name, _| names.contains(&name.as_str()));
        self
    }

    /// The same with one more.
    pub fn with(mut self, name: &str, value: String) -> Self {
        self.0.insert(name.to_owned(), value);
        self
    }

    /// The value of this name.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    /// The value of this name, which must not be missing.
    pub fn required(&self, name: &'static str) -> Result<&str, Fault> {
        self.get(name).ok_or_else(|| Fault::new(Reason::ParamMissing, format!("expected {name}")))
    }

    /// The words of a value, which are separated by spaces.
    pub fn words(&self, name: &str) -> impl Iterator<Item = &str> {
        self.get(name).unwrap_or_default().split(' ').filter(|word| !word.is_empty())
    }
}

/// Values are secrets as often as not, so none is shown.
impl fmt::Debug for Parameters {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}

fn wrong(what: String) -> Fault {
    Fault::new(Reason::OidcRequest, what)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::protocol::address::escaped;

    fn reason(text: &str) -> Reason {
        Parameters::read(text).unwrap_err().reason
    }

    #[test]
    fn a_parameter_stands_once_however_it_is_spelt() {
        let read = Parameters::read("client_id=a&state=b+c%2Fd&&nonce=&x").unwrap();
        assert_eq!((read.get("client_id"), read.get("state")), (Some("a"), Some("b c/d")));
        assert_eq!((read.get("nonce"), read.get("x"), read.get("code")), (None, None, None));
        for twice in [
            "code=a&code=a",
            "code=a&code=",
            "code&code=a",
            "redirect_uri=a&state=b&redirect_uri=c",
            "redirect_uri=a&redirect%5Furi=c",
            "unknown=1&unknown=2",
        ] {
            assert_eq!(reason(twice), Reason::ParamDuplicate, "{twice}");
        }
        for disguised in ["a=%", "a=%ff", "%zz=a"] {
            assert_eq!(reason(disguised), Reason::ParamEncoded, "{disguised}");
        }
    }

    #[test]
    fn a_request_has_an_end() {
        let many = |count| (0..count).map(|n| format!("p{n}=1")).collect::<Vec<_>>().join("&");
        assert!(Parameters::read(&many(MOST)).is_ok());
        assert_eq!(reason(&many(MOST + 1)), Reason::OidcRequest);
        let long = |bytes: usize| format!("a={}", "x".repeat(bytes - 2));
        assert!(Parameters::read(&long(MAX_REQUEST)).is_ok());
        assert_eq!(reason(&long(MAX_REQUEST + 1)), Reason::OidcRequest);
    }

    #[test]
    fn what_is_missing_is_named_and_what_is_there_is_never_shown() {
        let read = Parameters::read("client_secret=hemmeligt").unwrap();
        assert_eq!(format!("{read:?}"), "{\"client_secret\"}");
        let missing = read.required("code").unwrap_err();
        assert_eq!((missing.reason, &*missing.detail), (Reason::ParamMissing, "expected code"));
        assert_eq!(reason("hemmeligt=1&hemmeligt=2"), Reason::ParamDuplicate);
        assert!(!Parameters::read("a=hemmeligt&a=hemmeligt").unwrap_err().to_string().contains("hemmeligt"));
    }

    proptest! {
        #[test]
        fn whatever_is_escaped_is_read_back(name in "[a-z_]{1,20}", value in "\\PC{1,80}") {
            let text = format!("first=1&{}={}", escaped(&name), escaped(&value));
            prop_assume!(name != "first");
            let read = Parameters::read(&text).unwrap();
            prop_assert_eq!(read.get(&name), Some(value.as_str()));
        }

        #[test]
        fn no_text_makes_the_reader_fall_over(text in "\\PC{0,200}") {
            let _ = Parameters::read(&text);
        }
    }
}
