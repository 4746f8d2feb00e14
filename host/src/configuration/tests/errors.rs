//! Errors and their places.

use super::*;

#[test]
fn errors_have_a_place() {
    let hook = "[notify.x]\nkind = \"webhook\"\nurl = \"https://h.example/\"\n";
    let command = "[notify.x]\nkind = \"command\"\n";
    let cases = [
        ("a = [", "larder.toml:1:6: not valid TOML: unclosed array, expected `]`; correct the line"),
        ("a = 1\na = 2", "larder.toml:2:1: not valid TOML: duplicate key; correct the line"),
        (
            "\n  automation = \"x\"",
            "larder.toml:2:3: unknown key `automation` in this file; remove it or use one of automations, http, locations, notify, plugins, schedules",
        ),
        ("automations = 1", "larder.toml:1:15: `automations`: expected text in quotes, found a number"),
        (
            "[http]\ntimeout = 0",
            "larder.toml:2:11: `timeout` must be a number of seconds above 0 and at most 3600",
        ),
        (
            "[http]\ntimeout = \"5\"",
            "larder.toml:2:11: `timeout` must be a number of seconds above 0 and at most 3600",
        ),
        (
            "[http]\nno_proxy = \"x\"",
            "larder.toml:2:12: `no_proxy`: expected a list ([\"…\", \"…\"]), found text",
        ),
        (
            "[http]\nca = \"x\"",
            "larder.toml:2:1: unknown key `ca` in [http]; remove it or use one of ca_file, no_proxy, proxy, timeout",
        ),
        ("notify = 1", "larder.toml:1:10: `notify`: expected tables ([notify.NAME]), found a number"),
        (
            "[notify.Phone]\nkind = \"log\"",
            "larder.toml:1:9: `Phone` is not a valid name; use lowercase letters, digits and `_`",
        ),
        (
            "[notify.x]\n",
            "larder.toml:1:1: a notification target needs `kind` (webhook, ntfy, command, file or log); add it",
        ),
        (
            "[notify.x]\nkind = \"email\"",
            "larder.toml:2:8: `kind` cannot be `email`; use one of webhook, ntfy, command, file, log",
        ),
        (
            "[notify.x]\nkind = \"log\"\nlevel = 1",
            "larder.toml:3:1: unknown key `level` in a log target; remove it or use one of kind",
        ),
        (
            "[notify.x]\nkind = \"webhook\"",
            "larder.toml:1:1: a webhook needs `url` (the address to send to); add it",
        ),
        (
            "[notify.x]\nkind = \"webhook\"\nurl = \"h.example\"",
            "larder.toml:3:7: the address is not valid (relative URL without a base); write http://HOST/… or https://HOST/…",
        ),
        (
            "[notify.x]\nkind = \"webhook\"\nurl = \"!secret nix\"",
            "larder.toml:3:7: no secret `nix` in /config/secrets.yaml; add a line `nix: …` there",
        ),
        (
            "[notify.x]\nkind = \"webhook\"\nurl = \"!env_var NIX\"",
            "larder.toml:3:7: the environment variable `NIX` is not set; set it or add a default after the name",
        ),
        (
            &format!("{hook}body = \"{{{{ mesage(1) }}}}\""),
            "larder.toml:4:8: unknown template function `mesage`; write the template without it",
        ),
        (
            &format!("{hook}method = \"post\""),
            "larder.toml:4:10: `post` is not a method; write GET, HEAD, POST, PUT, PATCH, DELETE or OPTIONS",
        ),
        (
            &format!("{hook}method = \"GET\"\nbody = \"x\""),
            "larder.toml:5:8: a GET request has no body; remove `body`, or use POST, PUT or PATCH",
        ),
        (
            &format!("{hook}headers = {{ Host = \"x\" }}"),
            "larder.toml:4:13: the header `host` is set by Larder; remove it",
        ),
        (
            &format!("{hook}headers = {{ X = \"a\\nb\" }}"),
            "larder.toml:4:17: the header `x` contains a line break or another control character; remove it",
        ),
        (&format!("{hook}retries = 11"), "larder.toml:1:1: `retries` must be at most 10"),
        (
            &format!("{hook}token = \"x\"\npassword = \"y\""),
            "larder.toml:1:1: set either `token`, or `username` and `password`",
        ),
        (
            "[notify.x]\nkind = \"ntfy\"\nurl = \"https://n.example\"\ntopic = \"a/b\"",
            "larder.toml:4:9: `topic` must have 1 to 64 letters, digits, `_` or `-`",
        ),
        (
            &format!("{command}command = \"rm -rf /\""),
            "larder.toml:3:11: `command`: expected a list ([\"…\", \"…\"]), found text",
        ),
        (
            &format!("{command}command = []"),
            "larder.toml:3:11: `command` is empty; use [\"/path/of/program\", \"argument\", …]",
        ),
        (
            &format!("{command}command = [\"{{{{ message }}}}\"]"),
            "larder.toml:3:12: the program name cannot be a template; write it out",
        ),
        (
            &format!("{hook}token = \"x\"\nheaders = {{ Authorization = \"y\" }}"),
            "larder.toml:1:1: `headers` sets `authorization` in addition to `token` or `password`; keep one",
        ),
        (
            "[plugins.x]\nhosts = []",
            "larder.toml:1:1: a plugin needs `component` (the file of its WebAssembly component, relative to this one); add it",
        ),
        (
            "[plugins.x]\ncomponent = \"x\"\nhosts = [\"a\", \"http://b\"]",
            "larder.toml:3:15: `http://b` is not a host; write `example.org`, `example.org:8443` or `*.example.org`",
        ),
        (
            "[plugins.x]\ncomponent = \"x\"\nsettings = 1",
            "larder.toml:3:12: expected a table of settings as `key: value`, found a number",
        ),
        (
            "[plugins.x]\ncomponent = \"x\"\nsettings = { at = 2026-11-23 }",
            "larder.toml:3:19: dates are not supported here; put the value in quotes",
        ),
    ];
    for (text, expected) in cases {
        assert_eq!(error(text), expected, "{text}");
    }
}

#[test]
fn places_count_characters_and_messages_hide_secrets() {
    let told = error("[notify.x]\nkind = \"ntfy\"\nurl = \"https://n.example\"\nü = 1\ntopic = \"t\"");
    assert!(told.starts_with("larder.toml:4:1: "), "{told}");
    let told = error("[http]\nno_proxy = [\"é\", 1]");
    assert!(told.starts_with("larder.toml:2:18: "), "{told}");
    let told = error("[notify.x]\nkind = \"webhook\"\nurl = \"https://me:hunter22@h.example/\"");
    assert!(!told.contains("hunter22"), "{told}");
}

#[test]
fn too_many_targets_and_a_missing_file_are_errors() {
    let many: String = (0..33).map(|number| format!("[notify.t{number}]\nkind = \"log\"\n")).collect();
    assert!(error(&many).ends_with(": more than 32 targets; remove some"));
    let problem =
        crate::configuration::load(&Given::default(), Path::new(PATH), Origin::Outside).err().unwrap();
    let expected =
        "larder.toml:1:1: cannot read /config/larder.toml: no such file; check the path and its permissions";
    assert_eq!(problem.to_string(), expected);
}
