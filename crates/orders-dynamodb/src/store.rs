use std::error::Error;
use std::fmt::Debug;
use std::future::Future;
use std::sync::Arc;
use std::time::{Duration, Instant};

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_dynamodb::operation::query::QueryOutput;
use aws_sdk_dynamodb::types::{AttributeValue, ConsumedCapacity, ReturnConsumedCapacity};
use orders::ports::{Lookup, SnapshotStore, StoreError, Written};
use orders::{
    Clock, CustomerId, Incident, NewSnapshot, OrderId, RequestContext, RowRef, Timestamp, UserId,
};

use tracing::field::{Empty, display};
use tracing::{Instrument, info_span};

use crate::attempts::Attempts;
use crate::change::{Change, INSERT_NAMES, insert_condition};
use crate::failure::Failed;
use crate::keys;
use crate::merge::Rows;
use crate::read::{FALLBACK_SOURCE, Item};
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
        Self { client: Attempts::counted(&client), config: Arc::new(config), clock }
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
        let attempts = Attempts::default();
        let started = Instant::now();
        let outcome =
            tokio::time::timeout(left, attempts.of(request)).instrument(span.clone()).await;
        let (rows, capacity) = match &outcome {
            Ok(Ok(output)) => cost(output),
            _ => (0, None),
        };
        let read_units = capacity.and_then(|capacity| capacity.capacity_units);
        let read_units = read_units.filter(|units| units.is_finite()).unwrap_or(0.0);
        context.ledger.store_call(
            started.elapsed(),
            attempts.so_far(),
            u32::try_from(rows).unwrap_or(0),
            read_units,
        );
        span.record("attempts", i64::from(attempts.so_far()))
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

    /// One page of the rows of an order.
    async fn page(
        &self,
        context: &RequestContext,
        user: &UserId,
        order: &OrderId,
        start: Option<Item>,
    ) -> Result<QueryOutput, StoreError> {
        let query = self
            .client
            .query()
            .table_name(&self.config.table)
            .expression_attribute_values(":partition", keys::partition(user))
            .expression_attribute_values(":order", AttributeValue::S(order.to_string()))
            .return_consumed_capacity(ReturnConsumedCapacity::Total)
            .set_exclusive_start_key(start.clone());
        let query = match &self.config.index {
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
        };
        let sent = self.send(context, "Query", query.send(), |page| {
            (page.scanned_count, page.consumed_capacity.as_ref())
        });
        let page = sent.await?;
        // Every answer to a query has a list. What has none, or less than it says, did not come
        // from DynamoDB; and a page that ends where it began would be read for ever.
        let listed = page.items.as_ref().and_then(|items| i32::try_from(items.len()).ok());
        let ends_where_it_began = start.is_some() && page.last_evaluated_key == start;
        if listed.is_none_or(|listed| listed < page.count) || ends_where_it_began {
            return Err(Failed::nonsense().into());
        }
        Ok(page)
    }

    /// Changes a row in place.
    pub(crate) async fn change(
        &self,
        context: &RequestContext,
        user: &UserId,
        row: &RowRef,
        change: Change,
    ) -> Result<Written, StoreError> {
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
    ) -> Option<Item> {
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
            let page = self.page(context, user, order, start).await?;
            for item in page.items() {
                rows.add(item, user, self.clock.now());
            }
            // On the index the pages hold nothing but this order's rows, and all are wanted. In
            // the partition the newest match is enough.
            let enough = self.config.index.is_none() && rows.any_readable();
            start = page.last_evaluated_key.filter(|key| !key.is_empty());
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
        let list = attributes(user, snapshot);
        if size_of_known(&list) > MAX_ITEM_BYTES {
            return Ok(Written::TooLarge);
        }
        self.change(context, user, row, Change::refresh(list, row, snapshot.fetched_at)).await
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
