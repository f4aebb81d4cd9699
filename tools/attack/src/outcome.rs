//! What can go wrong here is told to a person, and ends the program.

pub(crate) type Outcome<T> = Result<T, Box<dyn std::error::Error + Send + Sync>>;
