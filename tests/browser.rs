//! The pages in a real Chromium: both languages, with and without JavaScript, by keyboard, at 320 pixels, judged by axe.
//!
//! Needs `tests/browser/install.sh` to have run. Without that the test says that it was skipped; with `CH_BROWSER=1`
//! that is a failure.

#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "a test fails by it, and says what it skipped")]

use std::path::Path;
use std::process::Command;

#[path = "browser/sample.rs"]
mod sample;

#[tokio::test(flavor = "multi_thread")]
async fn every_page_works_in_chromium() {
    drive("pages.mjs").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_report_of_a_trust_run_works_in_chromium_and_on_paper() {
    drive("report.mjs").await;
}

async fn drive(script: &'static str) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/browser");
    if !folder.join("node_modules").exists() || !Path::new("/usr/bin/chromium").exists() {
        assert!(std::env::var_os("CH_BROWSER").is_none(), "run tests/browser/install.sh first");
        println!("skipped: tests/browser/install.sh has not run");
        return;
    }
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://localhost:{}", listener.local_addr().unwrap().port());
    tokio::spawn(async { axum::serve(listener, sample::router()).await });
    let run = move || Command::new("node").arg(script).arg(base).current_dir(folder).status();
    assert!(tokio::task::spawn_blocking(run).await.unwrap().unwrap().success());
}
