//! Problems of a Redis address or of its server, in words.

/// The problem with a Redis address or its server, and the remedy, as texts for the user.
pub(crate) type Wrong = (String, String);
