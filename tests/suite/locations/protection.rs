//! Protection of each location: what leaves the house is protected unless the settings say otherwise.

use larder_test_servers::{Kind, Server};
use serde_json::json;

use super::{Home, table};

#[test]
fn each_location_gets_the_protection_that_its_settings_say() {
    let (Some(one), Some(two)) = (Server::start(Kind::RcloneWebdav), Server::start(Kind::RcloneWebdav))
    else {
        return;
    };
    let home = Home::new(&[table("one", &one, one.port), table("two", &two, two.port)]);
    home.larder(&["settings", "set", "agents.webdav.two.protected=false"]).exits(0);
    let password = home.home.password_file("password", "Pa55-w0rd");
    let arguments = [
        "create",
        "--password-file",
        &password,
        "--location",
        "local",
        "--location",
        "one",
        "--location",
        "two",
    ];
    let run = home.larder(&arguments).exits(0);
    // One location is plain because the settings say so: no warning.
    assert!(!run.stdout.contains("anyone with access"), "{}", run.stdout);
    let agents = home.list()["backups"][0]["agents"].clone();
    let protected = |agent: &str| agents[agent]["protected"].as_bool().unwrap();
    assert_eq!(
        [protected("backup.local"), protected("webdav.one"), protected("webdav.two")],
        [true, true, false]
    );
    let listed = home.larder(&["list"]).exits(0).stdout;
    assert!(listed.contains(" some "), "{listed}");
    home.larder(&["verify", "latest", "--location", "two"]).exits(0);
    home.larder(&["verify", "latest", "--location", "one", "--password-file", &password]).exits(0);
}

#[test]
fn a_plain_copy_away_from_home_is_warned_about() {
    let Some((home, _server)) = Home::with_nas() else { return };
    let run = home.larder(&["create", "--location", "nas"]).exits(0);
    assert!(
        run.stdout.contains("the copy in webdav.nas is not protected: anyone with access to it"),
        "{}",
        run.stdout
    );
}

#[test]
fn secrets_of_locations_are_shown_nowhere() {
    let Some(server) = Server::start(Kind::RcloneWebdav) else { return };
    let text = table("nas", &server, 1) + "username = \"anna\"\npassword = \"Gehe1m-x\"\n";
    let home = Home::new(&[text]);
    for arguments in [
        &["locations"][..],
        &["create", "--location", "nas"],
        &["list"],
        &["-vv", "locations", "test", "nas"],
    ] {
        let run = home.larder(arguments);
        assert!(!format!("{run:?}").contains("Gehe1m-x"), "{arguments:?}");
    }
    let info = home.larder(&["--json", "call", "backup.agents.info"]).exits(0).json();
    assert!(!json!(info).to_string().contains("Gehe1m-x"));
}
