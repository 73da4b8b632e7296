//! A logout with many participants, some of whom never answer: one SAML fagsystem and ten clients in one session, which the
//! fagsystem ends from its server.

use std::io::{BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::thread;
use std::time::{Duration, Instant};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use context_handler::domain::id::{EntityId, LoginId};
use context_handler::domain::world::Clock;
use context_handler::protocol::saml::logout::{OurLogout, Says};
use context_handler::protocol::seal::Ticket;
use context_handler::system::SystemClock;
use jiff::SignedDuration;
use openssl::sha::sha256;

use super::http::Connection;
use super::login::{Scene, fresh_id, in_words};
use super::oidc::question;
use super::register::{Ears, system};
use super::service::received;
use super::{PUBLIC_URL, Trouble};

/// How many clients take part.
const CLIENTS: usize = 10;

/// Starts those who hear of logouts; they end with the program.
pub(crate) fn ears() -> Result<Ears, Trouble> {
    Ok(Ears { answering: listen(false)?, deaf: listen(true)? })
}

fn listen(deaf: bool) -> Result<u16, Trouble> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let port = listener.local_addr()?.port();
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            thread::spawn(move || hear(stream, deaf));
        }
    });
    Ok(port)
}

fn hear(stream: TcpStream, deaf: bool) -> Result<(), Trouble> {
    if deaf {
        thread::sleep(Duration::from_secs(60)); // longer than anybody waits
        return Ok(());
    }
    let mut stream = BufReader::new(stream);
    while received(&mut stream)?.is_some() {
        stream.get_mut().write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")?;
    }
    Ok(())
}

/// A session with many participants, and the request that ends it.
pub(crate) struct Many {
    pub(crate) session: LoginId,
    pub(crate) participants: usize,
    ends: String,
}

impl Scene {
    /// Logs a user in to a fagsystem and, in the same session, to up to ten clients.
    pub(crate) fn take_part(&self, connection: &mut Connection) -> Result<Many, Trouble> {
        let (posted, _) = self.ask(connection, (0, 0))?;
        let delivered = self.post(connection, posted)?;
        let clients = CLIENTS.min(self.size.systems);
        for number in 0..clients {
            let challenge = URL_SAFE_NO_PAD.encode(sha256(b"nobody comes for this code"));
            let target = format!("/oauth2/authorize?{}", question((0, number), challenge));
            let answer = connection.get_with(&target, &delivered.session)?;
            if !answer.header("location").is_some_and(|location| location.contains("code=")) {
                return Err(format!("client {number}: {}: {}", answer.status, answer.body).into());
            }
        }
        let (name, index) = self.session_of(&delivered)?;
        let ticket = delivered.session.split_once('=').and_then(|(_, ticket)| Ticket::read(ticket));
        let session = ticket.ok_or("no session")?.id;
        Ok(Many { session, participants: 1 + clients, ends: self.ends(&name, index)? })
    }

    /// Ends the session from the fagsystem's server, and tells how long the fagsystem waited.
    pub(crate) fn log_out(&self, connection: &mut Connection, many: &Many) -> Result<Duration, Trouble> {
        let begun = Instant::now();
        let answer = connection.post_soap("/saml/idp/slo/soap", &many.ends)?;
        let took = begun.elapsed();
        match answer.body.contains("status:PartialLogout") {
            true => Ok(took),
            false => Err(format!("{}: {}", answer.status, answer.body).into()),
        }
    }

    fn ends(&self, name: &str, index: String) -> Result<String, Trouble> {
        let now = SystemClock.now();
        let destination = format!("{PUBLIC_URL}/saml/idp/slo/soap");
        let says = Says::End {
            name_id: name,
            name_format: None,
            session_indexes: &[index],
            not_on_or_after: now + SignedDuration::from_mins(5),
        };
        let (id, issuer) = (fresh_id(), EntityId::new(&system(0))?);
        let ours =
            OurLogout { id: &id, issuer: &issuer, issue_instant: now, destination: &destination, says };
        let envelope = ours.by_soap(&self.parties.fagsystem(0).key).map_err(in_words)?;
        Ok(envelope.into_string())
    }
}
