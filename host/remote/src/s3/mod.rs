//! S3: a bucket and a prefix, by plain signed requests.
use crate::{Error, Kind, Result, settings};
pub struct S3Location;
impl S3Location {
    pub fn new(
        _s: settings::S3,
        _h: settings::Http,
        _e: settings::Environment,
    ) -> Result<crate::webdav::WebDavLocation> {
        Err(Error::new(Kind::Unsupported, "stub"))
    }
}
