//! New keys for protecting backups, and the emergency kit to print.
//!
//! A key has the form that Home Assistant's frontend uses: seven groups of four capital letters and digits. To the backup format
//! a key is a password like any other, and nothing depends on its form. Nothing is stored here.

use zeroize::{Zeroize, Zeroizing};

use crate::ports::Host;
use crate::securetar::{Password, Random};

const ALPHABET: &[u8; 36] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
const GROUPS: usize = 7;
const GROUP: usize = 4;
/// The largest multiple of 36 in a byte. Bytes from here on would favor some letters and are drawn again.
const FAIR: u8 = 252;

/// Makes a new key of 28 characters, each one of 36 with equal probability: about 144 bits.
pub fn new_key(random: &mut dyn Random) -> Password {
    let mut key = String::with_capacity(GROUPS * (GROUP + 1));
    for place in 0..GROUPS * GROUP {
        if place > 0 && place % GROUP == 0 {
            key.push('-');
        }
        key.push(letter(random));
    }
    Password::new(key)
}

fn letter(random: &mut dyn Random) -> char {
    let mut byte = [0];
    loop {
        random.fill(&mut byte);
        let [number] = byte;
        if number < FAIR {
            byte.zeroize();
            return ALPHABET.get(usize::from(number) % ALPHABET.len()).copied().map_or('A', char::from);
        }
    }
}

/// `BYTES` random bytes as hexadecimal text, for ids and secrets that users never type.
pub fn random_hex<const BYTES: usize>(host: &dyn Host) -> String {
    let mut bytes = [0; BYTES];
    host.random(&mut bytes);
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The contents of an emergency kit. `date` is printed unchanged.
#[derive(Debug)]
pub struct Kit<'a> {
    pub key: &'a Password,
    /// The home's name, for the user to recognize it.
    pub home: &'a str,
    /// Home Assistant's id of this installation, as in `backup.json`.
    pub instance: &'a str,
    pub date: &'a str,
}

/// The kit as plain text of at most 78 columns, long names excepted. Print it or keep it away from the home.
pub fn emergency_kit(kit: &Kit<'_>) -> Zeroizing<String> {
    let [home, instance, date] = [kit.home, kit.instance, kit.date].map(one_line);
    Zeroizing::new(format!(
        "\
EMERGENCY KIT FOR HOME ASSISTANT BACKUPS

Home:      {home}
Instance:  {instance}
Made on:   {date}

Key:       {key}

This key opens the protected backups of this home. Without it nobody can read
them: not you, not Home Assistant, not Larder. Keep this sheet where it
survives the loss of the home's own computer: on paper, in a safe, in a
password manager. Anyone who has the key and a backup can read everything in
it, including passwords and tokens.

Type the key with its dashes, in capital letters. It may contain the digits 0
and 1 as well as the letters O and I.

To restore with Home Assistant
  1. On a new installation choose \"Restore from backup\" on the first page; on
     a running one go to Settings, System, Backups and upload the file.
  2. Choose the backup, say what to restore, and enter the key when asked.

To restore with Larder
  1. Put the key above into a file that only you can read, say key.txt.
  2. Try it:     larder check-password BACKUP.tar --password-file key.txt
  3. Check it:   larder verify BACKUP.tar --password-file key.txt
  4. Restore:    larder restore BACKUP.tar --password-file key.txt --to NEW-DIR
     or, to replace the present configuration, without --to and with
     --config DIRECTORY.

A new key does not open old backups. Keep this sheet as long as you keep a
backup that was made with this key.
",
        key = kit.key.reveal()
    ))
}

/// Text from files on one line: control characters become spaces.
fn one_line(text: &str) -> String {
    let line: String = text.chars().map(|letter| if letter.is_control() { ' ' } else { letter }).collect();
    larder_text::escape(&line, "")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counting() -> impl FnMut(&mut [u8]) {
        let mut next = 0_u8;
        move |bytes: &mut [u8]| {
            bytes.iter_mut().for_each(|byte| {
                *byte = next;
                next = next.wrapping_add(1);
            })
        }
    }

    #[test]
    fn key_has_seven_groups_of_four_capital_letters_and_digits() {
        let key = new_key(&mut counting());
        assert_eq!(key.reveal(), "ABCD-EFGH-IJKL-MNOP-QRST-UVWX-YZ01");
        let frontend = |key: &str| {
            let groups: Vec<&str> = key.split('-').collect();
            groups.len() == 7
                && groups
                    .iter()
                    .all(|group| group.len() == 4 && group.bytes().all(|byte| ALPHABET.contains(&byte)))
        };
        assert!(frontend(key.reveal()));
    }

    #[test]
    fn every_letter_is_equally_likely() {
        // Each value of a byte once: the last four are drawn again, the rest give each letter seven times.
        let mut random = counting();
        let mut counts = std::collections::BTreeMap::new();
        (0..252).for_each(|_| *counts.entry(letter(&mut random)).or_insert(0) += 1);
        assert_eq!((counts.len(), counts.values().all(|count| *count == 7)), (36, true));
        assert_eq!(letter(&mut random), 'A', "252 to 255 are not used");
    }

    #[test]
    fn kit_names_the_key_the_home_and_both_ways_to_restore() {
        let key = new_key(&mut counting());
        let kit = Kit { key: &key, home: "At the\nlake", instance: "31e3", date: "23 November 2026" };
        let text = emergency_kit(&kit);
        for needle in [
            "Key:       ABCD-EFGH-IJKL-MNOP-QRST-UVWX-YZ01\n",
            "Home:      At the lake\n",
            "Instance:  31e3\n",
            "Made on:   23 November 2026\n",
            "To restore with Home Assistant\n",
            "larder restore BACKUP.tar",
        ] {
            assert!(text.contains(needle), "{needle}");
        }
        assert!(text.lines().all(|line| line.len() <= 80));
        assert!(!format!("{kit:?}").contains("ABCD"));
    }
}
