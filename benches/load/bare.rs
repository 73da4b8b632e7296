//! The least that a broker made of these parts can cost: axum takes the same requests and gives the same answers, in
//! between come the six RSA operations and AES over as many bytes, and before each answer SQLite has as many bytes
//! durably, in groups. Nothing is read, judged, built or remembered.

use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::{Arc, mpsc};
use std::thread;
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::header;
use axum::response::{Html, IntoResponse, Response};
use axum::routing::{get, post};
use openssl::pkey::{PKey, Private};
use openssl::symm::{Cipher, decrypt_aead, encrypt_aead};
use rusqlite::Connection;
use tokio::sync::oneshot;

use super::Trouble;
use super::floor::{open, seal, sign, verify};

/// What the broker keeps when a request comes and when an answer comes: two records each, a session and three marks.
const KEPT: [usize; 2] = [1_500, 2_500];
/// As long as the broker's.
const BETWEEN_FLUSHES: Duration = Duration::from_millis(4);

/// The answers of a real broker to one login.
pub(crate) struct Example {
    pub(crate) location: String,
    pub(crate) cookie: String,
    pub(crate) page: String,
}

impl Example {
    /// Puts it where the bare server finds it.
    pub(crate) fn write(&self, folder: &Path) -> Result<(), Trouble> {
        for (name, content) in
            [("location", &self.location), ("cookie", &self.cookie), ("page.html", &self.page)]
        {
            fs::write(folder.join(name), content)?;
        }
        Ok(())
    }

    fn read(folder: &Path) -> Result<Self, Trouble> {
        let read = |name| fs::read_to_string(folder.join(name));
        Ok(Self { location: read("location")?, cookie: read("cookie")?, page: read("page.html")? })
    }
}

struct Bare {
    example: Example,
    key: PKey<Private>,
    signature: Vec<u8>,
    wrapped: Vec<u8>,
    sealed: (Vec<u8>, [u8; 16]),
    writer: mpsc::Sender<(usize, oneshot::Sender<()>)>,
}

/// As long as the assertion that comes in.
const ASSERTION: usize = 8_500;
const SECRET: [u8; 32] = [7; 32];
const NONCE: [u8; 12] = [1; 12];

/// Serves until it is killed.
pub(crate) fn serve(folder: &Path, address: SocketAddr) -> Result<(), Trouble> {
    let key = PKey::private_key_from_pem(&fs::read(folder.join("signing.pem"))?)?;
    let mut tag = [0; 16];
    let sealed =
        encrypt_aead(Cipher::aes_256_gcm(), &SECRET, Some(&NONCE), &[], &[b'a'; ASSERTION], &mut tag)?;
    let bare = Bare {
        example: Example::read(folder)?,
        signature: sign(&key, &SECRET)?,
        wrapped: seal(&key, &SECRET)?,
        key,
        sealed: (sealed, tag),
        writer: start_writer(folder.join("bare.sqlite"))?,
    };
    let router = Router::new()
        .route("/saml/idp/sso", get(sso))
        .route("/saml/sp/acs", post(acs))
        .with_state(Arc::new(bare));
    tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?
        .block_on(async { Ok(axum::serve(tokio::net::TcpListener::bind(address).await?, router).await?) })
}

async fn sso(State(bare): State<Arc<Bare>>) -> Response {
    let done = verify(&bare.key, &SECRET, &bare.signature).and_then(|_| sign(&bare.key, &SECRET));
    let kept = bare.keep(KEPT[0]).await;
    if done.is_err() || kept.is_err() {
        return Html("failed").into_response();
    }
    let headers = [
        (header::LOCATION, bare.example.location.clone()),
        (header::SET_COOKIE, bare.example.cookie.clone()),
    ];
    (axum::http::StatusCode::SEE_OTHER, headers).into_response()
}

async fn acs(State(bare): State<Arc<Bare>>, _body: Bytes) -> Response {
    let done = bare.open_and_seal();
    let kept = bare.keep(KEPT[1]).await;
    if done.is_err() || kept.is_err() {
        return Html("failed".to_owned()).into_response();
    }
    Html(bare.example.page.clone()).into_response()
}

impl Bare {
    fn open_and_seal(&self) -> Result<(), Trouble> {
        let (cipher, mut tag) = (Cipher::aes_256_gcm(), [0; 16]);
        let secret = open(&self.key, &self.wrapped)?;
        let assertion = decrypt_aead(cipher, &secret, Some(&NONCE), &[], &self.sealed.0, &self.sealed.1)?;
        verify(&self.key, &SECRET, &self.signature)?;
        sign(&self.key, &SECRET)?;
        encrypt_aead(cipher, &secret, Some(&NONCE), &[], &assertion, &mut tag)?;
        seal(&self.key, &SECRET)?;
        Ok(())
    }

    async fn keep(&self, bytes: usize) -> Result<(), Trouble> {
        let (done, kept) = oneshot::channel();
        self.writer.send((bytes, done)).map_err(|_| "the writer stopped")?;
        Ok(kept.await?)
    }
}

/// One row for each who waits, one transaction for all.
fn start_writer(path: PathBuf) -> Result<mpsc::Sender<(usize, oneshot::Sender<()>)>, Trouble> {
    let mut connection = Connection::open(path)?;
    connection.execute_batch(
        "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 4000;
         CREATE TABLE kept (seq INTEGER PRIMARY KEY, content TEXT NOT NULL);",
    )?;
    let (writer, jobs) = mpsc::channel::<(usize, oneshot::Sender<()>)>();
    thread::spawn(move || -> Result<(), rusqlite::Error> {
        let text = "x".repeat(KEPT[1]);
        let mut flushed: Option<Instant> = None;
        while let Ok(first) = jobs.recv() {
            let early = flushed.and_then(|last| BETWEEN_FLUSHES.checked_sub(last.elapsed()));
            early.into_iter().for_each(thread::sleep);
            flushed = Some(Instant::now());
            let group: Vec<_> = std::iter::once(first).chain(jobs.try_iter()).collect();
            let transaction = connection.transaction()?;
            for (bytes, _) in &group {
                let mut insert = transaction.prepare_cached("INSERT INTO kept (content) VALUES (?1)")?;
                insert.execute([&text[..*bytes]])?;
            }
            transaction.commit()?;
            group.into_iter().for_each(|(_, done)| done.send(()).unwrap_or_default());
        }
        Ok(())
    });
    Ok(writer)
}
