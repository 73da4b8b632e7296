//! The house holds: which room may know which, which room may name which crate, and how large things may grow.
//!
//! The table is the one of `docs/architecture.md`. Code under `#[cfg(test)]` and files named `tests.rs` are not looked
//! at. A new room or a new line in the table needs a decision record.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// A room: its name, the rooms that it may know, and the crates that it may name.
struct Room {
    name: &'static str,
    knows: &'static [&'static str],
    names: &'static [&'static str],
}

const ROOMS: &[Room] = &[
    Room { name: "domain", knows: &["domain"], names: &["jiff", "regex", "serde", "thiserror", "toml"] },
    Room {
        name: "protocol",
        knows: &["domain", "protocol"],
        names: &[
            "base64_simd",
            "flate2",
            "jiff",
            "jsonwebtoken",
            "libxml",
            "miniz_oxide",
            "openssl",
            "roxmltree",
            "serde",
            "serde_json",
            "thiserror",
            "xmlsec",
        ],
    },
    Room {
        name: "store",
        knows: &["domain", "store"],
        names: &[
            "jiff",
            "moka",
            "openssl",
            "rusqlite",
            "serde",
            "serde_json",
            "thiserror",
            "tokio",
            "tracing",
        ],
    },
    Room {
        name: "broker",
        knows: &["broker", "domain", "protocol", "store"],
        names: &[
            "arc_swap",
            "base64_simd",
            "jiff",
            "moka",
            "reqwest",
            "serde",
            "serde_json",
            "thiserror",
            "tokio",
            "toml",
            "tracing",
        ],
    },
    Room {
        name: "http",
        knows: &["broker", "domain", "http", "protocol", "telemetry"],
        names: &["askama", "axum", "base64_simd", "jiff", "serde", "serde_json", "thiserror", "tracing"],
    },
    // The parts of the hall that rooms or other parts lean on lean on nothing but `domain` themselves.
    Room { name: "config", knows: &["config", "domain"], names: &["axum", "jiff", "serde", "toml"] },
    Room {
        name: "telemetry",
        knows: &["config", "domain", "telemetry"],
        names: &["axum", "serde_json", "tracing", "tracing_subscriber"],
    },
    Room { name: "system", knows: &["domain", "system"], names: &["jiff", "openssl"] },
];

/// The rest of the hall knows every room and may name every crate.
const HALL: &[&str] = &["main", "lib", "app", "browser", "cli", "keyring", "sandbox"];

/// Files that are one long table by nature.
const TABLES: &[&str] = &["domain/reason.rs"];

const LONGEST_FILE: usize = 400;
const LONGEST_FUNCTION: usize = 60;
const MOST_PARAMETERS: usize = 5;
const MOST_BROKER_FIELDS: usize = 8;
const MOST_ERRORS: usize = 15;

#[test]
fn every_room_knows_only_the_rooms_and_crates_of_the_table() {
    let crates = dependencies(include_str!("../Cargo.toml"));
    let found: Vec<String> = sources().iter().flat_map(|file| file.strangers(&crates)).collect();
    assert!(found.is_empty(), "\n{}", found.join("\n"));
}

#[test]
fn files_functions_and_parameter_lists_stay_within_their_budgets() {
    let found: Vec<String> = sources().iter().flat_map(SourceFile::too_large).collect();
    assert!(found.is_empty(), "\n{}", found.join("\n"));
}

#[test]
fn every_file_says_what_lives_in_it() {
    let silent: Vec<_> =
        sources().into_iter().filter(|file| !file.text.starts_with("//! ")).map(|f| f.path).collect();
    assert!(silent.is_empty(), "no module documentation: {silent:?}");
}

