//! WebDAV: a folder of a server, Nextcloud's chunked uploads included.
