//! A small HTTP client on top of `ureq`. It makes one request and one answer, within limits, through proxies, with the
//! machine's certificates and those of a file.
//!
//! Follows redirects itself, so that every hop is checked against the list of allowed hosts. Keeps no connection, cookie or credential, and
//! knows neither notifications nor plugins.

mod failure;
mod hosts;
mod message;
mod proxies;

#[cfg(test)]
pub mod tests;

use std::io::Read;
use std::path::PathBuf;
use std::time::Duration;

use larder_remote::settings::Http;
use ureq::http::{self, header};
use ureq::tls::{Certificate, PemItem, RootCerts, TlsConfig, parse_pem};
use ureq::{Agent, Body};
use url::Url;

pub use failure::{Cause, Failure, excerpt};
pub use hosts::Hosts;
pub use message::{Request, Response, address, header_name, headers, method};

use crate::disk::regular;
use crate::error::{Doing, Error, Result};
use crate::tunables::http::{
    CONNECT_TIME, MAX_CERTIFICATES, MAX_REDIRECTS, MAX_RESPONSE_HEADERS, REQUEST_TIME,
};
use failure::{explain, shown};
use message::{Hop, takes_body};
use proxies::{Bypass, Proxies};

/// The settings of a client: `[http]` in `larder.toml`.
#[derive(Debug, Clone)]
pub struct Settings {
    /// A file of certificates (PEM) that are trusted in addition to the machine's.
    pub ca_file: Option<PathBuf>,
    /// The proxy's address. Empty: no proxy. Absent: the environment decides. Requests use a tunnel (CONNECT), also for http.
    pub proxy: Option<String>,
    /// The hosts that bypass that proxy, as in `NO_PROXY`.
    pub no_proxy: Vec<String>,
    /// The time limit for one request, from its first byte to the last of the answer.
    pub time: Duration,
}

impl Default for Settings {
    fn default() -> Self {
        Self { ca_file: None, proxy: None, no_proxy: Vec::new(), time: REQUEST_TIME }
    }
}

/// Sends requests. Cheap to clone; `shutdown` affects all clones.
#[derive(Clone)]
pub struct Client {
    direct: Agent,
    http: Option<Route>,
    https: Option<Route>,
    bypass: Bypass,
}

#[derive(Clone)]
struct Route {
    agent: Agent,
    /// The proxy as messages show it.
    shown: String,
}

impl Client {
    /// A client. Reads the certificates and the environment's proxies now.
    pub fn new(settings: &Settings) -> Result<Self> {
        Self::with_environment(settings, &|name| std::env::var(name).ok())
    }

    /// As `new`, with the given environment variables.
    pub fn with_environment(settings: &Settings, variable: &dyn Fn(&str) -> Option<String>) -> Result<Self> {
        let Routes { tls, proxies: Proxies { http, https, bypass } } =
            Routes::with_environment(settings, variable)?;
        let route = |proxy: ureq::Proxy| Route {
            shown: proxies::shown(&proxy),
            agent: agent(settings, &tls, Some(proxy)),
        };
        let direct = agent(settings, &tls, None);
        Ok(Self { direct, http: http.map(route), https: https.map(route), bypass })
    }

    /// Sends a request, follows redirects, and waits for the answer. Every hop is checked against `hosts` before anything is sent.
    pub fn send(&self, request: &Request, hosts: &Hosts) -> Result<Response, Failure> {
        let mut hop = Hop::first(request)?;
        for _ in 0..=MAX_REDIRECTS {
            if !hosts.permits(&hop.url) {
                let text =
                    format!("{} is not an allowed host; add it to the list, or use another", shown(&hop.url));
                return Err(Failure::new(Cause::Denied, text));
            }
            let response = self.send_once(&hop)?;
            match hop.next(response.status().as_u16(), response.headers().get(header::LOCATION))? {
                Some(next) => hop = next,
                None => return Ok(read(response, &hop, request.max_body)),
            }
        }
        let text = format!(
            "{} was reached after more than {MAX_REDIRECTS} redirects; use the final address",
            shown(&hop.url)
        );
        Err(Failure::new(Cause::Redirect, text))
    }

    /// Interrupts running requests of all clones. Later requests fail.
    pub fn shutdown(&self) {
        self.direct.clone().shutdown();
        for route in [&self.http, &self.https].into_iter().flatten() {
            route.agent.clone().shutdown();
        }
    }

