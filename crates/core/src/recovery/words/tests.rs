//! Each verdict has its sentence.
