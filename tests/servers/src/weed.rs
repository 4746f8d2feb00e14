//! SeaweedFS: one process with S3 and WebDAV.

use std::fs;
use std::path::Path;

use crate::ask;
use crate::ports::Port;
use crate::programs::packaged;
use crate::server::BUCKET;

/// Its ports.
pub struct Weed {
    pub s3: Port,
    pub webdav: Port,
    filer: Port,
    others: Vec<Port>,
}

impl Weed {
    pub fn new(s3: Option<u16>, webdav: Option<u16>) -> Self {
        let choose = |given: Option<u16>| given.map_or_else(Port::free, Port::given);
        Self {
            s3: choose(s3),
            webdav: choose(webdav),
            filer: Port::free(),
            others: (0..6).map(|_| Port::free()).collect(),
        }
    }

    #[track_caller]
    pub fn command(
        &self,
        root: &Path,
        data: &Path,
        (key, secret): (&str, &str),
        more: &[String],
    ) -> Option<Vec<String>> {
        let program = packaged("weed")?;
        let identities = root.join("s3.json");
        let text = format!(
            r#"{{"identities":[{{"name":"larder","credentials":[{{"accessKey":"{key}","secretKey":"{secret}"}}],"actions":["Admin","Read","Write","List","Tagging"]}}]}}"#
        );
        fs::write(&identities, text).unwrap();
        let other: Vec<u16> = self.others.iter().map(|port| port.number).collect();
        let mut command = vec![program.display().to_string()];
        command.extend(
            [
                "-logtostderr=true",
                "server",
                "-ip=127.0.0.1",
                "-ip.bind=127.0.0.1",
                "-master.telemetry=false",
                "-master.electionTimeout=1s",
                "-master.volumeSizeLimitMB=256",
                "-volume.max=300",
                "-volume.preStopSeconds=0",
                "-filer",
                "-s3",
                "-s3.port.iceberg=0",
                "-s3.port.lance=0",
                "-webdav",
            ]
            .map(String::from),
        );
        command.extend([
            format!("-dir={}", data.display()),
            format!("-master.port={}", other[0]),
            format!("-master.port.grpc={}", other[1]),
            format!("-volume.port={}", other[2]),
            format!("-volume.port.grpc={}", other[3]),
            format!("-filer.port={}", self.filer.number),
            format!("-filer.port.grpc={}", other[4]),
            format!("-s3.port={}", self.s3.number),
            format!("-s3.port.grpc={}", other[5]),
            format!("-s3.config={}", identities.display()),
            format!("-webdav.port={}", self.webdav.number),
            format!("-webdav.cacheDir={}", root.join("cache").display()),
        ]);
        command.extend_from_slice(more);
        Some(command)
    }

    /// Whether it stores a file and has the bucket, which is a directory of its filer.
    pub fn is_ready(&self) -> bool {
        let filer = self.filer.number;
        let form = "--x\r\nContent-Disposition: form-data; name=\"file\"; filename=\"ready\"\r\n\r\nready\r\n--x--\r\n";
        let multipart = ["Content-Type: multipart/form-data; boundary=x"];
        let created = |status: Option<u16>| status == Some(201);
        let probe = format!("/buckets/{BUCKET}/.ready");
        // 409: it is there.
        matches!(ask::http(filer, "POST", &format!("/buckets/{BUCKET}/"), &[], ""), Some(201 | 409))
            && created(ask::http(filer, "POST", &probe, &multipart, form))
            && ask::http(filer, "DELETE", &probe, &[], "").is_some_and(|status| status < 300)
            && ask::http(self.s3.number, "GET", "/", &[], "").is_some()
            && ask::http(self.webdav.number, "OPTIONS", "/", &[], "").is_some()
    }
}
