//! A home in a temporary directory, with its state directory and settings next to it.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fs::{self, Permissions};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

use crate::run::{Run, command, command_of};
use crate::{binary, tests_directory};

/// The unprivileged user `nobody`.
const NOBODY: u32 = 65534;

/// A home that is removed when it is dropped.
pub struct TestHome {
    directory: TempDir,
}

impl Default for TestHome {
    fn default() -> Self {
        Self::new()
    }
}

impl TestHome {
    /// A home with `.HA_VERSION`, `configuration.yaml` and nothing else.
    pub fn new() -> Self {
        let home = Self::nothing();
        home.write(".HA_VERSION", "2026.11.0");
        home.write("configuration.yaml", "default_config:\n");
        home
    }

    /// The same in memory, if that is available: on a disk, syncs would wait for all other writes.
    pub fn in_memory() -> Self {
        let home = Self::within(memory());
        home.write(".HA_VERSION", "2026.11.0");
        home.write("configuration.yaml", "default_config:\n");
        home
    }

    /// A copy of the home, its state and its settings, in memory.
    pub fn copy(&self) -> Self {
        let copy = Self { directory: memory() };
        let status = Command::new("cp").arg("-a").arg(self.root().join(".")).arg(copy.root()).status();
        assert!(status.unwrap().success());
        copy
    }

    /// A copy of the repository's example home.
    pub fn example() -> Self {
        let home = Self::nothing();
        let example = tests_directory().join("fixtures/example-home");
        let status =
            Command::new("cp").arg("-a").arg(format!("{}/.", example.display())).arg(home.config()).status();
        assert!(status.unwrap().success());
        // Remove backups that a user made there when following the documentation.
        if home.backups().exists() {
            fs::remove_dir_all(home.backups()).unwrap();
        }
        home
    }

    fn nothing() -> Self {
        Self::within(TempDir::new().unwrap())
    }

    fn within(directory: TempDir) -> Self {
        let home = Self { directory };
        fs::create_dir(home.config()).unwrap();
        home
    }

    /// The temporary directory that contains everything.
    pub fn root(&self) -> &Path {
        self.directory.path()
    }

    /// The Home Assistant configuration directory.
    pub fn config(&self) -> PathBuf {
        self.root().join("config")
    }

    /// The directory of backups.
    pub fn backups(&self) -> PathBuf {
        self.config().join("backups")
    }

    /// The state directory.
    pub fn state(&self) -> PathBuf {
        self.root().join("state")
    }

    /// The path of the owner's key ring, which does not exist until a test creates it.
    pub fn key_ring(&self) -> PathBuf {
        self.settings().join("larder/keys.json")
    }

    fn settings(&self) -> PathBuf {
        self.root().join("settings")
    }

    /// Writes a file with a password, possibly an invalid one, next to the home. Returns its path.
    pub fn password_file(&self, name: &str, text: impl AsRef<[u8]>) -> String {
        let path = self.root().join(name);
        fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    }

    /// Writes a `larder.toml` outside the home, where every setting is allowed. Returns its path.
    pub fn options(&self, text: impl AsRef<[u8]>) -> String {
        let path = self.root().join("machine/larder.toml");
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    }

    /// A path below the configuration directory.
    pub fn path(&self, path: impl AsRef<[u8]>) -> PathBuf {
        self.config().join(OsStr::from_bytes(path.as_ref()))
    }

    /// Writes a file below the configuration directory, and creates its parent directories.
    pub fn write(&self, path: impl AsRef<[u8]>, content: impl AsRef<[u8]>) {
        let path = self.path(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }

    /// The command line for this home, run by a user who may only read it. The backups are in `<root>/theirs/backups`. If the tests run as
    /// root, it is another user, because root may read and write everything.
    pub fn unprivileged(&self, arguments: &[&str]) -> Command {
        let theirs = self.root().join("theirs");
        fs::create_dir_all(&theirs).unwrap();
        let mut command = if rustix::process::geteuid().is_root() {
            // Another user may not be able to read the checkout.
            let copy = self.root().join("larder");
            // Copy in another process: a file that this one has open for writing cannot be executed.
            assert!(Command::new("cp").arg("-u").arg(binary()).arg(&copy).status().unwrap().success());
            fs::set_permissions(self.root(), Permissions::from_mode(0o755)).unwrap();
            chown(&theirs, Some(NOBODY), Some(NOBODY)).unwrap();
            let mut command = command_of(&copy);
            command.uid(NOBODY).gid(NOBODY);
            command
        } else {
            command()
        };
        command.env("XDG_CACHE_HOME", theirs.join("cache")).current_dir("/");
        command.arg("--config").arg(self.config()).arg("--state").arg(theirs.join("state"));
        command.arg("--backups").arg(theirs.join("backups")).args(arguments);
        command
    }

    /// The command line for this home, with these arguments.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = command();
        command.env("XDG_CONFIG_HOME", self.settings());
        command.arg("--config").arg(self.config()).arg("--state").arg(self.state()).args(arguments);
        command
    }

