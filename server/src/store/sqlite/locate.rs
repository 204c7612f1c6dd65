//! Locate as SQL on the index rows.
//!
//! The rarest condition (found by counting a few rows of each) drives the search; the others are
//! looked up for each object that it yields. So the cost is that of the rarest one, however many
//! objects there are, and needs no statistics. Values are bound parameters only.

use kmip_core::attribute::UniqueIdentifier;
use rusqlite::types::Value;
use rusqlite::{Connection, params_from_iter};

use super::index::{key_range, stored_key};
use super::{StoreError, dictionary};
use crate::object::Scope;
use crate::store::{Criterion, FieldMatch, Filter, MAX_TESTS, Order, Page};

/// Rows counted of each condition: more only where all reach the bound before.
const PROBE_BOUNDS: [i64; 4] = [64, 1024, 16_384, 262_144];

/// Finds the objects of `scope` that meet `filter`, in its order.
pub(super) fn locate(
    connection: &Connection,
    scope: &Scope,
    filter: &Filter,
) -> Result<Page, StoreError> {
    if !filter.online && !filter.archived {
        return Ok(Page::default());
    }
    // One snapshot for all the statements, taken once. Dropped, it is rolled back: nothing to undo.
    let _snapshot = connection.unchecked_transaction()?;
    match plan(connection, scope, filter)? {
        Some(sql) => sql.page(connection, filter),
        None => Ok(Page::default()),
    }
}

/// The query that answers `filter`; `None` if nothing can.
pub(super) fn plan(
    connection: &Connection,
    scope: &Scope,
    filter: &Filter,
) -> Result<Option<Sql>, StoreError> {
    if filter.criteria.iter().map(Criterion::tests).sum::<usize>() > MAX_TESTS {
        return Err(StoreError::Engine("a Locate with too many conditions".to_owned()));
    }
    let Some(scope) = dictionary::find_scope(connection, scope)? else { return Ok(None) };
    let mut conditions = Vec::new();
    for criterion in &filter.criteria {
        let Some(condition) = Condition::of(connection, criterion)? else { return Ok(None) };
        if !conditions.contains(&condition) {
            conditions.push(condition);
        }
    }
    Ok(match rarest(connection, scope, &conditions)? {
        Driver::Nothing => None,
        Driver::AllObjects => Some(all_objects(scope, filter)),
        Driver::Rows(name, test) => Some(driven(scope, (name, test), &conditions, filter)),
    })
}

/// Tests that one instance of an attribute must pass.
#[derive(PartialEq)]
struct Condition {
    name: i64,
    tests: Vec<Test>,
}

/// What one field of an instance must be.
#[derive(Clone, PartialEq)]
struct Test {
    field: u32,
    wanted: Wanted,
}

#[derive(Clone, PartialEq)]
enum Wanted {
    Key(Vec<u8>),
    Between(i64, i64),
    Bits(u32),
    Anything,
}

impl Condition {
    /// `None` if no object ever had the attribute.
    fn of(connection: &Connection, criterion: &Criterion) -> Result<Option<Self>, StoreError> {
        let whole = |wanted| vec![Test { field: 0, wanted }];
        let (name, tests) = match criterion {
            Criterion::Fields { name, fields } if fields.is_empty() => {
                (name, whole(Wanted::Anything))
            }
            Criterion::Fields { name, fields } => (name, fields.iter().map(Test::of).collect()),
            Criterion::HasBits { name, bits } => (name, whole(Wanted::Bits(*bits))),
            Criterion::Range { name, low, high } => (name, whole(Wanted::Between(*low, *high))),
            Criterion::Present { name } => (name, whole(Wanted::Anything)),
        };
        let id = dictionary::find_name(connection, name.as_str())?;
        Ok(id.map(|name| Self { name, tests }))
    }

    /// Holds for `o` if one instance passes all tests.
    fn append(&self, sql: &mut Sql) {
        let Some((first, others)) = self.tests.split_first() else { return };
        sql.text(" AND EXISTS (SELECT 1 FROM attribute t WHERE t.object = o.id AND t.name = ");
        sql.bind(self.name);
        first.append(sql, "t");
        for test in others {
            sql.text(
                " AND EXISTS (SELECT 1 FROM attribute u
                  WHERE u.object = t.object AND u.name = t.name AND u.idx = t.idx",
            );
            test.append(sql, "u");
            sql.text(")");
        }
        sql.text(")");
    }
}

impl Test {
    fn of(field: &FieldMatch) -> Self {
        let wanted = match field.at_least {
            Some(least) => Wanted::Between(least, i64::MAX),
            None => Wanted::Key(stored_key(&field.key)),
        };
        Self { field: field.field, wanted }
    }

    fn append(&self, sql: &mut Sql, alias: &str) {
        sql.text(&format!(" AND {alias}.field = "));
        sql.bind(i64::from(self.field));
        match &self.wanted {
            Wanted::Key(key) => {
                sql.text(&format!(" AND {alias}.key = "));
                sql.bind(key.clone());
            }
            Wanted::Between(low, high) => {
                let (low, high) = key_range(*low, *high);
                sql.text(&format!(" AND {alias}.key BETWEEN "));
                sql.bind(low);
                sql.text(" AND ");
                sql.bind(high);
            }
            Wanted::Bits(bits) => {
                sql.text(&format!(" AND {alias}.number & "));
                sql.bind(i64::from(*bits));
                sql.text(" = ");
                sql.bind(i64::from(*bits));
            }
            Wanted::Anything => {}
        }
    }
}