    fn send_once(&self, hop: &Hop) -> Result<http::Response<Body>, Failure> {
        let route = match hop.url.scheme() {
            "https" => self.https.as_ref(),
            _ => self.http.as_ref(),
        };
        let route = route.filter(|_| !self.bypass.matches(&hop.url));
        let agent = route.map_or(&self.direct, |route| &route.agent);
        let mut head = http::Request::builder().method(hop.method.clone()).uri(hop.url.as_str());
        if let Some(headers) = head.headers_mut() {
            *headers = hop.headers.clone();
        }
        let sent = match takes_body(&hop.method) {
            true => head
                .body(hop.body.unwrap_or_default())
                .map_err(ureq::Error::from)
                .and_then(|it| agent.run(it)),
            false => head.body(()).map_err(ureq::Error::from).and_then(|it| agent.run(it)),
        };
        sent.map_err(|error| explain(error, &hop.url, route.map(|route| route.shown.as_str())))
    }
}

/// How requests of another client, such as one for backups, reach the network: the same certificates and proxies.
pub struct Routes {
    tls: TlsConfig,
    proxies: Proxies,
}

impl Routes {
    /// Reads the certificates and the environment's proxies now, which takes a while.
    pub fn new(settings: &Settings) -> Result<Self> {
        Self::with_environment(settings, &|name| std::env::var(name).ok())
    }

    /// As `new`, with the given environment variables.
    pub fn with_environment(settings: &Settings, variable: &dyn Fn(&str) -> Option<String>) -> Result<Self> {
        let proxies = match &settings.proxy {
            Some(proxy) => Proxies::fixed(proxy, &settings.no_proxy),
            None => Proxies::from_environment(variable),
        };
        let proxies = proxies.map_err(Error::Invalid)?;
        Ok(Self { tls: TlsConfig::builder().root_certs(roots(settings)?).build(), proxies })
    }

    /// The route to an address.
    pub fn to(&self, url: &Url) -> Http {
        let Proxies { http, https, bypass } = &self.proxies;
        let proxy = if url.scheme() == "https" { https } else { http };
        let proxy = proxy.as_ref().filter(|_| !bypass.matches(url)).cloned();
        Http { tls: self.tls.clone(), proxy }
    }
}

fn agent(settings: &Settings, tls: &TlsConfig, proxy: Option<ureq::Proxy>) -> Agent {
    let config = Agent::config_builder()
        .http_status_as_error(false)
        .max_redirects(0)
        .max_redirects_will_error(false)
        .max_response_header_size(MAX_RESPONSE_HEADERS)
        // Keep no connection: the server may have closed it in the meantime, and a failed POST is not resent automatically.
        .max_idle_connections(0)
        .timeout_connect(Some(CONNECT_TIME.min(settings.time)))
        .timeout_global(Some(settings.time))
        .user_agent(concat!("larder/", env!("CARGO_PKG_VERSION")))
        .tls_config(tls.clone())
        .proxy(proxy);
    Agent::new_with_config(config.build())
}

/// The trusted certificates: the machine's and those of the file. If there are none at all, Mozilla's, which are built in.
fn roots(settings: &Settings) -> Result<RootCerts> {
    let machine = rustls_native_certs::load_native_certs().certs;
    let mut trusted: Vec<_> = machine.iter().map(|der| Certificate::from_der(der).to_owned()).collect();
    if let Some(path) = &settings.ca_file {
        let text = regular::read(path, MAX_CERTIFICATES)
            .doing(|| format!("cannot read the certificates in {}", path.display()))?;
        let before = trusted.len();
        trusted.extend(parse_pem(&text).filter_map(|item| match item {
            Ok(PemItem::Certificate(certificate)) => Some(certificate),
            _ => None,
        }));
        if trusted.len() == before {
            let text = format!(
                "{} contains no certificate; use a file in PEM format (-----BEGIN CERTIFICATE-----)",
                path.display()
            );
            return Err(Error::Invalid(text));
        }
    }
    match trusted.is_empty() {
        true => Ok(RootCerts::WebPki),
        false => Ok(RootCerts::new_with_certs(&trusted)),
    }
}

fn read(response: http::Response<Body>, hop: &Hop, most: usize) -> Response {
    let (url, lost_body) = (&hop.url, hop.lost_body);
    let (head, body) = response.into_parts();
    let headers =
        head.headers.iter().map(|(name, value)| (name.to_string(), value.as_bytes().to_vec())).collect();
    let mut bytes = Vec::new();
    let limit = u64::try_from(most).unwrap_or(u64::MAX).saturating_add(1);
    let read = body.into_reader().take(limit).read_to_end(&mut bytes);
    let mut truncated = read.err().map(|error| explain(error.into(), url, None));
    if bytes.len() > most {
        bytes.truncate(most);
        let text = format!("the answer of {} is longer than {most} bytes; request less", shown(url));
        truncated = Some(Failure::new(Cause::Invalid, text));
    }
    Response { status: head.status.as_u16(), headers, body: bytes, truncated, lost_body, from: shown(url) }
}
