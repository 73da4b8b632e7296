//! `check-config`: every setting in force, where it came from, and whether the key files can be used.

use serde::Serialize;

use super::keys::{Listed, list};
use super::{Done, Exit, Session, table};
use crate::config::Effective;
use crate::domain::written::Complaint;
use crate::keyring::{Keyring, roots};

#[derive(Serialize)]
struct Answer {
    settings: Vec<Effective>,
    keys: Vec<Listed>,
    complaints: Vec<Complaint>,
}

pub(super) fn run(session: &mut Session<'_>) -> Done {
    let config = session.configuration()?;
    // The settings are shown even if a key file cannot be read: they say where it was looked for.
    let (keys, mut complaints) = match Keyring::open(&config.keys) {
        Ok(ring) => (list(&config.keys, &ring, session.desk.clock.now()), Vec::new()),
        Err(complaints) => (Vec::new(), complaints),
    };
    for files in [&config.trust.oces_roots, &config.egress.ca_roots] {
        complaints.extend(roots(files).err().into_iter().flatten());
    }
    let answer = Answer { settings: config.effective(), keys, complaints };
    session.answer(&answer, || {
        let row = |s: &Effective| vec![s.key.clone(), s.value.to_string(), format!("({})", s.origin)];
        let settings: Vec<_> = answer.settings.iter().map(row).collect();
        format!("{}\n\n{}", table(&settings), Listed::table(&answer.keys))
    });
    session.show(&answer.complaints);
    Ok(match answer {
        Answer { complaints, .. } if !complaints.is_empty() => Exit::Usage,
        Answer { keys, .. } if keys.iter().any(Listed::is_in_trouble) => Exit::CheckFailed,
        _ => Exit::Ok,
    })
}
