//! Counts the bytes between a program and the API server, as they are on the wire.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use tokio::io::{self, AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

/// A relay on loopback.
pub(crate) struct CountingRelay {
    pub(crate) address: String,
    received: Arc<AtomicU64>,
}

impl CountingRelay {
    /// A relay to `server`, an address with a port.
    pub(crate) async fn to(server: String) -> io::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?.to_string();
        let received = Arc::new(AtomicU64::new(0));
        let count = Arc::clone(&received);
        actix_rt::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                actix_rt::spawn(pass(client, server.clone(), Arc::clone(&count)));
            }
        });
        Ok(Self { address, received })
    }

    /// Bytes that the server sent since the last time this was asked.
    pub(crate) fn take_received(&self) -> u64 {
        self.received.swap(0, Ordering::Relaxed)
    }
}

/// A connection that breaks is the client's to complain of.
async fn pass(client: TcpStream, server: String, received: Arc<AtomicU64>) -> io::Result<()> {
    let server = TcpStream::connect(server).await?;
    // Or each end waits for the other's delayed acknowledgements.
    client.set_nodelay(true)?;
    server.set_nodelay(true)?;
    let (mut from_client, mut to_client) = client.into_split();
    let (mut from_server, mut to_server) = server.into_split();
    let upwards = async {
        io::copy(&mut from_client, &mut to_server).await?;
        to_server.shutdown().await
    };
    let downwards = async {
        let mut buffer = vec![0; 64 << 10];
        loop {
            let read = from_server.read(&mut buffer).await?;
            if read == 0 {
                return to_client.shutdown().await;
            }
            received.fetch_add(read as u64, Ordering::Relaxed);
            to_client.write_all(&buffer[..read]).await?;
        }
    };
    tokio::try_join!(upwards, downwards).map(drop)
}
