//! Reads the files of the register. Every mistake of every file is told, each with its place.

mod agreements;
mod clients;
mod parties;
mod people;
mod rights;
mod robots;
mod roles;
mod sources;
mod written;

use std::collections::HashMap;

use super::{Files, Snapshot};
use crate::domain::id::EntityId;
use crate::domain::reason::{Fault, Reason};
use crate::domain::written::{Complaint, Source, Spanned, read};
use crate::protocol::oauth::client::RedirectUri;
use crate::store::RegistryFiles;

pub(super) use sources::{metadata_files, metadata_urls};
pub(super) use written::Written;

/// Reads every TOML file of a register, or says everything that is wrong with their form.
pub(super) fn files(files: &Files) -> Result<Vec<(&str, &str, Written)>, Vec<Complaint>> {
    let mut all = Vec::new();
    let mut complaints = Vec::new();
    for (path, content) in files.iter().filter(|(path, _)| path.ends_with(".toml")) {
        match std::str::from_utf8(content) {
            Ok(text) => match read::<Written>(path, text) {
                Ok(written) => all.push((path.as_str(), text, written)),
                Err(wrong) => complaints.extend(wrong),
            },
            Err(_) => complaints.push(Complaint::whole_file(path, "expected text in UTF-8")),
        }
    }
    if complaints.is_empty() { Ok(all) } else { Err(complaints) }
}

/// Reads the whole register into a snapshot, or says everything that is wrong with it.
pub(super) fn snapshot(kept: &RegistryFiles) -> Result<Snapshot, Vec<Complaint>> {
    let written = files(&kept.files)?;
    let mut reader = Reader {
        kept,
        snapshot: Snapshot { version: kept.version, ..Snapshot::default() },
        names: HashMap::new(),
        redirects: HashMap::new(),
        complaints: Vec::new(),
    };
    for (path, text, file) in &written {
        reader.parties(Source::new(path, text), path, file);
        reader.clients(Source::new(path, text), path, file);
        reader.attribute_services(Source::new(path, text), path, file);
    }
    for (path, text, file) in &written {
        reader.rights(Source::new(path, text), file);
    }
    // Agreements, roles and people name parties of any file, so they come when all parties are known; mappings name roles.
    for (path, text, file) in &written {
        reader.agreements(Source::new(path, text), file);
        reader.roles(Source::new(path, text), file);
        reader.people(Source::new(path, text), path, file);
        reader.robots(Source::new(path, text), file);
    }
    for (path, text, file) in &written {
        reader.mappings(Source::new(path, text), file);
    }
    if reader.complaints.is_empty() { Ok(reader.snapshot) } else { Err(reader.complaints) }
}

struct Reader<'k> {
    kept: &'k RegistryFiles,
    snapshot: Snapshot,
    /// Every party's name, by what a person reads: without case and without a slash at the end.
    names: HashMap<String, EntityId>,
    /// Whose each address is that codes are sent to.
    redirects: HashMap<RedirectUri, EntityId>,
    complaints: Vec<Complaint>,
}

impl Reader<'_> {
    fn twice<T: std::fmt::Display>(&mut self, source: Source<'_>, value: &Spanned<T>) {
        let what = format!("expected {} once, got it again", value.get_ref());
        self.complaints.push(explained(source.complain(value.span(), what)));
    }

    fn known<T: std::fmt::Display>(&mut self, source: Source<'_>, is_known: bool, party: &Spanned<T>) {
        self.registered(source, is_known, "a party", party);
    }

    /// Agreements, roles and robots name fagsystemer whatever they speak.
    fn known_fagsystem(&mut self, source: Source<'_>, name: &Spanned<EntityId>) {
        let is_unknown = |fault: Fault| fault.reason == Reason::SpUnknown;
        let is_known = !self.snapshot.federation.fagsystem(name.get_ref()).is_err_and(is_unknown);
        self.known(source, is_known, name);
    }

    fn registered<T: std::fmt::Display>(
        &mut self,
        source: Source<'_>,
        is_known: bool,
        what: &str,
        value: &Spanned<T>,
    ) {
        if !is_known {
            let what = format!("expected {what} that is registered, got {}", value.get_ref());
            self.complaints.push(source.complain(value.span(), what));
        }
    }

    /// A name that a person takes for another party's is refused: names are compared letter by letter, people don't.
    fn unlike_others(&mut self, source: Source<'_>, name: &Spanned<EntityId>) {
        let as_read = name.get_ref().as_str().trim_end_matches('/').to_lowercase();
        let first = self.names.entry(as_read).or_insert_with(|| name.get_ref().clone());
        if first != name.get_ref() {
            let what = format!("expected a name that differs from {first} in more than case or a slash");
            let complaint = source.complain(name.span(), format!("{what}, got {}", name.get_ref()));
            self.complaints.push(explained(complaint));
        }
    }
}

/// A complaint about two who claim one name.
fn explained(complaint: Complaint) -> Complaint {
    complaint.hint(format!("context-handler explain {}", Reason::AdminConflict.code()))
}

/// The path of a file that another one names, both below the directory of the register.
pub(super) fn beside(path: &str, name: &str) -> String {
    match path.rsplit_once('/') {
        Some((folder, _)) => format!("{folder}/{name}"),
        None => name.to_owned(),
    }
}
