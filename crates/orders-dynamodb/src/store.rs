use std::error::Error;
use std::fmt::Debug;
use std::future::Future;
use std::sync::Arc;
use std::time::{Duration, Instant};

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_dynamodb::operation::query::builders::QueryFluentBuilder;
use aws_sdk_dynamodb::types::{AttributeValue, ConsumedCapacity, ReturnConsumedCapacity};
use orders::ports::{Lookup, SnapshotStore, StoreError, Written};
use orders::{
    Clock, CustomerId, Incident, NewSnapshot, OrderId, RequestContext, RowRef, Timestamp, UserId,
};

use tracing::field::{Empty, display};
use tracing::{Instrument, info_span};

use crate::change::{Change, INSERT_NAMES, insert_condition};
use crate::failure::Failed;
use crate::keys;
use crate::keys::NewItem;
use crate::merge::Rows;
use crate::page::{End, Page};
use crate::read::FALLBACK_SOURCE;
use crate::watch::Watch;
use crate::write::{Attribute, MAX_ITEM_BYTES, attributes, known, size, size_of_known, timestamp};

/// Which table, and how it is read and written.
#[derive(Clone, Debug)]
pub struct TableConfig {
    /// The table's name.
    pub table: String,
    /// The index (hash `orderId`, range `PK`, all attributes) on which one query finds an order.
    /// Without it the member's partition is paged.
    pub index: Option<String>,
    /// How many days a row that a fallback writes lives; 0 for ever.
    pub ttl_days: u32,
}

/// The commerce table.
#[derive(Clone, Debug)]
pub struct CommerceTable<K> {
    pub(crate) client: Client,
    pub(crate) config: Arc<TableConfig>,
    pub(crate) clock: K,
}

impl<K: Clock> CommerceTable<K> {
    /// The table behind a client.
    pub fn new(client: Client, config: TableConfig, clock: K) -> Self {
        Self { client: Watch::over(&client), config: Arc::new(config), clock }
    }

    /// Makes ready what the first lookup would otherwise wait for: the connection, what the SDK
    /// makes when it is first used, and the pages of the program that a lookup runs through. Looks
    /// for an order that nobody has, and not for long: a store that does not answer now is a matter
    /// for the first request.
    pub async fn warm_up(&self, patience: Duration) {
        let (Ok(nobody), Ok(nothing)) = ("-".parse(), "-".parse()) else { return };
        // Not by `send`: it is no request of anybody's, and none for a trace.
        let query = Box::pin(self.query(&nobody, &nothing).send());
        let _ = tokio::time::timeout(patience, Watch::default().of(Watch::answer(query))).await;
    }

    /// Sends one request, unless the deadline has passed, and gives up at the deadline.
    pub(crate) async fn send<T, E>(
        &self,
        context: &RequestContext,
        operation: &'static str,
        request: impl Future<Output = Result<T, SdkError<E>>>,
        cost: impl FnOnce(&T) -> (i32, Option<&ConsumedCapacity>),
    ) -> Result<T, Failed>
    where
        E: ProvideErrorMetadata + Error + Debug + Send + Sync + 'static,
    {
        let left = context.deadline.remaining(self.clock.now());
        if left.is_zero() {
            return Err(Failed::out_of_time());
        }
        let span = info_span!(
            "store",
            otel.name = %format_args!("{operation} {}", self.config.table),
            otel.kind = "client",
            otel.status_code = Empty,
            otel.status_description = Empty,
            db.system.name = "aws.dynamodb",
            db.operation.name = operation,
            db.collection.name = self.config.table,
            attempts = Empty,
            rows = Empty,
            read_units = Empty,
        );
        let watch = Watch::default();
        // As large as what it waits for, it would be moved by whatever is around it.
        let request = Box::pin(request);
        let started = Instant::now();
        let outcome = tokio::time::timeout(left, watch.of(request)).instrument(span.clone()).await;
        let (rows, capacity) = match &outcome {
            Ok(Ok(output)) => cost(output),
            _ => (0, None),
        };
        let read_units = capacity.and_then(|capacity| capacity.capacity_units);
        let read_units = read_units.filter(|units| units.is_finite()).unwrap_or(0.0);
        context.ledger.store_call(
            started.elapsed(),
            watch.sent(),
            u32::try_from(rows).unwrap_or(0),
            read_units,
        );
        span.record("attempts", i64::from(watch.sent()))
            .record("rows", i64::from(rows))
            .record("read_units", read_units);
        let outcome = match outcome {
            Ok(answer) => answer.map_err(|error| Failed::from_sdk(&error)),
            Err(_elapsed) => Err(Failed::out_of_time()),
        };
        if let Err(Failed::Store(StoreError::Unavailable(why) | StoreError::Refused(why))) =
            &outcome
        {
            span.record("otel.status_code", "ERROR")
                .record("otel.status_description", display(why));
        }
        outcome
    }

