//! Memory comes in small pages.

/// Where the system makes huge pages of all it can (`/sys/kernel/mm/transparent_hugepage/enabled` says `always`), the allocator's
/// memory is resident by 2 MiB, of which a third is in use: half as much again of a process, and measured no sale more for it.
pub fn refuse() {
    #[cfg(target_os = "linux")]
    if let Err(error) = nix::sys::prctl::set_thp_disable(true) {
        tracing::debug!(%error, "huge pages cannot be refused; the process takes more memory");
    }
}