#[test]
fn the_broker_is_one_small_struct_with_few_errors() {
    let sources = sources();
    let Some(broker) = sources.iter().find(|file| file.path == "broker/mod.rs" || file.path == "broker.rs")
    else {
        return;
    };
    let fields =
        broker.members("pub struct Broker").expect("the broker is declared in the front of its room");
    assert!(fields <= MOST_BROKER_FIELDS, "the broker has {fields} fields, allowed are {MOST_BROKER_FIELDS}");
    let in_room = sources.iter().filter(|file| file.room() == "broker");
    for errors in in_room.filter_map(|file| file.members("pub enum Error")) {
        assert!(errors <= MOST_ERRORS, "broker::Error has {errors} variants, allowed are {MOST_ERRORS}");
    }
}

#[test]
fn made_up_violations_are_found() {
    let crates = dependencies(
        "[dependencies]\naxum = \"1\"\nserde-json = { version = \"1\" }\n[dev-dependencies]\nx = \"1\"",
    );
    assert_eq!(crates, ["axum", "serde_json"]);
    let strangers = |path: &str, text: &str| SourceFile::new(path, text).strangers(&crates).len();
    assert_eq!(strangers("domain/role.rs", "use crate::store::Store;"), 1);
    assert_eq!(strangers("domain/role.rs", "use crate::{domain::id::Cvr, store::Store, http};"), 2);
    assert_eq!(strangers("domain/role.rs", "use super::super::store::Store;"), 1);
    assert_eq!(strangers("domain/mod.rs", "use super::store::Store;"), 1);
    assert_eq!(strangers("domain/role.rs", "fn f() { crate::http::error::page() }"), 1);
    assert_eq!(strangers("domain/role.rs", "fn f() -> axum::Router { todo() }"), 1);
    assert_eq!(strangers("http/saml.rs", "use crate::store::Store;"), 1);
    assert_eq!(strangers("protocol/jwt.rs", "use context_handler::broker::Broker;"), 1);
    assert_eq!(strangers("protocol/jwt.rs", "pub(in crate::protocol) use axum::Json;"), 1);
    assert_eq!(strangers("attic/mod.rs", "fn f() {}"), 1);

    let long = format!("fn f() {{\n{}}}\n", "g();\n".repeat(60));
    assert_eq!(SourceFile::new("domain/a.rs", &long).too_large().len(), 1);
    assert_eq!(SourceFile::new("domain/a.rs", &"\n".repeat(401)).too_large().len(), 1);
    let wide = "impl A { fn f<F: Fn(u8, u8) -> u8>(&self, a: A<B, C>, b: (u8, u8), c: u8, d: u8, e: [u8; 2], f: F) {} }";
    assert_eq!(SourceFile::new("domain/a.rs", wide).too_large().len(), 1);
    assert_eq!(
        SourceFile::new("broker/mod.rs", "pub struct Broker {\n a: B<C, D>,\n b: u8,\n}")
            .members("pub struct Broker"),
        Some(2)
    );
}

