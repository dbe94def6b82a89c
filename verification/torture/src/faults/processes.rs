//! Processes that end, and that stand still.

use std::time::Duration;

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

    /// A new version comes, one process after the other, while one of them stands still.
    pub(super) async fn roll(&mut self, target: usize) -> anyhow::Result<()> {
        let (stands, mut others) = (self.shop.processes[target].clone(), self.shop.processes.clone());
        others.remove(target);
        self.random.shuffle(&mut others);
        let (time, up) = (self.random.u64(500..8000), self.random.u64(50..1500));
        stands.signal_all(Signal::SIGSTOP);
        let wake = async {
            self.stop.pause(Duration::from_millis(time)).await;
            stands.signal_all(Signal::SIGCONT);
        };
        let restart = async {
            for process in others.iter().take_while(|_| !self.stop.has_come()) {
                process.end(Signal::SIGTERM).await;
                process.start_again()?;
                self.stop.pause(Duration::from_millis(up)).await;
            }
            Ok(())
        };
        tokio::join!(wake, restart).1
    }
}
