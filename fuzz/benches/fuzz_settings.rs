//! libFuzzer's entry; what must hold is in the library.
#![no_main]

libfuzzer_sys::fuzz_target!(|text: &str| fuzz::try_settings(text));
