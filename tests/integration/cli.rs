//! Promises of the command line, kept by the built program in an empty environment: exit codes, words, formats.

mod blame;
mod check;
mod config;
mod connecting;
mod first_command;
mod history;
mod history_of_log;
mod migrate;
mod mistakes;
mod namespaces_by_label;
mod notify;
mod once;
mod once_delivery;
mod once_wait;
mod output;
mod pause;
mod people;
mod plan_watch;
mod plugin;
mod reload;
mod report;
mod schedule;
mod secrets;
mod served;
mod terminal;