    /// A query for the rows of an order.
    fn query(&self, user: &UserId, order: &OrderId) -> QueryFluentBuilder {
        let query = self
            .client
            .query()
            .table_name(&self.config.table)
            .expression_attribute_values(":partition", keys::partition(user))
            .expression_attribute_values(":order", AttributeValue::S(order.to_string()))
            .return_consumed_capacity(ReturnConsumedCapacity::Total);
        match &self.config.index {
            Some(index) => query.index_name(index).key_condition_expression(keys::INDEX_KEYS),
            // No `Limit`: DynamoDB counts it before the filter, so that only the first rows of
            // the partition would ever be looked at.
            None => query
                .key_condition_expression(keys::PARTITION_KEYS)
                .expression_attribute_values(
                    ":orders",
                    AttributeValue::S(keys::ORDERS_PREFIX.into()),
                )
                .expression_attribute_values(":text", AttributeValue::S("S".into()))
                .filter_expression(keys::ORDER_FILTER)
                .scan_index_forward(false),
        }
    }

    /// Reads one page of the rows of an order, and says where the next one begins.
    async fn page(
        &self,
        context: &RequestContext,
        user: &UserId,
        order: &OrderId,
        rows: &mut Rows<'_>,
        start: Option<NewItem>,
    ) -> Result<Option<NewItem>, StoreError> {
        let query = self.query(user, order).set_exclusive_start_key(start.clone());
        // The SDK's futures are large; whatever is around them would move them.
        let sent = Box::pin(query.send());
        let read = async {
            let answer = Watch::answer(sent).await?;
            Ok(answer.as_ref().and_then(|answer| {
                let page = Page::read(answer.bytes()?)?;
                for item in &page.items {
                    rows.add(item, user, self.clock.now());
                }
                page.end()
            }))
        };
        let sent = self.send(context, "Query", read, |end: &Option<End>| {
            end.as_ref().map_or((0, None), |end| (end.scanned, end.capacity.as_ref()))
        });
        let next = sent.await?.ok_or_else(Failed::nonsense)?.next;
        // A page that ends where it began would be read for ever.
        if next.is_some() && next == start {
            return Err(Failed::nonsense().into());
        }
        Ok(next)
    }

    /// Writes a view into a row in place, as a change that is made of its attributes.
    pub(crate) async fn change(
        &self,
        context: &RequestContext,
        user: &UserId,
        row: &RowRef,
        snapshot: &NewSnapshot,
        change: impl FnOnce(Vec<Attribute>) -> Change,
    ) -> Result<Written, StoreError> {
        let list = attributes(user, snapshot);
        if size_of_known(&list) > MAX_ITEM_BYTES {
            return Ok(Written::TooLarge);
        }
        let change = change(list);
        let update = self
            .client
            .update_item()
            .table_name(&self.config.table)
            .set_key(Some(keys::row_key(user, row.key())))
            .update_expression(change.expression)
            .condition_expression(change.condition)
            .set_expression_attribute_names(Some(change.names))
            .set_expression_attribute_values(Some(change.values));
        let sent = self.send(context, "UpdateItem", update.send(), |_| (0, None)).await;
        written(sent)
    }