/// Where the search begins.
enum Driver<'c> {
    /// A condition that no object meets.
    Nothing,
    /// There is no condition.
    AllObjects,
    /// The rows of this attribute that pass this test.
    Rows(i64, &'c Test),
}

fn rarest<'c>(
    connection: &Connection,
    scope: i64,
    conditions: &'c [Condition],
) -> Result<Driver<'c>, StoreError> {
    let tests = || {
        conditions
            .iter()
            .flat_map(|condition| condition.tests.iter().map(|test| (condition.name, test)))
    };
    // Bits are tested row by row: they drive only if nothing else can.
    let indexed: Vec<_> = tests().filter(|(_, t)| !matches!(t.wanted, Wanted::Bits(_))).collect();
    let Some(mut best) = indexed.first().copied().or_else(|| tests().next()) else {
        return Ok(Driver::AllObjects);
    };
    // A lone one need not be compared.
    let bounds = if indexed.len() > 1 { &PROBE_BOUNDS[..] } else { &[] };
    for bound in bounds {
        let mut least = *bound;
        for (name, test) in &indexed {
            let rows = probe(connection, scope, *name, test, least)?;
            if rows == 0 {
                return Ok(Driver::Nothing);
            }
            if rows < least {
                (least, best) = (rows, (*name, *test));
            }
        }
        if least < *bound {
            break;
        }
    }
    Ok(Driver::Rows(best.0, best.1))
}

/// Counts the rows that pass `test`, up to `bound`.
fn probe(
    connection: &Connection,
    scope: i64,
    name: i64,
    test: &Test,
    bound: i64,
) -> Result<i64, StoreError> {
    let mut sql = Sql::default();
    sql.text("SELECT count(*) FROM (SELECT 1 FROM attribute a INDEXED BY attribute_by_key");
    append_rows(&mut sql, scope, name, test);
    sql.text(" LIMIT ");
    sql.bind(bound);
    sql.text(")");
    let mut query = connection.prepare_cached(&sql.text)?;
    Ok(query.query_row(params_from_iter(&sql.values), |row| row.get(0))?)
}

fn append_rows(sql: &mut Sql, scope: i64, name: i64, test: &Test) {
    sql.text(" WHERE a.scope = ");
    sql.bind(scope);
    sql.text(" AND a.name = ");
    sql.bind(name);
    test.append(sql, "a");
}

fn all_objects(scope: i64, filter: &Filter) -> Sql {
    let mut sql = Sql::default();
    sql.text("SELECT o.uid FROM object o INDEXED BY object_found WHERE o.scope = ");
    sql.bind(scope);
    append_found(&mut sql, filter);
    append_order(&mut sql, "o.id", filter.order);
    sql
}

fn driven(scope: i64, driver: (i64, &Test), conditions: &[Condition], filter: &Filter) -> Sql {
    let (name, test) = driver;
    let mut sql = Sql::default();
    // CROSS JOIN keeps the order of the tables; GROUP BY makes one of an object's many instances.
    sql.text(
        "SELECT o.uid FROM attribute a INDEXED BY attribute_by_key
         CROSS JOIN object o INDEXED BY object_found ON o.scope = a.scope AND o.id = a.object",
    );
    append_rows(&mut sql, scope, name, test);
    append_found(&mut sql, filter);
    for condition in conditions {
        let is_driver = condition.name == name && condition.tests == [test.clone()];
        if !is_driver {
            condition.append(&mut sql);
        }
    }
    sql.text(" GROUP BY a.object");
    append_order(&mut sql, "a.object", filter.order);
    sql
}

/// Objects are numbered as they come.
fn append_order(sql: &mut Sql, number: &str, order: Order) {
    let direction = match order {
        Order::NewestFirst => "DESC",
        Order::OldestFirst => "ASC",
    };
    sql.text(&format!(" ORDER BY {number} {direction}"));
}

/// What the partial index `object_found` asks for, and which of the two kinds are wanted.
fn append_found(sql: &mut Sql, filter: &Filter) {
    sql.text(" AND o.phase = 1 AND o.destroyed = 0");
    if filter.online != filter.archived {
        sql.text(" AND o.archived = ");
        sql.bind(i64::from(filter.archived));
    }
}

/// A statement and its parameters, in the order in which they stand in it.
#[derive(Default)]
pub(super) struct Sql {
    text: String,
    values: Vec<Value>,
}

impl Sql {
    fn text(&mut self, text: &str) {
        self.text.push_str(text);
    }

    fn bind(&mut self, value: impl Into<Value>) {
        self.text.push('?');
        self.values.push(value.into());
    }

    /// Runs it: counts all, keeps one page.
    fn page(&self, connection: &Connection, filter: &Filter) -> Result<Page, StoreError> {
        let mut query = connection.prepare_cached(&self.text)?;
        let mut rows = query.query(params_from_iter(&self.values))?;
        let mut page = Page::default();
        while let Some(row) = rows.next()? {
            if page.located >= filter.offset && page.identifiers.len() < filter.limit {
                page.identifiers.push(UniqueIdentifier::new(row.get::<_, String>(0)?));
            }
            page.located += 1;
        }
        Ok(page)
    }

    /// What SQLite makes of it, line by line.
    #[cfg(test)]
    pub(super) fn explain(&self, connection: &Connection) -> Vec<String> {
        let mut query = connection.prepare(&format!("EXPLAIN QUERY PLAN {}", self.text)).unwrap();
        let rows = query.query_map(params_from_iter(&self.values), |row| row.get(3)).unwrap();
        rows.map(Result::unwrap).collect()
    }
}
