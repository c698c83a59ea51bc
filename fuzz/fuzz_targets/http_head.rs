#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| sticky_fuzz::http_head::check(data));
