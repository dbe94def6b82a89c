//! Wires that cut, delay, silence and double what goes over them.

use std::time::Duration;

use super::Injection;
use crate::wire::{Harm, Speaks, Trouble};

const HTTP: [Harm; 11] = [
    Harm::CutBefore,
    Harm::CutRequest,
    Harm::CutAfter,
    Harm::CutAnswer,
    Harm::Unheard,
    Harm::Delay,
    Harm::DelayAnswer,
    Harm::Double,
    Harm::Double,
    Harm::Unreachable,
    Harm::Frozen,
];
const POSTGRES: [Harm; 10] = [
    Harm::CutBefore,
    Harm::CutAfter,
    Harm::Unheard,
    Harm::Delay,
    Harm::Unreachable,
    Harm::Frozen,
    Harm::Late,
    Harm::LateCommit,
    Harm::UnheardCommit,
    Harm::UnheardCommit,
];

impl Injection {
    pub(super) async fn trouble_wire(&mut self, target: usize) -> anyhow::Result<()> {
        let wire = self.shop.wires[target].clone();
        let harms: &[Harm] = match wire.speaks {
            Speaks::Http => &HTTP,
            Speaks::Postgres => &POSTGRES,
        };
        let Some(harm) = self.random.choice(harms).copied() else { return Ok(()) };
        let share = match (wire.speaks, harm) {
            (_, Harm::LateCommit | Harm::UnheardCommit) | (Speaks::Http, _) => 0.1 + 0.5 * self.random.f64(),
            // of single messages, of which a request has many
            (Speaks::Postgres, _) => 0.02 + 0.1 * self.random.f64(),
        };
        let time = Duration::from_millis(match harm {
            Harm::Delay if wire.speaks == Speaks::Postgres => self.random.u64(5..800),
            _ => self.random.u64(20..5000),
        });
        wire.begin(self.serial, Trouble { harm, share, time });
        self.last(500, 5000).await;
        wire.end(self.serial);
        Ok(())
    }
}
