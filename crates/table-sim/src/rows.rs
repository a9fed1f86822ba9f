//! Rows as each program that writes to the table leaves them.

use serde_json::{Map, Value, json};

/// A row, as JSON. Numbers become DynamoDB's numbers, `null` its `NULL`.
#[derive(Clone, Debug)]
pub struct Row(Map<String, Value>);

impl Row {
    /// A row with nothing in it but its key and the order's id.
    pub fn new(user: &str, sort: &str, order: &str) -> Self {
        Self(Map::new())
            .set("PK", json!(format!("USER#{user}")))
            .set("SK", json!(sort))
            .set("orderId", json!(order))
    }

    /// A member's profile.
    pub fn profile(user: &str, stripe_customer: &str) -> Self {
        Self(Map::new())
            .set("PK", json!(format!("USER#{user}")))
            .set("SK", json!("PROFILE"))
            .set("stripeCustomerId", json!(stripe_customer))
    }

    /// Sets an attribute.
    #[must_use]
    pub fn set(mut self, name: &str, value: Value) -> Self {
        self.0.insert(name.to_owned(), value);
        self
    }

    /// Removes an attribute.
    #[must_use]
    pub fn without(mut self, name: &str) -> Self {
        self.0.remove(name);
        self
    }

    /// The attributes.
    pub fn attributes(&self) -> &Map<String, Value> {
        &self.0
    }

    fn of_order(user: &str, order: &str, sort: &str) -> Self {
        Self::new(user, sort, order)
            .set("orderNumber", json!("BC-SAMPLE"))
            .set("userId", json!(user))
            .set("status", json!("completed"))
            .set("amount", json!(3000))
            .set("currency", json!("usd"))
            .set("customerEmail", json!(format!("{user}@example.com")))
            .set("stripeSessionId", json!(order))
            .set("itemCount", json!(1))
            .set("items", json!([line("Tote bag")]))
    }
}

fn line(name: &str) -> Value {
    json!({
        "name": name, "quantity": 2, "unitPrice": 1500, "currency": "usd", "amountTotal": 3000,
        "amountSubtotal": 3000, "sku": "TOTE", "collectionId": null, "variantId": null,
        "color": null, "imageUrl": null, "stripePriceId": "price_1", "stripeProductId": "prod_1",
    })
}

/// A row of the webhook, which keys it by the time of processing, in epoch seconds.
pub fn webhook_row(user: &str, order: &str, processed: i64) -> Row {
    Row::of_order(user, order, &format!("ORDER#{processed}#{order}"))
        .set("createdAt", json!("2025-11-26T21:28:24.990123+00:00"))
        .set("pricingSummary", json!({"subtotal": 3000, "tiers": ["member"]}))
        .set("discounts", json!([{"code": "WELCOME", "amountCents": 0}]))
        .set("totalDiscountCents", json!(0))
        .set("metadata", json!({"userId": user, "quoteSignature": "sig", "gift": "yes"}))
        .set("quoteSignature", json!("sig"))
}

/// A row of the nightly sync, which keys it by the session's creation, in epoch seconds.
pub fn sync_row(user: &str, order: &str, created: i64) -> Row {
    Row::of_order(user, order, &format!("ORDER#{created}#{order}"))
        .set("createdAt", json!("2025-11-26T21:28:24Z"))
        .set("source", json!("nightly_sync"))
        .set("syncedAt", json!("2025-11-27T03:00:00.000Z"))
        .set("stripePaymentStatus", json!("paid"))
}

/// A row of the old fallback, which keys it by the session's creation and kept 10 lines at most.
pub fn old_fallback_row(user: &str, order: &str, created: i64, lines: usize) -> Row {
    let lines: Vec<_> = (1..=lines).map(|n| line(&format!("Line {n}"))).collect();
    Row::of_order(user, order, &format!("ORDER#{created}#{order}"))
        .set("createdAt", json!("2025-11-26T21:28:24Z"))
        .set("source", json!("stripe_fallback"))
        .set("itemCount", json!(lines.len()))
        .set("items", json!(lines))
}
