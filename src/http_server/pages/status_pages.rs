//! The status page, the same as JSON, the answer to a question of blame, and the calendar.
//!
//! All of them only show. A web site of somebody else that a browser has open must not read them: a request that names
//! its origin is refused, no answer allows to be read across origins, and no page may be shown in the frame of another.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HeaderName, ORIGIN, REFERRER_POLICY, RETRY_AFTER,
    X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
};
use http::{HeaderMap, HeaderValue, Response, StatusCode};
use http_body_util::Full;
use hyper::body::Bytes;
use tokio::time::Instant;

use super::answers::{Answer, missing, text};
use super::fresh::{FRESH, Fresh};
use crate::platform::Platform;
use crate::status::StatusBoard;

/// How many questions of blame are answered in a second: each is a search through the history.
const MOST_QUESTIONS: usize = 10;

/// How long a calendar is the same: weeks of a dense schedule, with the turns of all owners, take their time.
const CALENDAR: Duration = Duration::from_secs(60);

/// The header that keeps other sites from using an answer.
const RESOURCE_POLICY: HeaderName = HeaderName::from_static("cross-origin-resource-policy");

/// What the status page consists of.
pub(super) struct StatusPages {
    board: Arc<StatusBoard>,
    platform: Platform,
    policy: HeaderValue,
    texts: Fresh<SharedTexts>,
    calendar: Fresh<Option<Bytes>>,
    questions: Mutex<QuestionCount>,
}

/// A path at which the status page has something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum StatusPath {
    /// The page.
    Page,
    /// What the page shows, as JSON.
    Json,
    /// The answer to a question of blame.
    Blame,
    /// The next rounds, for calendars.
    Calendar,
}

/// The page and the same as JSON, as they are sent.
#[derive(Clone)]
struct SharedTexts {
    html: Bytes,
    json: Bytes,
}

/// How many questions were answered since an instant.
#[derive(Default)]
struct QuestionCount {
    since: Option<Instant>,
    count: usize,
}

impl StatusPath {
    /// The path, if it is one of them exactly.
    pub(super) fn of(path: &str) -> Option<Self> {
        match path {
            "/" => Some(Self::Page),
            "/api/v1/status" => Some(Self::Json),
            "/api/v1/blame" => Some(Self::Blame),
            "/calendar.ics" => Some(Self::Calendar),
            _ => None,
        }
    }
}

impl StatusPages {
    pub(super) fn new(board: Arc<StatusBoard>, platform: &Platform) -> Self {
        let policy = format!(
            "default-src 'none'; style-src {}; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors \
             'none'",
            StatusBoard::style_source()
        );
        Self {
            board,
            platform: platform.clone(),
            // A digest in base64 is valid in a header.
            policy: HeaderValue::try_from(policy).unwrap_or(HeaderValue::from_static("default-src 'none'")),
            texts: Fresh::default(),
            calendar: Fresh::lasting(CALENDAR),
            questions: Mutex::default(),
        }
    }

    /// Answers a request for one of the paths.
    pub(super) fn answer(&self, path: StatusPath, query: &str, headers: &HeaderMap) -> Answer {
        let mut answer = if headers.contains_key(ORIGIN) {
            let why = "refused: requests of other web sites are not answered\n";
            text(StatusCode::FORBIDDEN, why.to_owned())
        } else {
            match path {
                StatusPath::Page => shown(self.texts().html, "text/html; charset=utf-8"),
                StatusPath::Json => shown(self.texts().json, "application/json"),
                StatusPath::Blame => self.blame(query),
                StatusPath::Calendar => self.calendar(),
            }
        };

        let fixed = |value| HeaderValue::from_static(value);
        let headers = answer.headers_mut();
        headers.insert(CONTENT_SECURITY_POLICY, self.policy.clone());
        headers.insert(CACHE_CONTROL, fixed("no-store"));
        headers.insert(X_CONTENT_TYPE_OPTIONS, fixed("nosniff"));
        headers.insert(X_FRAME_OPTIONS, fixed("DENY"));
        headers.insert(REFERRER_POLICY, fixed("no-referrer"));
        headers.insert(RESOURCE_POLICY, fixed("same-origin"));
        answer
    }

    fn texts(&self) -> SharedTexts {
        self.texts.get(&self.platform, || {
            let texts = self.board.texts();
            SharedTexts {
                html: texts.html.into(),
                json: texts.json.into(),
            }
        })
    }

    fn blame(&self, query: &str) -> Answer {
        if !self.may_answer() {
            let why = format!("too many questions: {MOST_QUESTIONS} are answered in a second\n");
            let mut answer = text(StatusCode::TOO_MANY_REQUESTS, why);
            answer
                .headers_mut()
                .insert(RETRY_AFTER, HeaderValue::from_static("1"));
            return answer;
        }
        match self.board.blame(query) {
            Ok(json) => shown(json.into(), "application/json"),
            Err(mistakes) => text(StatusCode::BAD_REQUEST, format!("{mistakes}\n")),
        }
    }

    fn calendar(&self) -> Answer {
        let calendar = self
            .calendar
            .get(&self.platform, || self.board.calendar().map(Bytes::from));
        match calendar {
            Some(calendar) => shown(calendar, "text/calendar; charset=utf-8"),
            None => missing("there is no calendar: the rounds follow no schedule"),
        }
    }

    /// Counts a question; returns whether it may be answered.
    fn may_answer(&self) -> bool {
        let mut questions = self.questions.lock().unwrap_or_else(PoisonError::into_inner);
        let now = self.platform.monotonic();
        if questions.since.is_none_or(|since| now - since >= FRESH) {
            *questions = QuestionCount {
                since: Some(now),
                count: 0,
            };
        }
        questions.count += 1;
        questions.count <= MOST_QUESTIONS
    }
}

fn shown(body: Bytes, content_type: &'static str) -> Answer {
    let mut answer = Response::new(Full::from(body));
    answer
        .headers_mut()
        .insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    answer
}
