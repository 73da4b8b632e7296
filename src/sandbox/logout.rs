//! The end of a session by SAML, as the neighbours write, read and judge it: what a fagsystem says to the broker and what an
//! identity provider says is the same. Every message is signed and travels in an address.

use super::World;
use super::memory::Memory;
use super::partner::Partner;
use super::saml::{Refused, STATUS, expect, fresh, fresh_id, issuer, refused, saml, samlp, time, written};
use super::wire;
use crate::protocol::keys::Signer;
use crate::protocol::xml::{Document, Element, Writer};

/// A neighbour in a logout.
pub(super) struct Party<'p> {
    pub(super) entity_id: &'p str,
    /// Where it takes these messages.
    pub(super) here: String,
    pub(super) key: &'p dyn Signer,
    pub(super) broker: &'p Partner,
    /// Where the broker takes them.
    pub(super) to: &'p str,
    pub(super) world: &'p World,
}

/// Whom a session belongs to, and which one it is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Named {
    pub(super) format: String,
    pub(super) name: String,
    pub(super) index: Option<String>,
}

/// What comes of a message in a logout.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Next {
    /// The browser takes our answer back to the broker, at this address.
    Back(String),
    /// Our own request was answered, with these two codes.
    Over {
        /// The first.
        top: String,
        /// The second, if there is one.
        second: String,
    },
}

/// What the broker says.
#[derive(Debug, PartialEq, Eq)]
enum Said {
    /// End this user's sessions.
    Ask(Wish),
    /// What became of the request of this ID: the two status codes.
    Answer {
        /// Our request.
        to: String,
        top: String,
        second: String,
    },
}

/// The broker's wish that sessions end.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Wish {
    id: String,
    relay_state: Option<String>,
    name: String,
    indexes: Vec<String>,
}

impl Wish {
    /// Whether it means this session: all of the user's are meant if none is named.
    pub(super) fn means(&self, session: &Named) -> bool {
        let is_named = |index: &String| self.indexes.contains(index);
        self.name == session.name && (self.indexes.is_empty() || session.index.as_ref().is_some_and(is_named))
    }
}

