//! The tools of the tests do what the tests take for granted.

mod redis;
