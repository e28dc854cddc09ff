//! The format of a body, by its media type: it decides how a template's values are escaped.

/// The format of a body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BodyFormat {
    /// JSON: a value is rendered as JSON, text with its quotes.
    Json,
    /// HTML or XML: text is escaped with entities.
    Markup,
    /// A form as browsers send it: text is percent-encoded.
    Form,
    /// Plain text: nothing is escaped.
    Text,
}

impl BodyFormat {
    /// The format of this media type, if it is known how to escape text within.
    pub fn of(media_type: &str) -> Option<Self> {
        let essence = media_type.split(';').next()?.trim().to_ascii_lowercase();
        let (kind, subtype) = essence.split_once('/')?;
        match (kind, subtype) {
            ("application", "json") => Some(Self::Json),
            ("application", "x-www-form-urlencoded") => Some(Self::Form),
            ("application" | "text", "xml") | ("text", "html") => Some(Self::Markup),
            _ if subtype.ends_with("+json") => Some(Self::Json),
            _ if subtype.ends_with("+xml") => Some(Self::Markup),
            ("text", subtype) if !subtype.is_empty() => Some(Self::Text),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_media_type_decides_how_text_is_escaped() {
        for (media_type, format) in [
            ("application/json", Some(BodyFormat::Json)),
            ("Application/JSON; charset=utf-8", Some(BodyFormat::Json)),
            ("application/cloudevents+json", Some(BodyFormat::Json)),
            ("application/x-www-form-urlencoded", Some(BodyFormat::Form)),
            ("text/xml", Some(BodyFormat::Markup)),
            ("application/soap+xml", Some(BodyFormat::Markup)),
            ("text/html", Some(BodyFormat::Markup)),
            ("text/plain; charset=utf-8", Some(BodyFormat::Text)),
            ("text/markdown", Some(BodyFormat::Text)),
            ("application/octet-stream", None),
            ("application/x-ndjson", None),
            ("json", None),
            ("text/", None),
            ("", None),
        ] {
            assert_eq!(BodyFormat::of(media_type), format, "{media_type}");
        }
    }
}
