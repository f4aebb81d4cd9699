//! Whatever the faults, what arrives is what was sent.
#![allow(clippy::unwrap_used, clippy::panic)]

mod common;

use std::num::NonZeroU64;
use std::time::Duration;

use common::{Setup, noise, rest};
use sha2::{Digest as _, Sha256};
use tokio::io::AsyncWriteExt as _;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite};
use undrop_fault_proxy::{Change, Direction, Directions, Scope};

const MANY: usize = 4 << 20;

/// Sends all of it in pieces of all sizes, then the end.
async fn send(mut to: impl AsyncWrite + Unpin, bytes: Vec<u8>) {
    let (mut rest, mut size) = (&bytes[..], 1);
    while !rest.is_empty() {
        let (piece, more) = rest.split_at(size.min(rest.len()));
        to.write_all(piece).await.unwrap();
        (rest, size) = (more, size * 7 % 60_013);
    }
    to.shutdown().await.unwrap();
}

async fn digest(mut of: impl AsyncRead + Unpin) -> (usize, Vec<u8>) {
    let (mut hash, mut length, mut buffer) = (Sha256::new(), 0, vec![0; 1 << 16]);
    loop {
        match of.read(&mut buffer).await.unwrap() {
            0 => return (length, hash.finalize().to_vec()),
            more => {
                hash.update(&buffer[..more]);
                length += more;
            }
        }
    }
}

/// Sends noise in both directions at once, with `faults` meanwhile, and compares the hashes.
async fn arrives(setup: &Setup, length: usize, faults: impl Future<Output = ()>) {
    let (near, far) = (setup.connect().await, setup.server.accept().await.unwrap().0);
    let ((from_near, to_near), (from_far, to_far)) = (near.into_split(), far.into_split());
    let (up, down) = (noise(1, length), noise(2, length));
    let expected = [&up, &down].map(|bytes| (length, Sha256::digest(bytes).to_vec()));
    let sending = [tokio::spawn(send(to_near, up)), tokio::spawn(send(to_far, down))];
    let hearing = [tokio::spawn(digest(from_far)), tokio::spawn(digest(from_near))];
    faults.await;
    for sent in sending {
        sent.await.unwrap();
    }
    for (heard, expected) in hearing.into_iter().zip(expected) {
        assert!(heard.await.unwrap() == expected);
    }
    setup.until(<[_]>::is_empty).await;
}

#[tokio::test]
async fn without_faults() {
    let setup = Setup::new().await;
    arrives(&setup, MANY, async {}).await;
}

#[tokio::test]
async fn with_latency() {
    let setup = Setup::new().await;
    setup.proxy.connections().change(Scope::All, Change::Latency(Directions::Each, Duration::from_millis(30)));
    arrives(&setup, MANY, async {}).await;
}

#[tokio::test]
async fn at_a_limited_rate() {
    let setup = Setup::new().await;
    setup.proxy.connections().change(Scope::New, Change::Rate(Directions::Each, NonZeroU64::new(4 << 20)));
    arrives(&setup, 1 << 20, async {}).await;
}

#[tokio::test]
async fn with_faults_that_change_all_the_time() {
    let setup = Setup::new().await;
    let connections = setup.proxy.connections().clone();
    let faults = async {
        for (turn, dice) in noise(3, 200).into_iter().enumerate() {
            let directions =
                [Directions::One(Direction::Up), Directions::One(Direction::Down), Directions::Each][turn % 3];
            let change = match dice % 4 {
                0 => Change::Hole(directions, dice > 128),
                1 => Change::Rate(directions, NonZeroU64::new(u64::from(dice) << 18)),
                _ => Change::Latency(directions, Duration::from_millis(u64::from(dice % 16))),
            };
            connections.change(Scope::Live, change);
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        for change in [Change::Hole(Directions::Each, false), Change::Rate(Directions::Each, None)] {
            connections.change(Scope::Live, change);
        }
    };
    arrives(&setup, MANY, faults).await;
}

#[tokio::test]
async fn one_end_may_end_and_still_hear_the_other() {
    let setup = Setup::new().await;
    let (mut near, mut far) = setup.connection().await;
    near.write_all(b"ask").await.unwrap();
    near.shutdown().await.unwrap();
    assert_eq!(rest(&mut far).await, (b"ask".to_vec(), None));
    far.write_all(b"answer").await.unwrap();
    drop(far);
    assert_eq!(rest(&mut near).await, (b"answer".to_vec(), None));
}
