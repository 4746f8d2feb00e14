//! Hard links of which only some are restored: each is, whichever name comes first in the archive.

use std::fs;
use std::os::unix::fs::MetadataExt;

use larder_tests::{TestHome, describe};

/// Homes with hard links in every order, and the options for an unprotected and a protected backup.
fn homes() -> [(TestHome, Vec<String>); 2] {
    [false, true].map(|is_protected| {
        let home = TestHome::in_memory();
        for (first, second) in [("aaa/first", "www/second"), ("zzz/later", "www/earlier")] {
            home.write(first, format!("contents of {first}"));
            home.write("www/other", "own");
            fs::hard_link(home.path(first), home.path(second)).unwrap();
            fs::hard_link(home.path(first), home.path(format!("{second}, again"))).unwrap();
        }
        let options = match is_protected {
            false => Vec::new(),
            true => vec!["--password-file".to_owned(), home.password_file("password", "correct horse\n")],
        };
        (home, options)
    })
}

fn with<'a>(words: &[&'a str], options: &'a [String]) -> Vec<&'a str> {
    words.iter().copied().chain(options.iter().map(String::as_str)).collect()
}

#[test]
fn a_file_comes_out_under_the_name_that_is_asked_for() {
    for (home, options) in homes() {
        home.larder(&with(&["create"], &options)).exits(0);
        let archive = home.archives().remove(0);
        let to = home.root().join("out");
        let (archive, to_text) = (archive.to_str().unwrap(), to.to_str().unwrap());
        for asked in
            ["www", "www/second", "www/earlier", "www/second, again", "aaa", "zzz/later", "aaa/first"]
        {
            home.larder(&with(&["extract", archive, asked, "--to", to_text], &options)).exits(0);
            assert_eq!(describe(&to.join(asked), &[]), describe(&home.path(asked), &[]), "{asked}");
            if asked == "www" {
                let inode = |name: &str| fs::metadata(to.join("www").join(name)).unwrap().ino();
                assert_eq!(inode("second"), inode("second, again"), "they stay one file");
            }
            fs::remove_dir_all(&to).unwrap();
        }
    }
}

#[test]
fn a_part_of_the_home_is_restored_though_it_shares_a_file_with_the_rest_and_the_dry_run_says_the_same() {
    // A user's own hard link to the database, under names that sort before and after it.
    for other in ["www/history.db", ".history.db", "zzz.db"] {
        for options in [&[][..], &["--password-file"]] {
            let home = TestHome::in_memory();
            let password = home.password_file("password", "correct horse\n");
            let options: Vec<&str> =
                options.iter().copied().chain((!options.is_empty()).then_some(password.as_str())).collect();
            fs::create_dir_all(home.path("www")).unwrap();
            let database = rusqlite::Connection::open(home.path("home-assistant_v2.db")).unwrap();
            database
                .execute_batch("CREATE TABLE states (state TEXT); INSERT INTO states VALUES ('kept')")
                .unwrap();
            drop(database);
            fs::hard_link(home.path("home-assistant_v2.db"), home.path(other)).unwrap();
            home.larder(&[&["create"], &options[..]].concat()).exits(0);
            let archive = home.archives().remove(0);
            for only in ["homeassistant", "database"] {
                let wanted = if only == "database" { "home-assistant_v2.db" } else { other };
                let words = ["--json", "restore", archive.to_str().unwrap(), "--only", only, "--yes"];
                let dry = home.larder(&[&words[..], &["--dry-run"], &options[..]].concat()).exits(0).json();
                fs::remove_file(home.path(wanted)).unwrap();
                let done = home.larder(&[&words[..], &options[..]].concat()).exits(0).json();
                for count in ["files", "links", "directories", "bytes", "restored_database"] {
                    assert_eq!(dry[count], done[count], "{other}, {only}: {count}");
                }
                let copy = rusqlite::Connection::open(home.path(wanted)).unwrap();
                let state: String = copy.query_row("SELECT state FROM states", [], |row| row.get(0)).unwrap();
                assert_eq!(state, "kept", "{other}, {only}");
            }
        }
    }
}
