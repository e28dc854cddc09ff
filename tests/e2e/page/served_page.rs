//! A daemon that serves its status page, and what a browser sees of it.

use std::fs;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::PathBuf;

use macaque_testkit::CANARY;
use macaque_testkit::browser::{PageView, SeenPage, look};
use serde_json::Value;

use crate::program::{MacaqueCommand, RunningMacaque};
use crate::test_namespace::{TestNamespace, until};

/// A round a minute.
pub(super) const EVERY_MINUTE: &str = "* * * * *";

/// A daemon and its page.
pub(super) struct ServedPage {
    /// The address of the page.
    pub(super) url: String,
    port: u16,
    _daemon: RunningMacaque,
}

/// What a browser sees of a page in each window.
pub(super) struct SeenInWindows {
    /// In a wide window, in light colours.
    pub(super) wide: SeenPage,
    /// On a phone, in light colours.
    pub(super) phone: SeenPage,
}

impl TestNamespace {
    /// An armed daemon with its journal and its history in this namespace, and with this schedule. It knows a secret that no
    /// page may show.
    pub(super) fn paged(&self, cron: &str) -> MacaqueCommand {
        self.with_page(self.daemon(), cron)
    }

    /// Such a daemon in a dry run.
    pub(super) fn paged_dry_run(&self, cron: &str) -> MacaqueCommand {
        let daemon = self.macaque("run --dry-run=true");
        self.with_page(daemon.env("MACAQUE_HEALTH__LISTEN", "127.0.0.1:0"), cron)
    }

    fn with_page(&self, daemon: MacaqueCommand, cron: &str) -> MacaqueCommand {
        daemon
            .env("MACAQUE_SCHEDULE__CRON", cron)
            .env("MACAQUE_SCHEDULE__TIMEZONE", "Europe/Berlin")
            .env("MACAQUE_CLUSTER__NAME", "kind-e2e")
            .env(
                "MACAQUE_NOTIFY__SLACK_WEBHOOK__URL",
                &format!("http://127.0.0.1:1/services/{CANARY}"),
            )
    }
}

impl ServedPage {
    /// Starts a daemon that serves its page on a free port of loopback.
    pub(super) async fn start(daemon: MacaqueCommand) -> Self {
        let port = TcpListener::bind("127.0.0.1:0")
            .and_then(|listener| listener.local_addr())
            .unwrap()
            .port();
        let daemon = daemon.env("MACAQUE_STATUS__LISTEN", &format!("127.0.0.1:{port}"));
        let page = Self {
            url: format!("http://127.0.0.1:{port}/"),
            port,
            _daemon: daemon.start(),
        };
        until("the page is served", async || page.get("/").map(|_| ())).await;
        page
    }

    /// Waits until the status in JSON is as wanted; returns it.
    pub(super) async fn until(&self, what: &str, is_so: impl Fn(&Value) -> bool) -> Value {
        until(what, async || Some(self.status()?).filter(|status| is_so(status))).await
    }

    /// Waits until the banner has this state.
    pub(super) async fn until_banner(&self, state: &str) -> Value {
        let what = format!("the banner says {state}");
        self.until(&what, |status| status["banner"]["state"] == state)
            .await
    }

    /// Opens the page in each window, in light and dark colours, and asserts what holds for every page. The screenshots
    /// are in `target/pages`.
    pub(super) fn look(&self, name: &str) -> SeenInWindows {
        let directory = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("pages");
        fs::create_dir_all(&directory).unwrap();
        let file = |window: &str| directory.join(format!("{name}-{window}.png"));
        let views = [
            PageView::wide(&self.url).to_file(file("light")),
            PageView::wide(&self.url).dark().to_file(file("dark")),
            PageView::phone(&self.url).to_file(file("phone")),
            PageView::phone(&self.url).dark().to_file(file("phone-dark")),
        ];

        let seen = look(&views);
        for page in &seen {
            page.assert_sound();
            for text in [&page.html, &page.aria, &page.text] {
                assert!(!text.contains(CANARY), "{name}: the page shows a secret");
                assert!(!text.contains("127.0.0.1:1"), "{name}: the page shows an address");
            }
        }
        let [wide, _, phone, _] = <[SeenPage; 4]>::try_from(seen).unwrap();
        SeenInWindows { wide, phone }
    }

    fn status(&self) -> Option<Value> {
        serde_json::from_str(&self.get("/api/v1/status")?).ok()
    }

    /// The body of the answer, if it is one of success.
    pub(super) fn get(&self, path: &str) -> Option<String> {
        let port = self.port;
        let mut stream = TcpStream::connect(("127.0.0.1", port)).ok()?;
        write!(
            stream,
            "GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nConnection: close\r\n\r\n"
        )
        .ok()?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer).ok()?;
        let (head, body) = answer.split_once("\r\n\r\n")?;
        head.starts_with("HTTP/1.1 200 ").then(|| body.to_owned())
    }
}

impl SeenInWindows {
    /// Asserts that everybody gets these words: who sees the page, and who hears it.
    pub(super) fn say(&self, words: &[&str]) {
        // The tree is written with quotes of its own.
        let plain = |text: &str| text.replace(['"', '\\'], "");
        for page in [&self.wide, &self.phone] {
            for word in words {
                let is_seen = page.text.contains(word);
                let is_heard = plain(&page.aria).contains(&plain(word));
                assert!(is_seen, "{word:?} is not seen in {}", page.text);
                assert!(is_heard, "{word:?} is not heard in {}", page.aria);
            }
        }
    }
}
