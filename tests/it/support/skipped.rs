//! What could not be tested here, for the one who asked: `./test` tells it at its end.

use std::{env, fs::File, io::Write};

/// Says that this was left out, and why.
pub fn note(what: &str) {
    println!("NOT TESTED: {what}");
    if let Ok(path) = env::var("POS_TEST_SKIPPED") {
        let mut file = File::options().create(true).append(true).open(path).unwrap();
        writeln!(file, "{what}").unwrap();
    }
}
