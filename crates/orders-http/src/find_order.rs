use orders::ports::{Checkout, SnapshotStore};
use orders::{Answered, Caller, Clock, Fault, GetOrder, GetOrderError, OrderId, RequestContext};

/// Whoever looks orders up: the use case, or, where it cannot be had, who says why.
pub trait FindOrder {
    /// Finds the order, if it is the caller's.
    fn find(
        &self,
        context: &RequestContext,
        caller: &Caller,
        order: &OrderId,
    ) -> impl Future<Output = Result<Answered, GetOrderError>> + Send;
}

impl<S: SnapshotStore, C: Checkout, K: Clock> FindOrder for GetOrder<S, C, K> {
    async fn find(
        &self,
        context: &RequestContext,
        caller: &Caller,
        order: &OrderId,
    ) -> Result<Answered, GetOrderError> {
        self.find(context, caller, order).await
    }
}

/// Finds nothing: every request that passes the checks is a 500, whose cause goes to the log.
#[derive(Clone, Debug)]
pub struct Unable(pub Fault);

impl FindOrder for Unable {
    async fn find(
        &self,
        _: &RequestContext,
        _: &Caller,
        _: &OrderId,
    ) -> Result<Answered, GetOrderError> {
        Err(GetOrderError::Internal(self.0.clone()))
    }
}
