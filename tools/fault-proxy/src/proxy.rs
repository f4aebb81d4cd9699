//! The proxy's door: where lines come in, or do not.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::line;
use crate::lines::Lines;

/// A proxy on 127.0.0.1 before one server. When it is dropped its lines are reset.
#[derive(Debug)]
pub struct Proxy {
    to: SocketAddr,
    address: SocketAddr,
    lines: Arc<Lines>,
    hanging: watch::Sender<bool>,
    accepting: Option<JoinHandle<()>>,
}

impl Proxy {
    /// Listens on `port`, or on any that is free when that is 0, and leads each line to `to`.
    ///
    /// # Errors
    /// When it cannot listen there.
    pub async fn start(to: SocketAddr, port: u16) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await?;
        let address = listener.local_addr()?;
        let (lines, hanging) = (Arc::<Lines>::default(), watch::Sender::new(false));
        let mut proxy = Self { to, address, lines, hanging, accepting: None };
        proxy.accept(listener);
        Ok(proxy)
    }

    /// Where it listens, even while it refuses.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The lines, to be injured.
    #[must_use]
    pub fn lines(&self) -> &Arc<Lines> {
        &self.lines
    }

    /// Takes new lines, and leads on those that hang.
    ///
    /// # Errors
    /// When it refused before and something else listens there by now.
    pub async fn listen(&mut self) -> io::Result<()> {
        self.open().await?;
        self.hanging.send_replace(false);
        Ok(())
    }

    /// Takes new lines and leads them nowhere: nothing that is sent is answered.
    ///
    /// # Errors
    /// As [`Proxy::listen`].
    pub async fn hang(&mut self) -> io::Result<()> {
        self.hanging.send_replace(true);
        self.open().await
    }

    /// Refuses new lines: nobody listens. Those that there are go on.
    pub async fn refuse(&mut self) {
        if let Some(accepting) = self.accepting.take() {
            accepting.abort();
            // The listener is closed when its task is gone.
            let _ = accepting.await;
        }
    }

    async fn open(&mut self) -> io::Result<()> {
        if self.accepting.is_none() {
            self.accept(TcpListener::bind(self.address).await?);
        }
        Ok(())
    }

    fn accept(&mut self, listener: TcpListener) {
        let (to, lines, hanging) = (self.to, self.lines.clone(), self.hanging.clone());
        self.accepting = Some(tokio::spawn(async move {
            loop {
                match listener.accept().await {
                    Ok((near, _)) => {
                        let _ = near.set_nodelay(true);
                        tokio::spawn(line::run(near, to, hanging.subscribe(), lines.clone(), lines.enter()));
                    }
                    Err(error) => {
                        // Out of file descriptors, most likely: it passes when lines end.
                        eprintln!("accept: {error}");
                        tokio::time::sleep(Duration::from_millis(50)).await;
                    }
                }
            }
        }));
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        if let Some(accepting) = &self.accepting {
            accepting.abort();
        }
        self.lines.abandon();
    }
}
