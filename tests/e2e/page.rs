//! Promises about the status page in a browser: whatever state macaque is in, and whatever a cluster's names and messages
//! are, the page shows it to everybody, runs nothing, and asks for nothing.

mod hostile;
mod images;
mod many_owners;
mod served_page;
mod states;
mod stored_history;
