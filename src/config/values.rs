//! The kinds of values that settings have. Each refuses what it cannot be, in words that a complaint can show.

use std::fmt;
use std::net::{IpAddr, Ipv6Addr, SocketAddr};
use std::path::PathBuf;

use axum::http::Uri;
use jiff::SignedDuration;
use serde::de::value::MapAccessDeserializer;
use serde::de::{Error, MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};

/// A whole number of a unit of time, within bounds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "i64", into = "i64")]
pub struct Time<const UNIT: i64, const LEAST: i64, const MOST: i64>(i64);

/// Seconds that a browser waits while others are told of a logout.
pub type LogoutSeconds = Time<1, 1, 60>;
/// Minutes, at most a day.
pub type Minutes = Time<60, 1, 1440>;

/// Hours, at most a week.
pub type Hours = Time<3600, 1, 168>;

/// Seconds by which clocks may differ, at most five minutes.
pub type SkewSeconds = Time<1, 0, 300>;

impl<const UNIT: i64, const LEAST: i64, const MOST: i64> Time<UNIT, LEAST, MOST> {
    /// This many, for a default that lies within the bounds.
    pub(super) const fn of(number: i64) -> Self {
        assert!(LEAST <= number && number <= MOST);
        Self(number)
    }

    /// How long that is.
    pub const fn duration(self) -> SignedDuration {
        SignedDuration::from_secs(self.0 * UNIT)
    }
}

impl<const UNIT: i64, const LEAST: i64, const MOST: i64> TryFrom<i64> for Time<UNIT, LEAST, MOST> {
    type Error = String;
    fn try_from(number: i64) -> Result<Self, String> {
        let fits = (LEAST..=MOST).contains(&number);
        fits.then_some(Self(number))
            .ok_or_else(|| format!("expected a number from {LEAST} to {MOST}, got {number}"))
    }
}

impl<const UNIT: i64, const LEAST: i64, const MOST: i64> From<Time<UNIT, LEAST, MOST>> for i64 {
    fn from(time: Time<UNIT, LEAST, MOST>) -> Self {
        time.0
    }
}

/// The base of all our addresses: https, or http on this very machine. No path, no trailing slash.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct PublicUrl(String);

impl PublicUrl {
    /// The address without a trailing slash.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The address of a path that begins with a slash.
    pub fn join(&self, path: &str) -> String {
        format!("{}{path}", self.0)
    }

    /// The name of the host, without a port.
    pub fn host(&self) -> &str {
        let authority = self.0.split_once("://").map_or("", |(_, authority)| authority);
        let host = authority.rsplit_once(':').filter(|(_, port)| port.bytes().all(|b| b.is_ascii_digit()));
        host.map_or(authority, |(host, _)| host).trim_matches(['[', ']'])
    }

    /// Whether browsers reach us encrypted.
    pub fn is_https(&self) -> bool {
        self.0.starts_with("https://")
    }
}

impl TryFrom<String> for PublicUrl {
    type Error = String;
    fn try_from(written: String) -> Result<Self, String> {
        let bad =
            || format!("expected an address like https://login.example.dk without a path, got {written:?}");
        let uri: Uri = written.parse().map_err(|_| bad())?;
        let authority = uri.authority().map(|authority| authority.as_str()).ok_or_else(bad)?;
        let host = uri.host().unwrap_or_default().trim_matches(['[', ']']);
        let path = uri.path_and_query().map_or("/", |path| path.as_str());
        if authority.contains('@') || host.is_empty() || path != "/" || written.contains('#') {
            return Err(bad());
        }
        match uri.scheme_str() {
            Some("https") => Ok(Self(format!("https://{authority}").to_ascii_lowercase())),
            Some("http") if is_loopback(host) => Ok(Self(format!("http://{authority}").to_ascii_lowercase())),
            Some("http") => {
                Err(format!("expected https, because {host} is not this machine, got {written:?}"))
            }
            _ => Err(bad()),
        }
    }
}

impl From<PublicUrl> for String {
    fn from(url: PublicUrl) -> Self {
        url.0
    }
}

impl fmt::Display for PublicUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The name of a host: no scheme, no port, no path.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Host(String);

impl Host {
    /// The name in small letters.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for Host {
    type Error = String;
    fn try_from(written: String) -> Result<Self, String> {
        let allowed = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'_' | b':');
        let is_address = written.parse::<Ipv6Addr>().is_ok();
        if written.is_empty() || !written.bytes().all(allowed) || (written.contains(':') && !is_address) {
            return Err(format!("expected the name of a host like idp.example.dk, got {written:?}"));
        }
        Ok(Self(written.to_ascii_lowercase()))
    }
}

impl From<Host> for String {
    fn from(host: Host) -> Self {
        host.0
    }
}

/// An address and a port to listen on.
pub(super) fn address<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<SocketAddr>, D::Error> {
    let written = String::deserialize(deserializer)?;
    let bad =
        |_| D::Error::custom(format!("expected an address and a port like 127.0.0.1:8080, got {written:?}"));
    written.parse().map(Some).map_err(bad)
}

/// Where one of our keys is kept: a PEM file with key and certificate, two PEM files, or a PKCS#12 file with its
/// password in another file. Written as a path, or as a table.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct KeyFile {
    /// The file with the key, and with the certificate unless that is named beside it.
    pub file: PathBuf,
    /// The PEM file with the certificate.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub certificate: Option<PathBuf>,
    /// The file with the password of a PKCS#12 file.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub password_file: Option<PathBuf>,
}

impl<'de> Deserialize<'de> for KeyFile {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(PathOrTable)
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct KeyTable {
    file: PathBuf,
    certificate: Option<PathBuf>,
    password_file: Option<PathBuf>,
}

struct PathOrTable;

impl<'de> Visitor<'de> for PathOrTable {
    type Value = KeyFile;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the path of a key file, or a table with `file`")
    }

    fn visit_str<E: Error>(self, path: &str) -> Result<KeyFile, E> {
        Ok(KeyFile { file: path.into(), certificate: None, password_file: None })
    }

    fn visit_map<M: MapAccess<'de>>(self, map: M) -> Result<KeyFile, M::Error> {
        let KeyTable { file, certificate, password_file } =
            KeyTable::deserialize(MapAccessDeserializer::new(map))?;
        Ok(KeyFile { file, certificate, password_file })
    }
}

/// Whether a host name means this very machine.
fn is_loopback(host: &str) -> bool {
    let is_name = host.eq_ignore_ascii_case("localhost") || host.to_ascii_lowercase().ends_with(".localhost");
    is_name || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}
