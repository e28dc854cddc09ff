//! Addresses to listen on, as Go's `net.Listen` takes them.

use std::net::{Ipv4Addr, SocketAddr};

/// The address to listen on: without a host that of every interface.
pub(super) fn listen_address(text: &str) -> Option<SocketAddr> {
    let every = |port: &str| Some(SocketAddr::from((Ipv4Addr::UNSPECIFIED, port.parse().ok()?)));
    let local = |port: &str| Some(SocketAddr::from((Ipv4Addr::LOCALHOST, port.parse().ok()?)));
    match text.split_once(':') {
        Some(("", port)) => every(port),
        Some(("localhost", port)) => local(port),
        _ => text.parse().ok(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_read_as_go_reads_it() {
        for (text, address) in [
            (":8080", "0.0.0.0:8080"),
            ("localhost:9090", "127.0.0.1:9090"),
            ("10.0.0.1:80", "10.0.0.1:80"),
            ("[::]:8080", "[::]:8080"),
        ] {
            assert_eq!(listen_address(text).unwrap().to_string(), address);
        }
        for text in ["8080", ":", ":99999", "example.org:80", ":http"] {
            assert_eq!(listen_address(text), None, "{text}");
        }
    }
}
