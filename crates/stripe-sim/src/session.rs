use serde_json::{Map, Value, json};

use crate::objects::{charge, intent, suffix};

/// A line of a session to be built.
#[derive(Clone, Debug)]
pub struct Line {
    name: String,
    unit_amount: i64,
    quantity: i64,
    metadata: Value,
}

impl Line {
    /// A line of so many pieces at a price, in minor units.
    pub fn new(name: &str, unit_amount: i64, quantity: i64) -> Self {
        Self { name: name.to_owned(), unit_amount, quantity, metadata: json!({}) }
    }

    /// The product's metadata.
    #[must_use]
    pub fn metadata(mut self, metadata: Value) -> Self {
        self.metadata = metadata;
        self
    }
}

/// Builds a Checkout Session as Stripe's API of 2026 sends it, with what it names.
///
/// It starts out complete and paid by card, with one guest and no lines.
#[derive(Clone, Debug)]
pub struct SessionBuilder {
    id: String,
    lines: Vec<Line>,
    currency: String,
    created: i64,
    overrides: Map<String, Value>,
    customer: Option<Value>,
    charge: Map<String, Value>,
    intent_status: String,
    paid: bool,
}

pub(crate) struct Built {
    pub(crate) session: Value,
    pub(crate) lines: Vec<Value>,
    pub(crate) objects: Vec<Value>,
}

impl SessionBuilder {
    /// A session of this id, `cs_test_…` or `cs_live_…`, made at a time in epoch seconds.
    pub fn new(id: &str, created: i64) -> Self {
        Self {
            id: id.to_owned(),
            lines: Vec::new(),
            currency: "usd".to_owned(),
            created,
            overrides: Map::new(),
            customer: None,
            charge: Map::new(),
            intent_status: "succeeded".to_owned(),
            paid: true,
        }
    }

    /// Adds a line.
    #[must_use]
    pub fn line(mut self, line: Line) -> Self {
        self.lines.push(line);
        self
    }

    /// Adds so many lines.
    #[must_use]
    pub fn lines(mut self, count: usize) -> Self {
        let more = (1..=count).map(|n| Line::new(&format!("Sticker {n}"), 100, 1));
        self.lines.extend(more);
        self
    }

    /// In another currency than US dollars.
    #[must_use]
    pub fn currency(mut self, currency: &str) -> Self {
        currency.clone_into(&mut self.currency);
        self
    }

    /// The session's metadata.
    #[must_use]
    pub fn metadata(self, metadata: Value) -> Self {
        self.set("metadata", metadata)
    }

    /// The buyer's e-mail.
    #[must_use]
    pub fn email(self, email: &str) -> Self {
        let details = json!({
            "address": null, "business_name": null, "email": email, "individual_name": null,
            "name": "Sample Buyer", "phone": "+15555550100", "tax_exempt": "none", "tax_ids": [],
        });
        self.set("customer_details", details)
    }

    /// Belongs to a customer with this id and metadata.
    #[must_use]
    pub fn customer(mut self, id: &str, metadata: Value) -> Self {
        self.customer = Some(json!({
            "id": id, "object": "customer", "created": self.created, "email": "customer@example.com",
            "livemode": false, "metadata": metadata, "name": "Sample Customer",
        }));
        self
    }

    /// The buyer has not finished.
    #[must_use]
    pub fn open(mut self) -> Self {
        self.paid = false;
        "requires_payment_method".clone_into(&mut self.intent_status);
        self.set("status", json!("open")).set("payment_status", json!("unpaid"))
    }

    /// The buyer has finished, but the payment is still under way.
    #[must_use]
    pub fn processing(mut self) -> Self {
        "processing".clone_into(&mut self.intent_status);
        self.charge.insert("status".to_owned(), json!("pending"));
        self.set("payment_status", json!("unpaid"))
    }

    /// Refunded, in minor units.
    #[must_use]
    pub fn refunded(mut self, amount: i64) -> Self {
        self.charge.insert("amount_refunded".to_owned(), json!(amount));
        self
    }

    /// Sets a property of the session, whatever it would be otherwise.
    #[must_use]
    pub fn set(mut self, property: &str, value: Value) -> Self {
        self.overrides.insert(property.to_owned(), value);
        self
    }

