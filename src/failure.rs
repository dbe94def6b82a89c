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

    /// Says on standard error what is wrong, and answers the exit code.
    pub fn report(&self) -> ExitCode {
        match self {
            Self::Usage(faults) => {
                for fault in faults {
                    eprintln!("pos: {}", one_line(fault));
                }
                ExitCode::from(EXIT_USAGE)
            }
            Self::Start(error) => {
                eprintln!("pos: {}", one_line(&format!("{error:#}")));
                ExitCode::FAILURE
            }
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
