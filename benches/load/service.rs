//! The attribute service of the municipalities: answers the broker's queries, or takes them and stays silent.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use context_handler::domain::id::{EntityId, MessageId};
use context_handler::domain::world::Clock;
use context_handler::protocol::saml::query::answer::{OurAnswer, OurStatement};
use context_handler::system::SystemClock;
use jiff::SignedDuration;

use super::login::fresh_id;
use super::parties::Party;
use super::register::cvr;
use super::rights::{Rights, stated};
use super::{BROKER, Trouble};

/// Its name.
pub(crate) const SERVICE: &str = "https://rettigheder.example.dk/saml";
/// The name of the one that is asked beside.
pub(crate) const BESIDE: &str = "https://rettigheder-ved-siden-af.example.dk/saml";

/// Starts it; it ends with the program. A silent one takes every query and answers none.
pub(crate) fn start(
    name: &'static str,
    key: Arc<Party>,
    rights: Rights,
    silent: bool,
) -> Result<SocketAddr, Trouble> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let address = listener.local_addr()?;
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let key = key.clone();
            thread::spawn(
                move || if silent { hold(&stream) } else { drop(serve(name, stream, &key, rights)) },
            );
        }
    });
    Ok(address)
}

/// Longer than anybody waits.
fn hold(stream: &TcpStream) {
    thread::sleep(Duration::from_secs(60));
    drop(stream.shutdown(std::net::Shutdown::Both));
}

/// Answers on one connection until the broker closes it.
fn serve(name: &str, stream: TcpStream, key: &Party, rights: Rights) -> Result<(), Trouble> {
    stream.set_nodelay(true)?;
    let mut stream = BufReader::new(stream);
    while let Some(query) = received(&mut stream)? {
        let answer = answer(name, &String::from_utf8(query)?, key, rights)?;
        let head =
            format!("HTTP/1.1 200 OK\r\nContent-Type: text/xml\r\nContent-Length: {}\r\n\r\n", answer.len());
        stream.get_mut().write_all((head + &answer).as_bytes())?;
    }
    Ok(())
}

/// The body of the next request; none when the broker has closed the connection.
pub(super) fn received(stream: &mut BufReader<TcpStream>) -> Result<Option<Vec<u8>>, Trouble> {
    let (mut line, mut length) = (String::new(), 0);
    while line != "\r\n" {
        line.clear();
        if stream.read_line(&mut line)? == 0 {
            return Ok(None);
        }
        if let Some((name, value)) = line.split_once(':')
            && name.eq_ignore_ascii_case("content-length")
        {
            length = value.trim().parse()?;
        }
    }
    let mut body = vec![0; length];
    stream.read_exact(&mut body)?;
    Ok(Some(body))
}

fn answer(name: &str, query: &str, key: &Party, rights: Rights) -> Result<String, Trouble> {
    let between = |from: &str, to: &str| {
        let found = query.split_once(from).and_then(|(_, rest)| rest.split_once(to));
        found.map(|(found, _)| found).ok_or_else(|| format!("no {from} in {query}"))
    };
    let user = between("<saml:NameID", "</")?.rsplit('>').next().unwrap_or_default();
    let authority = (0..).take(100_000).find(|number| user.contains(&format!("O={},", cvr(*number))));
    let told = stated(rights, authority.ok_or("nobody's user")?);
    let attributes: Vec<_> = told
        .into_iter()
        .map(|list| ("https://data.gov.dk/model/core/eid/privilegesIntermediate", vec![list]))
        .collect();
    let (now, id) = (SystemClock.now(), MessageId::new(between(" ID=\"", "\"")?)?);
    let ours =
        OurAnswer { id: &fresh_id(), issuer: &EntityId::new(name)?, issue_instant: now, in_response_to: &id };
    let said = OurStatement {
        id: &fresh_id(),
        name_id: user,
        not_before: now - SignedDuration::from_secs(5),
        not_on_or_after: now + SignedDuration::from_mins(5),
        audience: &EntityId::new(BROKER)?,
        name_format: "urn:oasis:names:tc:SAML:2.0:attrname-format:uri",
        attributes: &attributes,
    };
    let written = ours.write(&said, &key.key, None).map_err(|fault| fault.to_string())?;
    Ok(written.into_string())
}
