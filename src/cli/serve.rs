//! `serve`: the broker, until it is told to stop.

use std::sync::Arc;

use tokio::signal::unix::{SignalKind, signal};

use super::{Done, Exit, Session, wait_for, wrong};
use crate::app;
use crate::keyring::Keyring;
use crate::system::SystemClock;
use crate::telemetry;

pub(super) fn run(session: &mut Session<'_>) -> Done {
    let config = session.configuration()?;
    let keyring = Keyring::open(&config.keys)?;
    telemetry::start(&config.logging, Arc::new(SystemClock));
    let served = wait_for(async {
        let broker = app::open(&config, &keyring).await?;
        app::serve(&config, broker, told_to_stop()).await
    })?;
    served.map_err(|failed| wrong("serve", failed))?;
    Ok(Exit::Ok)
}

/// Waits for what a service manager or a person at the terminal says.
pub(super) async fn told_to_stop() {
    let (Ok(mut terminate), Ok(mut interrupt)) =
        (signal(SignalKind::terminate()), signal(SignalKind::interrupt()))
    else {
        return std::future::pending().await;
    };
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
}
