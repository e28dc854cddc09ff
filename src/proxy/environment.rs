//! The proxy that `HTTPS_PROXY` and `NO_PROXY` name for a server, by the rules of Go's `httpproxy`, which are those of
//! kubectl.
//!
//! A library's rules, those of curl, differ: there `.example.com` matches `example.com` too, an entry has no port, and
//! a bad value is passed over in silence.

use std::net::IpAddr;

use http::Uri;
use ipnet::IpNet;
use secrecy::{ExposeSecret, SecretString};

use super::{BadProxy, Proxy, host_and_port};

/// The variables that name a proxy, and those that name the servers without one; the first that is not empty counts.
const HTTPS_PROXY: [&str; 2] = ["HTTPS_PROXY", "https_proxy"];
const NO_PROXY: [&str; 2] = ["NO_PROXY", "no_proxy"];

/// What the environment says of proxies.
#[derive(Debug, Clone, Default)]
pub struct ProxyEnvironment {
    /// The variable that names the proxy, and its value.
    proxy: Option<(&'static str, SecretString)>,
    /// The servers without a proxy.
    exceptions: Vec<Exception>,
}

/// An entry of `NO_PROXY`.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Exception {
    /// `*`: every server.
    All,
    /// `10.0.0.0/8`.
    Network(IpNet),
    /// `10.0.0.1`, `10.0.0.1:6443` or `[fd00::1]:6443`.
    Address(IpAddr, Option<u16>),
    /// `example.com` or `example.com:6443`: the domain and all below it; `.example.com`: only those below it.
    Domain {
        /// The domain with a leading dot.
        suffix: String,
        with_itself: bool,
        port: Option<u16>,
    },
}

impl ProxyEnvironment {
    /// The environment of this process.
    pub fn of_process() -> Self {
        Self::from_variables(|name| {
            let value = std::env::var_os(name)?;
            Some(value.to_string_lossy().into_owned())
        })
    }

    /// An environment in which `variable` returns the value of a variable.
    pub fn from_variables(variable: impl Fn(&str) -> Option<String>) -> Self {
        let first = |names: [&'static str; 2]| {
            let values = names
                .into_iter()
                .map(|name| (name, variable(name).unwrap_or_default()));
            let mut set = values.filter(|(_, value)| !value.trim().is_empty());
            set.next()
        };

        let exceptions = first(NO_PROXY).map(|(_, value)| value).unwrap_or_default();
        Self {
            proxy: first(HTTPS_PROXY).map(|(name, value)| (name, value.into())),
            exceptions: exceptions.split(',').filter_map(Exception::parse).collect(),
        }
    }

    /// The proxy that leads to `server`: none to a server without TLS, on this machine, or among the exceptions. The
    /// value of the variable matters only if the proxy is needed.
    pub(super) fn proxy_for(&self, server: &Uri) -> Result<Option<Proxy>, BadProxy> {
        let Some((variable, url)) = &self.proxy else {
            return Ok(None);
        };
        if server.scheme_str() != Some("https") || self.is_exempt(server) {
            return Ok(None);
        }

        Proxy::parse(url.expose_secret(), variable).map(Some)
    }

    fn is_exempt(&self, server: &Uri) -> bool {
        let Some((host, port)) = host_and_port(server) else {
            return true;
        };
        let host = host.trim_matches(['[', ']']).to_ascii_lowercase();
        let address = host.parse::<IpAddr>().ok();
        if host == "localhost" || address.is_some_and(|ip| ip.to_canonical().is_loopback()) {
            return true;
        }

        let mut exceptions = self.exceptions.iter();
        exceptions.any(|exception| exception.covers(&host, address, port))
    }
}