impl Party<'_> {
    /// Asks the broker to end a session everywhere, and keeps in mind that it asked: the address that carries it.
    pub(super) fn ask(&self, session: &Named, leaving: &Memory<()>) -> Result<String, Refused> {
        let id = fresh_id(self.world.random.as_ref());
        let mut xml = self.begin("LogoutRequest", &id, None);
        xml.start(saml("NameID")).attribute("Format", &session.format).text(&session.name).end();
        if let Some(index) = &session.index {
            xml.element(samlp("SessionIndex"), index);
        }
        let xml = xml.end().finish()?.into_string();
        let address = wire::redirect(self.to, ("SAMLRequest", &xml), None, self.key)?;
        self.world.journal.note(["asks for the end of the session everywhere, signed".to_owned()]);
        leaving.keep(id, ());
        Ok(address)
    }

    /// Does what the broker asks for, or learns what became of what it was asked.
    pub(super) fn take(
        &self,
        query: &str,
        leaving: &Memory<()>,
        end: impl Fn(&Wish) -> usize,
    ) -> Result<Next, Refused> {
        match self.read(query)? {
            Said::Ask(wish) => {
                let many = end(&wish);
                let what = format!("is asked by the context handler, signed, to end a session: {many} ended");
                self.world.journal.note([what]);
                self.done(&wish).map(Next::Back)
            }
            Said::Answer { to, .. } if leaving.take(&to).is_none() => {
                refused("an answer to no question, or the second one")
            }
            Said::Answer { top, second, .. } => {
                self.world
                    .journal
                    .note([format!("is told what became of its request, signed: {top} {second}")]);
                Ok(Next::Over { top, second })
            }
        }
    }

    /// Tells the broker that what it asked for is done: the address that carries it.
    fn done(&self, wish: &Wish) -> Result<String, Refused> {
        let mut xml = self.begin("LogoutResponse", &fresh_id(self.world.random.as_ref()), Some(&wish.id));
        xml.start(samlp("Status")).start(samlp("StatusCode"));
        xml.attribute("Value", &format!("{STATUS}Success")).end().end();
        let xml = xml.end().finish()?.into_string();
        wire::redirect(self.to, ("SAMLResponse", &xml), wish.relay_state.as_deref(), self.key)
    }

    fn begin(&self, message: &'static str, id: &str, in_response_to: Option<&str>) -> Writer {
        let mut xml = Writer::new();
        xml.start(samlp(message)).attribute("Destination", self.to).attribute("ID", id);
        if let Some(question) = in_response_to {
            xml.attribute("InResponseTo", question);
        }
        xml.attribute("IssueInstant", &written(self.world.clock.now())).attribute("Version", "2.0");
        xml.element(saml("Issuer"), self.entity_id);
        xml
    }

    /// Reads what the broker says, if all is well with it.
    fn read(&self, query: &str) -> Result<Said, Refused> {
        let is_answer = query.split('&').any(|pair| pair.starts_with("SAMLResponse="));
        let (field, message) =
            if is_answer { ("SAMLResponse", "LogoutResponse") } else { ("SAMLRequest", "LogoutRequest") };
        let arrived = wire::arrived(query, field)?;
        let keys = &self.broker.keys;
        keys.verify_detached(&arrived.algorithm, arrived.signed.as_bytes(), &arrived.signature)?;
        let document = Document::parse(&arrived.xml)?;
        let root = document.root();
        if !root.is(samlp(message)) {
            return refused(format!("expected a {message}, got {}", root.local()));
        }
        expect("Issuer", &self.broker.entity_id, Some(&issuer(root)?))?;
        expect("Destination", &self.here, root.attribute("Destination"))?;
        fresh(root, self.world.clock.now())?;
        if is_answer { answer(root) } else { self.wish(root, arrived.relay_state) }
    }

    fn wish(&self, root: Element<'_>, relay_state: Option<String>) -> Result<Said, Refused> {
        let now = self.world.clock.now();
        if let Some(until) = time(root, "NotOnOrAfter")?.filter(|until| *until <= now) {
            return refused(format!("the request held until {until}, it is {now}"));
        }
        let indexes = root.children().filter(|child| child.is(samlp("SessionIndex")));
        Ok(Said::Ask(Wish {
            id: root.attribute("ID").ok_or_else(|| Refused("the request has no ID".to_owned()))?.to_owned(),
            relay_state,
            name: root.only_child(saml("NameID"))?.text()?.into_owned(),
            indexes: indexes.map(|index| Ok(index.text()?.into_owned())).collect::<Result<_, Refused>>()?,
        }))
    }
}

