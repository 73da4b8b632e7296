//! `sandbox`: Korsbæk in a box, until it is told to stop; with `--demo` it plays one login first, and then each story in
//! a line.

use clap::Args;
use serde_json::json;

use super::serve::told_to_stop;
use super::{Done, Exit, Session, audit, table, wait_for, wrong};
use crate::config::{Format, Level, Logging};
use crate::sandbox::{self, Hop, Places, Told};
use crate::store::Logged;
use crate::system::SystemClock;
use crate::telemetry;

/// What `sandbox` takes.
#[derive(Debug, Args)]
pub(super) struct Sandbox {
    /// The broker's port; its neighbours are on the ports above it
    #[arg(long, default_value_t = 8080)]
    port: u16,

    /// Play one login through the real addresses and tell each hop, then each further story in a line
    #[arg(long)]
    demo: bool,

    /// End after that
    #[arg(long, requires = "demo")]
    once: bool,
}

/// How a sandbox ended.
enum Ended {
    Well,
    DemoFailed(String),
}

impl Sandbox {
    pub(super) fn run(self, session: &mut Session<'_>) -> Done {
        let Some(places) = Places::from_port(self.port) else {
            return Err(wrong("--port", format!("expected a port with room above it, got {}", self.port)));
        };
        telemetry::start(
            &Logging { format: Format::Text, level: Level::Warn },
            std::sync::Arc::new(SystemClock),
        );
        let served = wait_for(async {
            let sandbox = sandbox::Sandbox::open(places).await?;
            let ended = tokio::select! {
                ended = self.attend(session, &sandbox) => ended,
                () = told_to_stop() => Ended::Well,
            };
            sandbox.close().await?;
            Ok::<_, sandbox::Failed>(ended)
        })?;
        match served.map_err(|failed| wrong("sandbox", failed))? {
            Ended::Well => Ok(Exit::Ok),
            Ended::DemoFailed(why) => {
                let _ = writeln!(session.desk.err, "error: the login failed: {why}");
                Ok(Exit::CheckFailed)
            }
        }
    }

    async fn attend(&self, session: &mut Session<'_>, sandbox: &sandbox::Sandbox) -> Ended {
        if self.demo {
            match self.demo(session, sandbox).await {
                Ok(log) => session.answer(&json!({ "log": log }), || story(&log)),
                Err(why) => return Ended::DemoFailed(why),
            }
            if let Err(why) = Self::stories(session, sandbox).await {
                return Ended::DemoFailed(why);
            }
        }
        if self.once {
            return Ended::Well;
        }
        session.answer(&json!({ "open": sandbox.addresses() }), || invitation(sandbox));
        std::future::pending().await
    }

    async fn demo(
        &self,
        session: &mut Session<'_>,
        sandbox: &sandbox::Sandbox,
    ) -> Result<Vec<Logged>, String> {
        let mut tell = |hop: &Hop| session.answer(hop, || line(hop));
        sandbox::play(sandbox, &mut tell).await
    }

    async fn stories(session: &mut Session<'_>, sandbox: &sandbox::Sandbox) -> Result<(), String> {
        if !session.json {
            let _ = writeln!(
                session.desk.out,
                "\nFurther stories, each a login of its own; README.md says how to play them:"
            );
        }
        let mut tell = |story: &Told| session.answer(story, || told(story));
        sandbox::tell(sandbox, &mut tell).await
    }
}

fn told(story: &Told) -> String {
    let Told { story, who, fagsystem, ended, .. } = story;
    format!("{story:17}  {who} → {fagsystem}: {ended}")
}

fn line(hop: &Hop) -> String {
    let Hop { number, from, to, what, checked, milliseconds } = hop;
    let way = format!("{from} → {to}");
    let checked: String = checked.iter().map(|check| format!("  ✓ {check}")).collect();
    format!("{number:2}  {way:29}  {what:26} {milliseconds:4} ms{checked}")
}

fn story(log: &[Logged]) -> String {
    let case = log.first().map_or(String::new(), |logged| logged.record.login.case_number().to_string());
    let rows = table(&log.iter().map(audit::row).collect::<Vec<_>>());
    format!("\nWhat the exchange log holds about this login, as `audit search '{case}'` tells it:\n{rows}")
}

fn invitation(sandbox: &sandbox::Sandbox) -> String {
    let rows: Vec<_> =
        sandbox.addresses().into_iter().map(|(address, what)| vec![address, what.to_owned()]).collect();
    let config = sandbox.config_file().display().to_string();
    format!(
        "\nOpen in a browser:\n{}\n\nThe exchange log: context-handler --config {config} audit search\n\
         Trust verification, by the link that this prints: context-handler --config {config} trust invite --programme\n\
         Ctrl-C stops everything and leaves nothing behind.",
        table(&rows)
    )
}
