//! Any bytes, as an entry in Redis.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| cachekit::testing::read_anything(bytes));
