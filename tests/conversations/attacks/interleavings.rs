//! What counts once, handed in by several at once, and logins that a logout overtakes: in thousands of different orders,
//! each of them decided by a number. `CH_INTERLEAVINGS` says how many orders, `CH_SEED` which one alone.

use std::cell::{Cell, RefCell};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use context_handler::broker::keys::Keys;
use context_handler::broker::logout::{Administrator, LogoutNext, end_sessions};
use context_handler::broker::oidc::ClientCall;
use context_handler::broker::{Broker, ByBrowser, Next, Step, Visit};
use context_handler::domain::audit::Event;
use context_handler::domain::id::{Cvr, LoginId};
use context_handler::domain::reason::Reason;
use context_handler::protocol::keys::Signer;
use context_handler::protocol::oauth::parameters::Parameters;
use context_handler::protocol::oauth::token::TokenAnswer;
use context_handler::protocol::saml::binding::Arrived;
use context_handler::protocol::seal::Ticket;
use context_handler::store::{AuditQuery, Session, Sqlite, Store};
use jiff::SignedDuration;

use crate::support::relying::{CHALLENGE, Client, SECRET, query, town_with};
use crate::support::turns::{Act, Turns, all, in_turns};
use crate::support::world::{SeededDice, elliptic_key};
use crate::support::{Browser, Town, key};

/// The user's session at Korsbæk begins so.
const SESSION: &str = "__Host-session-11111111";

/// The tables that a step of a login or of a logout writes to.
const WRITTEN: [&str; 11] = [
    "used",
    "session",
    "session_name",
    "participant",
    "voucher",
    "spent",
    "logout",
    "logout_leg",
    "logged_out",
    "adoption",
    "audit",
];

/// So many go through orders beside each other: each of them mostly waits for its disk.
const LANES: usize = 8;

/// Its refresh token stays the same.
fn client() -> Client {
    Client::basic().with("id-token-signed-response-alg = \"ES256\"")
}

/// A user who is logged in, in a town.
struct Bench {
    town: Town,
    browser: Browser,
    client: Client,
    folder: PathBuf,
}

/// A broker to which nothing happens but in turns. What has happened can be undone.
struct Lane {
    client: Client,
    visit: Visit,
    store: Arc<Sqlite>,
    broker: Broker,
    undo: rusqlite::Connection,
}

impl Bench {
    async fn new(name: &str) -> Self {
        let mut client = client();
        client.registered = client.registered.replace("refresh-token-rotation = false\n", "");
        Self::of(name, client).await
    }

    async fn of(name: &str, mut client: Client) -> Self {
        // In a frame, so that a logout waits for nobody.
        client.registered = client.registered.replace("backchannel-logout-uri", "frontchannel-logout-uri");
        let town = town_with(&format!("turns-{name}"), [client.clone()]).await;
        let mut browser = town.browser();
        client.code_for(&town, &mut browser, &[]).await;
        let folder = folder(name);
        drop(std::fs::remove_dir_all(&folder));
        std::fs::create_dir_all(&folder).unwrap();
        Self { town, browser, client, folder }
    }

    /// Brokers as they would be now, of which none knows of the others.
    async fn lanes(&self) -> Vec<Lane> {
        let mut lanes = Vec::new();
        for number in 0..LANES {
            lanes.push(self.lane(&self.town.database(), number).await);
        }
        lanes
    }

    /// The same brokers after something has happened to one of them.
    async fn lanes_after(&self, lane: &Lane) -> Vec<Lane> {
        let (then, mut lanes) = (PathBuf::from(lane.undo.path().unwrap()), Vec::new());
        for number in LANES..2 * LANES {
            lanes.push(self.lane(&then, number).await);
        }
        lanes
    }

