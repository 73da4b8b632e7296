//! The names of things. Each is a type of its own, so that two kinds cannot be swapped.

use std::fmt;
use std::sync::Arc;

use jiff::Timestamp;
use serde::{Deserialize, Serialize, Serializer};

/// The name of a party in SAML: compared byte for byte, never folded.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Deserialize)]
#[serde(try_from = "String")]
pub struct EntityId(Arc<str>);

impl EntityId {
    /// The longest name that SAML allows.
    const MAX_LENGTH: usize = 1024;

    /// Takes a name as it stands in a message or in the register.
    pub fn new(name: &str) -> Result<Self, BadId> {
        let fits = !name.is_empty() && name.len() <= Self::MAX_LENGTH && is_plain(name);
        if fits { Ok(Self(name.into())) } else { Err(BadId::new("an entityID", name)) }
    }

    /// Ourselves, where no fagsystem asks: in a trust run, and at our own pages.
    pub fn ourselves() -> Self {
        Self("urn:context-handler:itself".into())
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for EntityId {
    type Error = BadId;
    fn try_from(name: String) -> Result<Self, BadId> {
        Self::new(&name)
    }
}

impl Serialize for EntityId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl std::borrow::Borrow<str> for EntityId {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for EntityId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The number of an organisation in the Danish business register: exactly eight ASCII digits.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Deserialize)]
#[serde(try_from = "String")]
pub struct Cvr([u8; 8]);

impl Cvr {
    /// Takes eight ASCII digits and nothing else.
    pub fn new(digits: &str) -> Result<Self, BadId> {
        match <[u8; 8]>::try_from(digits.as_bytes()) {
            Ok(bytes) if bytes.iter().all(u8::is_ascii_digit) => Ok(Self(bytes)),
            _ => Err(BadId::new("a CVR number of eight digits", digits)),
        }
    }

    /// The number that no authority has.
    pub const NOBODY: Self = Self(*b"00000000");

    /// The digits.
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or_default()
    }
}

impl TryFrom<String> for Cvr {
    type Error = BadId;
    fn try_from(digits: String) -> Result<Self, BadId> {
        Self::new(&digits)
    }
}

impl Serialize for Cvr {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl fmt::Display for Cvr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for Cvr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Cvr({self})")
    }
}

/// The ID of a protocol message or assertion: an XML name that does not repeat.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct MessageId(String);

impl MessageId {
    /// The longest ID that we take; genuine ones have 33 to 70 characters.
    const MAX_LENGTH: usize = 256;

    /// Takes an ID from a message: an `NCName`, in the ASCII form that every implementation writes.
    pub fn new(id: &str) -> Result<Self, BadId> {
        let mut bytes = id.bytes();
        let starts = bytes.next().is_some_and(|b| b.is_ascii_alphabetic() || b == b'_');
        let goes_on = bytes.all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.'));
        if starts && goes_on && id.len() <= Self::MAX_LENGTH {
            Ok(Self(id.to_owned()))
        } else {
            Err(BadId::new("an XML ID", id))
        }
    }

    /// Makes an ID of ours from the moment and 128 random bits. The moment comes first, so that IDs of the same hour
    /// stand side by side in the index of the exchange log.
    pub fn made(at: Timestamp, bits: u128) -> Self {
        Self(format!("_{:012x}{bits:032x}", at.as_millisecond()))
    }

    /// The ID.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for MessageId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl TryFrom<String> for MessageId {
    type Error = BadId;
    fn try_from(id: String) -> Result<Self, BadId> {
        Self::new(&id)
    }
}

impl From<MessageId> for String {
    fn from(id: MessageId) -> Self {
        id.0
    }
}

/// The number by which the state knows a person in an organisation, the same towards everybody: a UUID.
#[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct PersonUuid(String);

impl PersonUuid {
    /// Takes a UUID in its usual form, in capitals or not, bare or as a URN.
    pub fn new(uuid: &str) -> Result<Self, BadId> {
        let uuid = uuid.strip_prefix("urn:uuid:").unwrap_or(uuid);
        let fits = |(at, byte): (usize, u8)| match at {
            8 | 13 | 18 | 23 => byte == b'-',
            _ => byte.is_ascii_hexdigit(),
        };
        if uuid.len() == 36 && uuid.bytes().enumerate().all(fits) {
            Ok(Self(uuid.to_ascii_lowercase()))
        } else {
            Err(BadId { expected: "a UUID", received: "something else".to_owned() })
        }
    }
}

/// It names a person, so it is never shown.
impl fmt::Debug for PersonUuid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PersonUuid(…)")
    }
}

impl TryFrom<String> for PersonUuid {
    type Error = BadId;
    fn try_from(uuid: String) -> Result<Self, BadId> {
        Self::new(&uuid)
    }
}

impl From<PersonUuid> for String {
    fn from(uuid: PersonUuid) -> Self {
        uuid.0
    }
}

/// One login from the fagsystem's question to our answer: ties all its events together and names its cookie.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct LoginId(u128);

impl LoginId {
    /// Makes an id from the moment, which comes first for the same reason as in a [`MessageId`], and 80 random bits.
    pub fn begun(at: Timestamp, bits: u128) -> Self {
        Self((at.as_millisecond() as u128) << 80 | bits >> 48)
    }

    /// Takes these very bits.
    pub fn from_bits(bits: u128) -> Self {
        Self(bits)
    }