    /// Runs the command line for this home.
    pub fn larder(&self, arguments: &[&str]) -> Run {
        Run::of(self.command(arguments))
    }

    /// Creates a backup, which must succeed without skipping anything. Returns its id.
    #[track_caller]
    pub fn create(&self) -> String {
        let run = self.larder(&["--json", "create"]).exits(0);
        run.json()["backup_id"].as_str().unwrap().to_owned()
    }

    /// Runs the command line, and a shell script in the configuration directory when the named step is reached for the N-th time
    /// (`STEP[#N]`). The run waits for the script.
    pub fn larder_meanwhile(&self, step: &str, script: &str, arguments: &[&str]) -> Run {
        let mut command = self.command(arguments);
        command.env("LARDER_RUN_AT", step).env("LARDER_RUN", script).current_dir(self.config());
        Run::of(command)
    }

    /// Restores the latest backup to a new directory, which must succeed without skipping anything. Returns the directory.
    #[track_caller]
    pub fn restore_latest(&self) -> PathBuf {
        let modified = |path: &PathBuf| fs::metadata(path).unwrap().modified().unwrap();
        self.restore(&self.archives().into_iter().max_by_key(modified).unwrap())
    }

    /// Restores a backup file to a new directory, which must succeed without skipping anything. Returns the directory.
    #[track_caller]
    pub fn restore(&self, archive: &Path) -> PathBuf {
        let to = TempDir::new_in(self.root()).unwrap().keep().join("home");
        self.larder(&["restore", archive.to_str().unwrap(), "--to", to.to_str().unwrap(), "--keep-setuid"])
            .exits(0);
        to
    }

    /// The backup files, sorted by name.
    pub fn archives(&self) -> Vec<PathBuf> {
        archives_in(&self.backups())
    }
}

/// The names in a directory of backups, without the marker and the lock.
pub fn names_in(directory: &Path) -> Vec<String> {
    let names =
        fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    names.filter(|name| name != ".larder-location" && name != ".larder-lock").collect()
}

/// The backup files in a directory, sorted by name.
pub fn archives_in(directory: &Path) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(directory) else { return Vec::new() };
    let mut paths: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
    paths.retain(|path| path.extension() == Some(OsStr::new("tar")));
    paths.sort();
    paths
}

fn memory() -> TempDir {
    TempDir::new_in("/dev/shm").or_else(|_| TempDir::new()).unwrap()
}

/// [`describe`] without the modification time of the directory itself, which changes when an entry is created or removed.
pub fn describe_inside(root: &Path, left_out: &[&str]) -> BTreeMap<PathBuf, String> {
    let mut lines = describe(root, left_out);
    if let Some(line) = lines.get_mut(Path::new("")) {
        line.truncate(line.rfind(' ').unwrap());
    }
    lines
}

/// Describes a tree as a line of text per path: kind, size and digest or target, mode, owner, and modification time in microseconds. Equal
/// maps mean equal trees. `left_out` are paths that are skipped with everything below.
pub fn describe(root: &Path, left_out: &[&str]) -> BTreeMap<PathBuf, String> {
    let mut lines = BTreeMap::new();
    let mut pending = vec![root.to_owned()];
    while let Some(path) = pending.pop() {
        let relative = path.strip_prefix(root).unwrap().to_owned();
        if left_out.iter().any(|left_out| relative == Path::new(left_out)) {
            continue;
        }
        let metadata = fs::symlink_metadata(&path).unwrap();
        let (mode, uid, gid) = (metadata.mode() & 0o7777, metadata.uid(), metadata.gid());
        let mtime = format!("{}.{:06}", metadata.mtime(), metadata.mtime_nsec() / 1000);
        let what = if metadata.is_dir() {
            pending.extend(fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().path()));
            "directory".to_owned()
        } else if metadata.is_symlink() {
            format!("symlink {:?}", fs::read_link(&path).unwrap())
        } else if metadata.is_file() {
            format!("file {} {:016x}", metadata.len(), digest(&fs::read(&path).unwrap()))
        } else {
            "special".to_owned()
        };
        lines.insert(relative, format!("{what} {mode:o} {uid}:{gid} {mtime}"));
    }
    lines
}

fn digest(bytes: &[u8]) -> u64 {
    use std::hash::{DefaultHasher, Hasher};
    let mut hasher = DefaultHasher::new();
    hasher.write(bytes);
    hasher.finish()
}

/// Pseudo-random bytes, which do not compress.
pub fn noise(count: usize) -> Vec<u8> {
    let mut state = 0x9e37_79b9_u32;
    let next = || {
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        state.to_le_bytes()[0]
    };
    std::iter::repeat_with(next).take(count).collect()
}
