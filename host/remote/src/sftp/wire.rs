//! The packets of SFTP, version 3: building requests, and reading answers that may be anything.

pub const INIT: u8 = 1;
pub const OPEN: u8 = 3;
pub const CLOSE: u8 = 4;
pub const READ: u8 = 5;
pub const WRITE: u8 = 6;
pub const LSTAT: u8 = 7;
pub const SETSTAT: u8 = 9;
pub const OPENDIR: u8 = 11;
pub const READDIR: u8 = 12;
pub const REMOVE: u8 = 13;
pub const MKDIR: u8 = 14;
pub const STAT: u8 = 17;
pub const RENAME: u8 = 18;
pub const EXTENDED: u8 = 200;

pub const OPEN_READ: u32 = 0x01;
pub const OPEN_WRITE: u32 = 0x02;
pub const OPEN_CREATE: u32 = 0x08;
pub const OPEN_TRUNCATE: u32 = 0x10;

const VERSION: u8 = 2;
const STATUS: u8 = 101;
const HANDLE: u8 = 102;
const DATA: u8 = 103;
const NAME: u8 = 104;
const ATTRIBUTES: u8 = 105;
const EXTENDED_REPLY: u8 = 201;

const WITH_SIZE: u32 = 0x01;
const WITH_OWNER: u32 = 0x02;
const WITH_PERMISSIONS: u32 = 0x04;
const WITH_TIMES: u32 = 0x08;
const WITH_EXTENSIONS: u32 = 0x8000_0000;

const TYPE_MASK: u32 = 0o170_000;
const TYPE_FOLDER: u32 = 0o040_000;
const TYPE_FILE: u32 = 0o100_000;

/// A request that is being built.
pub struct Packet(Vec<u8>);

impl Packet {
    /// `id` is the version for `INIT`.
    pub fn new(kind: u8, id: u32, capacity: usize) -> Self {
        let mut bytes = Vec::with_capacity(capacity + 64);
        bytes.extend([0; 4]);
        bytes.push(kind);
        Self(bytes).u32(id)
    }

    pub fn u32(mut self, value: u32) -> Self {
        self.0.extend(value.to_be_bytes());
        self
    }

    pub fn u64(mut self, value: u64) -> Self {
        self.0.extend(value.to_be_bytes());
        self
    }

    pub fn bytes(self, value: &[u8]) -> Self {
        let mut packet = self.u32(length(value.len()));
        packet.0.extend_from_slice(value);
        packet
    }

    /// Attributes that hold the permissions and nothing else.
    pub fn permissions(self, mode: u32) -> Self {
        self.u32(WITH_PERMISSIONS).u32(mode)
    }

    pub fn no_attributes(self) -> Self {
        self.u32(0)
    }

    /// The bytes to send, the length in front.
    pub fn finish(mut self) -> Vec<u8> {
        let length = length(self.0.len().saturating_sub(4)).to_be_bytes();
        if let Some(front) = self.0.first_chunk_mut() {
            *front = length;
        }
        self.0
    }
}

fn length(bytes: usize) -> u32 {
    u32::try_from(bytes).unwrap_or(u32::MAX)
}

/// What an answer says about a file.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Attributes {
    /// Bytes.
    pub size: Option<u64>,
    pub permissions: Option<u32>,
    /// Seconds since 1970.
    pub modified: Option<u32>,
}

impl Attributes {
    /// What kind of file it is. Absent where the server does not say it.
    fn kind(&self) -> Option<u32> {
        self.permissions.map(|mode| mode & TYPE_MASK).filter(|kind| *kind != 0)
    }

    pub fn is_file(&self) -> bool {
        self.kind().is_none_or(|kind| kind == TYPE_FILE)
    }

    pub fn is_folder(&self) -> bool {
        self.kind().is_none_or(|kind| kind == TYPE_FOLDER)
    }
}

/// One name of a folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    pub name: Vec<u8>,
    /// As `ls -l` shows it.
    pub line: Vec<u8>,
    pub attributes: Attributes,
}

impl Entry {
    pub fn is_file(&self) -> bool {
        match self.attributes.kind() {
            Some(kind) => kind == TYPE_FILE,
            None => self.line.first() == Some(&b'-'),
        }
    }
}

/// What a server answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// The version and the names of the extensions.
    Version(u32, Vec<String>),
    Status(u32, String),
    Handle(Vec<u8>),
    Data(Vec<u8>),
    Names(Vec<Entry>),
    Attributes(Attributes),
    Extended(Vec<u8>),
}

/// Reads an answer: everything behind the length. Returns the id of the request; 0 for the version. `None` if it is none.
pub fn answer(bytes: &[u8]) -> Option<(u32, Answer)> {
    let mut cursor = Cursor(bytes);
    let kind = cursor.u8()?;
    let id = cursor.u32()?;
    let answer = match kind {
        VERSION => return Some((0, Answer::Version(id, extensions(&mut cursor)))),
        STATUS => {
            let code = cursor.u32()?;
            // Old servers leave the message out.
            Answer::Status(code, text(cursor.bytes().unwrap_or_default()))
        }
        HANDLE => Answer::Handle(cursor.bytes()?.to_vec()),
        DATA => Answer::Data(cursor.bytes()?.to_vec()),
        NAME => Answer::Names(names(&mut cursor)?),
        ATTRIBUTES => Answer::Attributes(attributes(&mut cursor)?),
        EXTENDED_REPLY => Answer::Extended(cursor.0.to_vec()),
        _ => return None,
    };
    Some((id, answer))
}