impl Exception {
    /// Reads an entry; `None` if it is empty or has no host, which Go passes over too.
    fn parse(entry: &str) -> Option<Self> {
        let entry = entry.trim().to_ascii_lowercase();
        if entry == "*" {
            return Some(Self::All);
        }
        if let Ok(network) = entry.parse() {
            return Some(Self::Network(network));
        }

        // An IPv6 address has colons of its own, and a port only after brackets.
        if let Ok(address) = entry.trim_matches(['[', ']']).parse() {
            return Some(Self::Address(address, None));
        }
        let (host, port) = match entry.rsplit_once(':') {
            Some((host, port)) => (host, Some(port.parse().ok()?)),
            None => (entry.as_str(), None),
        };
        if let Ok(address) = host.trim_matches(['[', ']']).parse() {
            return Some(Self::Address(address, port));
        }

        let domain = host.strip_prefix('*').filter(|rest| rest.starts_with('.'));
        let domain = domain.unwrap_or(host);
        let with_itself = !domain.starts_with('.');
        let name = domain.trim_start_matches('.');
        (!name.is_empty()).then(|| Self::Domain {
            suffix: format!(".{name}"),
            with_itself,
            port,
        })
    }

    /// Whether this entry covers the server at `host`, which is the IP address `address` if it is one.
    fn covers(&self, host: &str, address: Option<IpAddr>, at_port: u16) -> bool {
        let is_same_port = |port: &Option<u16>| port.is_none_or(|port| port == at_port);
        match (self, address.map(|address| address.to_canonical())) {
            (Self::All, _) => true,
            (Self::Network(network), Some(address)) => network.contains(&address),
            (Self::Address(own, port), Some(address)) => own.to_canonical() == address && is_same_port(port),
            (
                Self::Domain {
                    suffix,
                    with_itself,
                    port,
                },
                None,
            ) => {
                let is_itself = *with_itself && host == &suffix[1..];
                (is_itself || host.ends_with(suffix)) && is_same_port(port)
            }
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PROXY: &str = "http://proxy:3128 (HTTPS_PROXY)";

    /// The proxy to `server`, as it is shown, where the variables are `NAME=VALUE`.
    fn proxy_for(variables: &[&str], server: &str) -> Result<Option<String>, String> {
        let environment = ProxyEnvironment::from_variables(|name| {
            let mut pairs = variables.iter().filter_map(|pair| pair.split_once('='));
            pairs
                .find(|(key, _)| *key == name)
                .map(|(_, value)| value.to_owned())
        });
        let proxy = environment.proxy_for(&server.parse().unwrap());
        proxy
            .map(|proxy| proxy.map(|proxy| proxy.to_string()))
            .map_err(|error| error.to_string())
    }

    #[test]
    fn the_variables_count_in_gos_order_and_only_for_tls() {
        let lower = "http://lower:1 (https_proxy)";
        let server = "https://api.example:6443";
        let rows: [(&[&str], &str, Option<&str>); 13] = [
            (&[], server, None),
            (&["HTTPS_PROXY=http://proxy:3128"], server, Some(PROXY)),
            (&["HTTPS_PROXY=proxy:3128"], server, Some(PROXY)),
            (&["https_proxy=http://lower:1"], server, Some(lower)),
            (
                &["HTTPS_PROXY=", "https_proxy=http://lower:1"],
                server,
                Some(lower),
            ),
            (
                &["https_proxy=http://lower:1", "HTTPS_PROXY=http://proxy:3128"],
                server,
                Some(PROXY),
            ),
            (
                &["HTTPS_PROXY=http://proxy:3128", "NO_PROXY="],
                server,
                Some(PROXY),
            ),
            (
                &["HTTPS_PROXY=http://proxy:3128", "no_proxy=api.example"],
                server,
                None,
            ),
            (
                &[
                    "HTTPS_PROXY=http://proxy:3128",
                    "NO_PROXY=other",
                    "no_proxy=api.example",
                ],
                server,
                Some(PROXY),
            ),
            // Of the proxy's own address, no entry speaks.
            (
                &["HTTPS_PROXY=http://proxy:3128", "NO_PROXY=proxy"],
                server,
                Some(PROXY),
            ),
            (&["HTTP_PROXY=http://proxy:3128"], server, None),
            (
                &["ALL_PROXY=http://proxy:3128", "all_proxy=http://proxy:3128"],
                server,
                None,
            ),
            (&["HTTPS_PROXY=http://proxy:3128"], "http://api.example", None),
        ];
        for (variables, server, expected) in rows {
            let expected = Ok(expected.map(str::to_owned));
            assert_eq!(proxy_for(variables, server), expected, "{variables:?} {server}");
        }
    }

    #[test]
    fn this_machine_is_never_reached_through_a_proxy() {
        for server in [
            "https://localhost:6443",
            "https://LOCALHOST",
            "https://127.0.0.1:6443",
            "https://127.9.9.9",
            "https://[::1]:6443",
            "https://[::ffff:127.0.0.1]",
        ] {
            assert_eq!(
                proxy_for(&["HTTPS_PROXY=http://127.0.0.1:9"], server),
                Ok(None),
                "{server}"
            );
        }
        let proxied = proxy_for(&["HTTPS_PROXY=http://proxy:3128"], "https://localhost.example");
        assert_eq!(proxied, Ok(Some(PROXY.to_owned())));
    }

    #[test]
    fn an_exception_is_matched_against_the_server() {
        let rows = [
            ("*", "api.example:6443", true),
            ("other, * ", "10.0.0.1", true),
            ("api.example", "api.example:6443", true),
            ("API.Example", "api.EXAMPLE", true),
            ("example", "api.example", true),
            ("example", "notexample", false),
            ("pi.example", "api.example", false),
            (".example", "api.example", true),
            (".example", "example", false),
            ("*.example", "api.example", true),
            ("*.example", "example", false),
            ("*pi.example", "api.example", false),
            ("api.example:6443", "api.example:6443", true),
            ("api.example:6443", "api.example", false),
            ("api.example:443", "api.example", true),
            (".example:6443", "api.example:6443", true),
            ("api.example:x", "api.example", false),
            ("other,, :6443,api.example", "api.example", true),
            ("10.0.0.1", "10.0.0.1:6443", true),
            ("10.0.0.1:6443", "10.0.0.1:6443", true),
            ("10.0.0.1:443", "10.0.0.1:6443", false),
            ("10.0.0.0/8", "10.96.0.1", true),
            ("10.0.0.0/16", "10.96.0.1", false),
            ("10.0.0.0/8", "api.example", false),
            ("0.0.1", "10.0.0.1", false),
            (".0.0.1", "10.0.0.1", false),
            ("fd00::1", "[fd00::1]:6443", true),
            ("[fd00::1]", "[fd00::1]:6443", true),
            ("[fd00::1]:6443", "[fd00::1]:6443", true),
            ("[fd00::1]:443", "[fd00::1]:6443", false),
            ("fd00::/8", "[fd00::1]", true),
            ("10.0.0.0/8", "[::ffff:10.0.0.1]", true),
            ("", "api.example", false),
        ];
        for (exceptions, server, expected) in rows {
            let variables = ["HTTPS_PROXY=http://proxy:3128", &format!("NO_PROXY={exceptions}")];
            let proxy = proxy_for(&variables, &format!("https://{server}"));
            assert_eq!(proxy.unwrap().is_none(), expected, "{exceptions:?} {server}");
        }
    }

    #[test]
    fn a_bad_value_is_an_error_only_where_the_proxy_is_needed() {
        let variables = ["https_proxy=http://user:secret@", "NO_PROXY=spared.example"];
        let error = proxy_for(&variables, "https://api.example").unwrap_err();
        assert!(
            error.starts_with("https_proxy is not the URL of a proxy: use http://"),
            "{error}"
        );
        assert!(!error.contains("secret"), "{error}");

        for server in [
            "https://spared.example",
            "https://127.0.0.1",
            "http://api.example",
        ] {
            assert_eq!(proxy_for(&variables, server), Ok(None), "{server}");
        }
    }

    #[test]
    fn the_password_of_a_proxy_does_not_show_in_the_environments_debug_output() {
        let value = |name: &str| (name == "HTTPS_PROXY").then(|| "http://user:secret@proxy".to_owned());
        let environment = ProxyEnvironment::from_variables(value);
        assert!(!format!("{environment:?}").contains("secret"));
    }
}
