//! Ports that no other test takes, on this machine, as long as they are held.

use std::{
    env, fs,
    fs::File,
    net::{Ipv4Addr, TcpListener},
};

/// Below the ports that the system gives to outgoing connections.
const FIRST: u16 = 12_000;
const COUNT: u16 = 20_000;

/// Held by a file lock, because between choosing a port and a process's bind another test may choose.
pub struct Port {
    pub number: u16,
    _lock: File,
}

impl Port {
    /// A port that is free on every loopback address.
    pub fn reserve() -> Self {
        let directory = env::temp_dir().join("pos-test-ports");
        fs::create_dir_all(&directory).unwrap();
        let start = (uuid::Uuid::new_v4().as_u128() % u128::from(COUNT)) as u16;
        for step in 0..COUNT {
            let number = FIRST + (start + step) % COUNT;
            let path = directory.join(number.to_string());
            let lock = File::options().create(true).truncate(false).write(true).open(path).unwrap();
            let free = || TcpListener::bind((Ipv4Addr::UNSPECIFIED, number)).is_ok();
            if lock.try_lock().is_ok() && free() {
                return Self { number, _lock: lock };
            }
        }
        panic!("no port is free");
    }
}
