//! What keeping orders true asks of the table: rows as they are now, wherever they lie, and the
//! marks of events that were dealt with.

use std::collections::HashMap;
use std::time::Duration;

use aws_sdk_dynamodb::operation::query::builders::QueryFluentBuilder;
use aws_sdk_dynamodb::types::{AttributeValue, ReturnConsumedCapacity};
use orders::ports::{Done, EventStore, Holding, StoreError, Written};
use orders::{Clock, EventId, NewSnapshot, OrderId, OrderStatus, RequestContext};
use orders::{RowRef, Timestamp, UserId};

use crate::CommerceTable;
use crate::change::Change;
use crate::failure::Failed;
use crate::item::Item;
use crate::keys::{self, NewItem};
use crate::merge::Rows;
use crate::read::is_expired;
use crate::store::written;
use crate::write::{known, text, timestamp};

/// The `source` of a row that was written on Stripe's word.
const EVENT_SOURCE: &str = "stripe_event";

/// How long a mark is kept. Stripe repeats an event for 3 days by itself, and for 30 by hand.
const MARKED: Duration = Duration::from_hours(90 * 24);

/// The condition that nothing stands at the key, or nothing that still counts.
fn nothing_there() -> String {
    format!("{} OR #expires <= :now", keys::NO_ROW)
}

impl<K: Clock> CommerceTable<K> {
    /// A query for the rows of an order, which starts with the newest.
    fn query_for(&self, order: &OrderId) -> QueryFluentBuilder {
        self.client
            .query()
            .table_name(&self.config.table)
            .expression_attribute_values(":order", AttributeValue::S(order.to_string()))
            .return_consumed_capacity(ReturnConsumedCapacity::Total)
            .scan_index_forward(false)
    }

    /// The order's rows in its owner's partition, as they are now. On the table itself, for an
    /// index lags behind. Where an index tells of rows with odd keys, only the part of the
    /// partition is read in which a row of this order can lie.
    async fn rows_with(
        &self,
        context: &RequestContext,
        owner: &UserId,
        order: &OrderId,
        created: Option<Timestamp>,
    ) -> Result<Vec<NewItem>, StoreError> {
        let query = self
            .query_for(order)
            .consistent_read(true)
            .expression_attribute_values(":partition", keys::partition(owner))
            .expression_attribute_values(":text", AttributeValue::S("S".into()))
            .filter_expression(keys::ORDER_FILTER);
        let query = match created.filter(|_| self.config.index.is_some()) {
            Some(created) => {
                let [since, last] = keys::rows_since(created);
                query
                    .key_condition_expression(keys::PARTITION_SINCE)
                    .expression_attribute_values(":since", since)
                    .expression_attribute_values(":last", last)
            }
            None => {
                query.key_condition_expression(keys::PARTITION_KEYS).expression_attribute_values(
                    ":orders",
                    AttributeValue::S(keys::ORDERS_PREFIX.into()),
                )
            }
        };
        self.all_pages(context, query).await
    }

    /// Where else the index has the order: rows of its owner with odd keys, and rows of others
    /// that are ours.
    async fn rows_elsewhere(
        &self,
        context: &RequestContext,
        owner: &UserId,
        order: &OrderId,
    ) -> Result<Vec<NewItem>, StoreError> {
        let Some(index) = &self.config.index else { return Ok(Vec::new()) };
        let query =
            self.query_for(order).index_name(index).key_condition_expression(keys::INDEX_ORDER);
        let mut rows = self.all_pages(context, query).await?;
        rows.retain(|row| {
            !keys::is_anothers(&Item::from(row), owner) || row.contains_key("normalizerVersion")
        });
        Ok(rows)
    }

    async fn all_pages(
        &self,
        context: &RequestContext,
        query: QueryFluentBuilder,
    ) -> Result<Vec<NewItem>, StoreError> {
        let (mut rows, mut start) = (Vec::new(), None);
        loop {
            let request = query.clone().set_exclusive_start_key(start.clone()).send();
            let sent = self.send(context, "Query", request, |page| {
                (page.scanned_count, page.consumed_capacity.as_ref())
            });
            let page = sent.await?;
            let ends_where_it_began = start.is_some() && page.last_evaluated_key == start;
            // Every answer to a query has a list.
            let Some(items) = page.items.filter(|_| !ends_where_it_began) else {
                return Err(Failed::nonsense().into());
            };
            rows.extend(items);
            start = page.last_evaluated_key.filter(|key| !key.is_empty());
            if start.is_none() {
                return Ok(rows);
            }
        }
    }

