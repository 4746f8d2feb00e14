//! What an answer that is no success means: the kind of the error, the server's own words, and what to do.

use super::xml::{self, Document, Fields};
use crate::error::{Error, Kind};
use crate::http::{Response, public, shown};
use crate::limits;

/// A request that did not succeed.
#[derive(Debug)]
pub struct Refusal {
    /// The server's code for it, such as `NoSuchKey`; empty where there is none.
    pub code: String,
    /// Absent where there was no answer.
    pub status: Option<u16>,
    pub error: Error,
}

/// What the advice depends on.
pub struct Place<'a> {
    pub bucket: &'a str,
    pub region: &'a str,
    /// The bucket's region, where the server says it.
    pub real_region: Option<String>,
    /// Seconds by which the own clock is behind the server's, where the server says its time.
    pub behind: Option<i64>,
}

impl From<Error> for Refusal {
    fn from(error: Error) -> Self {
        Self { code: String::new(), status: None, error }
    }
}

impl From<Refusal> for Error {
    fn from(refusal: Refusal) -> Self {
        refusal.error
    }
}

impl Refusal {
    /// The meaning of an answer. `what` is the request in words.
    pub fn read(what: &str, response: Response, place: &Place<'_>) -> Self {
        let (status, target) = (response.status, response.redirects_to());
        let document = xml::read(response.text().as_slice()).unwrap_or_default();
        let mut refusal = Self::of(what, status, &document, place);
        if let Some(target) = target.filter(|_| refusal.code.is_empty() && place.real_region.is_none()) {
            let message = format!(
                "the server redirects to {target} ({status}); redirects are not followed, check `endpoint`"
            );
            refusal.error = Error::new(Kind::Invalid, message).about(what);
        }
        refusal
    }

    /// The meaning of a document with an error, or of a status alone.
    pub fn of(what: &str, status: u16, document: &Document, place: &Place<'_>) -> Self {
        let nested = document.rows("Error").next();
        let text =
            |name| document.fields.text(name).or_else(|| nested.and_then(|row: &Fields| row.text(name)));
        let (code, words) =
            (shown(text("Code").unwrap_or_default(), 100), shown(text("Message").unwrap_or_default(), 300));
        let real_region = place.real_region.clone().or_else(|| text("Region").map(str::to_owned));
        let target = text("Endpoint").map(public);
        let (kind, advice) = meaning(status, &code, &words, place, real_region.as_deref(), target.as_deref());
        let said = match (code.is_empty(), words.is_empty()) {
            (true, true) => format!("the server answered {status}"),
            (false, true) => format!("the server says {code} ({status})"),
            (true, false) => format!("the server says {words:?} ({status})"),
            (false, false) => format!("the server says {code}: {words} ({status})"),
        };
        let error = Error::new(kind, format!("{advice}; {said}")).about(what);
        Self { code, status: Some(status), error }
    }

    /// The server may have done what was asked all the same: the answer was lost, or it failed while it worked.
    pub fn is_unclear(&self) -> bool {
        match self.status {
            None => matches!(self.error.kind, Kind::Interrupted | Kind::Unclear),
            // An error in an answer that began as a success.
            Some(200) => matches!(self.error.kind, Kind::Interrupted),
            Some(status) => status >= 500 && matches!(self.error.kind, Kind::Interrupted | Kind::Unclear),
        }
    }

    /// The error of a request that changes something: `Unclear` if it may have been done.
    pub fn of_change(self) -> Error {
        match self.is_unclear() {
            true => Error { kind: Kind::Unclear, ..self.error },
            false => self.error,
        }
    }
}

