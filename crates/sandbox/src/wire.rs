//! The forms of requests and answers: routes, bodies in JSON and protobuf, statuses, representations and tables.
//!
//! This module converts between the data on the wire and the types that `api` works with. It decides nothing and holds
//! no state; from `store` it uses only the tables of resources and reviews and the accessors of objects.

pub(crate) mod protobuf;
pub(crate) mod reply;
pub(crate) mod representation;
pub(crate) mod request;
pub(crate) mod route;
pub(crate) mod status_error;
pub(crate) mod table;
