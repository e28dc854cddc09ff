//! A proxy for the web on loopback, which speaks HTTP's CONNECT and SOCKS 5 and remembers what it was asked for.

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::tcp_proxy::join;

/// A running proxy. Wherever a client wants to go, it leads to one server, so that a test needs no names.
#[derive(Debug, Clone)]
pub struct WebProxy {
    address: SocketAddr,
    state: Arc<ProxyState>,
}

/// What the proxy does with those who ask.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ProxyManner {
    /// Lets everyone pass.
    Open,
    /// Lets only this user with this password pass.
    Login(&'static str, &'static str),
    /// Lets nobody pass.
    Closed,
    /// Takes the connection and says nothing.
    Silent,
}

#[derive(Debug)]
struct ProxyState {
    /// The server, `host:port`.
    server: String,
    manner: ProxyManner,
    asked_for: Mutex<Vec<String>>,
}

impl WebProxy {
    /// A proxy that leads to the server at `host:port`.
    ///
    /// # Errors
    /// No free port, or no further thread.
    pub fn start(server: impl Into<String>, manner: ProxyManner) -> io::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let address = listener.local_addr()?;
        let state = Arc::new(ProxyState {
            server: server.into(),
            manner,
            asked_for: Mutex::default(),
        });

        let accepting = Arc::clone(&state);
        thread::Builder::new()
            .name("web-proxy".to_owned())
            .spawn(move || accept(&listener, &accepting))?;

        Ok(Self { address, state })
    }

    /// The address that it listens on.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Every destination that it was asked for and led to, as `host:port`.
    pub fn led_to(&self) -> Vec<String> {
        self.state.asked_for.lock().unwrap().clone()
    }
}

fn accept(listener: &TcpListener, state: &Arc<ProxyState>) {
    for client in listener.incoming().flatten() {
        let state = Arc::clone(state);
        // A connection that breaks is the client's to complain of.
        thread::spawn(move || {
            let _ = serve(client, &state);
        });
    }
}

fn serve(mut client: TcpStream, state: &ProxyState) -> io::Result<()> {
    let mut first = [0];
    if state.manner == ProxyManner::Silent {
        // Until the client gives up.
        return io::copy(&mut client, &mut io::sink()).map(drop);
    }
    client.read_exact(&mut first)?;

    let destination = match first {
        [5] => negotiate_socks(&mut client, state)?,
        [byte] if byte.is_ascii_uppercase() => read_connect(&mut client, byte, state)?,
        _ => {
            client.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n")?;
            None
        }
    };
    let Some(destination) = destination else {
        return Ok(());
    };
    state.asked_for.lock().unwrap().push(destination);
    join(client, &state.server)
}

/// Answers a CONNECT; the destination, unless it was refused.
fn read_connect(client: &mut TcpStream, first: u8, state: &ProxyState) -> io::Result<Option<String>> {
    let mut head = vec![first];
    while !head.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        client.read_exact(&mut byte)?;
        head.extend(byte);
    }
    let head = String::from_utf8_lossy(&head).into_owned();
    let destination = head
        .strip_prefix("CONNECT ")
        .and_then(|rest| rest.split(' ').next());

    let status = match (destination, state.manner) {
        (None, _) => "405 Method Not Allowed",
        (_, ProxyManner::Login(user, password)) if !head.contains(&basic(user, password)) => {
            "407 Proxy Authentication Required"
        }
        (_, ProxyManner::Closed) => "403 Forbidden",
        _ => "200 Connection established",
    };
    write!(client, "HTTP/1.1 {status}\r\n\r\n")?;

    let is_open = status.starts_with("200");
    Ok(destination.filter(|_| is_open).map(str::to_owned))
}

/// The header of this user and password.
fn basic(user: &str, password: &str) -> String {
    let credentials = STANDARD.encode(format!("{user}:{password}"));
    format!("Proxy-Authorization: Basic {credentials}\r\n")
}

/// Answers a SOCKS 5 client, whose first byte is read; the destination, unless it was refused.
fn negotiate_socks(client: &mut TcpStream, state: &ProxyState) -> io::Result<Option<String>> {
    // 2: a user and a password; 0: nothing.
    let offers_login = read_block(client)?.contains(&2);
    if offers_login {
        client.write_all(&[5, 2])?;
        read_bytes(client, 1)?;
        let given = (read_block(client)?, read_block(client)?);
        let is_known = match state.manner {
            ProxyManner::Login(user, password) => given == (user.into(), password.into()),
            _ => true,
        };
        client.write_all(&[1, u8::from(!is_known)])?;
        if !is_known {
            return Ok(None);
        }
    } else if matches!(state.manner, ProxyManner::Login(..)) {
        client.write_all(&[5, 0xff])?;
        return Ok(None);
    } else {
        client.write_all(&[5, 0])?;
    }

    let request = read_bytes(client, 4)?;
    let host = match request[3] {
        1 => {
            let address = read_bytes(client, 4)?;
            address.iter().map(u8::to_string).collect::<Vec<_>>().join(".")
        }
        3 => String::from_utf8_lossy(&read_block(client)?).into_owned(),
        _ => return Ok(None),
    };
    let port = read_bytes(client, 2)?;
    let port = u16::from_be_bytes([port[0], port[1]]);

    let is_open = state.manner != ProxyManner::Closed;
    // 2: not allowed by the rules.
    let answer = if is_open { 0 } else { 2 };
    client.write_all(&[5, answer, 0, 1, 0, 0, 0, 0, 0, 0])?;
    Ok(is_open.then(|| format!("{host}:{port}")))
}

/// Reads a length, and so many bytes.
fn read_block(client: &mut TcpStream) -> io::Result<Vec<u8>> {
    let length = read_bytes(client, 1)?[0];
    read_bytes(client, length.into())
}

fn read_bytes(client: &mut TcpStream, count: usize) -> io::Result<Vec<u8>> {
    let mut bytes = vec![0; count];
    client.read_exact(&mut bytes)?;
    Ok(bytes)
}
