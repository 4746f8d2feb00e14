//! The interfaces `http` and `settings`: what the configuration gives to a plugin.

use wasmtime::component::{Accessor, HasSelf};

use crate::error::Error;
use crate::http_client::{Cause, Failure, Request};
use crate::runtime::bindings::larder::automation::{http, settings};
use crate::runtime::{Refusal, StoreData};
use crate::tunables::http::MAX_BODY;

impl settings::Host for StoreData {
    fn get(&mut self) -> wasmtime::Result<String> {
        Ok(self.grants.settings.to_string())
    }
}

impl http::Host for StoreData {}

impl http::HostWithStore<StoreData> for HasSelf<StoreData> {
    async fn send(
        accessor: &Accessor<StoreData, Self>,
        request: http::Request,
    ) -> Result<http::Response, Refusal> {
        let Some(network) = accessor.with(|mut access| access.get().grants.network.clone()) else {
            return Err(Error::Denied(
                "no hosts are configured for this plugin, so it may not reach any".into(),
            )
            .into());
        };
        let http::Request { method, url, headers, body } = request;
        let headers = headers.into_iter().map(|header| (header.name, header.value)).collect();
        let request = Request { method, url, headers, body, max_body: MAX_BODY };
        // Neither the store nor its thread is held while waiting.
        let sent = tokio::task::spawn_blocking(move || network.client.send(&request, &network.hosts)).await;
        let response = sent.map_err(|error| Refusal::Trap(wasmtime::Error::new(error)))?.map_err(refused)?;
        let headers = response
            .headers
            .into_iter()
            .map(|(name, value)| http::Header { name, value: String::from_utf8_lossy(&value).into_owned() });
        Ok(http::Response { status: response.status, headers: headers.collect(), body: response.body })
    }
}

fn refused(failure: Failure) -> Error {
    match failure.cause {
        Cause::Denied => Error::Denied(failure.message),
        Cause::Invalid => Error::Invalid(failure.message),
        _ => Error::Io(failure.message),
    }
}