#[test]
fn what_is_allowed_is_not_complained_about() {
    let crates = dependencies("[dependencies]\naxum = \"1\"\nserde_json = \"1\"");
    let strangers = |path: &str, text: &str| SourceFile::new(path, text).strangers(&crates);
    let right = "
        //! crate::store is only talked about.
        use crate::{domain::id::Cvr, protocol::xml};
        use super::super::domain; /* crate::http */
        const A: &str = \"crate::store::Store { axum::x\";
        const B: &str = r#\"crate::store \" axum::x\"#;
        fn f<'a>(c: char) -> bool { c == '{' || c == '\\'' || c == '\"' }
        #[cfg(test)]
        mod tests { use crate::store::Store; fn f() { axum::x(\"}\") } }
    ";
    assert_eq!(strangers("protocol/saml.rs", right), Vec::<String>::new());
    assert_eq!(strangers("protocol/saml/response.rs", "use super::super::xml;"), Vec::<String>::new());
    assert_eq!(strangers("cli.rs", "use crate::store::Store; use axum::Router;"), Vec::<String>::new());
    assert_eq!(
        strangers("http/mod.rs", "use axum::http; use crate::telemetry::Noted;"),
        Vec::<String>::new()
    );
    assert_eq!(strangers("domain/tests.rs", "use crate::store::Store;"), Vec::<String>::new());

    let longest = format!("fn f() {{\n{}}}\n", "g();\n".repeat(58));
    assert_eq!(SourceFile::new("domain/a.rs", &longest).too_large(), Vec::<String>::new());
    let tested = format!("fn f() {{}}\n#[cfg(test)]\nmod tests {{\n{}}}\n", "// more\n".repeat(500));
    assert_eq!(SourceFile::new("domain/a.rs", &tested).too_large(), Vec::<String>::new());
}

/// A file under `src/`: its path from there, its text, and its code without comments, strings and tests.
struct SourceFile {
    path: String,
    text: String,
    code: String,
}

impl SourceFile {
    fn new(path: &str, text: &str) -> Self {
        let is_test = path.ends_with("tests.rs") || path.contains("/tests/");
        let code = if is_test { String::new() } else { without_tests(&only_code(text)) };
        Self { path: path.to_owned(), text: text.to_owned(), code }
    }

    fn room(&self) -> &str {
        let first = self.path.split('/').next().unwrap_or_default();
        first.strip_suffix(".rs").unwrap_or(first)
    }

    /// How many names deep the module of this file lies below the crate.
    fn depth(&self) -> usize {
        let path = self.path.strip_suffix("/mod.rs").or(self.path.strip_suffix(".rs")).unwrap_or(&self.path);
        path.split('/').count()
    }

    /// What this file knows or names although its room may not.
    fn strangers(&self, crates: &[String]) -> Vec<String> {
        let room = self.room();
        if HALL.contains(&room) {
            return Vec::new();
        }
        let Some(room) = ROOMS.iter().find(|known| known.name == room) else {
            return vec![format!("{}: there is no room `{room}` in the table", self.path)];
        };
        let known = self.known_rooms().into_iter().filter(|known| !room.knows.contains(&known.as_str()));
        let named =
            crates.iter().filter(|name| names(&self.code, name) && !room.names.contains(&name.as_str()));
        let known = known.map(|stranger| format!("{}: `{}` may not know `{stranger}`", self.path, room.name));
        let named = named
            .map(|stranger| format!("{}: `{}` may not name the crate `{stranger}`", self.path, room.name));
        known.chain(named).collect()
    }

    /// The first name of every path that begins at the crate, however it is written.
    fn known_rooms(&self) -> Vec<String> {
        let mut rooms = Vec::new();
        let up = "super::".repeat(self.depth());
        for root in ["crate::", "context_handler::", &up] {
            for (at, _) in self.code.match_indices(root) {
                let continues =
                    self.code[..at].ends_with(|c: char| c.is_alphanumeric() || matches!(c, '_' | ':'));
                if !continues {
                    rooms.extend(first_names(&self.code[at + root.len()..]));
                }
            }
        }
        rooms.retain(|room| ROOMS.iter().any(|r| r.name == room) || HALL.contains(&room.as_str()));
        rooms.sort();
        rooms.dedup();
        rooms
    }

    /// The budgets that this file breaks.
    fn too_large(&self) -> Vec<String> {
        let mut found = Vec::new();
        let lines = self.code.lines().count();
        if lines > LONGEST_FILE && !TABLES.contains(&self.path.as_str()) {
            found.push(format!("{}: {lines} lines without tests, allowed are {LONGEST_FILE}", self.path));
        }
        for (at, _) in self.code.match_indices("fn ") {
            let starts_word = !self.code[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_');
            let Some(function) = Function::read(&self.code[at + 3..]).filter(|_| starts_word) else {
                continue;
            };
            let Function { name, parameters, lines } = function;
            if parameters > MOST_PARAMETERS {
                found.push(format!(
                    "{}: {name} has {parameters} parameters, allowed are {MOST_PARAMETERS}",
                    self.path
                ));
            }
            if lines > LONGEST_FUNCTION {
                found
                    .push(format!("{}: {name} has {lines} lines, allowed are {LONGEST_FUNCTION}", self.path));
            }
        }
        found
    }

    /// How many fields or variants the type that is declared with these words has.
    fn members(&self, declared: &str) -> Option<usize> {
        let at = self.code.find(&format!("{declared} {{"))?;
        let body = block(&self.code[at..], '{', '}')?;
        Some(list(body).iter().filter(|member| !member.trim().is_empty()).count())
    }
}

/// A function: how many parameters besides `self`, how many lines from signature to closing brace.
struct Function<'c> {
    name: &'c str,
    parameters: usize,
    lines: usize,
}

impl<'c> Function<'c> {
    fn read(code: &'c str) -> Option<Self> {
        let end = code.find(|c: char| !(c.is_alphanumeric() || c == '_'))?;
        let (name, rest) = code.split_at(end);
        let generics = if rest.starts_with('<') { block(rest, '<', '>')?.len() + 2 } else { 0 };
        let rest = rest.get(generics..).filter(|rest| rest.starts_with('('))?;
        let inside = block(rest, '(', ')')?;
        let is_self = |parameter: &&str| parameter.trim().split([' ', '&', ':']).any(|word| word == "self");
        let parameters = list(inside).into_iter().filter(|p| !p.trim().is_empty() && !is_self(p)).count();
        let rest = &rest[inside.len() + 2..];
        let body = rest.find(['{', ';'])?;
        let lines = match rest[body..].starts_with('{') {
            true => inside.lines().count().max(1) + block(&rest[body..], '{', '}')?.matches('\n').count(),
            false => 0,
        };
        (!name.is_empty()).then_some(Self { name, parameters, lines })
    }
}

/// What stands between the first opening sign and the closing one that belongs to it. The `>` of `->` closes nothing.
fn block(code: &str, open: char, close: char) -> Option<&str> {
    let start = code.find(open)? + 1;
    let mut depth = 1;
    for (at, c) in code[start..].char_indices() {
        let is_arrow = c == '>' && code[..start + at].ends_with(['-', '=']);
        depth += i32::from(c == open) - i32::from(c == close && !is_arrow);
        if depth == 0 {
            return code.get(start..start + at);
        }
    }
    None
}

/// The parts between commas that stand in no brackets.
fn list(code: &str) -> Vec<&str> {
    let (mut parts, mut depth, mut from) = (Vec::new(), 0, 0);
    for (at, c) in code.char_indices() {
        match c {
            '(' | '[' | '{' | '<' => depth += 1,
            '>' if code[..at].ends_with(['-', '=']) => {}
            ')' | ']' | '}' | '>' => depth -= 1,
            ',' if depth == 0 => {
                parts.push(&code[from..at]);
                from = at + 1;
            }
            _ => {}
        }
    }
    parts.push(&code[from..]);
    parts
}

/// `id::Cvr` → `id`; `{domain::id, store}` → `domain`, `store`.
fn first_names(path: &str) -> Vec<String> {
    let first = |path: &str| {
        path.trim().split(|c: char| !(c.is_alphanumeric() || c == '_')).next().map(str::to_owned)
    };
    match block(path, '{', '}').filter(|_| path.starts_with('{')) {
        Some(several) => list(several).into_iter().filter_map(first).collect(),
        None => first(path).into_iter().collect(),
    }
}

/// Whether the code names this crate at the beginning of a path.
fn names(code: &str, name: &str) -> bool {
    code.match_indices(name).any(|(at, _)| {
        let (before, after) = (&code[..at], &code[at + name.len()..]);
        let begins = !before.ends_with(|c: char| c.is_alphanumeric() || matches!(c, '_' | ':' | '.'));
        let is_used = before.ends_with("use ") && after.starts_with([';', ' ']);
        begins && (after.starts_with("::") || is_used)
    })
}

/// The names of the crates in `[dependencies]`, as code writes them.
fn dependencies(manifest: &str) -> Vec<String> {
    let section = manifest.split("[dependencies]").nth(1).unwrap_or_default();
    let lines = section.lines().take_while(|line| !line.starts_with('['));
    lines.filter_map(|line| line.split_once('=')).map(|(name, _)| name.trim().replace('-', "_")).collect()
}

/// The code with comments and the insides of strings blanked out, line by line as before.
fn only_code(text: &str) -> String {
    let (mut code, mut rest) = (String::new(), text);
    while let Some(c) = rest.chars().next() {
        let skipped = literal(rest);
        let taken = if skipped == 0 { c.len_utf8() } else { skipped };
        match skipped {
            0 => code.push(c),
            _ => code.extend(rest[..taken].chars().map(|c| if c == '\n' { '\n' } else { ' ' })),
        }
        // A name is taken as a whole, so that its last letter is not read as the `r` of a raw string.
        rest = &rest[taken..];
        if skipped == 0 && (c.is_alphanumeric() || c == '_') {
            let end = rest.find(|c: char| !(c.is_alphanumeric() || c == '_')).unwrap_or(rest.len());
            code.push_str(&rest[..end]);
            rest = &rest[end..];
        }
    }
    code
}

/// How long the comment, string or character is that begins here; 0 when none does.
fn literal(text: &str) -> usize {
    if text.starts_with("//") {
        return text.find('\n').unwrap_or(text.len());
    }
    if text.starts_with("/*") {
        return text.find("*/").map_or(text.len(), |end| end + 2);
    }
    let prefix = ["br", "r", "b", "c"].into_iter().find(|prefix| text.starts_with(prefix)).unwrap_or("");
    let after = &text[prefix.len()..];
    let hashes = if prefix.ends_with('r') { after.len() - after.trim_start_matches('#').len() } else { 0 };
    let start = prefix.len() + hashes + 1;
    if after[hashes..].starts_with('"') {
        let closing = format!("\"{}", "#".repeat(hashes));
        return if prefix.ends_with('r') {
            text[start..].find(&closing).map_or(text.len(), |end| start + end + closing.len())
        } else {
            start + escaped(&text[start..], '"')
        };
    }
    // 'x' is a character, 'x without a second quote is a lifetime.
    let mut character = after.strip_prefix('\'').unwrap_or_default().chars();
    match (character.next(), character.next()) {
        (Some('\\'), _) => prefix.len() + 1 + escaped(&after[1..], '\''),
        (Some(c), Some('\'')) => prefix.len() + 2 + c.len_utf8(),
        _ => 0,
    }
}

/// How far it is to behind the closing quote, passing over what is escaped.
fn escaped(text: &str, quote: char) -> usize {
    let mut is_escaped = false;
    for (at, c) in text.char_indices() {
        if c == quote && !is_escaped {
            return at + 1;
        }
        is_escaped = c == '\\' && !is_escaped;
    }
    text.len()
}

/// The code without its modules under `#[cfg(test)]`.
fn without_tests(code: &str) -> String {
    let Some(at) = code.find("#[cfg(test)]") else { return code.to_owned() };
    let (before, tests) = code.split_at(at);
    let (body, ends) = (tests.find('{').unwrap_or(tests.len()), tests.find(';').unwrap_or(tests.len()));
    let after = match block(tests, '{', '}') {
        Some(inside) if body < ends => &tests[body + inside.len() + 2..],
        _ => tests.get(ends + 1..).unwrap_or_default(),
    };
    format!("{before}{}", without_tests(after))
}

fn sources() -> Vec<SourceFile> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let read = |path: PathBuf| {
        let text = fs::read_to_string(&path).ok()?;
        Some(SourceFile::new(path.strip_prefix(&root).ok()?.to_str()?, &text))
    };
    let found: Vec<_> = rust_files(&root).into_iter().flatten().filter_map(read).collect();
    assert!(found.len() > 5, "the sources are not where they should be: {}", root.display());
    found
}

fn rust_files(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            files.append(&mut rust_files(&path)?);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}
