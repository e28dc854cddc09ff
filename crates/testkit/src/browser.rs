//! Headless Chromium, which `.ci/chromium` installs: what it shows of pages, and what they make it do.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::python;

/// A page as somebody opens it.
#[derive(Debug, Clone, Serialize)]
pub struct PageView {
    /// The address: `http://` or `file://`.
    pub url: String,
    /// The width of the window, in pixels.
    pub width: u32,
    /// The height of the window, in pixels.
    pub height: u32,
    /// The colours that the person prefers.
    pub scheme: ColourScheme,
    /// The file that the screenshot goes to.
    pub screenshot: Option<PathBuf>,
    /// Whether the screenshot shows the whole page, and not what the window shows.
    pub full_page: bool,
}

/// The colours that a person prefers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum ColourScheme {
    /// Dark on light.
    Light,
    /// Light on dark.
    Dark,
}

/// What the browser saw of a page.
#[derive(Debug, Clone, Deserialize)]
pub struct SeenPage {
    /// The status of the answer.
    pub status: u16,
    /// The title.
    pub title: String,
    /// The language.
    pub language: String,
    /// The text that is shown.
    pub text: String,
    /// The document, as the browser understood it.
    pub html: String,
    /// The tree that a screen reader reads.
    pub aria: String,
    /// The requests that the page made, itself included.
    pub requests: Vec<String>,
    /// What was written to the console, and each dialog and window that was opened.
    pub console: Vec<String>,
    /// How many script elements there are.
    pub scripts: usize,
    /// The attributes that would run a script.
    pub handlers: Vec<String>,
    /// The elements that load or send something.
    pub embedded: Vec<String>,
    /// What a script set that the test planted.
    pub sentinel: String,
    /// The headings: their levels and their texts.
    pub headings: Vec<(u8, String)>,
    /// The landmarks outside the main content, in order.
    pub landmarks: Vec<String>,
    /// The tables, pictures and links without a name.
    pub unnamed: Vec<String>,
    /// How wide the document is.
    pub document_width: u32,
    /// How wide the window is.
    pub viewport_width: u32,
    /// The texts with too little contrast for WCAG 2 AA.
    pub faint: Vec<String>,
    /// How many elements there are.
    pub elements: usize,
}

impl PageView {
    /// The page in a wide window, in light colours.
    pub fn wide(url: &str) -> Self {
        Self {
            url: url.to_owned(),
            width: 1200,
            height: 900,
            scheme: ColourScheme::Light,
            screenshot: None,
            full_page: true,
        }
    }

    /// The page on a phone, in light colours.
    pub fn phone(url: &str) -> Self {
        Self {
            width: 360,
            height: 780,
            ..Self::wide(url)
        }
    }

    /// This view in dark colours.
    pub fn dark(self) -> Self {
        Self {
            scheme: ColourScheme::Dark,
            ..self
        }
    }

    /// This view with a screenshot.
    pub fn to_file(self, screenshot: PathBuf) -> Self {
        Self {
            screenshot: Some(screenshot),
            ..self
        }
    }
}

impl SeenPage {
    /// Asserts what holds for every page: nothing runs, nothing is loaded, nothing is cut off, and everybody can read it.
    ///
    /// # Panics
    /// Something of it does not hold.
    pub fn assert_sound(&self) {
        let name = format!("{} in a window of {}", self.requests[0], self.viewport_width);
        assert_eq!(self.status, 200, "{name}");

        assert_eq!(self.scripts, 0, "{name}: a script element");
        assert_eq!(self.handlers, [""; 0], "{name}: an attribute that runs a script");
        assert_eq!(
            self.embedded, [""; 0],
            "{name}: an element that loads or sends something"
        );
        assert_eq!(self.sentinel, "", "{name}: a planted script ran");
        assert_eq!(self.console, [""; 0], "{name}: the console");
        // A slow machine may take so long that the page loads itself again.
        let others = self
            .requests
            .iter()
            .filter(|request| **request != self.requests[0]);
        assert_eq!(others.count(), 0, "{name}: {:?}", self.requests);

        let (document, window) = (self.document_width, self.viewport_width);
        assert!(
            document <= window,
            "{name}: the page scrolls sideways: {document} px"
        );
        assert_eq!(self.faint, [""; 0], "{name}: too little contrast");
        self.assert_readable(&name);
    }

    /// Asserts that a screen reader finds its way.
    fn assert_readable(&self, name: &str) {
        assert_eq!(self.language, "en", "{name}");
        assert_ne!(self.title, "", "{name}");
        assert_eq!(self.unnamed, [""; 0], "{name}: without a name");
        assert!(
            self.landmarks.contains(&"main".to_owned()),
            "{name}: {:?}",
            self.landmarks
        );

        let levels: Vec<_> = self.headings.iter().map(|(level, _)| *level).collect();
        let first = levels.iter().filter(|level| **level == 1).count();
        assert_eq!(
            (levels.first(), first),
            (Some(&1), 1),
            "{name}: {:?}",
            self.headings
        );
        let leaps = levels.windows(2).any(|pair| pair[1] > pair[0] + 1);
        assert!(!leaps, "{name}: {:?}", self.headings);
        assert!(self.headings.iter().all(|(_, text)| !text.is_empty()), "{name}");
    }
}

/// Opens each page in a browser of its own profile; returns what was seen.
///
/// # Panics
/// The browser could not be started, or a page not be opened.
pub fn look(views: &[PageView]) -> Vec<SeenPage> {
    let tasks = serde_json::to_vec(views).unwrap();
    let seen = python::run(include_str!("browser.py"), &tasks);
    serde_json::from_str(&seen).unwrap()
}