fn answer(root: Element<'_>) -> Result<Said, Refused> {
    let Some(to) = root.attribute("InResponseTo") else { return refused("an answer to nothing") };
    let top = root.only_child(samlp("Status"))?.only_child(samlp("StatusCode"))?;
    let code = |element: Element<'_>| {
        let value = element.attribute("Value").unwrap_or_default();
        value.strip_prefix(STATUS).unwrap_or(value).to_owned()
    };
    let second = top.optional_child(samlp("StatusCode"))?.map(code).unwrap_or_default();
    Ok(Said::Answer { to: to.to_owned(), top: code(top), second })
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::protocol::keys::{Certificate, FileKey, TrustedKeys};
    use crate::sandbox::files::{BROKER_DECRYPTION, BROKER_SIGNING, SP_OIOSAML3};
    use crate::system::{SystemClock, SystemRandom};

    const BROKER: &str = "https://saml.context-handler.example";
    const FAGSYSTEM: &str = "https://saml.bbr.example";
    const THERE: &str = "http://localhost:8084/slo";
    const HERE: &str = "http://localhost:8080/saml/idp/slo";

    /// A broker that both sides of these tests know; the one whose words are read signs with this key.
    struct Stage {
        world: World,
        partner: Partner,
        key: FileKey,
    }

    impl Stage {
        fn new(key: &[u8]) -> Self {
            let world = World {
                clock: Arc::new(SystemClock),
                random: Arc::new(SystemRandom),
                journal: Arc::default(),
            };
            let partner = Partner {
                entity_id: BROKER.to_owned(),
                keys: TrustedKeys::new(vec![Certificate::from_pem(BROKER_SIGNING).unwrap()]).unwrap(),
                sso: None,
                acs: String::new(),
                logout: [None, None],
                encryption: Certificate::from_pem(BROKER_DECRYPTION).unwrap(),
            };
            Self { world, partner, key: FileKey::read(key, None).unwrap() }
        }

        fn party(&self, entity_id: &'static str, here: &str, to: &'static str) -> Party<'_> {
            let Self { world, partner, key } = self;
            Party { entity_id, here: here.to_owned(), key, broker: partner, to, world }
        }
    }

    fn agnes(index: Option<&str>) -> Named {
        let index = index.map(str::to_owned);
        Named { format: "f".to_owned(), name: "Agnes".to_owned(), index }
    }

    /// What the fagsystem reads at its address when somebody with this key asks under this name.
    fn read(key: &[u8], entity_id: &'static str, to: &'static str) -> Result<Said, String> {
        let (asks, fagsystem) = (Stage::new(key), Stage::new(SP_OIOSAML3));
        let asks = asks.party(entity_id, HERE, to);
        let address = asks.ask(&agnes(Some("1")), &Memory::default()).unwrap();
        let query = address.split_once('?').unwrap().1;
        let read = fagsystem.party(FAGSYSTEM, THERE, HERE).read(query);
        read.map_err(|Refused(why)| why)
    }

    #[test]
    fn the_broker_ends_the_sessions_that_it_names_and_nobody_else_ends_any() {
        let Ok(Said::Ask(wish)) = read(BROKER_SIGNING, BROKER, THERE) else { panic!("a wish") };
        assert!(wish.means(&agnes(Some("1"))));
        assert!(!wish.means(&agnes(Some("2"))) && !wish.means(&agnes(None)));
        assert!(!wish.means(&Named { name: "Viggo".to_owned(), ..agnes(Some("1")) }));
        let all = Wish { indexes: Vec::new(), ..wish };
        assert!(all.means(&agnes(Some("2"))) && all.means(&agnes(None)));

        for (key, entity_id, to, why) in [
            (SP_OIOSAML3, BROKER, THERE, "sig.invalid"),
            (BROKER_SIGNING, FAGSYSTEM, THERE, "Issuer: expected"),
            (BROKER_SIGNING, BROKER, "http://localhost:8083/slo", "Destination: expected"),
        ] {
            let got = read(key, entity_id, to).unwrap_err();
            assert!(got.starts_with(why), "{got}");
        }
    }

    #[test]
    fn what_became_of_a_request_is_told_to_whoever_asked() {
        let (broker, fagsystem) = (Stage::new(BROKER_SIGNING), Stage::new(SP_OIOSAML3));
        let wish = Wish {
            id: "_1".to_owned(),
            relay_state: Some("a b".to_owned()),
            name: "Agnes".to_owned(),
            indexes: Vec::new(),
        };
        let address = broker.party(BROKER, HERE, THERE).done(&wish).unwrap();
        let query = address.split_once('?').unwrap().1;
        let party = fagsystem.party(FAGSYSTEM, THERE, HERE);
        let (leaving, end) = (Memory::default(), |_: &Wish| panic!("it ends nothing"));
        assert!(party.take(query, &leaving, end).is_err(), "it has not asked");
        leaving.keep("_1".to_owned(), ());
        let expected = Next::Over { top: "Success".to_owned(), second: String::new() };
        assert_eq!(party.take(query, &leaving, end), Ok(expected));
        assert!(party.take(query, &leaving, end).is_err(), "it is answered already");
        assert!(query.contains("&RelayState=a%20b&"), "{query}");
        assert!(party.read(&query.replace("RelayState=a", "RelayState=b")).is_err());
    }
}
