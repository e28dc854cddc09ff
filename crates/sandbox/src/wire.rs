//! The forms of requests and answers: routes, bodies, statuses, representations and tables.
//!
//! This room translates between what goes over the wire and what `api` works with. It decides nothing and holds no
//! state; of the store it knows only the table of resources and the conventions of objects.

pub(crate) mod protobuf;
pub(crate) mod reply;
pub(crate) mod representation;
pub(crate) mod request;
pub(crate) mod route;
pub(crate) mod status_error;
pub(crate) mod table;
