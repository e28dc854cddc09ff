//! The parts of pages in HTML, of which the status page and the report are made: whole documents, tables, bars. All that
//! they are given as text is escaped, and nothing in them is fetched from elsewhere.

mod document;
mod parts;
mod recovery_bar;
mod table;

pub(crate) use self::document::{HtmlDocument, style_source};
pub(crate) use self::parts::{
    BadgeTone, ago, badge, instant, instant_utc, name, none, number, prose, section, shown, span, terms,
};
pub(crate) use self::recovery_bar::RecoveryBar;
pub(crate) use self::table::{HtmlColumn, HtmlTable};
