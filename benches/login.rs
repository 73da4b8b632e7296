//! What a login costs: `cargo bench --bench login -- --help`.
//!
//! A load program plays browser, fagsystem and identity provider against a broker in a process of its own. Only the
//! broker's processor time counts, and it is told as a multiple of the floor: the bare RSA operations that a login with
//! a signed and encrypted assertion on each side cannot do without, measured in the same minutes with the same library.

#![expect(clippy::print_stdout, reason = "a benchmark prints what it measured")]

#[expect(dead_code, reason = "shared with a test, which uses more of it")]
mod load;

use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use clap::{Parser, ValueEnum};
use context_handler::domain::audit::{Actor, Event, Record};
use context_handler::domain::id::{Cvr, EntityId};
use context_handler::domain::reason::Reason;
use context_handler::domain::session::{AtProvider, Participant};
use context_handler::domain::world::Clock;
use context_handler::store::{Batch, Kind, Mark, Session, SessionFacts, Sqlite, Store};
use context_handler::system::SystemClock;
use jiff::SignedDuration;

use load::broker::{Home, Running, Used};
use load::http::Connection;
use load::login::{Delivered, Scene, fresh_id, fresh_login, user};
use load::parties::Parties;
use load::register::{Size, cvr, idp, system};
use load::rights::{Asked, Rights};
use load::{Trouble, bare, floor, logout, service};

