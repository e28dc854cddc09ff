//! The placeholders of a PromQL query: what stands for the victim, as text that ends no quote.

use macaque_core::eligibility::Candidate;

/// The reason why a query cannot be completed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum TemplateError {
    /// There is no victim to ask about.
    #[error("no victim is picked yet, and the query is about one")]
    NoVictim,
    /// The victim has no owner.
    #[error("pod {0} has no owner, and the query names one")]
    NoOwner(String),
    /// A placeholder is not known.
    #[error("the query contains {{{{ that begins neither {{{{namespace}}}} nor {{{{owner}}}}")]
    Unknown,
}

/// The query about `victim`: the placeholders stand for its namespace and the name of its owner.
///
/// # Errors
/// A placeholder stands for nothing: the query would ask about something else.
pub(super) fn complete(query: &str, victim: Option<&Candidate>) -> Result<String, TemplateError> {
    let mut out = String::new();
    let mut rest = query;
    while let Some(start) = rest.find("{{") {
        out.push_str(&rest[..start]);
        rest = &rest[start..];
        let (value, after) = if let Some(after) = rest.strip_prefix("{{namespace}}") {
            let victim = victim.ok_or(TemplateError::NoVictim)?;
            (&victim.pod.namespace, after)
        } else if let Some(after) = rest.strip_prefix("{{owner}}") {
            let victim = victim.ok_or(TemplateError::NoVictim)?;
            let owner = victim.owner.as_ref();
            let owner = owner.ok_or_else(|| TemplateError::NoOwner(victim.pod.to_string()))?;
            (&owner.name, after)
        } else {
            return Err(TemplateError::Unknown);
        };
        out.push_str(&escaped(value));
        rest = after;
    }

    out.push_str(rest);
    Ok(out)
}

/// `text` as the content of a PromQL string: no quote of any kind ends it there, and it says what it said. Quotes are
/// escaped by their code, for PromQL knows `\"` within double quotes only and `\'` within single ones only.
fn escaped(text: &str) -> String {
    let mut out = String::new();
    for c in text.chars() {
        match c {
            '\\' => out.push_str(r"\\"),
            '\n' => out.push_str(r"\n"),
            '"' | '\'' | '`' => out.push_str(&format!(r"\x{:02x}", u32::from(c))),
            c if c.is_ascii_control() => out.push_str(&format!(r"\x{:02x}", u32::from(c))),
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use macaque_core::pod::{PodOwner, PodRef};

    use super::*;

    fn victim(namespace: &str, owner: Option<&str>) -> Candidate {
        Candidate {
            team: None,
            pod: PodRef {
                namespace: namespace.to_owned(),
                name: "web-1".to_owned(),
                uid: "u".to_owned(),
            },
            owner: owner.map(|name| PodOwner {
                kind: "Deployment".to_owned(),
                name: name.to_owned(),
            }),
            period_end: None,
        }
    }

    /// The content of the double-quoted string at the start of `query`, and what follows it, as PromQL reads them.
    fn read_string(query: &str) -> (String, &str) {
        let mut content = String::new();
        let mut chars = query.strip_prefix('"').unwrap().char_indices();
        while let Some((at, c)) = chars.next() {
            match c {
                '"' => return (content, &query[at + 2..]),
                '\\' => match chars.next().unwrap().1 {
                    'n' => content.push('\n'),
                    'x' => {
                        let digits: String = chars.by_ref().take(2).map(|(_, c)| c).collect();
                        content.push(char::from(u8::from_str_radix(&digits, 16).unwrap()));
                    }
                    c @ ('\\' | '"') => content.push(c),
                    other => unreachable!("\\{other} is no escape in double quotes"),
                },
                '\n' => unreachable!("a string ends with its line"),
                c => content.push(c),
            }
        }
        unreachable!("the string is not closed: {query}")
    }

    #[test]
    fn hostile_names_stay_within_their_quotes_and_say_what_they_said() {
        for hostile in [
            "shop",
            "",
            r#"" or up or ""#,
            r#"x"} or vector(1) #"#,
            r"\",
            r#"\""#,
            r#"\\""#,
            "a\nb",
            "a\r\tb\u{0}\u{7f}",
            "it's `raw`",
            r"\x22",
            "{{owner}}",
            "{{namespace}}{{",
            "größe-日本-🐒",
        ] {
            let victim = victim(hostile, Some(hostile));
            for placeholder in ["{{namespace}}", "{{owner}}"] {
                let query = complete(&format!("\"{placeholder}\"}}"), Some(&victim)).unwrap();
                assert_eq!(read_string(&query), (hostile.to_owned(), "}"), "{query}");
                assert!(!query.contains(['\'', '`']), "{query}");
            }
        }
    }

    #[test]
    fn every_placeholder_of_a_query_is_replaced_and_the_rest_stays() {
        let query = r#"ALERTS{namespace="{{namespace}}"} and on() kube{deployment="{{owner}}",ns="{{namespace}}"} > 0"#;
        let complete = complete(query, Some(&victim("shop", Some("web")))).unwrap();
        let expected = r#"ALERTS{namespace="shop"} and on() kube{deployment="web",ns="shop"} > 0"#;
        assert_eq!(complete, expected);
    }

    #[test]
    fn a_placeholder_that_stands_for_nothing_is_an_error() {
        let bare = victim("shop", None);
        for (query, victim, error) in [
            (r#"up{ns="{{namespace}}"}"#, None, TemplateError::NoVictim),
            (r#"up{o="{{owner}}"}"#, None, TemplateError::NoVictim),
            (
                r#"up{o="{{owner}}"}"#,
                Some(&bare),
                TemplateError::NoOwner("shop/web-1".to_owned()),
            ),
            (r#"up{o="{{pod}}"}"#, Some(&bare), TemplateError::Unknown),
            (r#"up{o="{{ namespace }}"}"#, Some(&bare), TemplateError::Unknown),
        ] {
            assert_eq!(complete(query, victim), Err(error), "{query}");
        }
        assert_eq!(complete("up == 1", None).unwrap(), "up == 1");
    }
}
