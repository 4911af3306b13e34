//! One HTTP client for the clients of all accounts: connections are shared, and what makes them
//! secure is set up once. Each client of the SDK would make one of its own.

use aws_smithy_http_client::{
    Builder, ConnectorBuilder,
    proxy::ProxyConfig,
    tls::{Provider, rustls_provider::CryptoMode},
};
use aws_smithy_runtime_api::client::http::SharedHttpClient;
use std::fmt;

/// What requests are sent with. Clones share connections.
#[derive(Clone)]
pub struct Http(SharedHttpClient);

impl fmt::Debug for Http {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Http").finish_non_exhaustive()
    }
}

/// As the SDK would make it: through the proxy that the environment names, if it does.
impl Default for Http {
    fn default() -> Self {
        let client = Builder::new().build_with_connector_fn(|settings, components| {
            let mut connector =
                ConnectorBuilder::default().tls_provider(Provider::Rustls(CryptoMode::AwsLc));
            connector.set_connector_settings(settings.cloned());
            if let Some(components) = components {
                connector.set_sleep_impl(components.sleep_impl());
            }
            connector.set_proxy_config(Some(ProxyConfig::from_env()));
            connector.build()
        });
        Self(client)
    }
}

impl Http {
    pub(super) fn client(&self) -> SharedHttpClient {
        self.0.clone()
    }
}
