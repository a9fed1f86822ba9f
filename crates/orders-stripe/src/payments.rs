//! Which session a payment is of. Stripe lists sessions by payment intent.

use orders::ports::{CheckoutError, Payments};
use orders::{Clock, OrderId, PaymentId, RequestContext};
use serde::Deserialize;

use crate::client::nonsense;
use crate::lenient::Expandable;
use crate::wire::PaymentIntent;
use crate::{Malformed, StripeCheckout};

/// A list of sessions, as far as it tells which they are.
#[derive(Deserialize)]
struct Sessions {
    data: Vec<Listed>,
}

#[derive(Deserialize)]
struct Listed {
    id: String,
    payment_intent: Option<Expandable<PaymentIntent>>,
}

impl<K: Clock + 'static> Payments for StripeCheckout<K> {
    async fn order_of(
        &self,
        context: &RequestContext,
        payment: &PaymentId,
    ) -> Result<Option<OrderId>, CheckoutError> {
        let mut url = self.inner.url(&[], &[]);
        let payment = payment.to_string();
        // A payment intent is made by one session, and by no other.
        url.query_pairs_mut().append_pair("payment_intent", &payment).append_pair("limit", "1");
        let listed = self.inner.get::<Sessions>(context, &url).await?;
        let Some(session) = listed.and_then(|list| list.data.into_iter().next()) else {
            return Ok(None);
        };
        let malformed = |field: &str| nonsense(context, Malformed::at(field));
        let intent = session.payment_intent.as_ref();
        if intent.and_then(|intent| intent.id(|intent| intent.id.as_ref())) != Some(&payment) {
            // Whatever answers does not heed what it was asked: this might be anybody's session.
            return Err(malformed("data[0].payment_intent").into());
        }
        Ok(Some(session.id.parse().map_err(|_| malformed("data[0].id"))?))
    }
}
