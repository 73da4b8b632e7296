//! What the holder of a link gets: a page that waits, a report in every form, and evidence that is proved by the very
//! command of the README.

use std::fs;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::Command;

use context_handler::domain::trust::{Report, Scenario};
use context_handler::protocol::keys::{Signer, sign_detached};
use openssl::nid::Nid;

use super::registered::file_key;
use super::{at_idp, order, report};
use crate::support::forge::Party;
use crate::support::{Town, deliver, key};

/// A run that has ended.
async fn ended(town: &Town, scenario: Scenario) -> String {
    let mut run = at_idp(town, &town.korsbaek, scenario, None).await;
    let mut say = town.korsbaek.say(&run.question);
    say.response_id = format!("_response{}", run.question);
    say.assertion_id = format!("_assertion{}", run.question);
    let xml = town.korsbaek.write(&say);
    deliver(town, &mut run.browser, &xml, run.arrived.relay_state.as_deref()).await;
    run.ticket
}

/// The head and the bytes at an address.
async fn fetched(address: String) -> (String, Vec<u8>) {
    let fetch = move || {
        let (host, path) = address.strip_prefix("http://").unwrap().split_once('/').unwrap();
        let mut stream = TcpStream::connect(host).unwrap();
        write!(stream, "GET /{path} HTTP/1.0\r\nHost: {host}\r\n\r\n").unwrap();
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).unwrap();
        let head = answer.windows(4).position(|bytes| bytes == b"\r\n\r\n").unwrap();
        (String::from_utf8(answer[..head].to_vec()).unwrap().to_ascii_lowercase(), answer.split_off(head + 4))
    };
    tokio::task::spawn_blocking(fetch).await.unwrap()
}

#[tokio::test]
async fn a_link_shows_who_is_waited_for_and_then_the_report_beside_the_one_before() {
    let town = Town::new("trust-pages").await;
    let waiting = order(&town, Scenario::Basic, Some(&town.bbr.entity_id)).await.unwrap();
    let page = town.browser().get(&format!("{}/trust/runs/{waiting}?lang=da", town.url)).await;
    assert_eq!(page.status, 200);
    for shown in [
        "Korsbæk",
        "BBR",
        "Et almindeligt login",
        "Log ind med en vilkårlig testbruger.",
        "<form method=\"post\"",
    ] {
        assert!(page.body.contains(shown), "{shown}: {}", page.body);
    }
    assert!(page.body.contains("Log ind hos <span class=\"name\">Korsbæk login</span>"), "{}", page.body);
    let nothing = town.browser().get(&format!("{}/trust/runs/{waiting}/report.json", town.url)).await;
    assert_eq!(nothing.status, 204, "there is no report yet");

    let first = ended(&town, Scenario::Basic).await;
    let page = town.browser().get(&format!("{}/trust/runs/{first}?lang=en", town.url)).await;
    assert!(page.body.contains("<h1>Trust is ") && !page.body.contains("go-on"), "{}", page.body);
    assert!(!page.body.contains("Changed since the run before"));
    town.pass(jiff::SignedDuration::from_secs(1));
    let second = ended(&town, Scenario::Basic).await;
    let page = town.browser().get(&format!("{}/trust/runs/{second}?lang=en", town.url)).await;
    assert!(page.body.contains("Nothing is other than in the run before"), "{}", page.body);
    town.pass(jiff::SignedDuration::from_secs(1));
    let other = ended(&town, Scenario::NsisSubstantial).await;
    let page = town.browser().get(&format!("{}/trust/runs/{other}", town.url)).await;
    assert!(!page.body.contains("forrige prøve"), "another scenario is compared with nothing");
}

#[tokio::test]
async fn a_link_that_was_not_given_out_leads_nowhere() {
    let town = Town::new("trust-links").await;
    let ticket = ended(&town, Scenario::Basic).await;
    let mut other = ticket.clone();
    let last = if other.pop() == Some('A') { 'B' } else { 'A' };
    other.push(last);
    for path in ["", "/report.json", "/report.junit", "/report.zip"] {
        let status = async |ticket: &str| {
            fetched(format!("{}/trust/runs/{ticket}{path}", town.url))
                .await
                .0
                .split(' ')
                .nth(1)
                .unwrap()
                .to_owned()
        };
        assert_eq!(status(&ticket).await, "200", "{path}");
        assert!(status(&other).await.starts_with("404"), "{path}");
        assert!(status("AAAA").await.starts_with("404"), "{path}");
    }
}

