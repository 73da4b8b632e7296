//! What is others': the register, what is trusted of each party, and whether their addresses answer.

use jiff::{SignedDuration, Timestamp};
use tokio::task::JoinSet;

use super::{Findings, SOON};
use crate::app;
use crate::broker::egress::Egress;
use crate::broker::keys::Keys;
use crate::broker::registry::{Snapshot, metadata_urls};
use crate::keyring::Keyring;
use crate::store::{Sqlite, Store};

/// The largest metadata that is fetched.
const MAX_METADATA: usize = 32 * 1024 * 1024;
/// So many are asked at once.
const AT_ONCE: usize = 8;

pub(super) async fn register(
    (store, keyring): (&Sqlite, Option<&Keyring>),
    egress: &Egress,
    (now, skew): (Timestamp, SignedDuration),
    findings: &mut Findings,
) {
    let kept = match store.registry().await {
        Ok(kept) => kept,
        Err(error) => return findings.failed("register", error.to_string(), "Look at the store first."),
    };
    let snapshot = match Snapshot::read(&kept) {
        Ok(snapshot) => snapshot,
        Err(complaints) => {
            for complaint in complaints {
                findings.failed("register", complaint.to_string(), "Apply a directory that is right.");
            }
            return;
        }
    };
    let federation = snapshot.federation();
    let (idps, systems) = (federation.idps().count(), federation.fagsystemer().count());
    let found = format!(
        "{} authorities, {idps} identity providers, {systems} fagsystemer",
        federation.authorities().count()
    );
    match idps == 0 || systems == 0 {
        true => findings.warning(
            "register",
            found,
            "Nobody can log in yet: fill it with `context-handler apply DIR`.",
        ),
        false => findings.ok("register", found),
    }
    trusted(&snapshot, now, findings);
    // Keys that cannot be used are told of elsewhere.
    if let Some(keys) = keyring.and_then(|keyring| app::keys(keyring).ok()) {
        tokens(&snapshot, &keys, findings);
    }
    for idp in federation.idps().filter(|idp| idp.danger_allow_cbc) {
        let fix = "Ask the municipality to encrypt with AES-GCM, and take the switch away.";
        findings.warning("register.danger", format!("{} may send AES-CBC", idp.entity_id), fix);
    }
    addresses(
        metadata_urls(&kept.files).into_iter().map(|(party, url)| (party.to_string(), url)),
        egress,
        (now, skew),
        findings,
    )
    .await;
}

fn trusted(snapshot: &Snapshot, now: Timestamp, findings: &mut Findings) {
    let mut well = 0;
    for trusted in snapshot.trusted() {
        let party = trusted.party;
        let mut in_trouble = false;
        if let Some(until) = trusted.valid_until.filter(|until| *until <= now) {
            in_trouble = true;
            let fix = "Get newer metadata from the party and apply it; until then nobody logs in there.";
            findings.failed("register.metadata", format!("{party}: its metadata held until {until}"), fix);
        }
        for certificate in trusted.keys.certificates() {
            let left = certificate.not_after().duration_since(now);
            if left < SOON {
                in_trouble = true;
                let found =
                    format!("{party}: {} days left of {}", left.as_hours() / 24, certificate.subject());
                let fix = "Ask the party for metadata with its next certificate beside this one.";
                findings.warning("register.certificate", found, fix);
            }
        }
        well += usize::from(!in_trouble);
    }
    findings.ok(
        "register.parties",
        format!("{well} parties with metadata and certificates that hold for a month"),
    );
}

/// Whether keys of ours sign what clients are registered for. The register cannot tell: it does not know our keys.
fn tokens(snapshot: &Snapshot, keys: &Keys, findings: &mut Findings) {
    for client in snapshot.clients() {
        let wanted = [client.speaks.signed, client.speaks.access_signed];
        if let Some(algorithm) = wanted.into_iter().find(|one| keys.token_signer(*one).is_err()) {
            let (name, algorithm) = (&client.registered.entity_id, algorithm.jose().unwrap_or_default());
            let fix =
                "Name a key that does in `token-signing`, or register the client for another algorithm.";
            findings.failed(
                "register.tokens",
                format!("{name}: no key of ours signs tokens with {algorithm}"),
                fix,
            );
        }
    }
}

/// Asks every address that metadata is fetched from, and compares the clocks of those who tell theirs.
async fn addresses(
    mut waiting: impl Iterator<Item = (String, String)>,
    egress: &Egress,
    (now, skew): (Timestamp, SignedDuration),
    findings: &mut Findings,
) {
    let mut asking = JoinSet::new();
    let mut answers = Vec::new();
    loop {
        for (party, url) in waiting.by_ref().take(AT_ONCE - asking.len()) {
            let egress = egress.clone();
            asking.spawn(async move { (party, egress.get(&url, MAX_METADATA).await) });
        }
        let Some(answered) = asking.join_next().await else { break };
        answers.extend(answered.ok());
    }
    answers.sort_by(|one, other| one.0.cmp(&other.0));
    for (party, answer) in answers {
        match answer {
            Err(fault) => {
                let fix = "Ask the party whether the address is right and up; the last good metadata counts meanwhile.";
                findings.unreachable("partner.metadata", format!("{party}: {fault}"), fix);
            }
            Ok(fetched) => match fetched.date.map(|date| date.duration_since(now)) {
                // An answer takes its time, and Date tells whole seconds.
                Some(off) if off.abs() > skew + SignedDuration::from_secs(5) => {
                    let fix = "If several partners differ from us alike, set our clock; else tell this one to set theirs.";
                    findings.warning(
                        "partner.clock",
                        format!("{party}: its clock is {} s off ours", off.as_secs()),
                        fix,
                    );
                }
                Some(_) => findings.ok("partner.metadata", format!("{party} answers, and its clock agrees")),
                None => findings.ok("partner.metadata", format!("{party} answers")),
            },
        }
    }
}
