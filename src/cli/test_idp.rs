//! `test-idp`: an identity provider for tests, beside a broker that is not in production.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use clap::Args;

use super::serve::told_to_stop;
use super::{Done, Exit, Session, wait_for, wrong};
use crate::config::{DEFAULT_FILE, Format, Level, Logging};
use crate::domain::written::Complaint;
use crate::sandbox::{EXAMPLE, Failed, TestIdp as Provider, Wanted};
use crate::system::SystemClock;
use crate::telemetry;

/// Where nobody is let in who is made up.
const PRODUCTION: &str = "production";

/// What `test-idp` takes.
#[derive(Debug, Args)]
pub(super) struct TestIdp {
    /// Write a file of personas to begin with, and do nothing else
    #[arg(long)]
    example_personas: bool,

    /// Its entityID, as the broker's register knows it
    #[arg(long, value_name = "URI", required_unless_present = "example_personas")]
    entity_id: Option<String>,

    /// The file of its personas
    #[arg(long, value_name = "FILE", required_unless_present = "example_personas")]
    personas: Option<PathBuf>,

    /// What it signs with: a PEM file with a private key and its certificate
    #[arg(long, value_name = "FILE", required_unless_present = "example_personas")]
    key: Option<PathBuf>,

    /// The broker's metadata as a service provider: a file, or its address
    #[arg(long, value_name = "FILE|URL", required_unless_present_any = ["example_personas", "metadata", "register"])]
    broker_metadata: Option<String>,

    /// Where it listens
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:8085")]
    listen: SocketAddr,

    /// How its addresses begin for browsers; without it, `http://` and where it listens
    #[arg(long, value_name = "URL")]
    public_url: Option<String>,

    /// Its name for people
    #[arg(long, default_value = "Test-IdP")]
    name: String,

    /// Speak OIOSAML 2 instead of OIOSAML 3
    #[arg(long)]
    oiosaml2: bool,

    /// The environment, where the broker's configuration is not at hand to tell it (--config)
    #[arg(long, value_name = "NAME")]
    environment: Option<String>,

    /// Write its metadata, and do nothing else
    #[arg(long, conflicts_with = "register")]
    metadata: bool,

    /// Write the lines of the register that it needs, and do nothing else
    #[arg(long)]
    register: bool,
}

impl TestIdp {
    pub(super) fn run(self, session: &mut Session<'_>) -> Done {
        if self.example_personas {
            let _ = write!(session.desk.out, "{EXAMPLE}");
            return Ok(Exit::Ok);
        }
        let provider = Provider::new(self.wanted(session)?).map_err(complaints)?;
        if self.metadata {
            let _ = writeln!(session.desk.out, "{}", provider.metadata().map_err(complaints)?);
            return Ok(Exit::Ok);
        }
        if self.register {
            let _ = write!(session.desk.out, "{}", provider.register());
            return Ok(Exit::Ok);
        }
        let public_url = self.allowed(session)?;
        let logging = Logging { format: Format::Text, level: Level::Warn };
        telemetry::start(&logging, std::sync::Arc::new(SystemClock));
        let broker = match self.broker(session)? {
            Ok(broker) => broker,
            Err(unreachable) => return Ok(session.unreachable(&unreachable)),
        };
        let acs = Provider::answers_go_to(&broker).map_err(complaints)?;
        if let Some(url) = public_url.filter(|url| !acs.starts_with(url.as_str())) {
            let what =
                format!("expected the broker of the configuration, {url}, got one that answers at {acs}");
            return Err(wrong("--broker-metadata", what));
        }
        let _ = writeln!(
            session.desk.out,
            "An identity provider for tests, at {}: everybody here is made up.\nIt answers to {acs}.\n\
             What the broker's register needs: --metadata and --register. Ctrl-C stops it.",
            self.address()
        );
        let _ = session.desk.out.flush();
        match wait_for(provider.serve(self.listen, &broker, told_to_stop()))? {
            Ok(()) => Ok(Exit::Ok),
            Err(Failed::Listen { address, error }) => {
                Err(wrong("--listen", format!("cannot listen on {address}: {error}")))
            }
            Err(failed) => Err(complaints(failed)),
        }
    }

    fn address(&self) -> String {
        self.public_url.clone().unwrap_or_else(|| format!("http://{}", self.listen))
    }

    fn wanted(&self, session: &mut Session<'_>) -> Result<Wanted, Vec<Complaint>> {
        let personas = self.personas.clone().unwrap_or_default();
        let text = String::from_utf8(session.read(&personas)?);
        let text = text.map_err(|_| wrong(&personas.display().to_string(), "expected text in UTF-8"))?;
        Ok(Wanted {
            entity_id: self.entity_id.clone().unwrap_or_default(),
            name: self.name.clone(),
            public_url: self.address(),
            oiosaml2: self.oiosaml2,
            key: session.read(self.key.as_deref().unwrap_or(Path::new("")))?,
            personas: (personas.display().to_string(), text),
        })
    }

    /// Refuses where somebody made up would be let in for real. Tells where the configuration says that the broker is, if
    /// there is one.
    fn allowed(&self, session: &Session<'_>) -> Result<Option<String>, Vec<Complaint>> {
        let is_named = session.config != Path::new(DEFAULT_FILE) || session.config.exists();
        let config = is_named.then(|| session.configuration()).transpose()?;
        let told = [
            ("server.environment", config.as_ref().map(|config| &config.server.environment)),
            ("--environment", self.environment.as_ref()),
        ];
        let mut told = told.into_iter().filter_map(|(from, name)| Some((from, name?))).peekable();
        if told.peek().is_none() {
            let what = "expected to be told which environment this is, got nothing";
            let hint = "name the broker's configuration by --config, or say it by --environment";
            return Err(vec![Complaint::whole_file("test-idp", what).hint(hint)]);
        }
        if let Some((from, name)) = told.find(|(_, name)| name.trim().eq_ignore_ascii_case(PRODUCTION)) {
            let what = format!("expected a test environment, got `{name}`");
            let hint = "whoever is made up here would be let in for real";
            return Err(vec![Complaint::whole_file(from, what).hint(hint)]);
        }
        Ok(config.as_ref().map(|config| config.server.public_url.to_string()))
    }

    /// The broker's metadata, or why it cannot be reached.
    fn broker(&self, session: &mut Session<'_>) -> Result<Result<Vec<u8>, String>, Vec<Complaint>> {
        let from = self.broker_metadata.clone().unwrap_or_default();
        if !from.starts_with("https://") && !from.starts_with("http://") {
            return session.read(Path::new(&from)).map(Ok);
        }
        let fetched = wait_for(Provider::fetch(&from))?;
        Ok(fetched.map_err(|failed| format!("{from}: {failed}")))
    }
}

fn complaints(failed: Failed) -> Vec<Complaint> {
    match failed {
        Failed::Refused(complaints) => complaints,
        failed => wrong("test-idp", failed),
    }
}