#[tokio::test]
async fn evidence_is_proved_by_the_command_of_the_readme_and_whatever_is_changed_in_it_is_found() {
    let town = Town::new("trust-evidence").await;
    let ticket = ended(&town, Scenario::Basic).await;
    let (head, zip) = fetched(format!("{}/trust/runs/{ticket}/report.zip", town.url)).await;
    assert!(
        head.contains("content-type: application/zip") && head.contains("attachment; filename="),
        "{head}"
    );
    let folder = unpacked(&zip, "right");
    assert_eq!(proved(&folder), Ok("Verified OK\n".to_owned()));
    let json = fs::read(folder.join("report.json")).unwrap();
    assert_eq!(Some(serde_json::from_slice::<Report>(&json).unwrap()), report(&town, &ticket).await);
    for (file, says) in
        [("report.da.html", "Tillid er etableret."), ("report.en.html", "Trust is established.")]
    {
        let html = fs::read_to_string(folder.join(file)).unwrap();
        assert!(html.contains(says) && html.contains("<style>") && !html.contains("<link"), "{file}");
    }
    let readme = fs::read_to_string(folder.join("README.txt")).unwrap();
    for line in command().lines() {
        assert_eq!(readme.matches(line).count(), 2, "{line} stands in both languages of {readme}");
    }

    for file in [
        "README.txt",
        "certificate.pem",
        "report.da.html",
        "report.en.html",
        "report.json",
        "SHA256SUMS",
        "SHA256SUMS.sig",
    ] {
        let folder = unpacked(&zip, file);
        let mut content = fs::read(folder.join(file)).unwrap();
        let middle = content.len() / 2;
        content[middle] ^= 1;
        fs::write(folder.join(file), content).unwrap();
        assert!(proved(&folder).is_err(), "{file} was changed");
    }
}

#[tokio::test]
async fn evidence_that_another_key_signed_does_not_pass_for_ours() {
    let town = Town::new("trust-forged").await;
    let ticket = ended(&town, Scenario::Basic).await;
    let (_, zip) = fetched(format!("{}/trust/runs/{ticket}/report.zip", town.url)).await;
    let folder = unpacked(&zip, "forged");
    let list = fs::read(folder.join("SHA256SUMS")).unwrap();
    let forged = sign_detached(key("nemlogin").as_ref(), &list).unwrap();
    fs::write(folder.join("SHA256SUMS.sig"), forged).unwrap();
    assert!(proved(&folder).is_err());
}

/// The files of an archive, in a folder of their own.
fn unpacked(zip: &[u8], name: &str) -> PathBuf {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("evidence-{name}"));
    drop(fs::remove_dir_all(&folder));
    fs::create_dir_all(&folder).unwrap();
    let file = folder.join("evidence.zip");
    fs::write(&file, zip).unwrap();
    let python = [
        "-c",
        "import sys, zipfile; a = zipfile.ZipFile(sys.argv[1]); assert a.testzip() is None; a.extractall(sys.argv[2])",
    ];
    let unpacked = Command::new("python3").args(python).arg(&file).arg(&folder).status().unwrap();
    assert!(unpacked.success());
    folder
}

/// What the README says is to be done.
fn command() -> &'static str {
    let readme = include_str!("../../../README.md");
    let begins = readme.split("\n```sh\n").find(|block| block.starts_with("openssl x509")).unwrap();
    begins.split("\n```").next().unwrap()
}

/// What the system's own tools say: their words when they found nothing wrong.
fn proved(folder: &Path) -> Result<String, String> {
    let script = format!("set -eu\n{}", command());
    let run = Command::new("sh").arg("-c").arg(script).current_dir(folder).output().unwrap();
    let said = String::from_utf8(run.stdout).unwrap() + &String::from_utf8(run.stderr).unwrap();
    if run.status.success() { Ok(said) } else { Err(said) }
}

#[tokio::test]
async fn the_token_that_a_fagsystem_would_get_is_shown_readably() {
    let town = Town::new("trust-preview").await;
    let ticket = ended(&town, Scenario::NsisSubstantial).await;
    let report = report(&town, &ticket).await.unwrap();
    let preview = report.shown.preview.unwrap();
    let xml = roxmltree::Document::parse(&preview.saml).unwrap();
    let said: Vec<_> = xml
        .descendants()
        .filter_map(|node| {
            node.attribute("Name").zip(node.children().find(roxmltree::Node::is_element)?.text())
        })
        .collect();
    let name = ("https://data.gov.dk/model/core/eid/professional/orgName", "Korsbæk Kommune");
    assert!(said.contains(&name), "{said:?}");
    let claims: serde_json::Value = serde_json::from_str(&preview.jwt).unwrap();
    assert_eq!(claims[name.0], name.1);
    let assurance = report.shown.assurance.unwrap();
    assert_eq!((assurance.requested.as_str(), assurance.required.as_str()), ("NSIS Substantial", "–"));
}

#[tokio::test]
async fn every_kind_of_key_signs_so_that_the_same_command_proves_it() {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("evidence-keys");
    fs::create_dir_all(&folder).unwrap();
    let parties = [Nid::X9_62_PRIME256V1, Nid::SECP384R1].map(Party::ec).map(|party| file_key(&party));
    for signer in parties.iter().chain([key("nemlogin").as_ref()]) {
        let list = "0123 *report.json\n";
        fs::write(folder.join("SHA256SUMS"), list).unwrap();
        fs::write(folder.join("SHA256SUMS.sig"), sign_detached(signer, list.as_bytes()).unwrap()).unwrap();
        fs::write(folder.join("certificate.pem"), signer.certificate().to_pem()).unwrap();
        let two: Vec<&str> = command().lines().take(2).collect();
        let proved = |list: &str| {
            fs::write(folder.join("SHA256SUMS"), list).unwrap();
            let run =
                Command::new("sh").arg("-c").arg(two.join(" && ")).current_dir(&folder).output().unwrap();
            run.status.success()
        };
        assert!(proved(list) && !proved("9123 *report.json\n"), "{:?}", signer.certificate());
    }
}
