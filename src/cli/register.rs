//! `apply` and `export`: the register as a directory that people review.

use std::fs;
use std::path::{Path, PathBuf};

use clap::Args;

use super::{Done, Exit, MAX_INPUT, Session, table, wait_for, wrong};
use crate::broker::registry::{self, Files, NotApplied, Plan};
use crate::domain::id::LoginId;
use crate::domain::written::Complaint;
use crate::store::Store;

/// What `apply` takes.
#[derive(Debug, Args)]
pub(super) struct Apply {
    /// The directory; every *.toml file below it is read, and the metadata files that they name
    directory: PathBuf,

    /// Say what would change, and change nothing
    #[arg(long)]
    dry_run: bool,
}

impl Apply {
    pub(super) fn run(self, session: &mut Session<'_>) -> Done {
        let files = read_directory(&self.directory)?;
        // What is no register at all is a wrong path or a volume that is not there, and would remove every party.
        if !files.keys().any(|path| path.ends_with(".toml")) {
            let shown = self.directory.display().to_string();
            let none = Complaint::whole_file(&shown, "expected the register's *.toml files, got none");
            return Err(vec![none.hint("a register without parties is an empty *.toml file".to_owned())]);
        }
        let store = session.store()?;
        let now = session.desk.clock.now();
        let change = LoginId::begun(now, session.desk.random.bits());
        let applied = wait_for(async {
            if self.dry_run {
                let kept = store.registry().await.map_err(NotApplied::Store)?;
                return registry::plan(&kept, &files).map_err(NotApplied::Wrong);
            }
            registry::apply(&store, files, now, change).await
        })?;
        let plan = applied.map_err(|why| match why {
            NotApplied::Wrong(complaints) => complaints,
            NotApplied::Store(error) => wrong("the store", error),
        })?;
        session.answer(&plan, || told(&plan, self.dry_run));
        Ok(Exit::Ok)
    }
}

fn told(plan: &Plan, dry_run: bool) -> String {
    let rows: Vec<_> =
        plan.changes().iter().map(|change| vec![change.action.to_owned(), change.subject.clone()]).collect();
    let verb = if dry_run { "would be applied" } else { "applied" };
    let changes = if rows.is_empty() { String::new() } else { table(&rows) + "\n" };
    format!("{changes}{}: {verb}", plan.summary())
}

/// Every file below a directory, by its path below it. What begins with a dot is not part of the register.
pub(super) fn read_directory(directory: &Path) -> Result<Files, Vec<Complaint>> {
    let mut files = Files::new();
    let mut complaints = Vec::new();
    walk(directory, "", &mut files, &mut complaints);
    if complaints.is_empty() { Ok(files) } else { Err(complaints) }
}

fn walk(folder: &Path, path: &str, files: &mut Files, complaints: &mut Vec<Complaint>) {
    let complain = |complaints: &mut Vec<Complaint>, at: &Path, what: String| {
        complaints.push(Complaint::whole_file(&at.display().to_string(), what));
    };
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) => return complain(complaints, folder, format!("expected a directory, got: {error}")),
    };
    for entry in entries.flatten() {
        let (name, at) = (entry.file_name().to_string_lossy().into_owned(), entry.path());
        if name.starts_with('.') {
            continue;
        }
        let below = if path.is_empty() { name } else { format!("{path}/{name}") };
        match fs::metadata(&at) {
            Ok(found) if found.is_dir() => walk(&at, &below, files, complaints),
            Ok(found) if found.len() > MAX_INPUT => {
                complain(complaints, &at, format!("expected at most {MAX_INPUT} bytes, got {}", found.len()));
            }
            Ok(_) => match fs::read(&at) {
                Ok(content) => drop(files.insert(below, content)),
                Err(error) => complain(complaints, &at, error.to_string()),
            },
            Err(error) => complain(complaints, &at, error.to_string()),
        }
    }
}

/// What `export` takes.
#[derive(Debug, Args)]
pub(super) struct Export {
    /// The directory to write; it must not exist or be empty
    directory: PathBuf,
}

impl Export {
    pub(super) fn run(self, session: &mut Session<'_>) -> Done {
        let shown = self.directory.display().to_string();
        let store = session.store()?;
        let kept = wait_for(store.registry())?.map_err(|error| wrong("the store", error))?;
        if fs::read_dir(&self.directory).is_ok_and(|mut entries| entries.next().is_some()) {
            return Err(wrong(&shown, "expected a directory that does not exist or is empty"));
        }
        fs::create_dir_all(&self.directory).map_err(|error| wrong(&shown, error))?;
        for (path, content) in &kept.files {
            let file = self.directory.join(path);
            let parent = file.parent().unwrap_or(&self.directory);
            fs::create_dir_all(parent)
                .and_then(|()| fs::write(&file, content))
                .map_err(|error| wrong(&file.display().to_string(), error))?;
        }
        let names: Vec<&String> = kept.files.keys().collect();
        session.answer(&names, || format!("{} files written to {shown}", names.len()));
        Ok(Exit::Ok)
    }
}
