//! Whatever the weather, what arrives is what was sent.
#![allow(clippy::unwrap_used, clippy::panic)]

mod common;

use std::num::NonZeroU64;
use std::time::Duration;

use common::{Bench, noise, rest};
use sha2::{Digest as _, Sha256};
use tokio::io::AsyncWriteExt as _;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite};
use undrop_fault_proxy::{Change, Scope, Way, Ways};

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

/// Sends noise both ways at once, with `weather` meanwhile, and compares the hashes.
async fn arrives(bench: &Bench, length: usize, weather: impl Future<Output = ()>) {
    let (near, far) = (bench.dial().await, bench.server.accept().await.unwrap().0);
    let ((from_near, to_near), (from_far, to_far)) = (near.into_split(), far.into_split());
    let (up, down) = (noise(1, length), noise(2, length));
    let expected = [&up, &down].map(|bytes| (length, Sha256::digest(bytes).to_vec()));
    let sending = [tokio::spawn(send(to_near, up)), tokio::spawn(send(to_far, down))];
    let hearing = [tokio::spawn(digest(from_far)), tokio::spawn(digest(from_near))];
    weather.await;
    for sent in sending {
        sent.await.unwrap();
    }
    for (heard, expected) in hearing.into_iter().zip(expected) {
        assert!(heard.await.unwrap() == expected);
    }
    bench.until(<[_]>::is_empty).await;
}

#[tokio::test]
async fn in_calm_weather() {
    let bench = Bench::new().await;
    arrives(&bench, MANY, async {}).await;
}

#[tokio::test]
async fn late() {
    let bench = Bench::new().await;
    bench.proxy.lines().change(Scope::All, Change::Latency(Ways::Each, Duration::from_millis(30)));
    arrives(&bench, MANY, async {}).await;
}

#[tokio::test]
async fn slowly() {
    let bench = Bench::new().await;
    bench.proxy.lines().change(Scope::New, Change::Rate(Ways::Each, NonZeroU64::new(4 << 20)));
    arrives(&bench, 1 << 20, async {}).await;
}

#[tokio::test]
async fn in_weather_that_changes_all_the_time() {
    let bench = Bench::new().await;
    let lines = bench.proxy.lines().clone();
    let weather = async {
        for (turn, dice) in noise(3, 200).into_iter().enumerate() {
            let ways = [Ways::One(Way::Up), Ways::One(Way::Down), Ways::Each][turn % 3];
            let change = match dice % 4 {
                0 => Change::Hole(ways, dice > 128),
                1 => Change::Rate(ways, NonZeroU64::new(u64::from(dice) << 18)),
                _ => Change::Latency(ways, Duration::from_millis(u64::from(dice % 16))),
            };
            lines.change(Scope::Live, change);
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        for change in [Change::Hole(Ways::Each, false), Change::Rate(Ways::Each, None)] {
            lines.change(Scope::Live, change);
        }
    };
    arrives(&bench, MANY, weather).await;
}

#[tokio::test]
async fn one_end_may_end_and_still_hear_the_other() {
    let bench = Bench::new().await;
    let (mut near, mut far) = bench.line().await;
    near.write_all(b"ask").await.unwrap();
    near.shutdown().await.unwrap();
    assert_eq!(rest(&mut far).await, (b"ask".to_vec(), None));
    far.write_all(b"answer").await.unwrap();
    drop(far);
    assert_eq!(rest(&mut near).await, (b"answer".to_vec(), None));
}
