//! The binary frames: the number of a file and the offset of a piece, 4 bytes each in big-endian order, and the piece. Both
//! ends check the offset, so that a piece of an earlier connection corrupts nothing.

use axum::body::Bytes;

/// The largest piece that the server sends. The answer to a heartbeat waits for no more than that.
pub const LARGEST: usize = 16 << 10;

/// A file that is being sent to a client.
pub struct Download {
    pub number: u32,
    pub bytes: Bytes,
    pub sent: usize,
}

impl Download {
    /// Returns the frame with the next piece, or `None` when all has been sent.
    pub fn next(&mut self) -> Option<Bytes> {
        let rest = self.bytes.get(self.sent..).filter(|rest| !rest.is_empty())?;
        let piece = rest.get(..LARGEST).unwrap_or(rest);
        // A file is never longer than 4 GiB.
        let offset = u32::try_from(self.sent).ok()?;
        let frame = [&self.number.to_be_bytes()[..], &offset.to_be_bytes(), piece].concat();
        self.sent += piece.len();
        Some(frame.into())
    }
}

/// Returns the file's number, the piece's offset in it, and the piece.
pub fn parse(frame: &[u8]) -> Option<(u32, u32, &[u8])> {
    let (number, rest) = frame.split_first_chunk()?;
    let (offset, piece) = rest.split_first_chunk()?;
    Some((u32::from_be_bytes(*number), u32::from_be_bytes(*offset), piece))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_the_sum_of_its_pieces() {
        let file: Vec<u8> = (0..LARGEST * 2 + 5).map(|place| place as u8).collect();
        let mut download = Download { number: 7, bytes: file.clone().into(), sent: 3 };
        let mut arrived = file[..3].to_vec();
        while let Some(frame) = download.next() {
            let (number, offset, piece) = parse(&frame).unwrap();
            assert_eq!((number, offset as usize), (7, arrived.len()));
            arrived.extend_from_slice(piece);
        }
        assert_eq!(arrived, file);
        assert_eq!(parse(&[0; 7]), None);
    }
}
