//! S3: a bucket and a prefix, by plain signed requests.
