//! A relay before the API server that answers some requests itself, as servers do that the sandbox is not.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};

use kube_sandbox::Sandbox;

/// Relays to `sandbox`, but answers requests whose first line holds `part` with `status` and `body`; returns its
/// URL. Its thread ends with the process.
pub(crate) fn relay(
    sandbox: &Sandbox,
    part: &'static str,
    status: &'static str,
    body: &'static str,
) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let server = sandbox.url().strip_prefix("http://").unwrap().to_owned();
    std::thread::spawn(move || {
        for client in listener.incoming().flatten() {
            // A client that goes away midway is no concern of the relay.
            let _ = serve(client, &server, part, status, body);
        }
    });
    url
}

/// Serves one request of one connection.
fn serve(mut client: TcpStream, server: &str, part: &str, status: &str, body: &str) -> std::io::Result<()> {
    let request = read(&mut client)?;
    let first = request.lines().next().unwrap_or_default();
    if first.contains(part) {
        let length = body.len();
        return write!(
            client,
            "HTTP/1.1 {status}\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{body}"
        );
    }
    let mut upstream = TcpStream::connect(server)?;
    let request = request.replacen("\r\n\r\n", "\r\nConnection: close\r\n\r\n", 1);
    upstream.write_all(request.as_bytes())?;
    let mut answer = Vec::new();
    upstream.read_to_end(&mut answer)?;
    client.write_all(&answer)
}

/// Reads one request, body and all.
fn read(client: &mut TcpStream) -> std::io::Result<String> {
    let (mut request, mut chunk) = (String::new(), [0; 4096]);
    loop {
        let read = client.read(&mut chunk)?;
        request.push_str(&String::from_utf8_lossy(&chunk[..read]));
        if let Some((head, body)) = request.split_once("\r\n\r\n") {
            let length = head
                .lines()
                .filter_map(|line| {
                    line.to_lowercase()
                        .strip_prefix("content-length:")?
                        .trim()
                        .parse()
                        .ok()
                })
                .next();
            if body.len() >= length.unwrap_or(0) {
                return Ok(request);
            }
        }
        if read == 0 {
            return Ok(request);
        }
    }
}