    async fn lane(&self, then: &Path, number: usize) -> Lane {
        let copies = ["broker", "before"].map(|name| self.folder.join(format!("{name}-{number}.db")));
        for copy in &copies {
            let connection = rusqlite::Connection::open(then).unwrap();
            connection.execute("VACUUM INTO ?1", [copy.to_str().unwrap()]).unwrap();
        }
        let [now, before] = copies;
        let store = Arc::new(Sqlite::open(&now).unwrap());
        let undo = rusqlite::Connection::open(&now).unwrap();
        undo.execute("ATTACH ?1 AS before", [before.to_str().unwrap()]).unwrap();
        let signing: Arc<dyn Signer> = key("broker-signing");
        let keys = Keys::new(&[signing], vec![key("broker-decryption")]).unwrap();
        let keys = keys.with_token_signers(&[elliptic_key() as Arc<dyn Signer>]).unwrap();
        let (turns, dice) = (Arc::new(Turns(store.clone())), Arc::new(SeededDice::new(100 + number as u64)));
        let settings = self.town.broker.settings().clone();
        let broker = Broker::open(settings, keys, turns, self.town.clock(), dice).await.unwrap();
        Lane { client: self.client.clone(), visit: visit_of(&self.browser), store, broker, undo }
    }

    /// An answer of Korsbæk's to a login that was begun in another window of the same browser.
    async fn answer(&mut self) -> Brought {
        let mut ask = self.town.driving.ask();
        (ask.id, ask.issue_instant) = ("_another-window".into(), self.town.now().to_string());
        ask.attributes.push(("ForceAuthn", "true".into()));
        let sent = self.town.driving.send(&mut self.browser, &ask).await;
        let (question, arrived) = self.town.korsbaek.question(&sent);
        let mut say = self.town.korsbaek.say(&question);
        say.at(self.town.now());
        (say.response_id, say.assertion_id) = ("_turns".into(), "_turns-too".into());
        let sealed = self.browser.pending()[0].to_owned();
        Brought { xml: self.town.korsbaek.write(&say), relay_state: arrived.relay_state, sealed }
    }
}

/// What a browser brings back from an identity provider, and its sealed login.
struct Brought {
    xml: String,
    relay_state: Option<String>,
    sealed: String,
}

impl Lane {
    /// Undoes all that has happened to the broker.
    fn go_back(&self) {
        let undo = WRITTEN.map(|table| {
            format!("DELETE FROM main.{table}; INSERT INTO main.{table} SELECT * FROM before.{table};")
        });
        self.undo.execute_batch(&format!("BEGIN IMMEDIATE; {} COMMIT;", undo.concat())).unwrap();
    }

    /// A code for the client, out of the user's session.
    async fn code(&self) -> String {
        let ask = [
            ("client_id", self.client.id),
            ("redirect_uri", self.client.redirect_uri),
            ("response_type", "code"),
            ("scope", "openid offline_access"),
            ("code_challenge", CHALLENGE),
            ("code_challenge_method", "S256"),
            ("domain_hint", "11111111"),
        ];
        let step = self.broker.begin_authorization(&self.visit, Parameters::read(&query(&ask))).await;
        let Next::Answer { answer: ByBrowser::Redirect(to), .. } = step.next else {
            panic!("{:?}", step.next)
        };
        let code = to.split(['?', '&']).find_map(|pair| pair.strip_prefix("code="));
        code.unwrap_or_else(|| panic!("no code in {to}")).to_owned()
    }

    /// The client hands something in, and gets a refresh token along.
    async fn hands_in(&self, fields: &[(&str, &str)]) -> Result<String, Reason> {
        self.given_for(fields).await.map(|answer| answer.refresh_token.unwrap())
    }

    async fn given_for(&self, fields: &[(&str, &str)]) -> Result<TokenAnswer, Reason> {
        let answered = self.broker.exchange(&self.visit, Ok(self.call(&query(fields)))).await;
        answered.map(|answered| answered.answer).map_err(|no| no.reason)
    }

    fn call(&self, form: &str) -> ClientCall {
        ClientCall {
            authorization: Some(self.client.basic_header(SECRET)),
            proof: None,
            certificate: None,
            method: "POST",
            form: Parameters::read(form).unwrap(),
        }
    }

    /// The browser is back.
    async fn brings(&self, brought: &Brought) -> Step {
        let Brought { xml, relay_state, sealed } = brought;
        let (xml, relay_state) = (xml.clone().into_bytes(), relay_state.clone());
        let arrived = Arrived { xml, relay_state, detached: None, by_redirect: false };
        self.broker.receive_answer(&self.visit, Ok(arrived), |_| Some(sealed.clone())).await
    }

    /// How many sessions the user has.
    async fn sessions(&self) -> usize {
        self.store.sessions_of(Cvr::new("11111111").unwrap(), None, 10).await.unwrap().len()
    }
}

impl Drop for Bench {
    fn drop(&mut self) {
        drop(std::fs::remove_dir_all(&self.folder));
    }
}

