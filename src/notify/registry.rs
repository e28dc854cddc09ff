//! The list of chat services. Settings and environment variables are derived from each service's [`ServiceSpec`], and
//! the documents are checked against it.

use super::service::ServiceSpec;
use super::{slack, teams, webex, webhook};

/// All chat services, in the order of the documents.
pub static SERVICES: &[&ServiceSpec] = &[
    &slack::BOT,
    &slack::WEBHOOK,
    &webex::BOT,
    &teams::WORKFLOW,
    &webhook::WEBHOOK,
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::notify::service::{FieldKind, FieldValues};

    #[test]
    fn every_service_opens_under_its_own_name_and_shows_nothing_of_its_fields() {
        for spec in SERVICES {
            let mut values = FieldValues::default();
            for field in spec.fields {
                match field.kind {
                    FieldKind::Secret { .. } => values.secrets.push((field.path, "canary".into())),
                    FieldKind::Text | FieldKind::Url(_) => {
                        values.texts.push((field.path, "canary".to_owned()));
                    }
                }
            }
            let service = (spec.open)(&values);
            assert_eq!(service.name(), spec.name);
            assert!(
                !format!("{service:?} {values:?}").contains("canary"),
                "{}",
                spec.name
            );

            let secrets = spec.fields.len() - 1;
            assert!(service.hidden().len() >= secrets.max(1), "{}", spec.name);
        }
    }

    #[test]
    fn no_two_services_share_a_name_or_a_key() {
        let mut names: Vec<_> = SERVICES.iter().map(|spec| spec.name).collect();
        let fields = SERVICES.iter().flat_map(|spec| spec.fields);
        names.extend(fields.map(|field| field.path));
        let count = names.len();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), count);
    }
}