fn meaning(
    status: u16,
    code: &str,
    words: &str,
    place: &Place<'_>,
    real_region: Option<&str>,
    target: Option<&str>,
) -> (Kind, String) {
    let (bucket, region) = (place.bucket, place.region);
    if let Some(text) = clock(status, code, place.behind) {
        return (Kind::Denied, text);
    }
    let other_region = real_region.filter(|real| *real != region);
    let (kind, advice) = match (code, status) {
        ("NoSuchBucket", _) => {
            let text = format!(
                "there is no bucket {bucket}; check `bucket`, `endpoint` and `region`, or create it (Larder creates none)"
            );
            return (Kind::NotFound, text);
        }
        ("AuthorizationHeaderMalformed" | "AuthorizationQueryParametersError", _)
            if other_region.is_none() =>
        {
            (Kind::Invalid, "the server does not accept the signature; check `region` and `access_key_id`")
        }
        ("PermanentRedirect" | "TemporaryRedirect" | "AuthorizationHeaderMalformed", _)
        | ("AuthorizationQueryParametersError" | "IllegalLocationConstraintException", _)
        | (_, 301 | 302 | 307 | 308) => {
            let target =
                target.map(|target| format!(" or `endpoint` (it names {target})")).unwrap_or_default();
            let text = match other_region {
                Some(real) => {
                    format!("the bucket is in the region {real}; set `region = \"{real}\"`{target}")
                }
                None => format!("the bucket is somewhere else; check `region` (now {region}){target}"),
            };
            return (Kind::Invalid, text);
        }
        ("InvalidAccessKeyId" | "InvalidAccessKey", _) => {
            (Kind::Denied, "the server does not know this key; check `access_key_id`")
        }
        ("SignatureDoesNotMatch", _) => (
            Kind::Denied,
            "`secret_access_key` is wrong (or `region` is, or something on the way changes the request)",
        ),
        ("InvalidObjectState", _) => {
            (Kind::Denied, "the object is in cold storage; restore it at the provider first")
        }
        ("ExpiredToken" | "InvalidToken", _) => (Kind::Denied, "the key has expired; make a new one"),
        ("InvalidPart" | "InvalidPartOrder", _) => {
            (Kind::NotFound, "the server does not have the parts any more; the upload must begin anew")
        }
        ("NoSuchUpload", _) => (Kind::NotFound, "the server has forgotten the upload; it must begin anew"),
        ("NoSuchKey", _) => (Kind::NotFound, "there is no such object"),
        ("QuotaExceeded" | "StorageFull" | "XMinioStorageFull" | "InsufficientCapacity", _) | (_, 507) => {
            (Kind::NoSpace, "no space is left there, or the quota is used up")
        }
        ("BadDigest" | "InvalidDigest" | "IncompleteBody" | "RequestTimeout", _) => {
            (Kind::Interrupted, "the bytes did not arrive as they were sent; try again")
        }
        ("SlowDown" | "Throttling" | "RequestLimitExceeded" | "TooManyRequests", _) | (_, 429) => {
            (Kind::Interrupted, "the server is busy; try again later")
        }
        ("InternalError" | "ServiceUnavailable" | "OperationAborted" | "ConditionalRequestConflict", _) => {
            (Kind::Interrupted, "the server failed; try again later")
        }
        ("EntityTooSmall" | "EntityTooLarge", _) => {
            (Kind::Invalid, "the server does not accept parts or objects of this size")
        }
        ("InvalidBucketName", _) => (Kind::Invalid, "the name of the bucket is not valid; check `bucket`"),
        ("KeyTooLongError", _) | (_, 414) => (Kind::Invalid, "the name is too long; shorten `prefix`"),
        ("PreconditionFailed", _) | (_, 412) => (Kind::Exists, "an object of that name exists"),
        ("NotImplemented" | "MethodNotAllowed", _) | (_, 405 | 501) => {
            (Kind::Unsupported, "the server cannot do this; check whether `endpoint` is that of S3")
        }
        ("MissingContentLength", _) | (_, 411) => (
            Kind::Unsupported,
            "something on the way removes the length of the request; check the proxy in front of the server",
        ),
        (_, 401 | 403) if words.contains("cap exceeded") => {
            (Kind::NoSpace, "a limit of the account is used up; raise it at the provider")
        }
        (_, 401 | 403) => {
            (Kind::Denied, "this key may not do that; check its rights for the bucket and the prefix")
        }
        (_, 404 | 410) => {
            (Kind::NotFound, "there is no such object or bucket; check `bucket` and `endpoint`")
        }
        (_, 407) => (Kind::Denied, "the proxy on the way wants a username and password"),
        (_, 413) => (Kind::Invalid, "too large for the server or the proxy in front of it; raise its limit"),
        (_, 504) => (Kind::Unclear, "the proxy has not waited for the server, which may still be working"),
        // 499: SeaweedFS, when the line breaks.
        (_, 408 | 409 | 423 | 425 | 499) => (Kind::Interrupted, "the server could not finish; try again"),
        (_, 500..=599) => (Kind::Interrupted, "the server failed; its log says why"),
        (_, 200) => (Kind::Interrupted, "the server failed after it had begun to answer"),
        _ => (Kind::Invalid, "the server refuses the request"),
    };
    (kind, advice.to_owned())
}

/// Says that the clock is wrong, if that may be why: a refusal of a signature looks different at every server.
fn clock(status: u16, code: &str, behind: Option<i64>) -> Option<String> {
    let is_code = matches!(code, "RequestTimeTooSkewed" | "RequestExpired");
    let may_be = matches!(status, 400 | 401 | 403)
        && matches!(
            code,
            "" | "AccessDenied"
                | "SignatureDoesNotMatch"
                | "InvalidAccessKeyId"
                | "ExpiredToken"
                | "InvalidRequest"
                | "AuthorizationQueryParametersError"
                | "AuthorizationHeaderMalformed"
        );
    let Some(behind) = behind else {
        return is_code.then(|| "the clock of this machine is wrong; correct it".to_owned());
    };
    let far = behind.saturating_abs() >= limits::S3_CLOCK_SECONDS;
    if !(is_code || may_be && far) {
        return None;
    }
    let minutes = behind.saturating_abs().saturating_add(30) / 60;
    let direction = if behind > 0 { "behind" } else { "ahead of" };
    Some(format!("the clock of this machine is {minutes} minutes {direction} the server's; correct it"))
}
