//! Errors in `[locations.NAME]` and their places. None repeats a credential.

use super::locations::{DIRECTORY, S3, SFTP, WEBDAV, read};

#[test]
fn errors_have_a_place_and_say_what_to_do() {
    let cases = [
        (
            "locations = 1",
            "larder.toml:1:13: `locations`: expected tables ([locations.NAME]), found a number",
        ),
        ("[locations.x]", "larder.toml:1:1: a location needs `kind` (s3, webdav, sftp or directory); add it"),
        (
            "[locations.x]\nkind = \"ftp\"",
            "larder.toml:2:8: `kind` cannot be `ftp`; use one of s3, webdav, sftp, directory",
        ),
        (
            "[locations.X]\nkind = \"s3\"",
            "larder.toml:1:12: `X` is not a valid name; use lowercase letters, digits and `_`",
        ),
        (
            "[locations.x]\nkind = \"s3\"",
            "larder.toml:1:1: an S3 location needs `endpoint` (the server, such as https://s3.eu-central-1.amazonaws.com); add it",
        ),
        (
            "[locations.x]\nkind = \"s3\"\nendpoint = \"https://s3.example.org/larder\"",
            "larder.toml:1:1: `endpoint` has a path; write only https://HOST, the bucket into `bucket` and a folder into `prefix`",
        ),
        (
            "[locations.x]\nkind = \"s3\"\nendpoint = \"https://s3.example.org\"\nbucket = \"larder/homes\"",
            "larder.toml:4:10: `bucket` must have 3 to 63 letters, digits, `-`, `_` or `.`; a folder in it belongs in `prefix`",
        ),
        (
            "[locations.x]\nkind = \"s3\"\nendpoint = \"https://s3.example.org\"\nbucket = \"larder\"\naccess_key_id = \"unseen\"",
            "larder.toml:1:1: an S3 location needs `secret_access_key`, `secret_access_key_file` or `secret_access_key_env`; add one",
        ),
        (
            &format!("{S3}region = \"\""),
            "larder.toml:7:10: `region` must have 1 to 64 letters, digits, `-` or `_`",
        ),
        (
            &format!("{S3}addressing = \"dns\""),
            "larder.toml:7:14: `addressing` cannot be `dns`; use one of path, host",
        ),
        (
            &format!("{S3}prefix = \"homes/\""),
            "larder.toml:7:10: `prefix` has a `/` at an end or two in a row; write it like folder/backups",
        ),
        (
            &format!("{S3}prefix = \"a/../b\""),
            "larder.toml:7:10: `prefix` contains `.` or `..`; write the folder itself",
        ),
        (
            &format!("{S3}user = \"x\""),
            "larder.toml:7:1: unknown key `user` in an S3 location; remove it or use one of access_key_id, access_key_id_env, access_key_id_file, addressing, adopts, bandwidth, bucket, endpoint, kind, layout, name, prefix, region, secret_access_key, secret_access_key_env, secret_access_key_file, verify",
        ),
        (
            &format!("{S3}secret_access_key_env = \"BOX_KEY\""),
            "larder.toml:7:1: `secret_access_key` and `secret_access_key_env` say the same thing; keep one",
        ),
        (
            &format!("{WEBDAV}password = \"unseen\""),
            "larder.toml:1:1: set both a username and a password, or neither",
        ),
        (
            &format!("{WEBDAV}username = \"me\"\npassword = \"unseen\"\npassword_file = \"keys/box\""),
            "larder.toml:6:1: `password` and `password_file` say the same thing; keep one",
        ),
        (
            &format!("{WEBDAV}username = \"me\"\npassword_file = \"unseen\""),
            "larder.toml:5:17: cannot read the file that `password_file` names: no such file; check the path and its permissions",
        ),
        (
            &format!("{WEBDAV}username = \"me\"\npassword_file = \"/run/empty\""),
            "larder.toml:5:17: `password_file` leads to an empty value; write it there",
        ),
        (
            &format!("{WEBDAV}username = \"me\"\npassword_file = \"/run/large\""),
            "larder.toml:5:17: the file that `password_file` names is larger than 64 KiB; name a file with one line",
        ),
        (
            &format!("{WEBDAV}username = \"me\"\npassword_env = \"unseen\""),
            "larder.toml:5:16: the environment variable that `password_env` names is not set; set it, also for the service",
        ),
        (
            &format!("{WEBDAV}username = \"me\"\npassword = \"un\\nseen\""),
            "larder.toml:5:12: `password` leads to a value with a line break or another control character; remove it",
        ),
        (
            &format!("{WEBDAV}username = \"m:e\"\npassword = \"unseen\""),
            "larder.toml:1:1: the username contains `:`, which HTTP cannot send; use another",
        ),
        (
            "[locations.x]\nkind = \"webdav\"\nurl = \"ftp://cloud.example.org\"",
            "larder.toml:3:7: the address is not http or https; write http://HOST/… or https://HOST/…",
        ),
        (
            "[locations.x]\nkind = \"webdav\"\nurl = \"https://me:unseen@cloud.example.org\"",
            "larder.toml:3:7: the address contains a user name or password; set `username` and `password` instead, or a header",
        ),
        (
            "[locations.x]\nkind = \"webdav\"\nurl = \"https://cloud.example.org/?token=unseen\"",
            "larder.toml:3:7: `url` has a part behind `?` or `#`; remove it",
        ),
        (
            "[locations.x]\nkind = \"webdav\"\nurl = \"https://cloud.example.org/#unseen\"",
            "larder.toml:3:7: `url` has a part behind `?` or `#`; remove it",
        ),
        (
            "[locations.x]\nkind = \"sftp\"\nhost = \"-oProxyCommand=x\"",
            "larder.toml:3:8: `host` must be the name or address of a machine; the port, the user and the path have keys of their own",
        ),
        (
            "[locations.x]\nkind = \"sftp\"\nhost = \"box\"\nuser = \"-l\"",
            "larder.toml:4:8: `user` must be a login name; it cannot begin with `-` or contain spaces and quotes",
        ),
        (
            "[locations.x]\nkind = \"sftp\"\nhost = \"box\"\nport = 0",
            "larder.toml:4:8: `port` must be a number from 1 to 65535",
        ),
        (
            "[locations.x]\nkind = \"sftp\"\nhost = \"box\"\nuser = \"me\"",
            "larder.toml:1:1: an SFTP location needs `path` (the folder, absolute or relative to where the login ends); add it",
        ),
        (
            "[locations.x]\nkind = \"sftp\"\nhost = \"box\"\nuser = \"me\"\npath = \"~/backups\"",
            "larder.toml:5:8: `path` must be a folder; without `/` in front it begins where the login ends, as `~/` would",
        ),
        (
            &format!("{SFTP}identity_file = \"~/.ssh/id\""),
            "larder.toml:6:17: `identity_file` must be a path; write it in full, or relative to this file, and without `~`",
        ),
        (
            "[locations.x]\nkind = \"directory\"",
            "larder.toml:1:1: a directory location needs `path` (the directory); add it",
        ),
        (
            &format!("{DIRECTORY}bandwidth = \"2 Mbit/s\""),
            "larder.toml:4:13: `bandwidth` must be a rate such as \"2 MB/s\", \"500 kB/s\" or a number of bytes a second",
        ),
        (
            &format!("{DIRECTORY}bandwidth = 2"),
            "larder.toml:4:13: `bandwidth` is less than 1 kB/s, which no upload survives; write it with its unit, such as \"2 MB/s\"",
        ),
        (
            &format!("{DIRECTORY}verify = true"),
            "larder.toml:4:10: `verify`: expected text in quotes, found true or false",
        ),
        (
            &format!("{DIRECTORY}name = \"\""),
            "larder.toml:4:8: `name` must have 1 to 100 characters, on one line",
        ),
        (
            &format!("{DIRECTORY}adopts = \"aws_s3\""),
            "larder.toml:4:10: `adopts` must be an agent id of Home Assistant, such as aws_s3.01JABCDEF (see backup/agents/info)",
        ),
        (
            &format!("{DIRECTORY}adopts = \"backup.local\""),
            "larder.toml:4:10: `backup.local` is Home Assistant's own directory, which is backup.local here; adopt an agent of another integration",
        ),
        (
            &format!(
                "{DIRECTORY}adopts = \"aws_s3.1\"\n[locations.y]\nkind = \"directory\"\npath = \"y\"\nadopts = \"aws_s3.1\""
            ),
            "larder.toml:8:10: [locations.x] adopts `aws_s3.1` already; an agent has one successor",
        ),
    ];
    for (text, expected) in cases {
        let told = read(text).err().unwrap_or_else(|| panic!("no error for {text}"));
        assert_eq!(told, expected, "{text}");
        assert!(!told.contains("unseen"), "{told}");
    }
}
