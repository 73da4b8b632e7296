//! Encryption in front of a plain server: certificates for any name, and a root for them that every town trusts.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, LazyLock};

use context_handler::domain::world::Clock;
use context_handler::protocol::keys::Roots;
use context_handler::system::SystemClock;
use openssl::ssl::{SslAcceptor, SslMethod};
use openssl::x509::X509;

use super::ca::{Issuer, pem};

static ROOT: LazyLock<Issuer> = LazyLock::new(|| Issuer::root("Test TLS rod-CA", SystemClock.now()));

/// The roots that the broker of every town trusts beside those of the machine.
pub(crate) fn roots() -> Roots {
    Roots::from_pem(root_pem().as_bytes()).unwrap()
}

/// The same as an operator configures them.
pub(crate) fn root_pem() -> String {
    pem(&ROOT.der)
}

/// A server that hands on what arrives.
pub(crate) struct Front {
    /// Its address, by the name `localhost`, with the path of the plain server.
    pub(crate) url: String,
    asked: Arc<AtomicUsize>,
}

impl Front {
    /// Before the plain server at this address, with a certificate for this name from the root that is trusted.
    pub(crate) fn of(plain: &str, name: &str) -> Self {
        Self::with(plain, &ROOT.certify_server(name, SystemClock.now()))
    }

    /// The same, with a certificate for the right name from a root that nobody knows.
    pub(crate) fn unvouched(plain: &str) -> Self {
        let now = SystemClock.now();
        Self::with(plain, &Issuer::root("Test unknown rod-CA", now).certify_server("localhost", now))
    }

    fn with(plain: &str, certified: &Issuer) -> Self {
        let mut acceptor = SslAcceptor::mozilla_intermediate(SslMethod::tls_server()).unwrap();
        acceptor.set_certificate(&X509::from_der(&certified.der).unwrap()).unwrap();
        acceptor.set_private_key(&certified.key).unwrap();
        let acceptor = acceptor.build();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let (place, path) = plain.trim_start_matches("http://").split_once('/').unwrap();
        let url = format!("https://localhost:{}/{path}", listener.local_addr().unwrap().port());
        let (asked, inner) = (Arc::new(AtomicUsize::new(0)), place.to_owned());
        let seen = asked.clone();
        std::thread::spawn(move || {
            for connection in listener.incoming().flatten() {
                let Ok(mut outer) = acceptor.accept(connection) else { continue };
                let Some(request) = request(&mut outer) else { continue };
                seen.fetch_add(1, Ordering::SeqCst);
                let mut inner = TcpStream::connect(&inner).unwrap();
                inner.write_all(&request).unwrap();
                let mut answer = Vec::new();
                drop(inner.read_to_end(&mut answer));
                drop(outer.write_all(&answer));
                drop(outer.shutdown());
            }
        });
        Self { url, asked }
    }

    /// How many requests arrived.
    pub(crate) fn asked(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }
}

/// One whole request that says that it is the last one.
fn request(connection: &mut impl Read) -> Option<Vec<u8>> {
    let (mut read, mut piece) = (Vec::new(), [0; 4096]);
    loop {
        match connection.read(&mut piece) {
            Ok(0) | Err(_) => return None,
            Ok(count) => read.extend_from_slice(&piece[..count]),
        }
        let text = String::from_utf8_lossy(&read).into_owned();
        let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
        let length = head.lines().find_map(|line| {
            let (name, value) = line.split_once(':')?;
            name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse::<usize>().unwrap())
        });
        if body.len() >= length.unwrap_or(0) {
            return Some(format!("{head}\r\nconnection: close\r\n\r\n{body}").into_bytes());
        }
    }
}
