//! The configuration: as written (`RawConfig`, every key optional, unknown keys refused) and as resolved
//! ([`Config`], valid by construction). The only place that reads the environment.
//!
//! Later sources win, key by key: the file, then `conf.d/*.toml` beside it in the order of their names, then
//! environment variables `CH__SECTION__KEY`. Every key has an entry in `docs/configuration.md`. No value here is a
//! secret: secrets are named by the file that holds them.

mod sources;
mod values;

use std::collections::BTreeMap;
use std::fmt;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::domain::id::{Cvr, EntityId};
use crate::domain::network::Network;
use crate::domain::written::{Complaint, read};

pub use sources::Sources;
pub use values::{Host, Hours, KeyFile, LogoutSeconds, Minutes, PublicUrl, SkewSeconds};

/// Where the configuration is looked for when the command line does not say.
pub const DEFAULT_FILE: &str = "/etc/context-handler/config.toml";

/// The configuration as resolved.
#[derive(Clone, Debug, Serialize)]
pub struct Config {
    /// Where we listen and what we are called.
    pub server: Server,
    /// Who we are in SAML.
    pub identity: Identity,
    /// Where things are kept.
    pub store: Store,
    /// Our own keys.
    pub keys: Keys,
    /// How long things last.
    pub login: Login,
    /// Whom we may call.
    pub egress: Egress,
    /// What is asked of parties' certificates.
    pub trust: Trust,
    /// What is written to the log.
    pub logging: Logging,
    #[serde(skip)]
    origins: Origins,
}

/// Where we listen and what we are called.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Server {
    /// The address for browsers and partners.
    pub listen: SocketAddr,
    /// The base of all our addresses, as browsers see it.
    pub public_url: PublicUrl,
    /// Which environment this is, as reports of trust runs name it.
    pub environment: String,
    /// The address for health, readiness and metrics.
    pub operations_listen: SocketAddr,
    /// Proxies whose `X-Forwarded-For` is believed.
    pub trusted_proxies: Vec<Network>,
}

/// Who we are in SAML.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Identity {
    /// Our entityID, towards fagsystemer and towards identity providers.
    pub entity_id: EntityId,
}

/// Where things are kept.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Store {
    /// The SQLite file.
    pub path: PathBuf,
}

/// Our own keys, in the order of preference: the first signs, the others are published.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Keys {
    /// Keys that sign.
    pub signing: Vec<KeyFile>,
    /// Keys that decrypt.
    pub decryption: Vec<KeyFile>,
    /// Further keys that sign tokens of OpenID Connect, for algorithms that the signing key cannot do.
    pub token_signing: Vec<KeyFile>,
}

/// How long things last.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Login {
    /// How far a partner's clock may be off.
    pub clock_skew_seconds: SkewSeconds,
    /// How long an assertion of ours is valid.
    pub assertion_minutes: Minutes,
    /// How long a session lives.
    pub session_hours: Hours,
    /// How long a session that is not used can be used again.
    pub session_idle_minutes: Minutes,
    /// How long a logout waits for those who are told by servers, all of them together.
    pub logout_seconds: LogoutSeconds,
}

/// Whom we may call.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Egress {
    /// Hosts that may have a private address.
    pub allow_hosts: Vec<Host>,
    /// PEM files with roots that vouch for servers, beside those of the machine.
    pub ca_roots: Vec<PathBuf>,
}

/// What is asked of parties' certificates.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Trust {
    /// PEM files with the roots that parties' certificates are issued under, and the authorities between.
    pub oces_roots: Vec<PathBuf>,
    /// The authorities whose users may lead the programme, where they have that role.
    pub programme_authorities: Vec<Cvr>,
}

/// What is written to the log.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Logging {
    /// How a line looks.
    pub format: Format,
    /// How much is written.
    pub level: Level,
}

/// How a log line looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Format {
    /// One JSON object a line, for machines.
    Json,
    /// For people.
    Text,
}

/// How much is written to the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// What failed on our side.
    Error,
    /// And what somebody should look at.
    Warn,
    /// And one line per request.
    Info,
    /// And what helps us find mistakes.
    Debug,
    /// Everything.
    Trace,
}

impl Config {
    /// Resolves what was written, or says everything that is wrong with it.
    pub fn resolve(sources: &Sources) -> Result<Self, Vec<Complaint>> {
        let (merged, origins) = sources.merge()?;
        let raw: RawConfig = read("the merged configuration", &merged.to_string())?;
        let RawConfig { server, identity, store, keys, login, egress, trust, logging } = raw;
        let mut missing = Vec::new();
        let mut needed = |key: &str| missing.push(sources.missing(key));
        let public_url = server.public_url.or_else(|| {
            needed("server.public-url");
            None
        });
        let signing = origins.at("keys.signing").resolve(keys.signing);
        let decryption = origins.at("keys.decryption").resolve(keys.decryption);
        let token_signing = origins.at("keys.token-signing").resolve(keys.token_signing);
        for (key, list) in [("keys.signing", &signing), ("keys.decryption", &decryption)] {
            if list.is_empty() {
                needed(key);
            }
        }
        let beside = |key: &str, files: Option<Vec<PathBuf>>| {
            files.into_iter().flatten().map(|path| origins.at(key).beside(&path)).collect()
        };
        let ca_roots = beside("egress.ca-roots", egress.ca_roots);
        let oces_roots = beside("trust.oces-roots", trust.oces_roots);
        let Some(public_url) = public_url.filter(|_| missing.is_empty()) else { return Err(missing) };
        let path = store.path.map(|path| origins.at("store.path").beside(&path));
        let entity_id = match identity.entity_id {
            Some(entity_id) => entity_id,
            None => EntityId::new(&public_url.join("/saml"))
                .map_err(|bad| vec![Complaint::whole_file("server.public-url", bad.to_string())])?,
        };
        Ok(Self {
            server: Server {
                listen: server.listen.unwrap_or(SocketAddr::from(([127, 0, 0, 1], 8080))),
                public_url,
                environment: server.environment.unwrap_or_else(|| "test".to_owned()),
                operations_listen: server
                    .operations_listen
                    .unwrap_or(SocketAddr::from(([127, 0, 0, 1], 9090))),
                trusted_proxies: server.trusted_proxies.unwrap_or_default(),
            },
            identity: Identity { entity_id },
            store: Store { path: path.unwrap_or_else(|| "/var/lib/context-handler/store.sqlite".into()) },
            keys: Keys { signing, decryption, token_signing },
            login: login.resolve(),
            egress: Egress { allow_hosts: egress.allow_hosts.unwrap_or_default(), ca_roots },
            trust: Trust {
                oces_roots,
                programme_authorities: trust.programme_authorities.unwrap_or_default(),
            },
            logging: Logging {
                format: logging.format.unwrap_or(Format::Json),
                level: logging.level.unwrap_or(Level::Info),
            },
            origins,
        })
    }

