//! Errors at their places.

use super::*;

#[test]
fn what_is_wrong_is_told_at_its_place() {
    let hook = "[notify.x]\nkind = \"webhook\"\nurl = \"https://h.example/\"\n";
    let command = "[notify.x]\nkind = \"command\"\n";
    let cases = [
        ("a = [", "larder.toml:1:6: this is no TOML: unclosed array, expected `]`; correct the line"),
        ("a = 1\na = 2", "larder.toml:2:1: this is no TOML: duplicate key; correct the line"),
        (
            "\n  automation = \"x\"",
            "larder.toml:2:3: `automation` is not supported in this file; it takes automations, http, notify, plugins: remove it or correct its spelling",
        ),
        ("automations = 1", "larder.toml:1:15: `automations` is a number; write a text in quotes"),
        (
            "[http]\ntimeout = 0",
            "larder.toml:2:11: `timeout` is a number of seconds, more than 0 and at most 3600; write one",
        ),
        (
            "[http]\ntimeout = \"5\"",
            "larder.toml:2:11: `timeout` is a number of seconds, more than 0 and at most 3600; write one",
        ),
        ("[http]\nno_proxy = \"x\"", "larder.toml:2:12: `no_proxy` is a text; write a list: [\"…\", \"…\"]"),
        (
            "[http]\nca = \"x\"",
            "larder.toml:2:1: `ca` is not supported in [http]; it takes ca_file, no_proxy, proxy, timeout: remove it or correct its spelling",
        ),
        ("notify = 1", "larder.toml:1:10: `notify` is a number; write tables: [notify.NAME]"),
        (
            "[notify.Phone]\nkind = \"log\"",
            "larder.toml:1:9: `Phone` cannot be a name; write small letters, digits and `_`",
        ),
        (
            "[notify.x]\n",
            "larder.toml:1:1: a target needs `kind`: webhook, ntfy, command, file or log; add it",
        ),
        (
            "[notify.x]\nkind = \"email\"",
            "larder.toml:2:8: `kind` cannot be `email`; write one of webhook, ntfy, command, file, log",
        ),
        (
            "[notify.x]\nkind = \"log\"\nlevel = 1",
            "larder.toml:3:1: `level` is not supported in a target of the kind `log`; it takes kind: remove it or correct its spelling",
        ),
        (
            "[notify.x]\nkind = \"webhook\"",
            "larder.toml:1:1: a webhook needs `url`: where it is sent to; add it",
        ),
        (
            "[notify.x]\nkind = \"webhook\"\nurl = \"h.example\"",
            "larder.toml:3:7: the address is wrong (relative URL without a base); write http://HOST/… or https://HOST/…",
        ),
        (
            "[notify.x]\nkind = \"webhook\"\nurl = \"!secret nix\"",
            "larder.toml:3:7: no secret `nix` in /config/secrets.yaml; add a line `nix: …` there",
        ),
        (
            "[notify.x]\nkind = \"webhook\"\nurl = \"!env_var NIX\"",
            "larder.toml:3:7: the environment has no `NIX`; set it, or write a default after the name",
        ),
        (
            &format!("{hook}body = \"{{{{ mesage(1) }}}}\""),
            "larder.toml:4:8: the template's function `mesage` is not supported; write it without",
        ),
        (
            &format!("{hook}method = \"post\""),
            "larder.toml:4:10: `post` is no method; write GET, HEAD, POST, PUT, PATCH, DELETE or OPTIONS",
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
            "larder.toml:4:17: the header `x` holds a line end or another control character; leave it out",
        ),
        (&format!("{hook}retries = 11"), "larder.toml:1:1: `retries` is at most 10; write less"),
        (
            &format!("{hook}token = \"x\"\npassword = \"y\""),
            "larder.toml:1:1: give either `token`, or `username` and `password`",
        ),
        (
            "[notify.x]\nkind = \"ntfy\"\nurl = \"https://n.example\"\ntopic = \"a/b\"",
            "larder.toml:4:9: a topic has 1 to 64 letters, digits, `_` and `-`; write one",
        ),
        (
            &format!("{command}command = \"rm -rf /\""),
            "larder.toml:3:11: `command` is a text; write a list: [\"…\", \"…\"]",
        ),
        (
            &format!("{command}command = []"),
            "larder.toml:3:11: `command` is empty; write [\"/path/of/program\", \"argument\", …]",
        ),
        (
            &format!("{command}command = [\"{{{{ message }}}}\"]"),
            "larder.toml:3:12: the program's name is no template; write it out",
        ),
        (
            &format!("{hook}token = \"x\"\nheaders = {{ Authorization = \"y\" }}"),
            "larder.toml:1:1: `headers` holds `authorization` beside `token` or `password`; keep one of them",
        ),
        (
            "[plugins.x]\nhosts = []",
            "larder.toml:1:1: a plugin needs `component`: the file of its WebAssembly component, relative to this one; add it",
        ),
        (
            "[plugins.x]\ncomponent = \"x\"\nhosts = [\"a\", \"http://b\"]",
            "larder.toml:3:15: `http://b` is no host; write `example.org`, `example.org:8443` or `*.example.org`",
        ),
        (
            "[plugins.x]\ncomponent = \"x\"\nsettings = 1",
            "larder.toml:3:12: here is a number, where a table of settings is expected; write it as `key: value`",
        ),
        (
            "[plugins.x]\ncomponent = \"x\"\nsettings = { at = 2026-11-23 }",
            "larder.toml:3:19: a date has no meaning here; put it in quotes",
        ),
    ];
    for (text, expected) in cases {
        assert_eq!(error(text), expected, "{text}");
    }
}

#[test]
fn places_count_characters_and_texts_hide_what_is_secret() {
    let told = error("[notify.x]\nkind = \"ntfy\"\nurl = \"https://n.example\"\nü = 1\ntopic = \"t\"");
    assert!(told.starts_with("larder.toml:4:1: "), "{told}");
    let told = error("[http]\nno_proxy = [\"é\", 1]");
    assert!(told.starts_with("larder.toml:2:18: "), "{told}");
    let told = error("[notify.x]\nkind = \"webhook\"\nurl = \"https://me:hunter22@h.example/\"");
    assert!(!told.contains("hunter22"), "{told}");
}

#[test]
fn too_many_targets_and_a_missing_file_are_told() {
    let many: String = (0..33).map(|number| format!("[notify.t{number}]\nkind = \"log\"\n")).collect();
    assert!(error(&many).ends_with(": more than 32 targets; keep fewer"));
    let problem =
        crate::configuration::load(&Given::default(), Path::new(PATH), Origin::Outside).err().unwrap();
    let expected =
        "larder.toml:1:1: cannot read /config/larder.toml: no such file; check the path and its permissions";
    assert_eq!(problem.to_string(), expected);
}
