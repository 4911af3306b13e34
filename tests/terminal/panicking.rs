//! The program, in a world in which this program itself has a bug: the event loop panics when
//! something is pasted, and, if `PANICS` says `task`, so does each task that lists a user's keys.
//! `leaving.rs` sees what becomes of the terminal and of a secret then.

use aws_smithy_runtime_api::client::{
    http::{
        HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient,
        SharedHttpConnector,
    },
    orchestrator::HttpRequest,
    runtime_components::RuntimeComponents,
};
use clap::Parser as _;
use crossterm::event::Event;
use futures::StreamExt as _;
use iamkeys::{aws::Embedded, cli::Cli, driver::Accounts, program, tui::keyboard};
use std::{env, process::ExitCode, sync::Arc};

/// An HTTP client that panics when the keys of a user are listed.
#[derive(Debug)]
struct Panicking(SharedHttpClient);

impl HttpClient for Panicking {
    fn http_connector(
        &self,
        settings: &HttpConnectorSettings,
        components: &RuntimeComponents,
    ) -> SharedHttpConnector {
        SharedHttpConnector::new(PanickingConnector(
            self.0.http_connector(settings, components),
        ))
    }
}

#[derive(Debug)]
struct PanickingConnector(SharedHttpConnector);

impl HttpConnector for PanickingConnector {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let body = request.body().bytes().unwrap_or_default();
        let lists_keys = String::from_utf8_lossy(body).contains("Action=ListAccessKeys");
        assert!(!lists_keys, "told to panic in a task");
        self.0.call(request)
    }
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    let Accounts { options, demo } = cli.accounts();
    let panics = env::var("PANICS").is_ok_and(|place| place == "task");
    let accounts = Accounts {
        options,
        demo: Arc::new(move || {
            let embedded = demo();
            if !panics {
                return embedded;
            }
            Embedded {
                http_client: SharedHttpClient::new(Panicking(embedded.http_client)),
                credentials: embedded.credentials,
            }
        }),
    };
    let events = || {
        let events = keyboard::events()?;
        Ok(events.inspect(|event| {
            let pasted = matches!(event, Ok(keyboard::Input::Event(Event::Paste(_))));
            assert!(!pasted, "told to panic in the event loop");
        }))
    };
    program::run(&cli, accounts, events, Ok(()))
}