/// What is measured.
#[derive(Clone, Debug, Parser)]
#[command(args_override_self = true)]
struct Options {
    /// Bits of every RSA key
    #[arg(long, default_value_t = 2048)]
    rsa: u32,
    /// How often it is measured; the medians are told
    #[arg(long, default_value_t = 7)]
    rounds: usize,
    /// Logins of one round
    #[arg(long, default_value_t = 1500)]
    logins: usize,
    /// Logins under way at the same time
    #[arg(long, default_value_t = 8)]
    concurrency: usize,
    /// Municipalities in the register, each with an identity provider
    #[arg(long, default_value_t = 10)]
    authorities: usize,
    /// Fagsystemer in the register
    #[arg(long, default_value_t = 10)]
    systems: usize,
    /// Agreements in the register; at most one per municipality and fagsystem
    #[arg(long, default_value_t = 100)]
    agreements: usize,
    /// Logins that the store has seen before: their sessions, marks and records
    #[arg(long, default_value_t = 0)]
    sessions: usize,
    /// Every user states so many groups of rights, each with a registered role and a limit; without this, five that mean nothing
    #[arg(long)]
    groups: Option<usize>,
    /// Rights come from an attribute service whose answers are used for so many minutes; with 0 every login asks
    #[arg(long, value_name = "MINUTES")]
    service: Option<u32>,
    /// Users of one more municipality log in beside, whose attribute service answers or does not; they are not counted
    #[arg(long)]
    beside: Option<Beside>,
    /// Let a broker with these other options take turns with this one, and tell the difference
    #[arg(long, value_name = "OPTIONS", allow_hyphen_values = true)]
    against: Option<String>,
    /// What is played: a login of a SAML fagsystem, of a client of OpenID Connect, or a refresh of its tokens
    #[arg(long, value_enum, default_value_t = Play::Saml)]
    play: Play,
    /// How clients' access tokens are signed, as `ES256`; without this, as their ID tokens
    #[arg(long, value_name = "ALGORITHM")]
    access_tokens: Option<String>,
    /// Beside, sessions with a fagsystem and ten clients end again and again, three of the clients never answering
    #[arg(long)]
    logouts: bool,
    /// Keep running so many seconds longer under load, for a profiler
    #[arg(long, default_value_t = 0)]
    profile: u64,
    /// The broker that is measured, so that two builds can take turns
    #[arg(long, default_value = env!("CARGO_BIN_EXE_context-handler"))]
    program: PathBuf,
    /// Measure what any program made of these parts would cost: no broker, only RSA, AES, HTTP and durable writes
    #[arg(long)]
    bare: bool,
    #[arg(long, hide = true, num_args = 2, value_names = ["FOLDER", "ADDRESS"])]
    bare_server: Option<Vec<String>>,
    #[arg(long, hide = true)]
    bench: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Beside {
    Answering,
    Silent,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Play {
    Saml,
    Oidc,
    Refresh,
}

/// A broker with everything around it.
struct Setting {
    broker: Running,
    home: Home,
    scene: Scene,
    options: Options,
    count: AtomicUsize,
}

/// One round.
#[derive(Clone, Copy, Debug)]
struct Round {
    used: Used,
    floor: f64,
    per_second: f64,
    p50: f64,
    p99: f64,
}

fn main() -> Result<(), Trouble> {
    let options = Options::parse();
    if let Some([folder, address]) = options.bare_server.as_deref() {
        return bare::serve(folder.as_ref(), address.parse()?);
    }
    let mut settings = vec![Setting::open(options.clone())?];
    if let Some(other) = &options.against {
        let other = std::env::args().chain(other.split_whitespace().map(str::to_owned));
        settings.push(Setting::open(Options::parse_from(other))?);
    }
    measure(&settings)
}

impl Setting {
    fn open(options: Options) -> Result<Self, Trouble> {
        let parties = Parties::new(options.rsa, options.access_tokens.as_deref())?;
        let mut rights = Rights { groups: options.groups, ..Rights::default() };
        if let Some(cache_minutes) = options.service {
            let address = service::start(service::SERVICE, parties.service.clone(), rights, false)?;
            rights.service = Some(Asked { address, cache_minutes });
        }
        if let Some(beside) = options.beside {
            let silent = beside == Beside::Silent;
            let address = service::start(service::BESIDE, parties.service.clone(), rights, silent)?;
            rights.beside = Some(Asked { address, cache_minutes: 0 });
        }
        let Options { authorities, systems, agreements, .. } = options;
        let clients = (options.play != Play::Saml || options.logouts).then(logout::ears).transpose()?;
        let size = Size { authorities, systems, agreements, rights, clients };
        let scene = Scene { parties, size };
        let home = Home::new(&options.program, &scene.parties, size)?;
        if options.sessions > 0 {
            fill(&home, size, options.sessions)?;
        }
        let (plain, whole) = scene.sizes()?;
        println!(
            "RSA-{}, {} municipalities, {} fagsystemer, {} agreements, {} sessions; an assertion of {plain} bytes \
             comes in a response of {whole} bytes; {} logins at a time",
            options.rsa,
            size.authorities,
            size.systems,
            size.agreements(),
            options.sessions,
            options.concurrency,
        );
        let (mut broker, ready) = home.start()?;
        thread::sleep(Duration::from_secs(2));
        println!(
            "ready after {:.0} ms, {:.1} MiB resident when idle",
            ready.as_secs_f64() * 1e3,
            broker.memory("VmRSS")?
        );
        if options.bare {
            let example = scene.example(&mut Connection::open(home.address)?)?;
            drop(broker);
            broker = home.start_bare(&example)?;
        }
        Ok(Self { broker, home, scene, options, count: AtomicUsize::new(0) })
    }
}

/// Lets every broker have its rounds, in turns.
fn measure(settings: &[Setting]) -> Result<(), Trouble> {
    let mut rounds = vec![Vec::new(); settings.len()];
    for setting in settings {
        round(setting)?; // the first one warms up
    }
    for _ in 0..settings[0].options.rounds {
        for (setting, rounds) in settings.iter().zip(&mut rounds) {
            let measured = round(setting)?;
            println!(
                "  {:6.0} logins/s  p50 {:5.1} ms  p99 {:5.1} ms  CPU {:.3} ms (user {:.3}, system {:.3})  floor {:.3} ms",
                measured.per_second,
                measured.p50,
                measured.p99,
                measured.used.sum(),
                measured.used.user,
                measured.used.system,
                measured.floor
            );
            rounds.push(measured);
        }
    }
    for (setting, rounds) in settings.iter().zip(&rounds) {
        tell(setting, rounds)?;
    }
    if let [this, other] = &rounds[..] {
        compare(&settings[0], this, other)?;
    }
    for setting in settings {
        let until = Instant::now() + Duration::from_secs(setting.options.profile);
        while Instant::now() < until {
            println!("  process {} under load", setting.broker.id());
            round(setting)?;
        }
    }
    Ok(())
}

fn tell(setting: &Setting, rounds: &[Round]) -> Result<(), Trouble> {
    let told = |value: fn(&Round) -> f64| median(rounds.iter().map(value).collect());
    println!(
        "median {:.0} logins/s, p50 {:.1} ms, p99 {:.1} ms",
        told(|round| round.per_second),
        told(|round| round.p50),
        told(|round| round.p99)
    );
    println!(
        "median {:.3} ms CPU per login (user {:.3}, system {:.3}) = {:.3} x floor of {:.3} ms",
        told(|round| round.used.sum()),
        told(|round| round.used.user),
        told(|round| round.used.system),
        told(|round| round.used.sum() / round.floor),
        told(|round| round.floor)
    );
    let broker = &setting.broker;
    println!("{:.1} MiB resident, {:.1} MiB at most", broker.memory("VmRSS")?, broker.memory("VmHWM")?);
    Ok(())
}

/// What this one costs more than the other: medians of the pairs, since the machine differs from pair to pair.
fn compare(setting: &Setting, this: &[Round], other: &[Round]) -> Result<(), Trouble> {
    let pairs = |value: fn(&Round, &Round) -> f64| {
        median(this.iter().zip(other).map(|(this, other)| value(this, other)).collect())
    };
    let (sign, verify) = floor::query(&setting.scene.parties, 300)?;
    println!(
        "this one against the other: CPU {:+.1} % ({:+.3} ms; by the floor {:+.1} %), p50 {:+.1} %, p99 {:+.1} %; \
         a signature costs {sign:.3} ms, a verification {verify:.3} ms; load average {}",
        pairs(|this, other| (this.used.sum() / other.used.sum() - 1.0) * 100.0),
        pairs(|this, other| this.used.sum() - other.used.sum()),
        pairs(|this, other| ((this.used.sum() / this.floor) / (other.used.sum() / other.floor) - 1.0) * 100.0),
        pairs(|this, other| (this.p50 / other.p50 - 1.0) * 100.0),
        pairs(|this, other| (this.p99 / other.p99 - 1.0) * 100.0),
        std::fs::read_to_string("/proc/loadavg")?.split(' ').next().unwrap_or_default()
    );
    Ok(())
}

/// Plays some logins, with the floor measured just before and after them.
fn round(setting: &Setting) -> Result<Round, Trouble> {
    let Setting { options, scene, home, broker, count } = setting;
    let before = floor::measure(&scene.parties, 100)?;
    let last = count.load(Ordering::Relaxed) + options.logins;
    let done = AtomicBool::new(false);
    let (used, begun) = (broker.used()?, Instant::now());
    let (played, took) = thread::scope(|scope| {
        let beside: Vec<_> = (0..if options.beside.is_some() { 8 } else { 0 })
            .map(|_| scope.spawn(|| browse_beside(setting, &done)))
            .collect();
        let leaving = options.logouts.then(|| scope.spawn(|| log_out_beside(setting, &done)));
        let browsers: Vec<_> = (0..options.concurrency)
            .map(|_| {
                scope.spawn(|| match options.play {
                    Play::Saml => browse(scene, home, count, last, options.bare),
                    Play::Oidc | Play::Refresh => browse_by_oidc(setting, last),
                })
            })
            .collect();
        let played: Result<Vec<_>, Trouble> =
            browsers.into_iter().map(|browser| browser.join().map_err(|_| "a browser panicked")?).collect();
        let took = begun.elapsed();
        done.store(true, Ordering::Relaxed);
        for browser in beside {
            browser.join().map_err(|_| "a browser panicked")??;
        }
        if let Some(leaving) = leaving {
            leaving.join().map_err(|_| "a browser panicked")??;
        }
        Ok::<_, Trouble>((played?, took))
    })?;
    let used = broker.used()?.since(used, options.logins);
    count.store(last, Ordering::Relaxed);
    let (times, samples): (Vec<_>, Vec<_>) = played.into_iter().unzip();
    let mut times: Vec<f64> = times.concat();
    if times.len() != options.logins {
        return Err(format!("{} of {} logins ended", times.len(), options.logins).into());
    }
    for sample in samples.iter().flatten() {
        let (name, _) = scene.read(sample)?;
        if !(0..scene.size.authorities).any(|authority| user(authority) == name) {
            return Err(format!("somebody else was logged in: {name}").into());
        }
    }
    times.sort_by(f64::total_cmp);
    Ok(Round {
        used,
        floor: f64::midpoint(before, floor::measure(&scene.parties, 100)?),
        per_second: options.logins as f64 / took.as_secs_f64(),
        p50: times[times.len() / 2],
        p99: times[times.len() * 99 / 100],
    })
}

/// One browser of the municipality beside: its users are logged in, or refused because their attribute service is silent.
fn browse_beside(setting: &Setting, done: &AtomicBool) -> Result<(), Trouble> {
    let Setting { options, scene, home, .. } = setting;
    let mut connection = Connection::open(home.address)?;
    while !done.load(Ordering::Relaxed) {
        let (posted, _) = scene.ask(&mut connection, (scene.size.authorities, 0))?;
        let delivered = scene.post(&mut connection, posted);
        match (options.beside, delivered) {
            (Some(Beside::Silent), Err(_)) | (Some(Beside::Answering), Ok(_)) => {}
            (_, Err(why)) => return Err(why),
            (_, Ok(_)) => return Err("a login without its rights".into()),
        }
        thread::sleep(Duration::from_millis(200));
    }
    Ok(())
}

/// Ends sessions with many participants, one after the other, and tells how long that took.
fn log_out_beside(setting: &Setting, done: &AtomicBool) -> Result<(), Trouble> {
    let mut connection = Connection::open(setting.home.address)?;
    let mut took = Vec::new();
    while !done.load(Ordering::Relaxed) {
        let many = setting.scene.take_part(&mut connection)?;
        took.push(setting.scene.log_out(&mut connection, &many)?.as_secs_f64());
    }
    println!(
        "  beside: {} logouts, {:.2} s each, {:.2} s at most",
        took.len(),
        median(took.clone()),
        took.iter().copied().fold(0.0, f64::max)
    );
    Ok(())
}

/// One browser: logs in again and again, and keeps every fiftieth assertion for a closer look; those of a bare
/// server are always the same.
fn browse(
    scene: &Scene,
    home: &Home,
    count: &AtomicUsize,
    last: usize,
    bare: bool,
) -> Result<(Vec<f64>, Vec<Delivered>), Trouble> {
    let mut connection = Connection::open(home.address)?;
    let (mut times, mut samples) = (Vec::new(), Vec::new());
    loop {
        let login = count.fetch_add(1, Ordering::Relaxed);
        if login >= last {
            return Ok((times, samples));
        }
        let begun = Instant::now();
        let (posted, away) = scene.ask(&mut connection, scene.size.pair(login))?;
        let delivered = scene.post(&mut connection, posted)?;
        times.push((begun.elapsed() - away).as_secs_f64() * 1e3);
        if login.is_multiple_of(50) && !bare {
            samples.push(delivered);
        }
    }
}

/// One browser of a client: logs in again and again, or refreshes the tokens of one login.
fn browse_by_oidc(setting: &Setting, last: usize) -> Result<(Vec<f64>, Vec<Delivered>), Trouble> {
    let Setting { scene, home, count, options, .. } = setting;
    let mut connection = Connection::open(home.address)?;
    let (mut tokens, _) = scene.log_in_by_oidc(&mut connection, (0, 0))?;
    let mut times = Vec::new();
    loop {
        let login = count.fetch_add(1, Ordering::Relaxed);
        if login >= last {
            return Ok((times, Vec::new()));
        }
        let begun = Instant::now();
        let mut away = Duration::ZERO;
        if options.play == Play::Refresh {
            scene.refresh(&mut connection, &mut tokens)?;
        } else {
            (_, away) = scene.log_in_by_oidc(&mut connection, scene.size.pair(login))?;
        }
        times.push((begun.elapsed() - away).as_secs_f64() * 1e3);
    }
}

/// Fills the store with what earlier logins left in it.
fn fill(home: &Home, size: Size, sessions: usize) -> Result<(), Trouble> {
    const AT_ONCE: usize = 200;
    let store = Sqlite::open(&home.store())?;
    let runtime = tokio::runtime::Builder::new_current_thread().build()?;
    for first in (0..sessions).step_by(AT_ONCE) {
        let batches = (first..sessions.min(first + AT_ONCE)).map(|login| left_behind(size, login));
        let batches = batches.collect::<Result<Vec<_>, _>>()?;
        let waiting: Vec<_> = batches.into_iter().map(|batch| store.commit(batch)).collect();
        runtime.block_on(async {
            for kept in waiting {
                kept.await?;
            }
            Ok::<_, Trouble>(())
        })?;
    }
    Ok(())
}

fn left_behind(size: Size, login: usize) -> Result<Batch, Trouble> {
    let (authority, number) = size.pair(login);
    let (now, id) = (SystemClock.now(), fresh_login());
    let (idp, fagsystem) = (EntityId::new(&idp(authority))?, EntityId::new(&system(number))?);
    let mark = |kind, issuer: &EntityId| Mark {
        kind,
        issuer: issuer.to_string(),
        id: fresh_id().to_string(),
        made: now,
        expires: now + SignedDuration::from_mins(30),
    };
    let mut record =
        Record::allowed(now, id, Event::AnswerReceived, Actor::IdentityProvider, Reason::LoginOk);
    record.endpoint = "/saml/sp/acs POST".into();
    record.idp = Some(idp.clone());
    record.fagsystem = Some(fagsystem.clone());
    record.message = Some(fresh_id().to_string());
    record.key = Some("0".repeat(64));
    record.sha256 = Some("0".repeat(64));
    let (session, expires) = (fresh_login(), now + SignedDuration::from_hours(8));
    let uses = vec![mark(Kind::Request, &fagsystem), mark(Kind::Question, &idp), mark(Kind::Assertion, &idp)];
    let begins = Session {
        id: session,
        facts: SessionFacts {
            authority: Cvr::new(&cvr(authority))?,
            browser: Some(fresh_login()),
            begun: now,
            municipal: AtProvider {
                idp,
                name: user(authority),
                format: None,
                index: Some(fresh_id().to_string()),
            },
            step_up: None,
        },
        idle: now + SignedDuration::from_hours(1),
        expires,
    };
    Ok(Batch {
        uses,
        records: vec![record.clone(), record.clone(), record],
        participant: Some(Participant {
            index: fresh_login(),
            session,
            login: id,
            fagsystem,
            name: user(authority),
            begun: now,
            expires,
            revoked: false,
        }),
        session: Some((begins, vec![0; 2_000])), // as large as the assertions of this benchmark make it
        ..Batch::default()
    })
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}
