//! A proxy between a client and an HTTP server that injects faults.
