//! What the table of all municipalities costs: `cargo bench --bench matrix`.
//!
//! A real broker in a process of its own, with a register of 98 municipalities and 1,000 fagsystemer, every municipality with
//! an agreement with every fagsystem, logins of all of them, and runs of several scenarios. The time is that of the whole
//! request, as a browser beside the broker sees it. Besides, what it costs a login to be counted.

#![expect(clippy::print_stdout, reason = "a benchmark prints what it measured")]

#[expect(dead_code, reason = "shared with the benchmark of logins, which uses all of it")]
mod load;

use std::path::PathBuf;
use std::time::{Duration, Instant};

use context_handler::broker::console::invite;
use context_handler::domain::assurance::Nsis;
use context_handler::domain::audit::{Actor, Event, Record};
use context_handler::domain::console::Sees;
use context_handler::domain::id::{Cvr, EntityId, LoginId};
use context_handler::domain::reason::Reason;
use context_handler::domain::trust::{Check, Finding, Report, Scenario, Shown, Use, Verdict};
use context_handler::domain::world::{Clock, Random};
use context_handler::store::{Batch, Sqlite, Store, TrustRun};
use context_handler::system::{SystemClock, SystemRandom};
use jiff::SignedDuration;

use load::Trouble;
use load::broker::Home;
use load::http::Connection;
use load::parties::Parties;
use load::register::{Size, cvr, idp, system};
use load::rights::Rights;

const AUTHORITIES: usize = 98;
const SYSTEMS: usize = 1_000;
const TRIED: [Scenario; 5] =
    [Scenario::Basic, Scenario::Rights, Scenario::NsisLow, Scenario::NsisSubstantial, Scenario::Robot];
const ROUNDS: usize = 15;
/// Batches that wait for one flush, as under load.
const TOGETHER: usize = 64;

fn main() -> Result<(), Trouble> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(counted())?;
    let size = Size {
        authorities: AUTHORITIES,
        systems: SYSTEMS,
        agreements: AUTHORITIES * SYSTEMS,
        rights: Rights::default(),
        clients: None,
    };
    let home =
        Home::new(&PathBuf::from(env!("CARGO_BIN_EXE_context-handler")), &Parties::new(2048, None)?, size)?;
    let link = runtime.block_on(fill(&home))?;
    let (_running, _) = home.start()?;
    let mut browser = Connection::open(home.address)?;
    let entered = browser.post(&link, "a=b", "")?;
    let cookie = entered.header("set-cookie").and_then(|cookie| cookie.split(';').next());
    let cookie = cookie.ok_or("nobody is signed in")?.to_owned();
    for page in ["/trust/matrix", "/trust/matrix.csv", "/trust/matrix.csv?of=systems"] {
        let mut times = Vec::new();
        let mut length = 0;
        for _ in 0..ROUNDS {
            let begun = Instant::now();
            let answer = browser.get_with(page, &cookie)?;
            times.push(begun.elapsed());
            if answer.status != 200 {
                return Err(format!("{page} {}", answer.status).into());
            }
            length = answer.body.len();
        }
        times.sort();
        let (middle, most) = (times[ROUNDS / 2], times[ROUNDS - 1]);
        println!("{page}: {middle:.1?} in the middle, {most:.1?} at most, {} kB", length / 1024);
    }
    Ok(())
}

/// Logins of every municipality in every fagsystem, and runs. Tells the path of an invitation.
async fn fill(home: &Home) -> Result<String, Trouble> {
    let store = Sqlite::open(&home.store())?;
    let pairs = (0..AUTHORITIES).flat_map(|authority| (0..SYSTEMS).map(move |system| (authority, system)));
    let uses: Vec<Use> =
        pairs.filter(|(a, s)| (a + s) % 10 > 1).map(|(a, s)| used(a, s)).collect::<Result<_, _>>()?;
    for together in uses.chunks(TOGETHER) {
        let batch = |used: &Use| Batch { uses_system: Some(used.clone()), ..Batch::default() };
        let waiting: Vec<_> = together.iter().map(|used| store.commit(batch(used))).collect();
        for kept in waiting {
            kept.await?;
        }
    }
    for authority in 0..AUTHORITIES {
        for (number, scenario) in TRIED.into_iter().enumerate() {
            ended(&store, authority, scenario, number).await?;
        }
    }
    let (sees, long) = (Sees::Programme, SignedDuration::from_hours(1));
    let made = invite(&store, &SystemRandom, SystemClock.now(), (sees, long)).await;
    let (ticket, _) = made.map_err(|fault| fault.to_string())?;
    Ok(format!("/trust/invitations/{}", ticket.text()))
}

