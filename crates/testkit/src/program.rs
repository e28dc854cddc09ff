//! One way to run the built program: arguments, an environment of its own, a time-out, captured output.
