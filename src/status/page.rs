//! The page in HTML: one screen, top to bottom what somebody looks for who is called at night.

mod owners;
mod rounds;
mod services;
mod top;

use maud::html;

use super::view::StatusView;
use crate::html::HtmlDocument;

/// After how many seconds a browser loads the page again.
const REFRESH: u32 = 15;

/// The page.
pub(super) fn html(view: &StatusView) -> String {
    let title = match &view.cluster {
        Some(cluster) => format!("{} · macaque · {cluster}", view.banner.state.headline()),
        None => format!("{} · macaque", view.banner.state.headline()),
    };
    let document = HtmlDocument {
        title,
        refresh: Some(REFRESH),
        header: top::header(view),
        main: html! {
            (top::banner(view))
            (top::slots(view))
            (rounds::broken(view))
            (rounds::rounds(view))
            (owners::without_turn(view))
            (owners::recoveries(view))
            (services::limits(view))
            (services::guards(view))
            (services::channels(view))
            (services::process(view))
        },
        footer: html! {
            p {
                "This page only shows, and asks nobody. The same as JSON: "
                a href="api/v1/status" { "api/v1/status" }
                " · was it macaque? "
                code { "api/v1/blame?at=TIME" }
                " · "
                a href="calendar.ics" { "calendar.ics" }
            }
        },
    };
    document.into_text()
}

/// What is said of the entries that a list leaves out.
fn rest(more: usize, remedy: &str) -> Option<String> {
    (more > 0).then(|| format!("and {more} more: {remedy}"))
}
