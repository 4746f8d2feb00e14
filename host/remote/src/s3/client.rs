//! Signs and sends the requests of one bucket, each anew for an hour. The signed address is a secret: it never leaves this file.

use rusty_s3::signing::sign;
use rusty_s3::{Bucket, Method, UrlStyle};

use super::refusal::{Place, Refusal};
use super::xml::{self, Document};
use crate::error::{Error, Kind, Result};
use crate::http::{Behavior, Outgoing, Response, Transport, seconds};
use crate::limits;
use crate::settings;
use crate::stop::Stop;

/// A bucket and the key to it.
pub struct Client {
    transport: Transport,
    bucket: Bucket,
    key_id: String,
    secret: settings::Secret,
    environment: settings::Environment,
}

/// A request. Parameters and headers may come in any order; names of headers are in small letters. All headers are signed.
pub struct Request<'a> {
    pub method: Method,
    /// `None` for the bucket.
    pub key: Option<&'a str>,
    pub query: &'a [(&'a str, &'a str)],
    pub headers: &'a [(&'a str, &'a str)],
    pub body: Outgoing,
}

impl<'a> Request<'a> {
    pub fn new(method: Method, key: Option<&'a str>) -> Self {
        Self { method, key, query: &[], headers: &[], body: Outgoing::Nothing }
    }
}

impl Client {
    pub fn new(
        settings: &settings::S3,
        http: settings::Http,
        environment: settings::Environment,
    ) -> Result<Self> {
        if settings.bucket.trim().is_empty() {
            return Err(Error::new(Kind::Invalid, "`bucket` is empty; write the name of the bucket"));
        }
        let style = if settings.path_style { UrlStyle::Path } else { UrlStyle::VirtualHost };
        let (name, region) = (settings.bucket.clone(), settings.region.clone());
        let bucket = Bucket::new(settings.endpoint.clone(), style, name, region).map_err(|error| {
            let advice = match settings.path_style {
                true => "check `endpoint`",
                false => "check `endpoint` and `bucket`, or set `addressing = \"path\"`",
            };
            let (bucket, endpoint) = (&settings.bucket, crate::http::public(settings.endpoint.as_str()));
            let message =
                format!("the bucket {bucket} of {endpoint} has no valid address ({error}); {advice}");
            Error::new(Kind::Invalid, message)
        })?;
        let behavior = Behavior { connections: limits::S3_PARALLEL, asks_first: false };
        Ok(Self {
            transport: Transport::new(http, behavior),
            bucket,
            key_id: settings.access_key_id.clone(),
            secret: settings.secret_access_key.clone(),
            environment,
        })
    }

    /// The bucket's address, for messages.
    pub fn address(&self) -> &str {
        self.bucket.base_url().as_str().trim_end_matches('/')
    }

    /// Sends a request. Any status is an answer.
    pub fn send(&self, request: Request<'_>, stop: &Stop) -> Result<Response> {
        let Request { method, key, query, headers, body } = request;
        let now = jiff_of_rusty_s3::Timestamp::from_second((self.environment.now)())
            .map_err(|_| Error::new(Kind::Invalid, "the clock of this machine is wrong; correct it"))?;
        let plain = match key {
            Some(key) => self.bucket.object_url(key),
            None => self.bucket.base_url().clone(),
        };
        let (mut query, mut sorted) = (query.to_vec(), headers.to_vec());
        query.sort_unstable();
        sorted.sort_unstable();
        let url = sign(
            &now,
            method,
            plain,
            &self.key_id,
            &self.secret.0,
            None,
            self.bucket.region(),
            limits::S3_SIGNED_SECONDS,
            query.into_iter(),
            sorted.into_iter(),
        );
        self.transport.send(method.to_str(), &url, headers, body, stop)
    }

    /// Sends a request whose answer is a document. `what` is the request in words, such as `cannot list https://host/bucket`.
    pub fn ask(
        &self,
        what: &str,
        request: Request<'_>,
        stop: &Stop,
    ) -> std::result::Result<Document, Refusal> {
        let about = |error: Error| Refusal::from(error.about(what));
        let response = self.send(request, stop).map_err(about)?;
        match response.status {
            200 => {
                let (status, document) = (response.status, xml::read(response.body).map_err(about)?);
                match document.root == "Error" {
                    true => Err(Refusal::of(what, status, &document, &self.place(None))),
                    false => Ok(document),
                }
            }
            _ => Err(self.refusal(what, response)),
        }
    }

    /// What an answer that is no success means. Reads its text, so that the connection can be used again.
    pub fn refusal(&self, what: &str, response: Response) -> Refusal {
        let place = self.place(Some(&response));
        Refusal::read(what, response, &place)
    }

    fn place(&self, response: Option<&Response>) -> Place<'_> {
        let date = response.and_then(|response| response.header("date")).and_then(seconds);
        let behind = date.map(|date| date.saturating_sub((self.environment.now)()));
        let region = response.and_then(|response| response.header("x-amz-bucket-region"));
        Place {
            bucket: self.bucket.name(),
            region: self.bucket.region(),
            real_region: region.map(str::to_owned),
            behind,
        }
    }
}
