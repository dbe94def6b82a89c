//! Calls to the product module: each is a message, then a transaction there, then an answer.

use crate::state::{Content, Deduction, Verdict};

/// A call. Nobody waits for it once its caller has gone, nor for a copy of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Call {
    pub question: Question,
    pub caller: Option<u8>,
    pub at: CallAt,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Question {
    Decide {
        order: u8,
        content: Content,
    },
    Refuse {
        order: u8,
        content: Option<Content>,
    },
    /// A piece of this product comes in; no order's.
    Receive {
        product: u8,
    },
}

/// How far a call has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum CallAt {
    /// On its way.
    Sent,
    /// Holds so many of its locks.
    Locked(u8),
    /// Has found no deduction, in a statement after its locks.
    Looked,
    /// Has written, not committed.
    Wrote(Written),
    /// COMMIT was not acknowledged; it still holds its locks.
    InDoubt(Written),
    /// The answer is on its way back.
    Answered(Reply),
}

/// What a transaction has written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Written {
    pub deduction: Option<Deduction>,
    /// Movements of the sale, and the levels that follow.
    pub takes: bool,
    /// What it will answer.
    pub stands: Option<Deduction>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Reply {
    Decided(Verdict),
    KeyReused,
}

impl Question {
    /// The order it is about.
    pub fn order(self) -> Option<u8> {
        match self {
            Self::Decide { order, .. } | Self::Refuse { order, .. } => Some(order),
            Self::Receive { .. } => None,
        }
    }

    fn content(self) -> Option<Content> {
        match self {
            Self::Decide { content, .. } => Some(content),
            Self::Refuse { content, .. } => content,
            Self::Receive { .. } => None,
        }
    }

    /// What a caller is told of the deduction that stands.
    pub(crate) fn reply(self, stands: Deduction) -> Reply {
        match (stands.content, self.content()) {
            (Some(stands), Some(asked)) if stands != asked => Reply::KeyReused,
            _ => Reply::Decided(stands.verdict),
        }
    }
}

impl Call {
    pub(crate) fn new(caller: u8, question: Question) -> Self {
        Self { question, caller: Some(caller), at: CallAt::Sent }
    }

    pub(crate) fn receipt(product: u8) -> Self {
        Self { question: Question::Receive { product }, caller: None, at: CallAt::Sent }
    }

    /// What its open transaction has written.
    pub(crate) fn uncommitted(&self) -> Option<Written> {
        match self.at {
            CallAt::Wrote(written) | CallAt::InDoubt(written) => Some(written),
            CallAt::Sent | CallAt::Locked(_) | CallAt::Looked | CallAt::Answered(_) => None,
        }
    }
}
