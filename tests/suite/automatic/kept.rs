//! Backups that a user keeps, whatever the retention settings say.

use larder_tests::TestHome;
use serde_json::Value;

fn automatic(home: &TestHome) -> String {
    let created = home.larder(&["--json", "call", "backup.create_automatic"]).exits(0).json();
    created["backup_id"].as_str().unwrap().to_owned()
}

fn ids(home: &TestHome) -> Vec<String> {
    let listed = home.larder(&["--json", "list"]).exits(0).json();
    listed["backups"]
        .as_array()
        .unwrap()
        .iter()
        .map(|backup| backup["backup_id"].as_str().unwrap().to_owned())
        .collect()
}

#[test]
fn a_kept_backup_outlives_retention_until_it_is_released() {
    let home = TestHome::in_memory();
    home.larder(&["settings", "set", "create_backup.agent_ids=backup.local", "retention.copies=1"]).exits(0);
    let first = automatic(&home);
    let said = home.larder(&["keep", &first]).exits(0).stdout;
    assert!(said.contains(&first) && said.contains("is kept"), "{said}");
    let [second, third] = [automatic(&home), automatic(&home)];
    // It takes no other's place.
    assert_eq!(ids(&home), [third.clone(), first.clone()], "{second} is gone");
    let told = home.larder(&["retention", "--dry-run"]).exits(0).stdout;
    assert!(told.contains("kept: marked as kept"), "{told}");
    let shown = home.larder(&["--json", "show", &first]).exits(0).json();
    assert_eq!(shown["backup"]["kept"], true);
    let listed = home.larder(&["--json", "list"]).exits(0).json();
    assert_eq!((&listed["backups"][1]["kept"], &listed["backups"][0]["kept"]), (&true.into(), &Value::Null));

    home.larder(&["delete", &first])
        .exits(1)
        .says(&format!("backup {first} is marked as kept: release it with `larder keep {first} --release`"));
    assert_eq!(ids(&home), [third.clone(), first.clone()]);
    home.larder(&["keep", &first, "--release"]).exits(0);
    home.larder(&["retention"]).exits(0);
    assert_eq!(ids(&home), std::slice::from_ref(&third));
    home.larder(&["keep", &first]).exits(1).says("there is no backup");

    home.larder(&["keep", &third]).exits(0);
    home.larder(&["delete", &third, "--force"]).exits(0);
    assert!(ids(&home).is_empty());
}

/// Another program may have stored a copy of which nothing is known here.
#[test]
fn a_mark_as_kept_outlives_the_deletion_of_one_copy() {
    let home = TestHome::in_memory();
    let id = home.create();
    home.larder(&["keep", &id]).exits(0);
    let archive = home.archives().remove(0);
    let bytes = std::fs::read(&archive).unwrap();
    home.larder(&["delete", &id, "--force"]).exits(0);
    assert!(ids(&home).is_empty());
    std::fs::write(&archive, bytes).unwrap();
    home.larder(&["delete", &id]).exits(1).says("is marked as kept");
    assert_eq!(ids(&home), [id]);
}