    /// Every setting with the value in force and where it came from, in the order of their names.
    pub fn effective(&self) -> Vec<Effective> {
        let sections = toml::Table::try_from(self).unwrap_or_default();
        let mut all = Vec::new();
        for (section, settings) in &sections {
            for (key, value) in settings.as_table().into_iter().flatten() {
                let key = format!("{section}.{key}");
                all.push(Effective { origin: self.origins.at(&key).clone(), key, value: value.clone() });
            }
        }
        all
    }
}

/// A setting with the value in force.
#[derive(Clone, Debug, Serialize)]
pub struct Effective {
    /// The key, as `section.key`.
    pub key: String,
    /// The value in force.
    pub value: toml::Value,
    /// Where it came from.
    pub origin: Origin,
}

/// Where the value of a setting came from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Origin {
    /// Nobody said anything.
    Default,
    /// A line in a file.
    File {
        /// The file.
        file: String,
        /// The line, counted from 1.
        line: usize,
    },
    /// An environment variable of this name.
    Environment(String),
}

impl Origin {
    /// A path as it was meant where it was written: beside the file, or from where we were started.
    fn beside(&self, path: &Path) -> PathBuf {
        match self {
            Self::File { file, .. } => Path::new(file).parent().unwrap_or(Path::new("")).join(path),
            Self::Environment(_) | Self::Default => path.to_owned(),
        }
    }

    fn resolve(&self, keys: Option<Vec<KeyFile>>) -> Vec<KeyFile> {
        let beside = |path: PathBuf| self.beside(&path);
        let resolved = keys.into_iter().flatten().map(|key| KeyFile {
            file: beside(key.file),
            certificate: key.certificate.map(beside),
            password_file: key.password_file.map(beside),
        });
        resolved.collect()
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("default"),
            Self::File { file, line } => write!(f, "{file}:{line}"),
            Self::Environment(name) => write!(f, "environment {name}"),
        }
    }
}

/// Where each setting that was written came from.
#[derive(Clone, Debug, Default)]
struct Origins(BTreeMap<String, Origin>);

impl Origins {
    fn at(&self, key: &str) -> &Origin {
        self.0.get(key).unwrap_or(&Origin::Default)
    }
}

/// The configuration as written in one source.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct RawConfig {
    server: RawServer,
    identity: RawIdentity,
    store: RawStore,
    keys: RawKeys,
    login: RawLogin,
    egress: RawEgress,
    trust: RawTrust,
    logging: RawLogging,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
struct RawServer {
    #[serde(deserialize_with = "values::address")]
    listen: Option<SocketAddr>,
    public_url: Option<PublicUrl>,
    environment: Option<String>,
    #[serde(deserialize_with = "values::address")]
    operations_listen: Option<SocketAddr>,
    trusted_proxies: Option<Vec<Network>>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
struct RawIdentity {
    entity_id: Option<EntityId>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
struct RawStore {
    path: Option<PathBuf>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
struct RawKeys {
    signing: Option<Vec<KeyFile>>,
    decryption: Option<Vec<KeyFile>>,
    token_signing: Option<Vec<KeyFile>>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
struct RawLogin {
    clock_skew_seconds: Option<SkewSeconds>,
    assertion_minutes: Option<Minutes>,
    session_hours: Option<Hours>,
    session_idle_minutes: Option<Minutes>,
    logout_seconds: Option<LogoutSeconds>,
}

impl RawLogin {
    fn resolve(self) -> Login {
        Login {
            clock_skew_seconds: self.clock_skew_seconds.unwrap_or(SkewSeconds::of(60)),
            assertion_minutes: self.assertion_minutes.unwrap_or(Minutes::of(5)),
            session_hours: self.session_hours.unwrap_or(Hours::of(8)),
            session_idle_minutes: self.session_idle_minutes.unwrap_or(Minutes::of(60)),
            logout_seconds: self.logout_seconds.unwrap_or(LogoutSeconds::of(5)),
        }
    }
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
struct RawEgress {
    allow_hosts: Option<Vec<Host>>,
    ca_roots: Option<Vec<PathBuf>>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
struct RawTrust {
    oces_roots: Option<Vec<PathBuf>>,
    programme_authorities: Option<Vec<Cvr>>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
struct RawLogging {
    format: Option<Format>,
    level: Option<Level>,
}

#[cfg(test)]
mod tests;
