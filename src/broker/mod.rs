//! What happens: the use cases, each readable from top to bottom as the list of its steps.
//!
//! [`Broker`] is one handle; `login.rs` and its neighbours each add the part that they are named after. Decisions are
//! made here in order; whether a thing is true is asked of the domain, how it is said of the protocol.

mod ask;
mod attributes;
pub mod audit;
pub mod authority;
mod breaker;
mod case;
pub mod console;
pub mod egress;
mod identify;
mod issue;
pub mod judge;
pub mod keys;
mod login;
pub mod logout;
mod marks;
mod metadata;
pub mod oidc;
pub mod registry;
mod sealing;
mod session;
pub mod simulate;
mod sso;
mod step_up;
pub mod trust;
pub mod users;

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;
use jiff::{SignedDuration, Timestamp};

use crate::domain::id::{Cvr, EntityId, LoginId};
use crate::domain::reason::{Fault, Reason};
use crate::domain::world::{Clock, Random};
use crate::protocol::keys::Roots;
use crate::protocol::saml::binding::Form;
use crate::protocol::saml::metadata::OurLogoutAddresses;
use crate::protocol::seal::{Sealer, Ticket};
use crate::store::{Kind, Store, StoreError};

pub use ask::{Offer, OfferLine};

use attributes::Attributes;
use egress::Egress;
use keys::Keys;
use registry::Snapshot;

/// What the broker is told about itself.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Our name in SAML.
    pub entity_id: EntityId,
    /// The base of all our addresses, without a slash at its end.
    pub public_url: String,
    /// Where we run: production, or one of the test environments. Trust is proved in each of them.
    pub environment: String,
    /// The authorities whose users may lead the programme, where they have that role.
    pub programme: Vec<Cvr>,
    /// How far clocks may differ.
    pub skew: SignedDuration,
    /// How long an assertion of ours holds.
    pub assertion_for: SignedDuration,
    /// How long a session lasts.
    pub session_for: SignedDuration,
    /// How long a session that is not used can be used again.
    pub idle_for: SignedDuration,
    /// How long a logout waits for those who are told by servers, all of them together.
    pub logout_for: Duration,
    /// How attribute services, and parties of a session that is over, are called.
    pub egress: Egress,
    /// The roots of certificates that parties may have.
    pub roots: Arc<Roots>,
}

impl Settings {
    /// Where fagsystemer send their requests.
    pub fn sso(&self) -> String {
        format!("{}/saml/idp/sso", self.public_url)
    }

    /// Where identity providers send their answers.
    pub fn acs(&self) -> String {
        format!("{}/saml/sp/acs", self.public_url)
    }

    /// Where fagsystemer send messages about logout.
    pub fn idp_logout(&self) -> OurLogoutAddresses {
        self.logout("idp")
    }

    /// Where identity providers send messages about logout.
    pub fn sp_logout(&self) -> OurLogoutAddresses {
        self.logout("sp")
    }

    fn logout(&self, role: &str) -> OurLogoutAddresses {
        let browser = format!("{}/saml/{role}/slo", self.public_url);
        OurLogoutAddresses { soap: format!("{browser}/soap"), browser }
    }

    /// Where others ask for the attributes of users.
    pub fn attribute_authority(&self) -> String {
        format!("{}/saml/aa/soap", self.public_url)
    }
}

/// The one handle on everything that happens.
pub struct Broker {
    settings: Settings,
    keys: Keys,
    store: Arc<dyn Store>,
    clock: Arc<dyn Clock>,
    random: Arc<dyn Random>,
    snapshot: ArcSwap<Snapshot>,
    sealer: ArcSwap<Sealer>,
    attributes: Attributes,
}

impl Broker {
    /// Opens for business: loads the register and the sealing keys.
    pub async fn open(
        settings: Settings,
        keys: Keys,
        store: Arc<dyn Store>,
        clock: Arc<dyn Clock>,
        random: Arc<dyn Random>,
    ) -> Result<Self, Fault> {
        let broker = Self::at_rest(settings, keys, store, clock, random).await?;
        broker.rotate_seal_keys().await?;
        Ok(broker)
    }

    /// The same without a key for logins: it can be asked what would happen, and lets nobody in.
    pub async fn at_rest(
        settings: Settings,
        keys: Keys,
        store: Arc<dyn Store>,
        clock: Arc<dyn Clock>,
        random: Arc<dyn Random>,
    ) -> Result<Self, Fault> {
        let broker = Self {
            attributes: Attributes::new(settings.egress.clone()),
            settings,
            keys,
            store,
            clock,
            random,
            snapshot: ArcSwap::from_pointee(Snapshot::default()),
            sealer: ArcSwap::from_pointee(Sealer::new(Vec::new())),
        };
        broker.reload_registry().await?;
        Ok(broker)
    }

