//! The blocks of an archive, byte for byte as a running Home Assistant wrote them.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use larder_tests::{TestHome, python, tests_directory};
use serde_json::{Value, json};

use super::odd::{Grain, set_mtime};

const RECORD: u64 = 10_240;

/// What `fixtures/layout.py` finds in the archive that `create` makes, and the answer of `create`.
fn layout(home: &TestHome, arguments: &[&str]) -> Option<(Value, Value)> {
    let backups = home.root().join("backups");
    let words = [&["--json", "create", "--backups", backups.to_str().unwrap()], arguments].concat();
    let said = home.larder(&words).exits(0).json();
    let archive = backups.join(said["file"].as_str().unwrap());
    let output = python("layout.py", &[archive])?;
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    Some((serde_json::from_slice(&output.stdout).unwrap(), said))
}

fn recorded() -> Value {
    let text = fs::read_to_string(tests_directory().join("fixtures/layout-recorded.json")).unwrap();
    serde_json::from_str(&text).unwrap()
}

fn list<'a>(value: &'a Value, key: &str) -> &'a [Value] {
    value[key].as_array().unwrap()
}

fn octal(field: &Value) -> usize {
    usize::from_str_radix(field.as_str().unwrap().trim_end_matches('\0'), 8).unwrap()
}

/// Each member with the extension header before it.
fn pairs(blocks: &[Value]) -> Vec<(&Value, &Value)> {
    let pairs = blocks.windows(2).filter(|pair| pair[0]["type"] == "x" && pair[1]["type"] != "x");
    pairs.map(|pair| (&pair[0], &pair[1])).collect()
}

/// The recorded fields must be the same, but for those `but`.
#[track_caller]
fn assert_block(is: &Value, recorded: &Value, but: &[&str]) {
    for (key, wanted) in recorded.as_object().unwrap().iter().filter(|(key, _)| !but.contains(&key.as_str()))
    {
        assert_eq!(&is[key], wanted, "{key} of {}", recorded["name"]);
    }
    assert_eq!(is["rest"], "", "nothing behind the fields of {}", recorded["name"]);
}

/// A home with the members that were recorded: names, kinds, modes, sizes and times.
fn recorded_home(recorded: &Value) -> TestHome {
    let home = TestHome::new();
    let pairs = pairs(list(recorded, "inner"));
    let path = |member: &Value| home.path(member["name"].as_str().unwrap().strip_prefix("data/").unwrap());
    for (_, member) in &pairs {
        let path = path(member);
        match member["type"].as_str().unwrap() {
            "5" => fs::create_dir_all(&path).unwrap(),
            _ => fs::write(&path, vec![b'x'; octal(&member["size"])]).unwrap(),
        }
        fs::set_permissions(&path, Permissions::from_mode(octal(&member["mode"]) as u32)).unwrap();
    }
    for (extension, member) in pairs.iter().rev() {
        let (seconds, fraction) = extension["pax"][0][1].as_str().unwrap().split_once('.').unwrap();
        let nanoseconds = format!("{fraction:0<9}").parse().unwrap();
        set_mtime(&path(member), (seconds.parse().unwrap(), nanoseconds), Grain::Nanoseconds);
    }
    home
}

#[test]
fn members_of_a_home_have_the_header_blocks_that_home_assistant_writes() {
    let recorded = recorded();
    let Some((layout, _)) = layout(&recorded_home(&recorded), &[]) else { return };
    let is = pairs(list(&layout, "inner"));
    // Files of another user have another number and name, and so another checksum.
    let is_root = rustix::process::geteuid().is_root();
    let but: &[&str] = if is_root { &[] } else { &["uid", "gid", "uname", "gname", "chksum"] };
    let wanted = pairs(list(&recorded, "inner"));
    assert!(wanted.len() > 10, "the recording is there");
    for (extension, member) in wanted {
        let found = is.iter().find(|(_, other)| other["name"] == member["name"]).unwrap();
        assert_block(found.0, extension, &[]);
        assert_block(found.1, member, but);
    }
    assert_eq!(is.first().unwrap().1["name"], "data/", "the directory itself comes first");
}

