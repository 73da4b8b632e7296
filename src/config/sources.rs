//! Where configuration comes from: files and the environment, merged key by key, each key with its origin.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::{fs, io};

use crate::domain::written::{Complaint, Source, Spanned, read};

use super::{DEFAULT_FILE, Origin, Origins, RawConfig};

/// What was written: the texts of the files and the variables of the environment, in the order in which they count.
#[derive(Clone, Debug, Default)]
pub struct Sources {
    /// Name and text of each file; later files win.
    pub files: Vec<(String, String)>,
    /// Variables of the environment; those that begin with `CH__` win over the files.
    pub environment: Vec<(String, String)>,
}

type Written = BTreeMap<String, BTreeMap<String, Spanned<toml::Value>>>;

impl Sources {
    /// Reads the named file (or the one at the usual place), `conf.d/*.toml` beside it, and the environment.
    pub fn gather(named: Option<&Path>) -> Result<Self, Vec<Complaint>> {
        let main = named.unwrap_or(Path::new(DEFAULT_FILE));
        let beside = main.parent().unwrap_or(Path::new("")).join("conf.d");
        let more = listed(&beside).map_err(|error| vec![unreadable(&beside, &error)])?;
        let (mut files, mut complaints) = (Vec::new(), Vec::new());
        for path in std::iter::once(main.to_owned()).chain(more) {
            match fs::read_to_string(&path) {
                Ok(text) => files.push((path.display().to_string(), text)),
                Err(error) => complaints.push(unreadable(&path, &error)),
            }
        }
        if !complaints.is_empty() {
            return Err(complaints);
        }
        let environment = std::env::vars_os().filter_map(|(name, value)| {
            Some((name.into_string().ok()?, value.to_string_lossy().into_owned()))
        });
        Ok(Self { files, environment: environment.collect() })
    }

    /// All keys of all sources, the later winning, each checked where it was written.
    pub(super) fn merge(&self) -> Result<(toml::Table, Origins), Vec<Complaint>> {
        let (mut merged, mut origins) = (toml::Table::new(), BTreeMap::new());
        let mut complaints = Vec::new();
        let mut take = |written: Written, origin: &dyn Fn(usize) -> Origin| {
            for (section, settings) in written {
                let into = merged.entry(section.clone()).or_insert_with(|| toml::Table::new().into());
                for (key, value) in settings {
                    origins.insert(format!("{section}.{key}"), origin(value.span().start));
                    if let Some(table) = into.as_table_mut() {
                        table.insert(key, value.into_inner());
                    }
                }
            }
        };
        for (file, text) in &self.files {
            match checked(file, text) {
                Ok(written) => take(written, &|at| {
                    let (line, _) = Source::new(file, text).position(at);
                    Origin::File { file: file.clone(), line }
                }),
                Err(mut found) => complaints.append(&mut found),
            }
        }
        let mut variables: Vec<_> =
            self.environment.iter().filter(|(name, _)| name.starts_with("CH__")).collect();
        variables.sort();
        for (name, value) in variables {
            match variable(name, value) {
                Ok(written) => take(written, &|_| Origin::Environment(name.clone())),
                Err(complaint) => complaints.push(complaint),
            }
        }
        if complaints.is_empty() { Ok((merged, Origins(origins))) } else { Err(complaints) }
    }

    /// A complaint about a setting that has no default and was nowhere written.
    pub(super) fn missing(&self, key: &str) -> Complaint {
        let file = self.files.first().map_or("configuration", |(file, _)| file);
        let variable = format!("CH__{}", key.replace('.', "__").replace('-', "_").to_ascii_uppercase());
        Complaint::whole_file(file, format!("expected a value for `{key}`, got none"))
            .hint(format!("write it there, in a file in conf.d, or in the environment as {variable}"))
    }
}

/// The configuration files in a folder that need not exist, in the order of their names.
fn listed(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let entries = match fs::read_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries?,
    };
    let mut paths = entries.map(|entry| Ok(entry?.path())).collect::<io::Result<Vec<_>>>()?;
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "toml"));
    paths.sort();
    Ok(paths)
}

fn unreadable(path: &Path, error: &io::Error) -> Complaint {
    let message = format!("expected a configuration file, got: {error}");
    Complaint::whole_file(&path.display().to_string(), message)
        .hint("another one is named with --config FILE; the three settings that it must have stand in docs/configuration.md")
}

/// The keys of one text, after the text as a whole was found to be right.
fn checked(name: &str, text: &str) -> Result<Written, Vec<Complaint>> {
    read::<RawConfig>(name, text)?;
    read(name, text)
}

/// The one key that an environment variable sets. Its value is text, or TOML when the setting is not text.
fn variable(name: &str, value: &str) -> Result<Written, Complaint> {
    let path = name.trim_start_matches("CH__").to_ascii_lowercase().replace("__", ".").replace('_', "-");
    let Some((section, key)) = path.split_once('.') else {
        return Err(Complaint::whole_file(name, "expected a name like CH__SECTION__KEY, got no key"));
    };
    let set = |value: String| format!("{section:?}.{key:?} = {value}\n");
    let as_text = checked(name, &set(toml::Value::from(value).to_string()));
    let as_toml = |_| checked(name, &set(value.to_owned()));
    as_text.clone().or_else(as_toml).map_err(|mut of_toml| {
        let first = if of_toml.is_empty() { None } else { Some(of_toml.swap_remove(0)) };
        // A value that is not even TOML was meant as text.
        let of_text = as_text.err().and_then(|complaints| complaints.into_iter().next());
        let is_toml = format!("value = {value}").parse::<toml::Table>().is_ok();
        let complaint = if is_toml { first } else { of_text };
        complaint.map_or_else(
            || Complaint::whole_file(name, "expected a setting"),
            |complaint| Complaint { line: 0, column: 0, ..complaint },
        )
    })
}