    /// A row as it is now.
    async fn row_at(
        &self,
        context: &RequestContext,
        key: NewItem,
    ) -> Result<Option<NewItem>, StoreError> {
        let get = self
            .client
            .get_item()
            .table_name(&self.config.table)
            .set_key(Some(key))
            .consistent_read(true)
            .return_consumed_capacity(ReturnConsumedCapacity::Total);
        let sent = self.send(context, "GetItem", get.send(), |output| {
            (i32::from(output.item.is_some()), output.consumed_capacity.as_ref())
        });
        Ok(sent.await?.item)
    }

    fn holding(&self, user: UserId, order: &OrderId, items: &[NewItem]) -> Holding {
        let now = self.clock.now();
        let mut rows = Rows::of(order);
        for item in items {
            rows.add(&Item::from(item), &user, now);
        }
        let live = items.iter().filter(|item| !is_expired(&Item::from(*item), now));
        let changed_at =
            live.flat_map(|item| [moment(item, "updatedAt"), moment(item, "fetchedAt")]);
        let changed_at = changed_at.flatten().max();
        Holding { user, lookup: rows.into_lookup(), changed_at }
    }

    /// Puts an item where nothing stands, or nothing that still counts.
    async fn put_anew(
        &self,
        context: &RequestContext,
        item: NewItem,
    ) -> Result<Written, StoreError> {
        let now = self.clock.now().seconds().to_string();
        let put = self
            .client
            .put_item()
            .table_name(&self.config.table)
            .set_item(Some(item))
            .condition_expression(nothing_there())
            .expression_attribute_names("#expires", "expiresAt")
            .expression_attribute_values(":now", AttributeValue::N(now));
        written(self.send(context, "PutItem", put.send(), |_| (0, None)).await)
    }
}

/// A mark of a change, if it can be read.
fn moment(item: &NewItem, name: &str) -> Option<Timestamp> {
    match item.get(name)? {
        AttributeValue::S(text) | AttributeValue::N(text) => text.parse().ok(),
        _ => None,
    }
}

impl<K: Clock> EventStore for CommerceTable<K> {
    async fn holdings(
        &self,
        context: &RequestContext,
        owner: &UserId,
        order: &OrderId,
        created: Option<Timestamp>,
    ) -> Result<Vec<Holding>, StoreError> {
        let (of_owner, elsewhere) = tokio::join!(
            self.rows_with(context, owner, order, created),
            self.rows_elsewhere(context, owner, order)
        );
        let (mut of_owner, mut of_others) = (of_owner?, HashMap::<UserId, Vec<NewItem>>::new());
        for row in elsewhere? {
            let Some((user, key)) = keys::user_of(&row).zip(keys::key_of(&row)) else { continue };
            let is_known = of_owner.iter().any(|known| keys::key_of(known).as_ref() == Some(&key));
            if is_known {
                continue;
            }
            // What the index has of it may be old.
            let Some(row) = self.row_at(context, key).await? else { continue };
            if user == *owner {
                of_owner.push(row);
            } else {
                of_others.entry(user).or_default().push(row);
            }
        }
        let mut holdings = vec![self.holding(owner.clone(), order, &of_owner)];
        holdings.extend(of_others.into_iter().map(|(user, rows)| self.holding(user, order, &rows)));
        Ok(holdings)
    }

    async fn file(
        &self,
        context: &RequestContext,
        user: &UserId,
        created: Timestamp,
        snapshot: &NewSnapshot,
    ) -> Result<Written, StoreError> {
        match self.new_row(user, created, snapshot, EVENT_SOURCE) {
            Some(item) => self.put_anew(context, item).await,
            None => Ok(Written::TooLarge),
        }
    }

    async fn update(
        &self,
        context: &RequestContext,
        user: &UserId,
        row: &RowRef,
        snapshot: &NewSnapshot,
    ) -> Result<Written, StoreError> {
        self.change(context, user, row, snapshot, |list| Change::update(list, row)).await
    }

    async fn is_done(&self, context: &RequestContext, event: &EventId) -> Result<bool, StoreError> {
        let mark = self.row_at(context, keys::event_key(event)).await?;
        Ok(mark.is_some_and(|mark| !is_expired(&Item::from(&mark), self.clock.now())))
    }

    async fn mark_done(&self, context: &RequestContext, done: &Done) -> Result<(), StoreError> {
        let mut mark = keys::event_key(&done.event);
        let expires = done.at.plus(MARKED).seconds().to_string();
        mark.extend(known([
            ("eventType", text(Some(&done.event_type))),
            ("processedAt", Some(timestamp(done.at))),
            ("sessionId", text(Some(done.order.as_str()))),
            ("status", text(done.status.as_ref().map(OrderStatus::as_str))),
            ("expiresAt", Some(AttributeValue::N(expires))),
        ]));
        self.put_anew(context, mark).await.map(|_| ())
    }
}