#[test]
fn the_outer_archive_has_the_header_blocks_that_home_assistant_writes() {
    let recorded = recorded();
    let Some((layout, said)) = layout(&TestHome::example(), &[]) else { return };
    let (is, wanted) = (list(&layout, "outer"), list(&recorded, "outer"));
    assert_eq!(is.len(), wanted.len());
    for (is, wanted) in is.iter().zip(wanted) {
        assert_block(is, wanted, &["size", "mtime", "chksum", "pax"]);
    }
    let time = is[1]["pax"][0][1].as_str().unwrap();
    assert_eq!(is[1]["pax"], json!([["mtime", time]]), "one record, the time");
    let exact: f64 = time.parse().unwrap();
    assert_eq!(octal(&is[2]["mtime"]) as f64, exact.round_ties_even());
    assert_eq!(octal(&is[0]["mtime"]) as f64, exact.floor(), "`backup.json` has whole seconds");
    assert_eq!(layout["size"], said["size"]);
}

#[test]
fn both_archives_end_with_two_blocks_of_zeros_and_fill_whole_records() {
    // Sizes around the end of a record.
    for size in [0, 8 * 512, 9 * 512, 10 * 512, 11 * 512, 12 * 512] {
        let home = TestHome::new();
        home.write("filling.bin", vec![7; size]);
        let Some((layout, _)) = layout(&home, &[]) else { return };
        for (total, end) in [("size", "outer_end"), ("inner_size", "inner_end")] {
            let (total, end) = (layout[total].as_u64().unwrap(), layout[end].as_u64().unwrap());
            assert_eq!(total % RECORD, 0, "{size} bytes");
            assert!((1024..1024 + RECORD).contains(&end), "{size} bytes: {end} bytes of zeros");
        }
    }
}

#[test]
fn the_inner_archive_is_one_gzip_member_with_home_assistants_header() {
    let Some((layout, _)) = layout(&TestHome::example(), &[]) else { return };
    let mut is = layout["gzip"].clone();
    let time = is.as_object_mut().unwrap().remove("mtime").unwrap();
    assert_eq!(is, recorded()["gzip"]);
    assert_eq!(time.as_u64(), Some(octal(&layout["outer"][0]["mtime"]) as u64));
}

#[test]
fn backup_json_has_the_keys_that_home_assistant_writes_in_their_order() {
    let home = TestHome::example();
    let Some((layout, said)) = layout(&home, &["--name", "Küche «Ä»", "--no-database"]) else { return };
    let manifest = &layout["manifest"];
    let extra = json!([["instance_id", "str"], ["with_automatic_settings", "bool"]]);
    let core = json!([["exclude_database", "bool"], ["version", "str"]]);
    let wanted = json!([
        ["compressed", "bool"],
        ["date", "str"],
        ["extra", extra],
        ["homeassistant", core],
        ["name", "str"],
        ["protected", "bool"],
        ["slug", "str"],
        ["type", "str"],
        ["version", "int"],
    ]);
    assert_eq!(manifest["shape"], wanted);
    assert_eq!(manifest["is_compact"], true, "sorted, no white space, letters as they are");
    let document = &manifest["document"];
    assert_eq!(document["name"], "Küche «Ä»");
    assert_eq!(document["slug"], manifest["id_of_date_and_name"]);
    assert_eq!(document["slug"], said["backup_id"]);
    assert_eq!((&document["compressed"], &document["protected"]), (&json!(true), &json!(false)));
    assert_eq!((&document["type"], &document["version"]), (&json!("partial"), &json!(2)));
    assert_eq!(document["homeassistant"], json!({"version": "2026.11.0", "exclude_database": true}));
    let instance = fs::read_to_string(home.path(".storage/core.uuid")).unwrap();
    let instance: Value = serde_json::from_str(&instance).unwrap();
    let extra = json!({"instance_id": instance["data"]["uuid"], "with_automatic_settings": false});
    assert_eq!(document["extra"], extra);
    assert_date_of(Path::new(said["file"].as_str().unwrap()), document);
}

/// `2026-11-23T15:39:40.988161+01:00`, and the same moment in the file's name.
#[track_caller]
fn assert_date_of(file: &Path, document: &Value) {
    let date = document["date"].as_str().unwrap();
    let (day, time) = date.split_once('T').unwrap();
    let digits = |text: &str| text.replace([':', '.'], "");
    let stamp = format!("{day}_{}.{}_{}", &time[..2], &time[3..5], digits(&time[6..15]));
    assert_eq!(file.to_str().unwrap(), format!("Küche_«Ä»_{stamp}.tar"));
    assert!(time.len() == 21 && time[15..].starts_with(['+', '-']), "{date}");
}
