//! What strace wrote down: the calls of a process, each with its place among the others.

use std::collections::HashMap;

/// What is wanted of strace besides the calls' names: all threads, files and sockets by name, all bytes as hex digits.
pub const OPTIONS: [&str; 7] = ["-D", "-f", "-y", "-xx", "-s", "1000000", "--seccomp-bpf"];
/// Calls that read from a socket, that write, and that bring a file to the disk.
pub const CALLS: &str =
    "trace=recvfrom,recvmsg,readv,sendto,sendmsg,write,writev,pwrite64,pwritev,fsync,fdatasync";

/// A system call of any thread.
pub struct Call {
    pub name: String,
    /// The file's path, or `socket:[NUMBER]`, the number of one connection alone.
    pub on: String,
    /// What was read or written: of sockets and SQLite's logs only.
    pub bytes: Vec<u8>,
    pub result: i64,
    /// Lines of the trace. What came after a call had returned stands after `done`, what it waited for before `begun`.
    pub begun: usize,
    pub done: usize,
}

impl Call {
    pub fn reads(&self) -> bool {
        self.name.starts_with("r")
    }

    pub fn writes(&self) -> bool {
        !self.reads() && !self.syncs()
    }

    pub fn syncs(&self) -> bool {
        self.name.ends_with("sync")
    }
}

/// Every call that returned, in the order in which they began.
pub fn read(trace: &str) -> Vec<Call> {
    let mut calls = Vec::new();
    // by thread: what of the call was written so far
    let mut unfinished: HashMap<&str, (usize, String)> = HashMap::new();
    for (number, line) in trace.lines().enumerate() {
        let (thread, text) = line.split_once(' ').unwrap_or((line, ""));
        let text = text.trim_start();
        if let Some(begin) = text.strip_suffix(" <unfinished ...>") {
            unfinished.insert(thread, (number, begin.to_owned()));
        } else if let Some(rest) = text.strip_prefix("<... ") {
            let (begun, begin) = unfinished.remove(thread).unwrap_or_else(|| panic!("never begun: {line}"));
            let (_, rest) = rest.split_once(" resumed>").unwrap_or_else(|| panic!("resumed: {line}"));
            calls.extend(call(&(begin + rest), begun, number));
        } else {
            calls.extend(call(text, number, number));
        }
    }
    calls.sort_by_key(|call| call.begun);
    calls
}

/// `NAME(NUMBER<FILE>, "BYTES", …) = RESULT`; nothing where it is no call, or on no file.
fn call(text: &str, begun: usize, done: usize) -> Option<Call> {
    let (name, rest) = text.split_once('(')?;
    let (_, rest) = rest.split_once('<')?;
    let (on, rest) = rest.split_once('>')?;
    let (arguments, result) = rest.rsplit_once(" = ")?;
    let result = result.split(' ').next()?.parse().ok()?;
    let on = String::from_utf8_lossy(&decode(on)).into_owned();
    let is_wanted = on.starts_with("socket:") || on.ends_with("-wal");
    assert!(!arguments.contains("\"..."), "strace left bytes out of {name} on {on}");
    // every second piece stands between quotation marks; several where a call has several buffers
    let strings = arguments.split('"').skip(1).step_by(2).filter(|_| is_wanted);
    let bytes = strings.flat_map(decode).collect();
    Some(Call { name: name.to_owned(), on, bytes, result, begun, done })
}

/// `\x2f\x74` is `/t`.
fn decode(text: &str) -> Vec<u8> {
    let digit = |byte: u8| char::from(byte).to_digit(16).unwrap_or_else(|| panic!("no bytes: {text}")) as u8;
    text.as_bytes().chunks_exact(4).map(|byte| digit(byte[2]) << 4 | digit(byte[3])).collect()
}
