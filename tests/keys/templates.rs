//! Two templates that could give one key are found when both are registered.
