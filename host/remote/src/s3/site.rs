//! What all requests of a location share: the client, the keys, the address, and what was learned of the server.

use std::sync::atomic::{AtomicBool, Ordering};

use super::client::Client;
use super::keys::Keys;
use super::refusal::Refusal;

/// The metadata of an object that says which upload it is from.
pub const TOKEN: &str = "x-amz-meta-larder-upload";

pub struct Site {
    pub client: Client,
    pub keys: Keys,
    /// `https://host/bucket/prefix`, without a slash at its end.
    pub address: String,
    /// The server has refused `If-None-Match`.
    refuses_conditions: AtomicBool,
    /// The bucket has answered.
    pub is_bucket_seen: AtomicBool,
}

impl Site {
    pub fn new(client: Client, keys: Keys) -> Self {
        let address = format!("{}/{}", client.address(), keys.prefix());
        let address = address.trim_end_matches('/').to_owned();
        let (refuses_conditions, is_bucket_seen) = (AtomicBool::new(false), AtomicBool::new(false));
        Self { client, keys, address, refuses_conditions, is_bucket_seen }
    }

    /// `cannot VERB https://host/bucket/prefix/name`.
    pub fn cannot(&self, verb: &str, name: &str) -> String {
        format!("cannot {verb} {}/{name}", self.address)
    }

    /// The header that keeps the server from replacing an object, where the server knows it.
    pub fn condition(&self) -> Option<(&'static str, &'static str)> {
        (!self.refuses_conditions.load(Ordering::Relaxed)).then_some(("if-none-match", "*"))
    }

    /// Whether the condition may be what was refused. It is not sent again then.
    pub fn drops_condition(&self, refusal: &Refusal) -> bool {
        let is_refused = refusal.status == Some(501)
            || (refusal.status == Some(400)
                && matches!(
                    refusal.code.as_str(),
                    "NotImplemented" | "InvalidArgument" | "InvalidRequest" | "UnsupportedHeader"
                ));
        is_refused && !self.refuses_conditions.swap(true, Ordering::Relaxed)
    }
}
