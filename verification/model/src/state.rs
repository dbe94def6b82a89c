//! What both databases hold, what is on its way, and where everybody is.

use crate::call::Call;

/// Most orders, and most products.
pub const MOST: usize = 2;

/// What a request asks for, as its hash tells it.
pub type Content = u8;

/// Everything, at one moment.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct State {
    /// The order database.
    pub rows: [Option<Row>; MOST],
    /// Its COMMITs that nobody was acknowledged; each holds its row's lock.
    pub doubts: Vec<Doubt>,
    /// The product database.
    pub deductions: [Option<Deduction>; MOST],
    /// Movements of a sale, for each order.
    pub sold: [u8; MOST],
    pub levels: [i8; MOST],
    pub received: [i8; MOST],
    /// Calls to the product module, with their transactions there; sorted, since they have no names.
    pub calls: Vec<Call>,
    pub work: Vec<Work>,
    pub faults_left: u8,
    /// What a reader who looks after every step has seen decided first.
    pub seen: [Option<Status>; MOST],
}

/// An order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Row {
    pub status: Status,
    /// `None` of a fence.
    pub content: Option<Content>,
    /// Past `decideBy`.
    pub late: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Status {
    Pending,
    Confirmed,
    Rejected,
    Cancelled,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Verdict {
    Held,
    /// Refused: a line was not available.
    Short,
    /// Refused: it was given up.
    GivenUp,
}

/// A decision. Its content is `None` where no request ever arrived.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Deduction {
    pub verdict: Verdict,
    pub content: Option<Content>,
}

/// A COMMIT in the order database that may still take effect, or not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Doubt {
    /// S1, or a fence.
    Intent { order: u8, content: Option<Content> },
    /// S3, of this agent.
    Projection { order: u8, agent: u8, status: Status },
}

/// A pending order in somebody's hand.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Pending {
    pub content: Option<Content>,
    pub late: bool,
}

/// Where somebody is, and what its client was told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Work {
    pub place: Place,
    /// Nothing also where the client was told that nobody knows.
    pub told: Option<Told>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Place {
    Start,
    /// There was a row already: reads it.
    Standing,
    /// Has a pending order, and no call under way.
    Asking(Pending),
    /// Its call is under way.
    Waiting(Pending),
    /// Has heard the decision.
    Projecting(Verdict),
    /// Has told its client, and not committed yet: a flaw.
    Committing(Verdict),
    End,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Told {
    /// 201, or 409 with its reason.
    Decided(Status),
    /// 422.
    KeyReused,
}

impl Verdict {
    /// S3 as it should be: the status is a function of the deduction alone.
    pub fn status(self) -> Status {
        match self {
            Self::Held => Status::Confirmed,
            Self::Short => Status::Rejected,
            Self::GivenUp => Status::Cancelled,
        }
    }
}

impl Doubt {
    pub fn order(self) -> u8 {
        match self {
            Self::Intent { order, .. } | Self::Projection { order, .. } => order,
        }
    }
}

impl State {
    pub(crate) fn empty(agents: usize, faults_left: u8) -> Self {
        Self {
            rows: [None; MOST],
            doubts: Vec::new(),
            deductions: [None; MOST],
            sold: [0; MOST],
            levels: [0; MOST],
            received: [0; MOST],
            calls: Vec::new(),
            work: vec![Work { place: Place::Start, told: None }; agents],
            faults_left,
            seen: [None; MOST],
        }
    }

    pub fn row(&self, order: u8) -> Option<Row> {
        self.rows[usize::from(order)]
    }

    pub fn deduction(&self, order: u8) -> Option<Deduction> {
        self.deductions[usize::from(order)]
    }

    /// S1 of this order waits for another whose COMMIT is in doubt.
    pub(crate) fn intent_in_doubt(&self, order: u8) -> bool {
        self.doubts.iter().any(|doubt| matches!(doubt, Doubt::Intent { order: other, .. } if *other == order))
    }

    /// Its row is locked by an S3 whose COMMIT is in doubt.
    pub(crate) fn projection_in_doubt(&self, order: u8) -> bool {
        self.doubts
            .iter()
            .any(|doubt| matches!(doubt, Doubt::Projection { order: other, .. } if *other == order))
    }

    /// Puts what has no names in order, and lets the reader look.
    pub(crate) fn settle(&mut self) {
        self.calls.sort_unstable();
        self.doubts.sort_unstable();
        for (seen, row) in self.seen.iter_mut().zip(&self.rows) {
            let decided = row.map(|row| row.status).filter(|status| *status != Status::Pending);
            *seen = seen.or(decided);
        }
    }
}
