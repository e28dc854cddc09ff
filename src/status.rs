//! The status page, made of what the actors publish: it asks nobody when it is asked.