/// A disk that is quick because it forgets: what it forgets is tested elsewhere.
fn folder(name: &str) -> PathBuf {
    let quick = Path::new("/dev/shm");
    let base = if quick.is_dir() { quick.to_owned() } else { std::env::temp_dir() };
    base.join(format!("ch-turns-{name}-{}", std::process::id()))
}

fn visit_of(browser: &Browser) -> Visit {
    let ticket = Ticket::read(&browser.cookies[SESSION]).unwrap();
    Visit {
        browser: LoginId::new(&browser.cookies["__Host-browser"]).ok(),
        tickets: vec![(Cvr::new("11111111").unwrap(), ticket)],
        ..Visit::default()
    }
}

/// Goes through so many different orders. What is wrong is told with the number that brings it about again.
async fn through_orders(
    lanes: &[Lane],
    default: usize,
    round: impl AsyncFn(&Lane, u64) -> Result<Vec<u8>, String>,
) {
    let number = |name: &str| {
        let said = std::env::var_os(name)?;
        Some(said.to_str().unwrap().parse::<u64>().unwrap())
    };
    let (first, wanted) = match number("CH_SEED") {
        Some(seed) => (seed, 1),
        None => (0, number("CH_INTERLEAVINGS").map_or(default, |many| usize::try_from(many).unwrap())),
    };
    let (next, orders) = (Cell::new(first), RefCell::new(BTreeSet::new()));
    let go_on = async |lane: &Lane| {
        while orders.borrow().len() < wanted {
            let seed = next.replace(next.get() + 1);
            assert!(seed < first + 2 * wanted as u64 + 1000, "there are not so many different orders");
            lane.go_back();
            match round(lane, seed).await {
                Ok(order) => drop(orders.borrow_mut().insert(order)),
                Err(wrong) => panic!("CH_SEED={seed}: {wrong}"),
            }
        }
    };
    all(lanes.iter().take(wanted).map(|lane| Box::pin(go_on(lane)) as Act<'_, ()>)).await;
}

fn expect(is_so: bool, wrong: impl FnOnce() -> String) -> Result<(), String> {
    if is_so { Ok(()) } else { Err(wrong()) }
}

/// Hands the same thing in three times at once: it counts once, and since it came again all that was given for it is worth
/// nothing.
async fn counts_once(lanes: &[Lane], fields: &[(&str, &str)], (twice, gone): (Reason, Reason)) {
    through_orders(lanes, 5_000, async |lane, seed| {
        let act = || Box::pin(lane.hands_in(fields)) as Act<'_, Result<String, Reason>>;
        let (answers, order) = in_turns(seed, std::iter::repeat_with(act).take(3).collect()).await;
        let given: Vec<_> = answers.iter().flatten().collect();
        expect(given.len() == 1, || format!("expected tokens once, got {answers:?}"))?;
        for reason in answers.iter().filter_map(|answer| answer.as_ref().err()) {
            let over = [twice, Reason::SessionEnded, gone];
            expect(over.contains(reason), || format!("refused by {reason:?}"))?;
        }
        let next = [("grant_type", "refresh_token"), ("refresh_token", given[0].as_str())];
        let next = lane.hands_in(&next).await;
        expect(next == Err(Reason::TokenRefresh), || format!("what was given lives on: {next:?}"))?;
        expect(lane.sessions().await == 1, || "the user is logged out".into())?;
        Ok(order)
    })
    .await;
}

/// ATK-265: 5,000 orders.
#[tokio::test]
async fn a_code_counts_once_in_whatever_order_it_comes() {
    let bench = Bench::new("code").await;
    let first = bench.lane(&bench.town.database(), 2 * LANES).await;
    let code = first.code().await;
    let lanes = bench.lanes_after(&first).await;
    let fields = bench.client.of_code(&code);
    assert!(first.hands_in(&fields).await.is_ok(), "alone it is good");
    counts_once(&lanes, &fields, (Reason::OidcCode, Reason::OidcCode)).await;
}

/// ATK-265: 5,000 more.
#[tokio::test]
async fn a_refresh_token_counts_once_in_whatever_order_it_comes() {
    let bench = Bench::new("refresh").await;
    let first = bench.lane(&bench.town.database(), 2 * LANES).await;
    let code = first.code().await;
    let token = first.hands_in(&bench.client.of_code(&code)).await.unwrap();
    let lanes = bench.lanes_after(&first).await;
    let fields = [("grant_type", "refresh_token"), ("refresh_token", token.as_str())];
    assert!(first.hands_in(&fields).await.is_ok(), "alone it is good");
    counts_once(&lanes, &fields, (Reason::TokenSpent, Reason::TokenRefresh)).await;
}

/// ATK-017: the same answer of an identity provider, brought several times at once.
#[tokio::test]
async fn an_answer_of_an_identity_provider_counts_once_in_whatever_order_it_comes() {
    let mut bench = Bench::new("answer").await;
    let answer = bench.answer().await;
    through_orders(&bench.lanes().await, 500, async |lane, seed| {
        let act = || Box::pin(lane.brings(&answer)) as Act<'_, Step>;
        let (steps, order) = in_turns(seed, std::iter::repeat_with(act).take(3).collect()).await;
        let logged_in =
            steps.iter().filter(|step| matches!(step.next, Next::Answer { refused: None, .. })).count();
        expect(logged_in == 1, || format!("expected one login, got {logged_in}: {steps:?}"))?;
        for step in &steps {
            let reason = match &step.next {
                Next::Answer { refused, .. } => *refused,
                Next::Refuse(refusal) => Some(refusal.reason),
                _ => None,
            };
            let twice = [None, Some(Reason::Replay), Some(Reason::RequestReplay)];
            expect(twice.contains(&reason), || format!("refused by {reason:?}"))?;
        }
        expect(lane.sessions().await == 1, || "expected one session".into())?;
        Ok(order)
    })
    .await;
}

/// What the acts of a test come to.
#[derive(Debug)]
enum End {
    Given(Result<String, Reason>),
    LoggedIn(bool),
    LoggedOut,
    /// The session had another name already: the user sees where the browser is logged in.
    Shown,
}

impl Lane {
    async fn gives(&self, fields: &[(&str, &str)]) -> End {
        End::Given(self.hands_in(fields).await)
    }

    async fn logs_in(&self, answer: &Brought) -> End {
        End::LoggedIn(matches!(self.brings(answer).await.next, Next::Answer { refused: None, .. }))
    }

    /// The user presses the button on our page.
    async fn logs_out(&self) -> End {
        let sessions: Vec<LoginId> = self.visit.tickets.iter().map(|(_, ticket)| ticket.id).collect();
        let step = self.broker.end_for_user(&self.visit, &sessions).await;
        match step.next {
            LogoutNext::Show(_) => End::LoggedOut,
            LogoutNext::Nothing => End::Shown,
            next => panic!("{next:?}"),
        }
    }

    /// An operator ends the session that was there when the operator looked.
    async fn is_logged_out(&self, sessions: &[Session]) -> End {
        let now = self.broker.now();
        let by = Administrator::operator(now);
        let ids = Cell::new(1);
        let fresh = || LoginId::from_bits(ids.replace(ids.get() + 1));
        end_sessions(&Turns(self.store.clone()), sessions, &by, fresh).await.unwrap();
        End::LoggedOut
    }
}

/// ATK-229: whoever is given tokens while the user logs out has nothing of them.
#[tokio::test]
async fn no_token_outlives_a_logout_in_whatever_order_they_come() {
    let bench = Bench::new("tokens").await;
    let first = bench.lane(&bench.town.database(), 2 * LANES).await;
    let (spent, code) = (first.code().await, first.code().await);
    let token = first.hands_in(&bench.client.of_code(&spent)).await.unwrap();
    let lanes = bench.lanes_after(&first).await;
    bench.town.pass(SignedDuration::from_secs(1));
    let code = bench.client.of_code(&code);
    let token = [("grant_type", "refresh_token"), ("refresh_token", token.as_str())];
    let (given, refused) = (Cell::new(0), Cell::new(0));
    through_orders(&lanes, 1_000, async |lane, seed| {
        let acts: Vec<Act<'_, End>> =
            vec![Box::pin(lane.gives(&code)), Box::pin(lane.gives(&token)), Box::pin(lane.logs_out())];
        let (ends, order) = in_turns(seed, acts).await;
        expect(lane.sessions().await == 0, || format!("a session is left: {ends:?}"))?;
        for end in &ends {
            match end {
                End::Given(Ok(next)) => {
                    given.set(given.get() + 1);
                    let next = [("grant_type", "refresh_token"), ("refresh_token", next.as_str())];
                    let next = lane.hands_in(&next).await;
                    expect(next.is_err(), || "a refresh token outlives the session".into())?;
                }
                End::Given(Err(_)) => refused.set(refused.get() + 1),
                End::LoggedIn(_) | End::LoggedOut | End::Shown => {}
            }
        }
        Ok(order)
    })
    .await;
    both_happened(&given, &refused);
}

/// ATK-229: a client says that it is done while somebody hands in its refresh token, which stays the same and so is not
/// spent.
#[tokio::test]
async fn no_token_is_given_for_one_that_was_revoked_in_whatever_order_they_come() {
    let bench = Bench::of("revoked", client()).await;
    let first = bench.lane(&bench.town.database(), 2 * LANES).await;
    let code = first.code().await;
    let token = first.hands_in(&bench.client.of_code(&code)).await.unwrap();
    let lanes = bench.lanes_after(&first).await;
    let handed_in = [("grant_type", "refresh_token"), ("refresh_token", token.as_str())];
    for _ in 0..2 {
        assert!(first.given_for(&handed_in).await.is_ok(), "alone it is good, and stays so");
    }
    let (given, refused) = (Cell::new(0), Cell::new(0));
    through_orders(&lanes, 500, async |lane, seed| {
        let gives = || Box::pin(async { lane.given_for(&handed_in).await.is_ok() }) as Act<'_, bool>;
        let revokes = async {
            let form = query(&[("token", token.as_str())]);
            lane.broker.revoke(&lane.visit, Ok(lane.call(&form))).await.is_ok()
        };
        let (ends, order) = in_turns(seed, vec![gives(), Box::pin(revokes), gives()]).await;
        expect(ends[1], || "it cannot be revoked".into())?;
        let log = lane.store.search_audit(AuditQuery { limit: 4, ..AuditQuery::default() }).await.unwrap();
        let youngest_first = log.iter().map(|logged| logged.record.event);
        let after: Vec<_> = youngest_first.take_while(|event| *event != Event::TokenRevoked).collect();
        expect(!after.contains(&Event::TokenIssued), || format!("given after it was revoked: {after:?}"))?;
        for end in [ends[0], ends[2]] {
            let counted = if end { &given } else { &refused };
            counted.set(counted.get() + 1);
        }
        Ok(order)
    })
    .await;
    both_happened(&given, &refused);
}

/// Orders that all lead to the same end prove little.
fn both_happened(one: &Cell<u32>, other: &Cell<u32>) {
    let is_one_round = std::env::var_os("CH_SEED").is_some();
    assert!(is_one_round || (one.get() > 10 && other.get() > 10), "{} {}", one.get(), other.get());
}

/// ATK-229: a login that ends while the user logs out in another window, or is logged out by an operator.
#[tokio::test]
async fn no_login_outlives_a_logout_in_whatever_order_they_come() {
    let mut bench = Bench::new("login").await;
    let answer = bench.answer().await;
    let lanes = bench.lanes().await;
    let there = lanes[0].store.sessions_of(Cvr::new("11111111").unwrap(), None, 10).await.unwrap();
    bench.town.pass(SignedDuration::from_secs(1));
    let (let_in, refused) = (Cell::new(0), Cell::new(0));
    through_orders(&lanes, 400, async |lane, seed| {
        let logout: Act<'_, End> = match seed % 2 {
            0 => Box::pin(lane.logs_out()),
            _ => Box::pin(lane.is_logged_out(&there)),
        };
        let acts: Vec<Act<'_, End>> =
            vec![Box::pin(lane.logs_in(&answer)), logout, Box::pin(lane.logs_in(&answer))];
        let (ends, order) = in_turns(seed, acts).await;
        let is_let_in = ends.iter().any(|end| matches!(end, End::LoggedIn(true)));
        let left = usize::from(matches!(ends[1], End::Shown));
        let is_so = lane.sessions().await == left && (left == 0 || is_let_in);
        expect(is_so, || format!("expected {left} sessions: {ends:?}, {order:?}"))?;
        let counted = if is_let_in { &let_in } else { &refused };
        counted.set(counted.get() + 1);
        Ok(order)
    })
    .await;
    both_happened(&let_in, &refused);
}
