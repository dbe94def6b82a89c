//! Why a command did not do its work, and how the caller is told: one line a fault, and an exit code.

use std::process::ExitCode;

/// Wrong usage or configuration (EX_USAGE of sysexits.h).
const EXIT_USAGE: u8 = 64;

/// A command's failure.
#[derive(Debug)]
pub enum Failure {
    /// Usage or settings are wrong; every fault, each with its remedy.
    Usage(Vec<String>),
    /// The ground is not as it has to be: a port, a directory, a database.
    Start(anyhow::Error),
}

impl Failure {
    pub fn usage(fault: impl Into<String>) -> Self {
        Self::Usage(vec![fault.into()])
    }

    /// Says on standard error what is wrong.
    pub fn report(&self) {
        match self {
            Self::Usage(faults) => faults.iter().for_each(|fault| eprintln!("pos: {}", one_line(fault))),
            Self::Start(error) => eprintln!("pos: {}", one_line(&format!("{error:#}"))),
        }
    }

    /// The exit code.
    pub fn code(&self) -> ExitCode {
        match self {
            Self::Usage(_) => ExitCode::from(EXIT_USAGE),
            Self::Start(_) => ExitCode::FAILURE,
        }
    }
}

impl From<anyhow::Error> for Failure {
    fn from(error: anyhow::Error) -> Self {
        Self::Start(error)
    }
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