fn used(authority: usize, of: usize) -> Result<Use, Trouble> {
    Ok(Use {
        authority: Cvr::new(&cvr(authority))?,
        fagsystem: EntityId::new(&system(of))?,
        at: SystemClock.now(),
        nist: None,
        nsis: Some(Nsis::Substantial),
        with_rights: true,
    })
}

async fn ended(store: &Sqlite, authority: usize, scenario: Scenario, number: usize) -> Result<(), Trouble> {
    let now = SystemClock.now();
    let id = LoginId::begun(now, (authority * 1_000 + number) as u128 * (1 << 50));
    let (authority, idp) = (Cvr::new(&cvr(authority))?, EntityId::new(&idp(authority))?);
    let findings: Vec<Finding> =
        Check::ALL.iter().map(|check| Finding::pass(*check, "expected", "received")).collect();
    let report = Report {
        run: id,
        environment: "test".to_owned(),
        scenario,
        authority,
        authority_name: "Kommune".to_owned(),
        idp: idp.clone(),
        idp_name: "Login".to_owned(),
        fagsystem: None,
        begun: now,
        finished: now,
        verdict: Verdict::Pass,
        findings,
        shown: Shown::default(),
    };
    let expires = now + SignedDuration::from_hours(1);
    let run = TrustRun {
        id,
        authority,
        idp,
        scenario,
        ordered: now,
        expires,
        sealed: Vec::new(),
        sent: None,
        report: None,
    };
    store.order_run(run, record(id)).await?;
    Ok(store.commit(Batch { report: Some(report), ..Batch::default() }).await?)
}

fn record(id: LoginId) -> Record {
    Record::allowed(SystemClock.now(), id, Event::TokenIssued, Actor::Broker, Reason::LoginOk)
}

/// What it costs to count a login: batches with one record, with and without, in turns.
async fn counted() -> Result<(), Trouble> {
    let file = std::env::temp_dir().join(format!("context-handler-counted-{}.sqlite", std::process::id()));
    let store = Sqlite::open(&file)?;
    let all: Vec<Use> =
        (0..AUTHORITIES * 20).map(|n| used(n % AUTHORITIES, n / AUTHORITIES)).collect::<Result<_, _>>()?;
    let (mut with, mut without) = (Vec::new(), Vec::new());
    for round in 0..=2 * ROUNDS {
        let counts = round % 2 == 1;
        let spent = processor_time()?;
        for together in all.chunks(TOGETHER) {
            let batch = |used: &Use| Batch {
                uses_system: counts.then(|| used.clone()),
                records: vec![record(LoginId::begun(used.at, fresh_bits()))],
                ..Batch::default()
            };
            let waiting: Vec<_> = together.iter().map(|used| store.commit(batch(used))).collect();
            for kept in waiting {
                kept.await?;
            }
        }
        let each = (processor_time()? - spent) / all.len() as u32;
        if round > 0 {
            if counts { with.push(each) } else { without.push(each) }
        }
    }
    drop(store);
    for end in ["", "-wal", "-shm"] {
        drop(std::fs::remove_file(format!("{}{end}", file.display())));
    }
    with.sort();
    without.sort();
    let (with, without) = (with[with.len() / 2], without[without.len() / 2]);
    println!(
        "a batch with one record: {without:.1?} of processor time; {with:.1?} when the login is counted"
    );
    Ok(())
}

/// The processor time of this process, in hundredths of a second.
fn processor_time() -> Result<Duration, Trouble> {
    let stat = std::fs::read_to_string("/proc/self/stat")?;
    let fields: Vec<&str> = stat.rsplit(") ").next().unwrap_or_default().split(' ').collect();
    let ticks =
        |field: usize| fields.get(field - 3).and_then(|ticks| ticks.parse::<u64>().ok()).unwrap_or_default();
    Ok(Duration::from_millis((ticks(14) + ticks(15)) * 10))
}

fn fresh_bits() -> u128 {
    let random: &dyn Random = &SystemRandom;
    random.bits()
}