/// The free bytes in an answer to `statvfs@openssh.com`. `None` if it says nothing.
pub fn free_bytes(reply: &[u8]) -> Option<u64> {
    let mut cursor = Cursor(reply);
    let [block, fragment, blocks, _free, available] =
        [cursor.u64()?, cursor.u64()?, cursor.u64()?, cursor.u64()?, cursor.u64()?];
    let unit = if fragment == 0 { block } else { fragment };
    (blocks != 0).then(|| unit.saturating_mul(available))
}

fn extensions(cursor: &mut Cursor) -> Vec<String> {
    let mut names = Vec::new();
    while let (Some(name), Some(_)) = (cursor.bytes(), cursor.bytes()) {
        names.push(text(name));
    }
    names
}

fn names(cursor: &mut Cursor) -> Option<Vec<Entry>> {
    let count = cursor.u32()?;
    let mut entries = Vec::new();
    for _ in 0..count {
        let (name, line) = (cursor.bytes()?.to_vec(), cursor.bytes()?.to_vec());
        entries.push(Entry { name, line, attributes: attributes(cursor)? });
    }
    Some(entries)
}

fn attributes(cursor: &mut Cursor) -> Option<Attributes> {
    let flags = cursor.u32()?;
    let mut attributes = Attributes::default();
    if flags & WITH_SIZE != 0 {
        attributes.size = Some(cursor.u64()?);
    }
    if flags & WITH_OWNER != 0 {
        cursor.u64()?;
    }
    if flags & WITH_PERMISSIONS != 0 {
        attributes.permissions = Some(cursor.u32()?);
    }
    if flags & WITH_TIMES != 0 {
        cursor.u32()?;
        attributes.modified = Some(cursor.u32()?);
    }
    if flags & WITH_EXTENSIONS != 0 {
        for _ in 0..cursor.u32()? {
            cursor.bytes()?;
            cursor.bytes()?;
        }
    }
    Some(attributes)
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

struct Cursor<'a>(&'a [u8]);

impl<'a> Cursor<'a> {
    fn chunk<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (chunk, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(*chunk)
    }

    fn u8(&mut self) -> Option<u8> {
        self.chunk().map(u8::from_be_bytes)
    }

    fn u32(&mut self) -> Option<u32> {
        self.chunk().map(u32::from_be_bytes)
    }

    fn u64(&mut self) -> Option<u64> {
        self.chunk().map(u64::from_be_bytes)
    }

    fn bytes(&mut self) -> Option<&'a [u8]> {
        let length = usize::try_from(self.u32()?).ok()?;
        let (bytes, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(bytes)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_request_carries_its_length_and_its_fields_in_network_order() {
        let packet = Packet::new(OPEN, 7, 0).bytes(b"ab").u32(OPEN_READ).permissions(0o600).finish();
        assert_eq!(packet, b"\0\0\0\x17\x03\0\0\0\x07\0\0\0\x02ab\0\0\0\x01\0\0\0\x04\0\0\x01\x80");
    }

    #[test]
    fn handles_are_bytes_and_status_codes_any_number() {
        let handle = Packet::new(HANDLE, 1, 0).bytes(&[0, 0, 0, 0x80]).finish();
        assert_eq!(answer(&handle[4..]), Some((1, Answer::Handle(vec![0, 0, 0, 0x80]))));
        let quota = Packet::new(STATUS, 2, 0).u32(15).bytes(b"quota").bytes(b"").finish();
        assert_eq!(answer(&quota[4..]), Some((2, Answer::Status(15, "quota".into()))));
        let bare = Packet::new(STATUS, 2, 0).u32(4).finish();
        assert_eq!(answer(&bare[4..]), Some((2, Answer::Status(4, String::new()))));
    }

    #[test]
    fn a_listing_keeps_names_as_they_are_and_knows_files_without_permissions() {
        let names = Packet::new(NAME, 3, 0)
            .u32(2)
            .bytes(b"\xff")
            .bytes(b"drwx")
            .u32(0)
            .bytes(b"a")
            .bytes(b"-rw")
            .u32(0);
        let Some((3, Answer::Names(entries))) = answer(&names.finish()[4..]) else { panic!("no names") };
        let seen: Vec<_> = entries.iter().map(|entry| (entry.name.as_slice(), entry.is_file())).collect();
        assert_eq!(seen, [(&b"\xff"[..], false), (&b"a"[..], true)]);
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_or_refused(kind in prop_oneof![Just(2u8), 101u8..106, Just(201)], mut bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            bytes.insert(0, kind);
            answer(&bytes);
            free_bytes(&bytes);
        }
    }
}
