//! A browser's side of HTTP: one connection that is kept alive, one request at a time.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use super::Trouble;

/// An answer.
pub(crate) struct Answer {
    pub(crate) status: u16,
    headers: Vec<(String, String)>,
    pub(crate) body: String,
}

impl Answer {
    /// The first header of this name.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.all(name).next()
    }

    /// Every header of this name.
    pub(crate) fn all(&self, name: &str) -> impl Iterator<Item = &str> {
        let named = self.headers.iter().filter(move |(known, _)| known.eq_ignore_ascii_case(name));
        named.map(|(_, value)| value.as_str())
    }
}

/// A connection to the broker.
pub(crate) struct Connection(BufReader<TcpStream>);

impl Connection {
    /// Opens it.
    pub(crate) fn open(address: SocketAddr) -> Result<Self, Trouble> {
        let stream = TcpStream::connect(address)?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(Duration::from_secs(30)))?;
        Ok(Self(BufReader::with_capacity(32 * 1024, stream)))
    }

    /// Asks for an address.
    pub(crate) fn get(&mut self, target: &str) -> Result<Answer, Trouble> {
        self.exchange(&format!("GET {target} HTTP/1.1\r\n{HEADERS}\r\n"))
    }

    /// The same with a cookie.
    pub(crate) fn get_with(&mut self, target: &str, cookie: &str) -> Result<Answer, Trouble> {
        self.exchange(&format!("GET {target} HTTP/1.1\r\n{HEADERS}Cookie: {cookie}\r\n\r\n"))
    }

    /// Posts a form, with a cookie.
    pub(crate) fn post(&mut self, target: &str, cookie: &str, form: &str) -> Result<Answer, Trouble> {
        let cookie = format!("Cookie: {cookie}\r\n");
        self.send(target, &cookie, "application/x-www-form-urlencoded", form)
    }

    /// Posts an envelope, as a server does.
    pub(crate) fn post_soap(&mut self, target: &str, envelope: &str) -> Result<Answer, Trouble> {
        self.send(target, "", "text/xml; charset=utf-8", envelope)
    }

    fn send(&mut self, target: &str, more: &str, kind: &str, body: &str) -> Result<Answer, Trouble> {
        let length = body.len();
        self.exchange(&format!(
            "POST {target} HTTP/1.1\r\n{HEADERS}{more}Content-Type: {kind}\r\nContent-Length: {length}\r\n\r\n{body}"
        ))
    }

    fn exchange(&mut self, request: &str) -> Result<Answer, Trouble> {
        self.0.get_mut().write_all(request.as_bytes())?;
        let mut line = String::new();
        self.line(&mut line)?;
        let status = line.split(' ').nth(1).ok_or("no status")?.parse()?;
        let mut headers = Vec::new();
        loop {
            self.line(&mut line)?;
            let Some((name, value)) = line.split_once(": ") else { break };
            headers.push((name.to_owned(), value.to_owned()));
        }
        let mut answer = Answer { status, headers, body: String::new() };
        let length: usize = answer.header("content-length").ok_or("no content length")?.parse()?;
        let mut body = vec![0; length];
        self.0.read_exact(&mut body)?;
        answer.body = String::from_utf8(body)?;
        Ok(answer)
    }

    fn line(&mut self, line: &mut String) -> Result<(), Trouble> {
        line.clear();
        if self.0.read_line(line)? == 0 {
            return Err("the broker closed the connection".into());
        }
        line.truncate(line.trim_end_matches(['\r', '\n']).len());
        Ok(())
    }
}

/// What a browser sends along.
const HEADERS: &str = "Host: broker.example.dk\r\n\
    User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0 Safari/537.36\r\n\
    Accept: text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8\r\n\
    Accept-Language: da,en-US;q=0.7,en;q=0.3\r\nAccept-Encoding: gzip, deflate, br\r\n\
    Upgrade-Insecure-Requests: 1\r\nSec-Fetch-Dest: document\r\nSec-Fetch-Mode: navigate\r\nSec-Fetch-Site: cross-site\r\n";
