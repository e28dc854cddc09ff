//! The table of reviews: resources that are answered and not stored.

/// A resource whose objects are questions, which the server answers in their status.
#[derive(Debug)]
pub(crate) struct ReviewResource {
    pub(crate) group: &'static str,
    pub(crate) plural: &'static str,
    pub(crate) kind: &'static str,
    pub(crate) namespaced: bool,
}

/// The only version of the groups of reviews.
pub(crate) const VERSION: &str = "v1";

const AUTHENTICATION: &str = "authentication.k8s.io";
const AUTHORIZATION: &str = "authorization.k8s.io";

/// Every review, with those of a group together.
pub(crate) static REVIEWS: [ReviewResource; 5] = [
    review(AUTHENTICATION, "selfsubjectreviews", "SelfSubjectReview"),
    ReviewResource {
        namespaced: true,
        ..review(
            AUTHORIZATION,
            "localsubjectaccessreviews",
            "LocalSubjectAccessReview",
        )
    },
    review(
        AUTHORIZATION,
        "selfsubjectaccessreviews",
        "SelfSubjectAccessReview",
    ),
    review(AUTHORIZATION, "selfsubjectrulesreviews", "SelfSubjectRulesReview"),
    review(AUTHORIZATION, "subjectaccessreviews", "SubjectAccessReview"),
];

const fn review(group: &'static str, plural: &'static str, kind: &'static str) -> ReviewResource {
    ReviewResource {
        group,
        plural,
        kind,
        namespaced: false,
    }
}

/// Whether a group consists of reviews.
pub(crate) fn is_group_of_reviews(group: &str) -> bool {
    REVIEWS.iter().any(|review| review.group == group)
}

/// Finds a review by its group, version and plural name.
pub(crate) fn find(group: &str, version: &str, plural: &str) -> Option<&'static ReviewResource> {
    let mut reviews = REVIEWS.iter();
    reviews.find(|review| version == VERSION && (review.group, review.plural) == (group, plural))
}
