//! Processes that end, and that stand still.

use nix::sys::signal::Signal;

use super::Injection;

impl Injection {
    pub(super) async fn kill(&mut self, target: usize) -> anyhow::Result<()> {
        let process = self.shop.processes[target].clone();
        process.kill();
        self.last(0, 2500).await;
        process.start_again()
    }

    pub(super) async fn terminate(&mut self, target: usize) -> anyhow::Result<()> {
        let process = self.shop.processes[target].clone();
        process.end(Signal::SIGTERM).await;
        self.last(0, 1000).await;
        process.start_again()
    }

    pub(super) async fn freeze(&mut self, target: usize) -> anyhow::Result<()> {
        let process = self.shop.processes[target].clone();
        process.signal_all(Signal::SIGSTOP);
        self.last(300, 6000).await;
        process.signal_all(Signal::SIGCONT);
        Ok(())
    }
}
