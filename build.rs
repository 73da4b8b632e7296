//! Gathers what the pages embed: stylesheet, fonts, icons and notices, each under a name with the hash of its content.
//!
//! `web/` holds what is ours; `web/dist/` holds what `web/install.sh` took from the design system and may be empty.
//! The stylesheet is `designsystem.css`, or our `plain.css` without it, as a layer beneath our own sheets.
//! A `url("name")` in it becomes the address under which that file is served.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::{env, fs, io};

/// File name → address and where it lies.
type Files = BTreeMap<String, (String, PathBuf)>;

fn main() -> io::Result<()> {
    let web = Path::new(env!("CARGO_MANIFEST_DIR")).join("web");
    let out = PathBuf::from(env::var_os("OUT_DIR").ok_or(io::ErrorKind::NotFound)?);
    let sheets = ["colours.css", "site.css", "report.css", "console.css"];
    for watched in ["web/dist", "web/icons", "web/plain.css", "build.rs"] {
        println!("cargo::rerun-if-changed={watched}");
    }
    for sheet in sheets {
        println!("cargo::rerun-if-changed=web/{sheet}");
    }
    let mut files = Files::new();
    for folder in ["icons", "dist"] {
        gather(&web.join(folder), &mut files)?;
    }
    let base = if web.join("dist/designsystem.css").exists() { "dist/designsystem.css" } else { "plain.css" };
    let base = fs::read_to_string(web.join(base))?;
    let ours = sheets.iter().map(|sheet| fs::read_to_string(web.join(sheet)));
    let site = ours.collect::<io::Result<Vec<_>>>()?.join("\n");
    let sheet = with_addresses(&format!("@layer base {{\n{base}\n}}\n{site}"), &files);
    let path = out.join("site.css");
    fs::write(&path, &sheet)?;
    files.insert("site.css".to_owned(), (address("site.css", sheet.as_bytes()), path));
    fs::write(out.join("assets.rs"), table(&files))
}

/// Everything in the folder that is served as it is. A later folder's file replaces an earlier one's of the same name.
fn gather(folder: &Path, files: &mut Files) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let name = path.file_name().and_then(|n| n.to_str()).unwrap_or_default().to_owned();
        if content_type(&name).is_some() && !name.ends_with(".css") {
            files.insert(name.clone(), (address(&name, &fs::read(&path)?), path));
        }
    }
    Ok(())
}

/// `site.css` → `/assets/site-0123456789abcdef.css`.
fn address(name: &str, content: &[u8]) -> String {
    let (stem, extension) = name.rsplit_once('.').unwrap_or((name, ""));
    format!("/assets/{stem}-{:016x}.{extension}", fnv1a(content))
}

/// A hash that only has to differ when the content differs: nothing is trusted because of it.
fn fnv1a(content: &[u8]) -> u64 {
    content.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3)
    })
}

fn with_addresses(sheet: &str, files: &Files) -> String {
    files.iter().fold(sheet.to_owned(), |sheet, (name, (address, _))| {
        sheet.replace(&format!("url(\"{name}\")"), &format!("url(\"{address}\")"))
    })
}

fn table(files: &Files) -> String {
    let mut code = String::from("static ASSETS: &[Asset] = &[\n");
    for (name, (address, path)) in files {
        if let Some(kind) = content_type(name) {
            let _ = writeln!(
                code,
                "Asset {{ name: {name:?}, address: {address:?}, content_type: {kind:?}, content: include_bytes!({path:?}) }},"
            );
        }
    }
    code.push_str("];\n");
    let find = |name: &str| files.get(name).map(|(address, _)| address.as_str());
    for (constant, name) in [("STYLESHEET", "site.css"), ("ICON", "favicon.svg")] {
        let _ = writeln!(code, "pub(super) const {constant}: &str = {:?};", find(name).unwrap_or_default());
    }
    let _ = writeln!(code, "pub(super) const NOTICES: Option<&str> = {:?};", find("notices.txt"));
    code
}

fn content_type(name: &str) -> Option<&'static str> {
    Some(match name.rsplit_once('.')?.1 {
        "css" => "text/css; charset=utf-8",
        "svg" => "image/svg+xml",
        "woff2" => "font/woff2",
        "txt" => "text/plain; charset=utf-8",
        _ => return None,
    })
}
