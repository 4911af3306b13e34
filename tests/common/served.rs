//! The embedded endpoint on a socket of this process, for the real program.

use super::pty::Start;
use iamkeys::demo::{Endpoint, Server};
use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;

/// Answers as long as it is here.
pub(crate) struct Served {
    pub(crate) endpoint: Endpoint,
    server: Server,
    _tokio: tokio::runtime::Runtime,
}

impl Served {
    pub(crate) fn of(endpoint: &Endpoint) -> Self {
        let tokio = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .unwrap();
        let any = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        let server = tokio.block_on(endpoint.serve(any)).unwrap();
        Self {
            endpoint: endpoint.clone(),
            server,
            _tokio: tokio,
        }
    }

    /// Where it answers.
    #[allow(
        dead_code,
        reason = "not every test that includes this starts the program by hand"
    )]
    pub(crate) fn url(&self) -> String {
        self.server.url()
    }

    /// The program, signed in to it with the account's own key, keeping this journal or none.
    pub(crate) fn start(&self, journal: Option<&Path>) -> Start {
        let credentials = self.endpoint.sdk_credentials();
        let start = Start::iamkeys(["--endpoint-url", &self.server.url(), "--clipboard", "osc52"])
            .env("AWS_ACCESS_KEY_ID", credentials.access_key_id())
            .env("AWS_SECRET_ACCESS_KEY", credentials.secret_access_key());
        match journal {
            Some(path) => start.arg("--journal").arg(path),
            None => start.arg("--no-journal"),
        }
    }
}
