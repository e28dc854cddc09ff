//! A whole page: its head with the style sheet, and the landmarks of its body.

use std::sync::LazyLock;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use maud::{DOCTYPE, Markup, PreEscaped, html};
use ring::digest::{SHA256, digest};

/// The only style sheet of every page.
const STYLE: &str = include_str!("style.css");

/// The icon, as data: no page asks for anything else.
const ICON: &str = "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 16 16'%3E%3Cpath \
    d='M2 14V9h3v5zm4.5 0V5h3v9zM11 14V2h3v12z' fill='%237a8794'/%3E%3C/svg%3E";

/// A page that needs nothing but itself.
pub(crate) struct HtmlDocument {
    /// The title of the window.
    pub(crate) title: String,
    /// After how many seconds a browser loads the page again; `None` for one that stays.
    pub(crate) refresh: Option<u32>,
    /// What stands above all, with the heading of the first level.
    pub(crate) header: Markup,
    /// The sections.
    pub(crate) main: Markup,
    /// What stands below all.
    pub(crate) footer: Markup,
}

impl HtmlDocument {
    /// The text of the page.
    pub(crate) fn into_text(self) -> String {
        let page = html! {
            (DOCTYPE)
            html lang="en" {
                head {
                    meta charset="utf-8";
                    meta name="viewport" content="width=device-width, initial-scale=1";
                    meta name="color-scheme" content="light dark";
                    meta name="referrer" content="no-referrer";
                    meta name="robots" content="noindex, nofollow";
                    @if let Some(seconds) = self.refresh {
                        meta http-equiv="refresh" content=(seconds);
                    }
                    title { (self.title) }
                    link rel="icon" href=(PreEscaped(ICON));
                    style { (PreEscaped(STYLE)) }
                }
                body {
                    header { (self.header) }
                    main { (self.main) }
                    footer { (self.footer) }
                }
            }
        };
        page.into_string()
    }
}

/// The only style that a browser may obey, as a source of `Content-Security-Policy`.
pub(crate) fn style_source() -> &'static str {
    static SOURCE: LazyLock<String> = LazyLock::new(|| {
        let digest = digest(&SHA256, STYLE.as_bytes());
        format!("'sha256-{}'", BASE64_STANDARD.encode(digest))
    });
    &SOURCE
}
