//! A server of the test's own, a proxy before it, and the connections between.

// Each test file uses its own part of this.
#![allow(dead_code)]

use std::io::ErrorKind;
use std::net::Ipv4Addr;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use undrop_fault_proxy::Proxy;

pub struct Setup {
    pub server: TcpListener,
    pub proxy: Proxy,
}

impl Setup {
    pub async fn new() -> Self {
        let server = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let proxy = Proxy::start(server.local_addr().unwrap(), 0).await.unwrap();
        Self { server, proxy }
    }

    pub async fn connect(&self) -> TcpStream {
        TcpStream::connect(self.proxy.address()).await.unwrap()
    }

    /// Both ends of a connection that has carried a byte each direction.
    pub async fn connection(&self) -> (TcpStream, TcpStream) {
        let mut near = self.connect().await;
        let mut far = self.server.accept().await.unwrap().0;
        pass(&mut near, &mut far).await;
        pass(&mut far, &mut near).await;
        (near, far)
    }

    /// Waits until `seen` is true of the bytes that each connection has `(taken up, passed up, taken down, passed down)`.
    pub async fn until(&self, seen: impl Fn(&[[u64; 4]]) -> bool) {
        loop {
            let all = self.proxy.connections().list().into_iter();
            let all: Vec<_> = all
                .map(|(_, directions)| {
                    [directions.up.taken, directions.up.passed, directions.down.taken, directions.down.passed]
                })
                .collect();
            if seen(&all) {
                return;
            }
            tokio::task::yield_now().await;
        }
    }
}

/// A byte goes from one end to the other.
pub async fn pass(from: &mut TcpStream, to: &mut TcpStream) {
    from.write_all(b"x").await.unwrap();
    assert_eq!(to.read_u8().await.unwrap(), b'x');
}

/// All that comes until the end, and how it ended: `None` in order.
pub async fn rest(of: &mut TcpStream) -> (Vec<u8>, Option<ErrorKind>) {
    let (mut all, mut buffer) = (Vec::new(), vec![0; 1 << 16]);
    loop {
        match of.read(&mut buffer).await {
            Ok(0) => return (all, None),
            Ok(length) => all.extend(&buffer[..length]),
            Err(error) => return (all, Some(error.kind())),
        }
    }
}

/// How a connection ended on which nothing more had arrived.
pub async fn end(of: &mut TcpStream) -> Option<ErrorKind> {
    let (all, end) = rest(of).await;
    assert!(all.is_empty(), "{} bytes came", all.len());
    end
}

/// Nothing has come: no byte, no end, no error.
pub fn receives_nothing(of: &TcpStream) {
    assert_eq!(of.try_read(&mut [0]).unwrap_err().kind(), ErrorKind::WouldBlock);
}

/// Bytes of which no part is like another.
pub fn noise(seed: u64, length: usize) -> Vec<u8> {
    let mut state = seed | 1;
    let mut bytes = Vec::with_capacity(length + 8);
    while bytes.len() < length {
        // Xorshift64*.
        state ^= state >> 12;
        state ^= state << 25;
        state ^= state >> 27;
        bytes.extend(state.wrapping_mul(0x2545_F491_4F6C_DD1D).to_le_bytes());
    }
    bytes.truncate(length);
    bytes
}
