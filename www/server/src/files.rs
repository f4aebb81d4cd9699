//! The files of a room: uploads in progress, and complete files. All are in memory and bounded.

use std::collections::VecDeque;

use axum::body::Bytes;
use serde::Serialize;

use crate::input::{FileName, Key, MediaType};
use crate::refusal::Refusal;

/// The largest file.
pub const LARGEST: u32 = 8 << 20;
/// The most bytes that a room keeps. Beyond them its oldest file is removed.
const KEPT: usize = 24 << 20;
/// The most uploads in a room at once. One more, and the oldest has to begin again.
const UPLOADS: usize = 4;

/// A file that a tab wants to upload.
#[derive(Debug, Clone, PartialEq)]
pub struct Offer {
    pub key: Key,
    name: FileName,
    kind: MediaType,
    size: u32,
}

/// A file as the members are told of it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct File {
    pub number: u32,
    name: FileName,
    kind: MediaType,
    pub size: u32,
}

#[derive(Default)]
pub struct Files {
    uploads: VecDeque<Upload>,
    kept: VecDeque<(u32, Bytes)>,
    /// How many uploads have begun, which is the number of the last one.
    count: u32,
}

struct Upload {
    tab: Key,
    offer: Offer,
    number: u32,
    bytes: Vec<u8>,
}

impl Offer {
    pub fn new(key: Key, name: FileName, kind: MediaType, size: u32) -> Result<Self, Refusal> {
        match size {
            0 => Err(Refusal::new("file-empty", "this file is empty")),
            1..=LARGEST => Ok(Self { key, name, kind, size }),
            _ => Err(Refusal::new("file-large", "a file has at most 8 MiB")),
        }
    }
}

impl Files {
    /// Begins an upload, or finds the part of it that arrived over an earlier connection. Returns its number, and how many
    /// bytes have arrived. A tab uploads one file at a time.
    pub fn offer(&mut self, tab: &Key, offer: Offer) -> (u32, usize) {
        let known = self.uploads.iter().position(|upload| upload.tab == *tab);
        if let Some(upload) = known.and_then(|known| self.uploads.get(known))
            && upload.offer == offer
        {
            return (upload.number, upload.bytes.len());
        }
        if let Some(other) = known {
            self.uploads.remove(other);
        } else if self.uploads.len() == UPLOADS {
            self.uploads.pop_front();
        }
        self.count = self.count.wrapping_add(1);
        self.uploads.push_back(Upload { tab: tab.clone(), offer, number: self.count, bytes: Vec::new() });
        (self.count, 0)
    }

    /// Takes a piece. Returns the file once it is complete. A piece that does not continue its file was sent over an earlier
    /// connection, and a piece beyond the file's end belongs to no offer: both are ignored.
    pub fn take(&mut self, tab: &Key, number: u32, offset: u32, piece: &[u8]) -> Option<(Key, File)> {
        let place = self.uploads.iter().position(|upload| upload.tab == *tab && upload.number == number)?;
        let upload = self.uploads.get_mut(place)?;
        let size = upload.offer.size as usize;
        if offset as usize != upload.bytes.len() || piece.len() > size - upload.bytes.len() {
            return None;
        }
        upload.bytes.extend_from_slice(piece);
        if upload.bytes.len() < size {
            return None;
        }
        let Upload { offer: Offer { key, name, kind, size }, number, bytes, .. } = self.uploads.remove(place)?;
        self.kept.push_back((number, bytes.into()));
        while self.kept.iter().map(|(_, bytes)| bytes.len()).sum::<usize>() > KEPT {
            self.kept.pop_front();
        }
        Some((key, File { number, name, kind, size }))
    }

    /// The bytes of a file that is still kept.
    pub fn get(&self, number: u32) -> Option<Bytes> {
        self.kept.iter().find(|(kept, _)| *kept == number).map(|(_, bytes)| bytes.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(digit: u8) -> Key {
        Key::parse(&format!("{digit:016}")).unwrap()
    }

    fn offer(digit: u8, size: u32) -> Offer {
        Offer::new(key(digit), FileName::parse("f").unwrap(), MediaType::parse(""), size).unwrap()
    }

    #[test]
    fn a_file_that_was_interrupted_goes_on_where_it_was() {
        let mut files = Files::default();
        let (number, _) = files.offer(&key(1), offer(9, 4));
        assert!(files.take(&key(1), number, 0, b"ab").is_none());
        assert_eq!(files.offer(&key(1), offer(9, 4)), (number, 2));
        // A piece of the earlier connection, and then what is missing.
        assert!(files.take(&key(1), number, 0, b"ab").is_none());
        assert!(files.take(&key(1), number, 2, b"cd").is_some());
        assert_eq!(files.get(number).unwrap(), "abcd");
    }

    #[test]
    fn nobody_can_add_to_a_file_of_somebody_else_or_make_one_longer_than_offered() {
        let mut files = Files::default();
        let (number, _) = files.offer(&key(1), offer(9, 4));
        assert!(files.take(&key(2), number, 0, b"abcd").is_none());
        assert!(files.take(&key(1), number, 0, b"abcde").is_none());
        assert!(files.take(&key(1), number, 0, b"abcd").is_some());
    }

    #[test]
    fn a_room_keeps_so_many_bytes_and_takes_so_many_files_at_once() {
        let mut files = Files::default();
        for digit in 0..20 {
            let (number, _) = files.offer(&key(digit), offer(digit, LARGEST));
            assert!(files.take(&key(digit), number, 0, &vec![0; LARGEST as usize]).is_some());
        }
        assert_eq!(files.kept.len(), KEPT / LARGEST as usize);
        for digit in 0..20 {
            files.offer(&key(digit), offer(digit, LARGEST));
            files.offer(&key(digit), offer(digit + 20, LARGEST));
        }
        assert_eq!(files.uploads.len(), UPLOADS);
    }
}
