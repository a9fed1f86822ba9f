//! A small shop to look at: two members, and orders as each writer of the table leaves them.

use serde_json::json;
use stripe_sim::{Line, SessionBuilder, Shop};
use table_sim::{EmbeddedTable, Row, TableError, old_fallback_row, sync_row, webhook_row};

/// The key of the stand-in for Stripe.
pub(crate) const STRIPE_KEY: &str = "sk_test_LocalStandInOnly";

/// Ava, who has most of the orders.
pub(crate) const AVA: Member =
    Member { name: "Ava", user_id: "user_ava", email: "ava@example.com" };
/// Ben, who must never see them.
pub(crate) const BEN: Member =
    Member { name: "Ben", user_id: "user_ben", email: "ben@example.com" };

/// A member of the club.
pub(crate) struct Member {
    pub(crate) name: &'static str,
    pub(crate) user_id: &'static str,
    pub(crate) email: &'static str,
}

/// When the first order was made, in epoch seconds.
const START: i64 = 1_764_192_504;

/// An order to try, and what it shows.
pub(crate) struct Sample {
    pub(crate) order: &'static str,
    pub(crate) shows: &'static str,
}

const fn sample(order: &'static str, shows: &'static str) -> Sample {
    Sample { order, shows }
}

/// Ava's stored order that the welcome opens first.
pub(crate) const STORED: Sample = sample("cs_test_demoWebhook", "200 from the snapshot");
/// Ava's order that is only in Stripe.
pub(crate) const IN_STRIPE: Sample =
    sample("cs_test_demoThreeLines", "200 from Stripe, then from the snapshot");
/// Ben's order.
pub(crate) const BENS: Sample = sample("cs_test_demoOfBen", "404, as if it did not exist");

/// Ava's other orders.
pub(crate) const MORE: [Sample; 8] = [
    sample("cs_test_demoSync", "from the nightly sync"),
    sample("cs_test_demoOldFallback", "stored with 10 of its 25 lines; answered with all"),
    sample("cs_test_demoTwoRows", "two rows of one order, answered as one"),
    sample("cs_test_demoFortyLines", "40 lines, fetched by pages"),
    sample("cs_test_demoYen", "in yen, which have no decimals"),
    sample("cs_test_demoRefunded", "refunded in full"),
    sample("cs_test_demoOpen", "not paid yet: answered, not stored"),
    sample("cs_test_demoGuest", "bought as a guest; Ava's by her verified e-mail"),
];

/// What Stripe knows.
pub(crate) fn shop() -> Shop {
    let ava = |id: &str, day: i64| {
        SessionBuilder::new(id, START + day * 86_400)
            .metadata(json!({"userId": AVA.user_id, "gift": "no"}))
            .email(AVA.email)
    };
    let tote = || {
        Line::new("Tote bag", 1500, 2).metadata(json!({
            "sku": "TOTE-01", "collection": "summer", "variant_id": "v1", "color": "sand",
        }))
    };
    let mut shop = Shop::default();
    for session in [
        ava(STORED.order, 0).line(tote()),
        ava(IN_STRIPE.order, 1)
            .line(tote())
            .line(Line::new("Mug", 900, 1))
            .line(Line::new("Pin", 300, 3)),
        ava("cs_test_demoSync", 2).line(tote()),
        ava("cs_test_demoOldFallback", 3).lines(25),
        ava("cs_test_demoTwoRows", 4).line(tote()),
        ava("cs_test_demoFortyLines", 5).lines(40),
        ava("cs_test_demoYen", 6).currency("jpy").line(Line::new("Furoshiki", 1200, 1)),
        ava("cs_test_demoRefunded", 7).line(tote()).refunded(3000),
        ava("cs_test_demoOpen", 8).line(tote()).open(),
        SessionBuilder::new("cs_test_demoGuest", START + 9 * 86_400).email(AVA.email).line(tote()),
        SessionBuilder::new(BENS.order, START + 86_400)
            .metadata(json!({"userId": BEN.user_id}))
            .email(BEN.email)
            .line(tote()),
    ] {
        shop.add(session);
    }
    shop
}

/// What the table holds.
pub(crate) async fn fill(table: &EmbeddedTable) -> Result<(), TableError> {
    let day = |n: i64| START + n * 86_400;
    let of = |member: &Member, n: i64, row: Row| {
        row.set("customerEmail", json!(member.email))
            .set("createdAt", json!(format!("2025-11-{}T21:28:24+00:00", 26 + n)))
    };
    let ava = AVA.user_id;
    for row in [
        of(&AVA, 0, webhook_row(ava, STORED.order, day(0) + 41)),
        of(&AVA, 2, sync_row(ava, "cs_test_demoSync", day(2))),
        of(&AVA, 3, old_fallback_row(ava, "cs_test_demoOldFallback", day(3), 10)),
        of(&AVA, 4, webhook_row(ava, "cs_test_demoTwoRows", day(4) + 20))
            .set("stripePaymentStatus", json!("unpaid")),
        of(&AVA, 4, webhook_row(ava, "cs_test_demoTwoRows", day(4) + 3600))
            .set("stripePaymentStatus", json!("paid"))
            .without("items"),
        of(&BEN, 1, webhook_row(BEN.user_id, BENS.order, day(1) + 17)),
    ] {
        table.put(&row).await?;
    }
    Ok(())
}
