//! A proxy that passes bytes on as they are: for TLS from end to end, for a server that is out of reach for a while, and
//! to count what is received.

use std::io::{self, Read as _, Write as _};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

/// A proxy on loopback, which runs as long as the process.
#[derive(Debug, Clone)]
pub struct TcpProxy {
    address: SocketAddr,
    link: Arc<Link>,
}

#[derive(Debug)]
struct Link {
    /// The server, `host:port`.
    server: String,
    is_open: AtomicBool,
    received: AtomicU64,
    /// The clients' ends of the connections so far.
    clients: Mutex<Vec<TcpStream>>,
}

impl TcpProxy {
    /// A proxy to the server at `host:port`.
    ///
    /// # Errors
    /// No free port, or no further thread.
    pub fn start(server: impl Into<String>) -> io::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let address = listener.local_addr()?;
        let link = Arc::new(Link {
            server: server.into(),
            is_open: AtomicBool::new(true),
            received: AtomicU64::new(0),
            clients: Mutex::default(),
        });

        let accepting = Arc::clone(&link);
        thread::Builder::new()
            .name("tcp-proxy".to_owned())
            .spawn(move || accept(&listener, &accepting))?;

        Ok(Self { address, link })
    }

    /// The address that it listens on.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Passes new connections on, as at the start.
    pub fn open(&self) {
        self.link.is_open.store(true, Ordering::SeqCst);
    }

    /// Hangs up on every new connection.
    pub fn close(&self) {
        self.link.is_open.store(false, Ordering::SeqCst);
    }

    /// Hangs up on every new connection, and on those that there are.
    pub fn cut(&self) {
        self.close();
        let mut clients = self.link.clients.lock().unwrap_or_else(PoisonError::into_inner);
        for client in clients.drain(..) {
            // One that has ended needs no more.
            let _ = client.shutdown(Shutdown::Both);
        }
    }

    /// The number of bytes that the server sent since this was last asked.
    pub fn take_received(&self) -> u64 {
        self.link.received.swap(0, Ordering::SeqCst)
    }
}

fn accept(listener: &TcpListener, link: &Arc<Link>) {
    for client in listener.incoming().flatten() {
        if link.is_open.load(Ordering::SeqCst) {
            // A connection that breaks is the client's to complain of.
            let _ = connect(client, link);
        }
    }
}

/// Copies both ways until either side is done.
fn connect(client: TcpStream, link: &Arc<Link>) -> io::Result<()> {
    let link = Arc::clone(link);
    let server = TcpStream::connect(&link.server)?;
    let kept = client.try_clone()?;
    link.clients
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .push(kept);
    copy_both_ways(client, server, move |bytes| {
        link.received.fetch_add(bytes, Ordering::SeqCst);
    })
}

/// Copies both ways between `client` and the server at `host:port`.
pub(crate) fn join(client: TcpStream, server: &str) -> io::Result<()> {
    copy_both_ways(client, TcpStream::connect(server)?, |_| {})
}

/// Copies both ways until either side is done; each number of bytes that the server sends is noted.
fn copy_both_ways(
    client: TcpStream,
    server: TcpStream,
    note: impl Fn(u64) + Send + 'static,
) -> io::Result<()> {
    // Or each end waits for the other's delayed acknowledgements.
    client.set_nodelay(true)?;
    server.set_nodelay(true)?;

    let to_server = server.try_clone()?;
    let to_client = client.try_clone()?;
    thread::Builder::new().spawn(move || copy(client, to_server, |_| {}))?;
    thread::Builder::new().spawn(move || copy(server, to_client, note))?;
    Ok(())
}

/// Copies until the source is done; each number of bytes is noted before they are passed on.
fn copy(mut from: TcpStream, mut to: TcpStream, note: impl Fn(u64)) {
    let mut buffer = vec![0; 64 << 10];
    while let Ok(read @ 1..) = from.read(&mut buffer) {
        note(read as u64);
        if to.write_all(&buffer[..read]).is_err() {
            break;
        }
    }
    let _ = to.shutdown(Shutdown::Write);
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A server that answers every connection with `answer` once the client is done.
    fn server(answer: &'static str) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap().to_string();
        thread::spawn(move || {
            for mut client in listener.incoming().flatten() {
                io::copy(&mut client, &mut io::sink()).unwrap();
                client.write_all(answer.as_bytes()).unwrap();
            }
        });

        address
    }

    fn ask(proxy: &TcpProxy) -> String {
        let mut stream = TcpStream::connect(proxy.address()).unwrap();
        let _ = stream.write_all(b"hello");
        let _ = stream.shutdown(Shutdown::Write);
        let mut answer = String::new();
        let _ = stream.read_to_string(&mut answer);
        answer
    }

    #[test]
    fn bytes_pass_both_ways_and_those_from_the_server_are_counted() {
        let proxy = TcpProxy::start(server("twelve bytes")).unwrap();
        assert_eq!(ask(&proxy), "twelve bytes");
        assert_eq!(proxy.take_received(), 12);
        assert_eq!(proxy.take_received(), 0);
    }

    #[test]
    fn a_closed_proxy_hangs_up_and_an_opened_one_passes_on() {
        let proxy = TcpProxy::start(server("hello")).unwrap();
        proxy.close();
        assert_eq!(ask(&proxy), "");
        proxy.open();
        assert_eq!(ask(&proxy), "hello");
    }
}
