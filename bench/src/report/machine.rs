//! When, of what and on what it was measured.

use std::{fs, process::Command};

use crate::{
    ground::{Ground, SIZES},
    options::Options,
};

pub fn describe(options: &Options, ground: &Ground) -> String {
    let pos = version("pos", &ground.pos.display().to_string());
    let mut versions = vec![
        format!("{pos} ({}; sources at commit {})", ground.origin, ground.commit),
        version("rustc", "rustc"),
    ];
    if let Ok(postgres) = crate::ground::program("postgres") {
        let postgres = version("PostgreSQL", &postgres.display().to_string());
        versions.push(format!("{postgres} (with {})", SIZES.join(", ")));
    }
    versions.extend([version("nginx", "nginx"), version("HAProxy", "haproxy")]);
    versions.push(format!("SQLite {}", rusqlite::version()));
    let versions: Vec<String> = versions.into_iter().filter(|version| !version.ends_with(' ')).collect();
    let quick = match options.quick || cfg!(debug_assertions) {
        true => " For trying (`--quick`, or a debug build): these are no figures.",
        false => "",
    };
    format!(
        "`cargo run --release -p bench -- {}`. {}, {}; {}. Median of {} rounds of {} s \
         (least–most), each round one thing after the other so that noise hits all; the load generator runs on \
         the same machine. In percentiles, who failed or was told that nobody knows comes after all others.{quick}",
        without_places(std::env::args().skip(1)),
        chrono::Local::now().format("%-d %B %Y"),
        versions.join(", "),
        machine(),
        options.rounds,
        options.seconds,
    )
}

/// Where files lie on one machine says nothing to the reader on another.
fn without_places(arguments: impl Iterator<Item = String>) -> String {
    let shown = arguments.map(|argument| if argument.contains('/') { "PATH".to_owned() } else { argument });
    shown.collect::<Vec<_>>().join(" ")
}

fn machine() -> String {
    let read = |path: &str| fs::read_to_string(path).unwrap_or_default();
    let processors = read("/proc/cpuinfo");
    let model =
        processors.lines().find(|line| line.starts_with("model name")).and_then(|line| line.split_once(": "));
    let memory = read("/proc/meminfo");
    let kib: Option<u64> =
        memory.lines().next().and_then(|line| line.split_whitespace().nth(1)?.parse().ok());
    let kernel = read("/proc/sys/kernel/osrelease");
    let load = read("/proc/loadavg");
    format!(
        "{} cores of {}, {} GiB of memory, Linux {}, load average at the end {}",
        std::thread::available_parallelism().map_or(0, usize::from),
        model.map_or("an unnamed processor", |(_, model)| model),
        kib.unwrap_or_default() / 1024 / 1024,
        kernel.trim(),
        load.split(' ').next().unwrap_or("unknown")
    )
}

/// Name and number, or the name alone.
fn version(name: &str, program: &str) -> String {
    let mut said = String::new();
    for flag in ["--version", "-v"] {
        if let Ok(output) = Command::new(program).arg(flag).output() {
            said = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
            if output.status.success() {
                break;
            }
        }
    }
    let is_number =
        |word: &&str| word.starts_with(|first: char| first.is_ascii_digit()) && word.contains('.');
    let words = said.split([' ', '/', '\n', '-']);
    format!("{name} {}", words.into_iter().find(is_number).unwrap_or_default())
}