    /// Its sixteen bytes, in the order in which ids are sorted.
    pub fn bytes(self) -> [u8; 16] {
        self.0.to_be_bytes()
    }

    /// Reads the 32 hexadecimal digits that [`fmt::Display`] writes.
    pub fn new(hex: &str) -> Result<Self, BadId> {
        let well_formed = hex.len() == 32 && hex.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
        match u128::from_str_radix(hex, 16) {
            Ok(bits) if well_formed => Ok(Self(bits)),
            _ => Err(BadId::new("a login id of 32 hexadecimal digits", hex)),
        }
    }

    /// The number that a person reads aloud to the help desk.
    pub fn case_number(self) -> CaseNumber {
        CaseNumber((self.0 % 10_000_000_000) as u64)
    }
}

impl TryFrom<String> for LoginId {
    type Error = BadId;
    fn try_from(hex: String) -> Result<Self, BadId> {
        Self::new(&hex)
    }
}

impl From<LoginId> for String {
    fn from(id: LoginId) -> Self {
        id.to_string()
    }
}

impl fmt::Display for LoginId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", self.0)
    }
}

impl fmt::Debug for LoginId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "LoginId({self})")
    }
}

/// Ten digits in groups, as a person says them on the telephone: `4829 137 502`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CaseNumber(u64);

impl CaseNumber {
    /// Reads a case number however it was written down.
    pub fn new(spoken: &str) -> Result<Self, BadId> {
        let digits: String = spoken.chars().filter(|c| !matches!(c, ' ' | '-' | '.')).collect();
        match digits.parse() {
            Ok(number) if digits.len() == 10 && digits.bytes().all(|b| b.is_ascii_digit()) => {
                Ok(Self(number))
            }
            _ => Err(BadId::new("a case number of ten digits", spoken)),
        }
    }

    /// The ten digits without spaces, as the audit log stores them.
    pub fn digits(self) -> String {
        format!("{:010}", self.0)
    }
}

impl fmt::Display for CaseNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let digits = self.digits();
        write!(f, "{} {} {}", &digits[..4], &digits[4..7], &digits[7..])
    }
}

/// A name that is not of its kind: what was expected, and the beginning of what came.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected {expected}, got {received:?}")]
pub struct BadId {
    expected: &'static str,
    received: String,
}

impl BadId {
    fn new(expected: &'static str, received: &str) -> Self {
        Self { expected, received: received.chars().take(80).collect() }
    }
}

/// Whether a text holds nothing that a name must not hold.
pub(super) fn is_plain(text: &str) -> bool {
    !text.chars().any(unprintable)
}

/// White space inside a name, control characters, and the characters that change how text looks.
fn unprintable(c: char) -> bool {
    c.is_whitespace()
        || c.is_control()
        || matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cvr_is_eight_ascii_digits_and_nothing_else() {
        assert!(Cvr::new("11111111").is_ok());
        for wrong in ["1111111", "111111111", " 1111111", "１１１１１１１１", "1111111a", ""] {
            assert!(Cvr::new(wrong).is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn a_uuid_is_the_same_in_capitals_and_never_shown() {
        let uuid = PersonUuid::new("5b0c6a2e-0f3d-4a51-9c77-1d2e3f405162").unwrap();
        assert_eq!(PersonUuid::new("5B0C6A2E-0F3D-4A51-9C77-1D2E3F405162").as_ref(), Ok(&uuid));
        assert!(!format!("{uuid:?}").contains("5b0c"));
        for wrong in [
            "",
            "5b0c6a2e0f3d4a519c771d2e3f405162",
            "5b0c6a2e-0f3d-4a51-9c77-1d2e3f40516",
            "5b0c6a2e-0f3d-4a51-9c77-1d2e3f40516g",
            "{5b0c6a2e-0f3d-4a51-9c77-1d2e3f4051}",
        ] {
            let refused = PersonUuid::new(wrong).unwrap_err();
            assert!(wrong.is_empty() || !refused.to_string().contains(wrong), "{wrong:?}");
        }
    }

    #[test]
    fn a_case_number_is_read_back_however_it_was_written_down() {
        let case = LoginId::from_bits(u128::MAX).case_number();
        assert_eq!(case.to_string().len(), 12);
        assert_eq!(CaseNumber::new(&case.to_string()), Ok(case));
        assert_eq!(CaseNumber::new(&case.digits()), Ok(case));
    }

    #[test]
    fn a_login_id_is_read_back_and_only_in_its_own_form() {
        let id = LoginId::from_bits(7);
        assert_eq!(LoginId::new(&id.to_string()), Ok(id));
        assert!(LoginId::new("+0000000000000000000000000000007").is_err());
    }
    #[test]
    fn ids_of_ours_stand_in_the_order_of_their_time_and_never_look_alike() {
        let (now, then) =
            (Timestamp::from_second(1_800_000_000).unwrap(), Timestamp::from_second(1_800_000_001));
        let then = then.unwrap();
        assert!(LoginId::begun(now, u128::MAX).bytes() < LoginId::begun(then, 0).bytes());
        assert_ne!(LoginId::begun(now, 1 << 48), LoginId::begun(now, 2 << 48));
        assert!(MessageId::made(now, u128::MAX).as_str() < MessageId::made(then, 0).as_str());
        assert_ne!(MessageId::made(now, 1), MessageId::made(now, 2));
        let made = MessageId::made(now, u128::MAX);
        assert_eq!(MessageId::new(made.as_str()), Ok(made));
    }
}