    /// A new row of an order, whose key follows from the session alone. `None`: it would be too
    /// large.
    pub(crate) fn new_row(
        &self,
        user: &UserId,
        created: Timestamp,
        snapshot: &NewSnapshot,
        source: &str,
    ) -> Option<NewItem> {
        let mut item = keys::row_key(user, &keys::order_row(created, &snapshot.order.order_id));
        item.extend(known(attributes(user, snapshot)));
        item.extend(known(self.of_new_row(source)));
        (size(&item) <= MAX_ITEM_BYTES).then_some(item)
    }

    /// The attributes that only a new row gets.
    fn of_new_row(&self, source: &str) -> Vec<Attribute> {
        let lifetime = Duration::from_secs(u64::from(self.config.ttl_days) * 24 * 60 * 60);
        let expires = self.clock.now().plus(lifetime).seconds();
        vec![
            ("source", Some(AttributeValue::S(source.to_owned()))),
            ("expiresAt", (!lifetime.is_zero()).then(|| AttributeValue::N(expires.to_string()))),
        ]
    }
}

impl<K: Clock> SnapshotStore for CommerceTable<K> {
    async fn find(
        &self,
        context: &RequestContext,
        user: &UserId,
        order: &OrderId,
    ) -> Result<Lookup, StoreError> {
        let mut rows = Rows::of(order);
        let mut start = None;
        loop {
            start = self.page(context, user, order, &mut rows, start).await?;
            // On the index the pages hold nothing but this order's rows, and all are wanted. In
            // the partition the newest match is enough.
            let enough = self.config.index.is_none() && rows.any_readable();
            if enough || start.is_none() {
                for attribute in rows.passed_over() {
                    context.ledger.note(Incident::CorruptRow { attribute });
                }
                return Ok(rows.into_lookup());
            }
        }
    }

    async fn profile_customer(
        &self,
        context: &RequestContext,
        user: &UserId,
    ) -> Result<Option<CustomerId>, StoreError> {
        let get = self
            .client
            .get_item()
            .table_name(&self.config.table)
            .set_key(Some(keys::profile_key(user)))
            .projection_expression("stripeCustomerId")
            .return_consumed_capacity(ReturnConsumedCapacity::Total);
        let profile = self
            .send(context, "GetItem", get.send(), |output| {
                (i32::from(output.item.is_some()), output.consumed_capacity.as_ref())
            })
            .await?;
        let customer = profile.item.as_ref().and_then(|item| item.get("stripeCustomerId"));
        Ok(customer.and_then(|value| value.as_s().ok()).and_then(|id| CustomerId::new(id)))
    }

    async fn insert(
        &self,
        context: &RequestContext,
        user: &UserId,
        created: Timestamp,
        snapshot: &NewSnapshot,
    ) -> Result<Written, StoreError> {
        let Some(item) = self.new_row(user, created, snapshot, FALLBACK_SOURCE) else {
            return Ok(Written::TooLarge);
        };
        let now = self.clock.now().seconds().to_string();
        let names = INSERT_NAMES.map(|(short, name)| (short.to_owned(), name.to_owned())).into();
        let put = self
            .client
            .put_item()
            .table_name(&self.config.table)
            .set_item(Some(item))
            .condition_expression(insert_condition())
            .set_expression_attribute_names(Some(names))
            .expression_attribute_values(":now", AttributeValue::N(now))
            .expression_attribute_values(":false", AttributeValue::Bool(false))
            .expression_attribute_values(":asked", timestamp(snapshot.fetched_at));
        let sent = self.send(context, "PutItem", put.send(), |_| (0, None)).await;
        written(sent)
    }

    async fn refresh(
        &self,
        context: &RequestContext,
        user: &UserId,
        row: &RowRef,
        snapshot: &NewSnapshot,
    ) -> Result<Written, StoreError> {
        let change = |list| Change::refresh(list, row, snapshot.fetched_at);
        self.change(context, user, row, snapshot, change).await
    }
}

pub(crate) fn written<T>(sent: Result<T, Failed>) -> Result<Written, StoreError> {
    match sent {
        Ok(_) => Ok(Written::Stored),
        Err(Failed::Condition) => Ok(Written::KeptExisting),
        Err(Failed::TooLarge) => Ok(Written::TooLarge),
        Err(error) => Err(error.into()),
    }
}
