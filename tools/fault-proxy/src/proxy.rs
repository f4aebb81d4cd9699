//! The proxy: it accepts connections, leaves them hanging, or refuses them.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::connection;
use crate::connections::Connections;

/// A proxy on 127.0.0.1 before one server. When it is dropped its connections are reset.
#[derive(Debug)]
pub struct Proxy {
    to: SocketAddr,
    address: SocketAddr,
    connections: Arc<Connections>,
    hanging: watch::Sender<bool>,
    accepting: Option<JoinHandle<()>>,
}

impl Proxy {
    /// Listens on `port`, or on any that is free when that is 0, and forwards each connection to `to`.
    ///
    /// # Errors
    /// When it cannot listen there.
    pub async fn start(to: SocketAddr, port: u16) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await?;
        let address = listener.local_addr()?;
        let (connections, hanging) = (Arc::<Connections>::default(), watch::Sender::new(false));
        let mut proxy = Self { to, address, connections, hanging, accepting: None };
        proxy.accept(listener);
        Ok(proxy)
    }

    /// Where it listens, even while it refuses.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Its connections, which take the faults.
    #[must_use]
    pub fn connections(&self) -> &Arc<Connections> {
        &self.connections
    }

    /// Accepts new connections, and forwards those that hang.
    ///
    /// # Errors
    /// When it refused before and something else listens there by now.
    pub async fn listen(&mut self) -> io::Result<()> {
        self.open().await?;
        self.hanging.send_replace(false);
        Ok(())
    }

    /// Accepts new connections and forwards nothing.
    ///
    /// # Errors
    /// As [`Proxy::listen`].
    pub async fn hang(&mut self) -> io::Result<()> {
        self.hanging.send_replace(true);
        self.open().await
    }

    /// Refuses new connections: it stops listening. Live ones go on.
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
        let (to, connections, hanging) = (self.to, self.connections.clone(), self.hanging.clone());
        self.accepting = Some(tokio::spawn(async move {
            loop {
                match listener.accept().await {
                    Ok((near, _)) => {
                        let _ = near.set_nodelay(true);
                        tokio::spawn(connection::run(
                            near,
                            to,
                            hanging.subscribe(),
                            connections.clone(),
                            connections.enter(),
                        ));
                    }
                    Err(error) => {
                        // Out of file descriptors, most likely: it passes when connections end.
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
        self.connections.abandon();
    }
}
