//! Reads `custom_templates`: the files with the ending `.jinja` that templates may import.
//!
//! Home Assistant has the same directory and ending. A file that cannot be read is left out, and whoever imports it is told so.

use std::path::{Path, PathBuf};

use super::source::Source;
use crate::automation::templates::CustomTemplates;
use crate::tunables::automations::{MAX_CUSTOM_BYTES, MAX_CUSTOM_TEMPLATES, MAX_INCLUDES};

/// The files below `custom_templates` in the configuration directory. Adds the directories to `files`, so that changes can be watched.
pub fn custom_templates(source: &dyn Source, config: &Path, files: &mut Vec<PathBuf>) -> CustomTemplates {
    let root = config.join("custom_templates");
    let mut found = CustomTemplates::new();
    let mut directories = vec![(root.clone(), 0)];
    // Links can lead around in circles, and a file can be as large as a whole home: everything that is looked at counts.
    let (mut looked_at, mut bytes) = (0_usize, 0_usize);
    while let Some((directory, depth)) = directories.pop() {
        let Ok(mut entries) = source.list(&directory) else { continue };
        files.push(directory);
        entries.sort();
        for entry in entries {
            looked_at += 1;
            if looked_at > MAX_CUSTOM_TEMPLATES || bytes > MAX_CUSTOM_BYTES {
                return found;
            }
            if entry.extension().is_none_or(|ending| ending != "jinja") {
                if depth < MAX_INCLUDES {
                    directories.push((entry, depth + 1));
                }
                continue;
            }
            let Some(name) = entry.strip_prefix(&root).ok().and_then(Path::to_str) else { continue };
            if let Ok(text) = source.read(&entry) {
                bytes += text.len();
                found.insert(name.to_owned(), text.into());
                files.push(entry);
            }
        }
    }
    found
}
