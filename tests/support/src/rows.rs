//! Rows as each program that writes to the table leaves them.

use serde_json::{Value, json};

fn base(user: &str, order: &str, sort: &str) -> Value {
    json!({
        "PK": format!("USER#{user}"), "SK": sort, "orderId": order,
        "orderNumber": "BC-SAMPLE", "userId": user, "amount": 3000, "currency": "usd",
        "customerEmail": "member@example.com", "stripeSessionId": order, "itemCount": 1,
        "items": [line("Tote bag")],
    })
}

fn line(name: &str) -> Value {
    json!({
        "name": name, "quantity": 1, "unitPrice": 3000, "currency": "usd", "amountTotal": 3000,
        "amountSubtotal": 3000, "sku": "TOTE", "collectionId": null, "variantId": null,
        "color": null, "imageUrl": null, "stripePriceId": "price_1", "stripeProductId": "prod_1",
    })
}

fn extend(mut row: Value, more: Value) -> Value {
    if let (Value::Object(row), Value::Object(more)) = (&mut row, more) {
        row.extend(more);
    }
    row
}

/// A row of the webhook, which names it by the time of processing.
pub fn webhook_row(user: &str, order: &str, processed: i64) -> Value {
    extend(
        base(user, order, &format!("ORDER#{processed}#{order}")),
        json!({
            "status": "completed", "createdAt": "2025-11-26T21:28:24.990123+00:00",
            "pricingSummary": {"subtotal": 3000, "tiers": ["member"]},
            "discounts": [{"code": "WELCOME", "amountCents": 0}], "totalDiscountCents": 0,
            "metadata": {"userId": user, "quoteSignature": "sig", "gift": "yes"},
            "quoteSignature": "sig",
        }),
    )
}

/// A row of the nightly sync, which names it by the session's creation.
pub fn sync_row(user: &str, order: &str, created: i64) -> Value {
    extend(
        base(user, order, &format!("ORDER#{created}#{order}")),
        json!({
            "status": "completed", "createdAt": "2025-11-26T21:28:24Z", "source": "nightly_sync",
            "syncedAt": "2025-11-27T03:00:00.000Z", "stripePaymentStatus": "paid",
        }),
    )
}

/// A row of the old fallback, which kept the first 10 lines.
pub fn old_fallback_row(user: &str, order: &str, created: i64, lines: usize) -> Value {
    let lines: Vec<_> = (1..=lines).map(|n| line(&format!("Line {n}"))).collect();
    extend(
        base(user, order, &format!("ORDER#{created}#{order}")),
        json!({
            "status": "completed", "createdAt": "2025-11-26T21:28:24Z",
            "source": "stripe_fallback", "itemCount": lines.len(), "items": lines,
        }),
    )
}
