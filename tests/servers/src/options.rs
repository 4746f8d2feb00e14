//! What a test may ask of a real server beyond its kind.

/// How to start a server. The default is what [`Server::start`](crate::Server::start) does.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// The port; a free one if absent.
    pub port: Option<u16>,
    /// S3: access key and secret key, else `AKIDTEST` and `SECRETTEST`. WebDAV: user and password of Basic authentication, else no login.
    /// SFTP: user and password, else `larder` and `larder-password`. No effect on moto (takes anybody), SeaweedFS's WebDAV (has no login)
    /// and OpenSSH (the user who runs the tests, by key only).
    pub login: Option<(String, String)>,
    /// Further arguments of the program, such as `--vfs-cache-mode=writes` for rclone. Lines of the configuration for Apache and OpenSSH.
    pub arguments: Vec<String>,
    /// SeaweedFS: a process of its own, which can be stopped and restarted. Without it, all tests of a binary share one, because it
    /// takes ten seconds to start.
    pub alone: bool,
}

impl Options {
    pub fn with_login(user: &str, password: &str) -> Self {
        Self { login: Some((user.to_owned(), password.to_owned())), ..Self::default() }
    }

    pub fn with_arguments<S: Into<String>>(arguments: impl IntoIterator<Item = S>) -> Self {
        Self { arguments: arguments.into_iter().map(Into::into).collect(), ..Self::default() }
    }

    pub fn alone() -> Self {
        Self { alone: true, ..Self::default() }
    }
}
