//! A robot that logs in without a browser, where the identity provider allows it: it follows redirects and forms that go on
//! by themselves, and fills in the one login form that it was given something for.

use std::path::PathBuf;

use clap::Args;

use super::remote::{client, is_safe};
use crate::browser::{Browser, Given, Page};
use crate::cli::{Session, wrong};
use crate::domain::written::Complaint;

/// How the robot logs in.
#[derive(Debug, Args)]
pub(super) struct Robot {
    /// Log in without a browser
    #[arg(long)]
    pub(super) robot: bool,

    /// What the robot types into the login form, or the button that it presses; never a secret
    #[arg(long = "form", value_name = "NAME=VALUE", requires = "robot", value_parser = pair)]
    typed: Vec<(String, String)>,

    /// The same, one a line, in a file that may hold secrets; `-` is standard input
    #[arg(long = "form-file", value_name = "FILE", requires = "robot")]
    file: Option<PathBuf>,
}

fn pair(text: &str) -> Result<(String, String), String> {
    let pair = text.split_once('=').filter(|(name, _)| !name.is_empty());
    let (name, value) = pair.ok_or_else(|| "expected NAME=VALUE".to_owned())?;
    Ok((name.to_owned(), value.to_owned()))
}

impl Robot {
    /// Everything that it may type.
    pub(super) fn given(&self, session: &mut Session<'_>) -> Result<Vec<Given>, Vec<Complaint>> {
        let given = |is_secret| move |(name, value)| Given { name, value, is_secret };
        let mut all: Vec<Given> = self.typed.iter().cloned().map(given(false)).collect();
        if let Some(file) = &self.file {
            let name = file.display().to_string();
            let content = session.read(file)?;
            let text = String::from_utf8(content).map_err(|_| wrong(&name, "expected text in UTF-8"))?;
            let lines = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
            for (at, line) in lines {
                let read = pair(line.trim_end_matches('\r'));
                all.push(given(true)(
                    read.map_err(|wanted| wrong(&name, format!("line {}: {wanted}", at + 1)))?,
                ));
            }
        }
        Ok(all)
    }

    /// Goes from the link of the run through the login to the report, or says where it got stuck. Everything is typed at
    /// most once: a login that fails must not be tried until the user is locked out.
    pub(super) async fn walk(&self, link: &str, given: &[Given]) -> Result<(), String> {
        let mut browser = Browser::new(client()?);
        let start = browser.open(link).await?;
        let form = start.form(None).filter(|form| form.action == link);
        let begin = form.ok_or_else(|| format!("expected a run that waits, got {}", place(&start)))?;
        let sent = browser.submit(&begin).await?;
        let mut page = browser.follow(sent).await?;
        let mut left = given.to_vec();
        while page.address != link {
            let Some((form, rest)) = page.form_for(&left)? else {
                return Err(format!("nobody answers this page: {}{}", place(&page), page_takes(&page)));
            };
            if !is_safe(&form.action) {
                return Err(format!("expected a login form that goes to an https address: {}", place(&page)));
            }
            left = rest;
            let sent = browser.submit(&form).await?;
            page = browser.follow(sent).await?;
        }
        Ok(())
    }
}

/// What could have been given for a page, or nothing where it has no form.
fn page_takes(page: &Page) -> String {
    let fields = page.fields();
    match fields.is_empty() {
        true => "; it has no form to fill in".to_owned(),
        false => format!("; it takes --form {}", fields.join(", ")),
    }
}

/// A page as it may be told: its address may carry the login.
fn place(page: &Page) -> String {
    let address = page.address.split(['?', '#']).next().unwrap_or_default();
    let title = page.text("<title>", "</title>").unwrap_or_default();
    format!("{address} ({}, {:?})", page.status, title.trim())
}
