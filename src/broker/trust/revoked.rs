//! Asks the issuers of certificates whether they are revoked. What is fetched is remembered for as long as one look at
//! the federation takes: many certificates share a list.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, PoisonError};

use jiff::Timestamp;

use crate::broker::Settings;
use crate::broker::egress::Egress;
use crate::domain::reason::{Fault, Reason};
use crate::domain::trust::{Check, Finding, NOTHING};
use crate::protocol::keys::{Link, Roots};

/// The largest list of revoked certificates.
const MOST_OF_LIST: usize = 16 * 1024 * 1024;
/// The largest answer of an OCSP responder.
const MOST_OF_ANSWER: usize = 64 * 1024;
/// A certificate may name many addresses; this many of each kind are asked.
const MOST_ADDRESSES: usize = 2;

type List = Arc<Result<Vec<u8>, Fault>>;

/// One look at who is revoked.
pub(super) struct Revocation<'s> {
    egress: &'s Egress,
    roots: &'s Roots,
    lists: Mutex<HashMap<String, List>>,
    /// Responders that did not answer, and are not waited for again.
    silent: Mutex<HashSet<String>>,
}

impl<'s> Revocation<'s> {
    pub(super) fn new(settings: &'s Settings) -> Self {
        Self {
            egress: &settings.egress,
            roots: &settings.roots,
            lists: Mutex::default(),
            silent: Mutex::default(),
        }
    }

    /// Whether the certificate is revoked. One proof that it is not is enough, and one that it is, too; the latter wins.
    /// Of an authority's certificate that names no address nothing is told.
    pub(super) async fn of(&self, link: &Link, now: Timestamp) -> Option<Finding> {
        let mut said = Vec::new();
        for address in web(link.responders()) {
            let outcome = self.by_responder(link, &address, now).await;
            said.push((address, outcome));
        }
        for address in web(link.lists()) {
            let outcome = self.by_list(link, &address, now).await;
            said.push((address, outcome));
        }
        (!said.is_empty() || !link.is_of_authority()).then(|| weighed(&said).about(link.subject()))
    }

    async fn by_responder(&self, link: &Link, address: &str, now: Timestamp) -> Result<(), Fault> {
        if self.silent.lock().unwrap_or_else(PoisonError::into_inner).contains(address) {
            return Err(Fault::new(Reason::CertUnchecked, "it did not answer a moment ago"));
        }
        match self.egress.ask_responder(address, link.question()?, MOST_OF_ANSWER).await {
            Ok(answer) => link.judge_answer(&answer, self.roots, now),
            Err(fault) => {
                self.silent.lock().unwrap_or_else(PoisonError::into_inner).insert(address.to_owned());
                Err(fault)
            }
        }
    }

    async fn by_list(&self, link: &Link, address: &str, now: Timestamp) -> Result<(), Fault> {
        let known = self.lists.lock().unwrap_or_else(PoisonError::into_inner).get(address).cloned();
        let list = match known {
            Some(list) => list,
            None => {
                let list: List = Arc::new(self.egress.get_revoked(address, MOST_OF_LIST).await);
                let mut lists = self.lists.lock().unwrap_or_else(PoisonError::into_inner);
                lists.insert(address.to_owned(), list.clone());
                list
            }
        };
        match list.as_ref() {
            Ok(list) => link.judge_list(list, address, now),
            Err(fault) => Err(fault.clone()),
        }
    }
}

/// What was said at each address, weighed.
fn weighed(said: &[(String, Result<(), Fault>)]) -> Finding {
    let failed = said.iter().filter_map(|(address, outcome)| Some((address, outcome.as_ref().err()?)));
    let evidence: Vec<String> =
        failed.clone().map(|(address, fault)| format!("{address}: {}", fault.detail)).collect();
    let is_revoked = failed.clone().any(|(_, fault)| fault.reason == Reason::CertRevoked);
    let addresses: Vec<&str> = said.iter().map(|(address, _)| address.as_str()).collect();
    let (check, asked) = (Check::CertificateRevoked, addresses.join(" "));
    let finding = match said.iter().find(|(_, outcome)| outcome.is_ok()) {
        _ if is_revoked => Finding::fail(check, Reason::CertRevoked, asked, "revoked"),
        Some((address, _)) => Finding::pass(check, asked, format!("good {address}")),
        None => Finding::warning(check, Reason::CertUnchecked, asked, NOTHING),
    };
    if evidence.is_empty() { finding } else { finding.with_evidence(&evidence.join("; ")) }
}

/// The addresses that can be asked: some authorities name directories as well.
fn web(addresses: Vec<String>) -> impl Iterator<Item = String> {
    let is_web = |address: &String| address.starts_with("http://") || address.starts_with("https://");
    addresses.into_iter().filter(is_web).take(MOST_ADDRESSES)
}
