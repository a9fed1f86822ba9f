use std::time::Duration;

use orders::{Deadline, Timestamp};

/// What is kept back of an invocation's own deadline, so that the answer is out before Lambda
/// ends the invocation.
const INVOCATION_RESERVE: Duration = Duration::from_millis(250);

/// What is kept back of the request's budget for writing the answer.
const ANSWER_RESERVE: Duration = Duration::from_millis(50);

/// What surrounds one request.
#[derive(Clone, Debug, Default)]
pub struct Invocation {
    /// The invocation's id, used where the gateway gave none.
    pub id: String,
    /// When the invocation ends, by Lambda's word.
    pub deadline: Option<Timestamp>,
    /// The trace that Lambda says the invocation belongs to, as `X-Amzn-Trace-Id` has it.
    pub trace: Option<String>,
}

impl Invocation {
    /// When the answer has to have left: within a budget, and before the invocation ends.
    pub fn deadline_within(&self, budget: Duration, now: Timestamp) -> Deadline {
        let of_budget = now.plus(budget.saturating_sub(ANSWER_RESERVE));
        let of_invocation = self.deadline.map(|ends| {
            let left = Deadline::at(ends).remaining(now);
            now.plus(left.saturating_sub(INVOCATION_RESERVE))
        });
        Deadline::at(of_invocation.map_or(of_budget, |ends| ends.min(of_budget)))
    }
}
