//! One schedule, step by step.

use std::collections::HashMap;

use protocol_model::{Call, Doubt, Instance, Place, Question, Role, State, Step, describe};

use super::{
    player::{Hand, Player},
    shop::{Differs, Shop, same},
};
use crate::support::stores::Stores;

/// The real shop beside the model. What the model does in several steps that nobody can see is done at the last of them;
/// a COMMIT that is in doubt is done, if at all, when it takes effect.
pub struct Play<'a> {
    shop: Shop<'a>,
    players: Vec<Player>,
    /// S3 whose COMMIT is in doubt, by agent and order.
    parked: HashMap<(u8, u8), Hand>,
}

impl<'a> Play<'a> {
    pub async fn open(stores: &'a Stores, instance: &'a Instance) -> Self {
        let players = instance.agents.iter().map(|_| Player::new(stores)).collect();
        Self { shop: Shop::open(stores, instance).await, players, parked: HashMap::new() }
    }

    /// Takes the step that takes the model from one state to the other, and compares.
    pub async fn take(&mut self, from: &State, step: Step, to: &State) -> Result<(), Differs> {
        self.take_unexplained(from, step, to)
            .await
            .map_err(|differs| format!("{}: {differs}", describe(self.shop.instance, from, step)))
    }

    async fn take_unexplained(&mut self, from: &State, step: Step, to: &State) -> Result<(), Differs> {
        match step {
            Step::Lock(_)
            | Step::Look(_)
            | Step::Write(_)
            | Step::Commit(_)
            | Step::CommitUnacknowledged(_)
            | Step::CallTakesEffect(_)
            | Step::CallRollsBack(_)
            | Step::CallLost(_)
            | Step::CallDies(_)
            | Step::CallDoubled(_) => self.call(from, step).await?,
            Step::DoubtTakesEffect(index) => self.take_effect(from.doubts[usize::from(index)]).await?,
            Step::DoubtRollsBack(index) => {
                if let Doubt::Projection { order, agent, .. } = from.doubts[usize::from(index)] {
                    self.parked.remove(&(agent, order));
                }
            }
            Step::GrowLate(order) => self.shop.make_late(order).await,
            Step::Intend(agent)
            | Step::IntendUnacknowledged(agent)
            | Step::Open(agent)
            | Step::OpenUnacknowledged(agent)
            | Step::Claim(agent)
            | Step::Standing(agent)
            | Step::Ask(agent)
            | Step::Hear(agent)
            | Step::NotHeard(agent)
            | Step::Project(agent)
            | Step::ProjectUnacknowledged(agent)
            | Step::AnswerEarly(agent)
            | Step::LeaveOff(agent) => self.agent(agent, step, to).await?,
        }
        self.shop.compare(to).await?;
        for (index, (player, work)) in self.players.iter().zip(&to.work).enumerate() {
            if self.shop.instance.agents[index].role != Role::Sweeper {
                same(&format!("what agent {index} was told"), work.told, player.told)?;
            }
        }
        Ok(())
    }

    async fn agent(&mut self, index: u8, step: Step, to: &State) -> Result<(), Differs> {
        let agent = self.shop.instance.agents[usize::from(index)];
        let place = to.work[usize::from(index)].place;
        let asked = to.calls.iter().find(|call| call.caller == Some(index)).map(|call| call.question);
        let player = &mut self.players[usize::from(index)];
        let question = || asked.ok_or("the model asks nothing");
        match (step, agent.role) {
            // S1 and the read after it are one here
            (Step::Intend(_), Role::Till(_)) if place == Place::Standing => {}
            (Step::Intend(_) | Step::Standing(_), Role::Till(content)) => {
                player.intend(&self.shop, agent.order, content).await?;
            }
            (Step::Open(_), _) => {
                player.cancel(&self.shop, agent.order);
                match place {
                    Place::Waiting(_) => player.arrive(&self.shop, question()?).await?,
                    _ => player.end().await?,
                }
            }
            (Step::Claim(_), _) => {
                self.shop.make_due(agent.order).await;
                player.sweep();
                player.arrive(&self.shop, question()?).await?;
            }
            (Step::Ask(_), _) => player.ask(&self.shop, question()?).await?,
            (Step::NotHeard(_), _) => player.hear_nothing(),
            (Step::Hear(_), Role::Till(_)) => player.hear().await?,
            (Step::Hear(_), _) if place == Place::End => player.hear().await?,
            // the others go on to S3 by themselves
            (Step::Hear(_), _) => {}
            (Step::Project(_), Role::Till(_)) => player.project().await?,
            (Step::Project(_), _) => player.hear().await?,
            (Step::ProjectUnacknowledged(_), _) => {
                drop(self.parked.insert((index, agent.order), player.leave_off()));
            }
            (Step::LeaveOff(_), _) => drop(player.leave_off()),
            // nothing is done before it takes effect
            (Step::IntendUnacknowledged(_) | Step::OpenUnacknowledged(_), _) => {}
            // the code says nothing yet
            (Step::AnswerEarly(_), _) => {}
            (other, _) => return Err(format!("the code has no {other:?}")),
        }
        Ok(())
    }

    /// What the product module does is seen when it answers what stands, or commits.
    async fn call(&mut self, from: &State, step: Step) -> Result<(), Differs> {
        let of = |index: u8| from.calls[usize::from(index)];
        match step {
            Step::Look(index) if of(index).question.order().is_some_and(|o| from.deduction(o).is_some()) => {
                self.serve(of(index)).await;
            }
            Step::Commit(index) | Step::CallTakesEffect(index) => self.serve(of(index)).await,
            Step::CommitUnacknowledged(index) | Step::CallLost(index) | Step::CallDies(index) => {
                if let Some(caller) = of(index).caller {
                    self.players[usize::from(caller)].hear_nothing();
                }
            }
            _ => {}
        }
        Ok(())
    }

    async fn serve(&mut self, call: Call) {
        let answer = self.shop.serve(call.question).await;
        if let Some(caller) = call.caller {
            self.players[usize::from(caller)].hand.answer = answer;
        }
    }

    async fn take_effect(&mut self, doubt: Doubt) -> Result<(), Differs> {
        let mut player = Player::new(self.shop.stores);
        match doubt {
            Doubt::Intent { order, content: Some(content) } => {
                player.intend(&self.shop, order, content).await?;
            }
            Doubt::Intent { order, content: None } => {
                player.cancel(&self.shop, order);
                player.arrive(&self.shop, Question::Refuse { order, content: None }).await?;
            }
            Doubt::Projection { order, agent, .. } => {
                player.hand = self.parked.remove(&(agent, order)).ok_or("nobody's S3 is in doubt")?;
                match self.shop.instance.agents[usize::from(agent)].role {
                    Role::Till(_) => player.project().await?,
                    Role::Canceller | Role::Sweeper => player.hear().await?,
                }
            }
        }
        Ok(())
    }
}
