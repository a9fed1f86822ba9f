use std::collections::VecDeque;
use std::time::Duration;

/// Something that goes wrong between Stripe and its caller.
#[derive(Clone, Debug)]
pub enum Fault {
    /// An answer with this status and Stripe's error body.
    Status(u16),
    /// The same, with further headers (`Stripe-Should-Retry`, `Retry-After`).
    StatusWith(u16, Vec<(&'static str, &'static str)>),
    /// The right answer, after a wait.
    Delay(Duration),
    /// No answer, ever.
    Hang,
    /// The connection is closed before any answer.
    Reset,
    /// The connection is closed within the body.
    CutBody,
    /// A 200 whose body is no JSON.
    Garbage,
    /// An error page with this status, of something between Stripe and its caller.
    Html(u16),
    /// An answer with this status and exactly this body.
    Body(u16, String),
    /// A 403 as for a restricted key that lacks a permission.
    MissingPermission,
}

/// How often a fault strikes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Times {
    /// The next so many requests.
    Next(u32),
    /// Every request, until the faults are cleared.
    Always,
}

/// The faults to come, first come first served.
#[derive(Debug, Default)]
pub(crate) struct Faults(VecDeque<(Fault, Times)>);

impl Faults {
    pub(crate) fn add(&mut self, fault: Fault, times: Times) {
        if times != Times::Next(0) {
            self.0.push_back((fault, times));
        }
    }

    pub(crate) fn clear(&mut self) {
        self.0.clear();
    }

    /// The fault of the next request.
    pub(crate) fn strike(&mut self) -> Option<Fault> {
        let (fault, times) = self.0.front_mut()?;
        let fault = fault.clone();
        match times {
            Times::Always => {}
            Times::Next(1) => {
                self.0.pop_front();
            }
            Times::Next(left) => *left -= 1,
        }
        Some(fault)
    }
}
