//! `check-config`: every setting in force, where it came from, and whether the key files can be used.

use serde::Serialize;

use super::keys::{Listed, list};
use super::{Done, Exit, Session, table};
use crate::config::Effective;
use crate::keyring::Keyring;

#[derive(Serialize)]
struct Answer {
    settings: Vec<Effective>,
    keys: Vec<Listed>,
}

pub(super) fn run(session: &mut Session<'_>) -> Done {
    let config = session.configuration()?;
    let keys = list(&config.keys, &Keyring::open(&config.keys)?, session.desk.clock.now());
    let exit = if keys.iter().any(Listed::is_in_trouble) { Exit::CheckFailed } else { Exit::Ok };
    let answer = Answer { settings: config.effective(), keys };
    session.answer(&answer, || {
        let row = |s: &Effective| vec![s.key.clone(), s.value.to_string(), format!("({})", s.origin)];
        let settings: Vec<_> = answer.settings.iter().map(row).collect();
        format!("{}\n\n{}", table(&settings), Listed::table(&answer.keys))
    });
    Ok(exit)
}