    /// What the broker is told about itself.
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// The register as it stands at this moment.
    pub fn snapshot(&self) -> Arc<Snapshot> {
        self.snapshot.load_full()
    }

    /// The time that decisions are made by.
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// Forgets what has expired.
    pub async fn purge(&self) -> Result<(), Fault> {
        self.store.purge(self.clock.now()).await.map_err(Fault::from)
    }
}

/// Who knocks, and what the browser brings along. All of it narrows or hints; none of it is believed.
#[derive(Clone, Debug, Default)]
pub struct Visit {
    /// The address and method that was called, for the exchange log: `/saml/idp/sso GET`.
    pub endpoint: &'static str,
    /// Where the visitor comes from.
    pub source: Option<IpAddr>,
    /// The municipality that the visitor, or the fagsystem on its behalf, hints at.
    pub hint: Option<Cvr>,
    /// The label of the browser. It has no power.
    pub browser: Option<LoginId>,
    /// What opens the browser's sessions, by municipality.
    pub tickets: Vec<(Cvr, Ticket)>,
}

/// What came of a knock.
#[derive(Debug)]
pub struct Step {
    /// What the browser is to do next.
    pub next: Next,
    /// The fagsystem that it is about, as far as that is proved.
    pub fagsystem: Option<EntityId>,
    /// The identity provider that it is about, as far as one was chosen.
    pub idp: Option<EntityId>,
    /// Whether the user turned out to be a robot.
    pub robot: bool,
    /// The label that the browser is to carry from now on, where it brought none.
    pub browser: Option<LoginId>,
}

/// What the browser keeps of a session.
#[derive(Clone, Debug)]
pub struct Keep {
    /// The municipality.
    pub authority: Cvr,
    /// What opens the session.
    pub ticket: Ticket,
}

/// What the browser is to do next.
#[derive(Debug)]
pub enum Next {
    /// Go to the identity provider, and keep the sealed login meanwhile.
    Ask {
        /// The sealed login.
        sealed: SealedLogin,
        /// How our question gets there.
        question: ByBrowser,
        /// The identity provider, by the name that people know.
        receiver: String,
    },
    /// Choose a municipality, and keep the sealed login meanwhile.
    Choose(SealedLogin),
    /// Take the answer to the fagsystem, and forget the sealed login.
    Answer {
        /// The login.
        login: LoginId,
        /// How it gets there.
        answer: ByBrowser,
        /// The fagsystem, by the name that people know.
        receiver: String,
        /// The reason, when the answer is a refusal.
        refused: Option<Reason>,
        /// The session that began.
        session: Option<Keep>,
    },
    /// Read why it ends here.
    Refuse(Refusal),
    /// Read a page of ours, the report of a trust run or the first page of whoever signed in, and forget the sealed login.
    Read {
        /// The login.
        login: LoginId,
        /// The path of the page.
        page: String,
        /// What opens the sign-in that began.
        console: Option<Ticket>,
    },
}

/// A pending login, or a logout, in the form in which the browser keeps it.
#[derive(Clone, Debug)]
pub struct SealedLogin {
    /// Its id, which names the cookie.
    pub login: LoginId,
    /// What the cookie holds.
    pub content: String,
}

/// How a message of ours travels with the browser.
#[derive(Debug)]
pub enum ByBrowser {
    /// In an address.
    Redirect(String),
    /// In a form.
    Post(Form),
    /// In a form with fields of any name.
    Fields {
        /// The receiver's address.
        action: String,
        /// The names and values.
        fields: Vec<(&'static str, String)>,
    },
}

/// A login that ends on a page of ours.
#[derive(Clone, Debug)]
pub struct Refusal {
    /// The login, whose case number the user reads aloud.
    pub login: LoginId,
    /// Why.
    pub reason: Reason,
    /// When.
    pub at: Timestamp,
    /// The name of the fagsystem, when it is known for sure.
    pub fagsystem: Option<String>,
}

impl From<StoreError> for Fault {
    fn from(error: StoreError) -> Self {
        let reason = match error {
            StoreError::Used(Kind::Request) => Reason::RequestReplay,
            StoreError::Used(Kind::Logout) => Reason::SloReplay,
            StoreError::Used(_) | StoreError::Taken => Reason::Replay,
            StoreError::Conflict { .. } => Reason::AdminConflict,
            StoreError::Changed => Reason::ApiCondition,
            StoreError::Ended => Reason::SessionEnded,
            StoreError::LoggedOut => Reason::SloRace,
            StoreError::Uninvited => Reason::ConsoleLink,
            StoreError::Often => Reason::TrustOften,
            StoreError::Spent => Reason::TokenSpent,
            StoreError::Down(_) => Reason::StoreDown,
        };
        Self::new(reason, error.to_string())
    }
}