    pub(crate) fn build(&self) -> Built {
        let total: i64 = self.lines.iter().map(|line| line.unit_amount * line.quantity).sum();
        let suffix = self.id.trim_start_matches("cs_");
        let intent_id = format!("pi_{suffix}");
        let mut session = self.skeleton(total, &intent_id);
        for (property, value) in &self.overrides {
            session[property] = value.clone();
        }
        if let Some(customer) = &self.customer {
            session["customer"] = customer["id"].clone();
        }
        let mut objects: Vec<Value> = self.customer.iter().cloned().collect();
        if !session["payment_intent"].is_null() {
            objects.extend(self.payment(&intent_id, &session, total));
        }
        let lines =
            self.lines.iter().enumerate().map(|(n, line)| self.item(suffix, n, line)).collect();
        objects
            .extend(self.lines.iter().enumerate().map(|(n, line)| self.product(suffix, n, line)));
        Built { session, lines, objects }
    }

    /// The payment intent, and the charge if the buyer has tried to pay.
    fn payment(&self, intent_id: &str, session: &Value, total: i64) -> Vec<Value> {
        let mut intent = intent(intent_id, session, total);
        intent["status"] = json!(self.intent_status);
        if !self.paid {
            return vec![intent];
        }
        let charge_id = format!("ch_{}", suffix(intent_id));
        let mut charge = charge(&charge_id, &intent, self.created + 60);
        for (property, value) in &self.charge {
            charge[property] = value.clone();
        }
        charge["refunded"] = json!(charge["amount_refunded"] == charge["amount"] && total > 0);
        charge["paid"] = json!(charge["status"] == "succeeded");
        if self.intent_status == "succeeded" {
            intent["amount_received"] = json!(total);
        }
        intent["latest_charge"] = json!(charge_id);
        vec![intent, charge]
    }

    fn skeleton(&self, total: i64, intent_id: &str) -> Value {
        json!({
            "id": self.id, "object": "checkout.session", "adaptive_pricing": null,
            "after_expiration": null, "allow_promotion_codes": null, "amount_subtotal": total,
            "amount_total": total, "automatic_tax": {"enabled": false, "liability": null, "status": null},
            "billing_address_collection": null, "cancel_url": null,
            "client_reference_id": "quote_signature_of_somebody", "client_secret": null,
            "collected_information": null, "consent": null, "consent_collection": null,
            "created": self.created, "currency": self.currency, "custom_fields": [],
            "custom_text": {}, "customer": null, "customer_creation": "if_required",
            "customer_details": null, "customer_email": null, "discounts": [],
            "expires_at": self.created + 86_400, "invoice": null, "livemode": self.id.starts_with("cs_live_"),
            "locale": null, "metadata": {}, "mode": "payment", "origin_context": null,
            "payment_intent": intent_id, "payment_link": null, "payment_method_types": ["card"],
            "payment_status": "paid", "permissions": null, "recovered_from": null,
            "setup_intent": null, "shipping_address_collection": null, "shipping_cost": null,
            "shipping_options": [], "status": "complete", "submit_type": null, "subscription": null,
            "success_url": "https://shop.example/thanks",
            "total_details": {"amount_discount": 0, "amount_shipping": 0, "amount_tax": 0},
            "ui_mode": "hosted_page", "url": null, "wallet_options": null,
        })
    }

    fn item(&self, suffix: &str, n: usize, line: &Line) -> Value {
        let total = line.unit_amount * line.quantity;
        json!({
            "id": format!("li_{suffix}_{n}"), "object": "item", "adjustable_quantity": null,
            "amount_discount": 0, "amount_subtotal": total, "amount_tax": 0, "amount_total": total,
            "currency": self.currency, "description": line.name, "metadata": null,
            "price": {
                "id": format!("price_{suffix}_{n}"), "object": "price", "active": true,
                "billing_scheme": "per_unit", "created": self.created, "currency": self.currency,
                "livemode": false, "metadata": {}, "product": format!("prod_{suffix}_{n}"),
                "type": "one_time", "unit_amount": line.unit_amount,
                "unit_amount_decimal": line.unit_amount.to_string(),
            },
            "quantity": line.quantity,
        })
    }

    fn product(&self, suffix: &str, n: usize, line: &Line) -> Value {
        let id = format!("prod_{suffix}_{n}");
        json!({
            "id": id, "object": "product", "active": true, "created": self.created,
            "description": null, "images": [format!("https://img.example/{id}.png")],
            "livemode": false, "metadata": line.metadata, "name": line.name, "url": null,
        })
    }
}
