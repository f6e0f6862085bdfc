//! Any requests and responses, through the HTTP layer.

#![no_main]

#[path = "../../tests/src/http_exchange.rs"]
mod http_exchange;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| http_exchange::exchange_anything(bytes));
