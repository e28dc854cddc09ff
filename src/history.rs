//! The history outside the core: written to a ConfigMap while macaque runs, read back by commands, and read out of the log.
