//! The invariants of a shop across both databases, read straight from the tables.

use std::collections::BTreeMap;

use contract::Shop;
use platform::{database::Database, idempotency::IdempotencyKey};
use sea_orm::{ConnectionTrait, QueryResult, Statement, TryGetable};
use uuid::Uuid;

use super::engine::database_settings;

/// What was found when everything held.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Audit {
    pub orders: usize,
    pub pending: usize,
    pub confirmed: usize,
    pub held: usize,
    /// Of sales.
    pub movements: usize,
}

struct Deduction {
    outcome: String,
    cause: Option<String>,
    hash: Option<Vec<u8>>,
    total: Option<i64>,
    lines: Vec<Line>,
    /// Product and quantity of its movements.
    movements: Vec<(Uuid, i64)>,
}

/// Product, quantity, price, total; and whether stock was taken.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Line {
    sold: (Uuid, i64, i64, i64),
    tracked: bool,
}

/// Checks I1 to I8 and I10; panics with the first that does not hold. For a shop at rest: the tables are read one after
/// the other.
pub async fn audit(product_url: &str, order_url: &str) -> Audit {
    let order_database = Database::connect("audit", order_url, &database_settings()).await.unwrap();
    let orders = rows(&order_database, "SELECT * FROM orders").await;
    let order_lines = rows(&order_database, "SELECT * FROM order_lines ORDER BY order_id, line_no").await;
    let product_database = Database::connect("audit", product_url, &database_settings()).await.unwrap();
    check_ledger(&product_database).await;
    let deductions = read_deductions(&product_database).await;
    for (id, deduction) in &deductions {
        check_deduction(*id, deduction);
    }
    let mut lines_of: BTreeMap<Uuid, Vec<Line>> = BTreeMap::new();
    for row in &order_lines {
        lines_of.entry(get(row, "order_id")).or_default().push(line(row, true));
    }
    let mut found = Audit { orders: orders.len(), ..Audit::default() };
    let mut known = BTreeMap::new();
    for row in &orders {
        let id: Uuid = get(row, "id");
        let status = check_order(row, lines_of.get(&id).map_or(&[][..], Vec::as_slice), deductions.get(&id));
        found.pending += usize::from(status == "pending");
        found.confirmed += usize::from(status == "confirmed");
        known.insert(id, status);
    }
    for (id, deduction) in deductions.iter().filter(|(_, deduction)| deduction.outcome == "held") {
        found.held += 1;
        found.movements += deduction.movements.len();
        let status = known.get(id).map(String::as_str);
        assert!(
            matches!(status, Some("pending" | "confirmed")),
            "I6: {id} is held and its order is {status:?}"
        );
    }
    found
}

async fn check_ledger(database: &Database) {
    let movements = rows(database, "SELECT * FROM movements ORDER BY product_id, seq").await;
    let mut levels: BTreeMap<Uuid, (i64, i64)> = BTreeMap::new();
    for row in &movements {
        let product: Uuid = get(row, "product_id");
        let (seq, level) = levels.entry(product).or_default();
        let after: i64 = get(row, "after_milli");
        assert_eq!(get::<i64>(row, "seq"), *seq + 1, "I2: {product} has a gap");
        assert_eq!(get::<i64>(row, "before_milli"), *level, "I2: {product} after {seq}");
        assert_eq!(*level + get::<i64>(row, "quantity_milli"), after, "I2: {product} after {seq}");
        (*seq, *level) = (*seq + 1, after);
    }
    for row in rows(database, "SELECT * FROM stock").await {
        let product: Uuid = get(&row, "product_id");
        let (seq, level) = levels.get(&product).copied().unwrap_or_default();
        let stands: (i64, i64) = (get(&row, "seq"), get(&row, "quantity_milli"));
        assert_eq!(stands, (seq, level), "I2: stock of {product} is not its ledger's last level");
        assert!(get::<String>(&row, "policy") != "deny" || level >= 0, "I1: {product} is below its floor");
    }
}

async fn read_deductions(database: &Database) -> BTreeMap<Uuid, Deduction> {
    let mut deductions: BTreeMap<Uuid, Deduction> = BTreeMap::new();
    for row in rows(database, "SELECT * FROM deductions").await {
        let deduction = Deduction {
            outcome: get(&row, "outcome"),
            cause: get(&row, "cause"),
            hash: get(&row, "request_hash"),
            total: get(&row, "total_minor"),
            lines: Vec::new(),
            movements: Vec::new(),
        };
        deductions.insert(get(&row, "order_id"), deduction);
    }
    for row in rows(database, "SELECT * FROM deduction_lines ORDER BY order_id, line_no").await {
        let id: Uuid = get(&row, "order_id");
        let tracked = get(&row, "tracked");
        deductions.get_mut(&id).unwrap().lines.push(line(&row, tracked));
    }
    for row in rows(database, "SELECT * FROM movements WHERE reason = 'sale' ORDER BY product_id").await {
        let id: Uuid = get(&row, "order_id");
        let deduction =
            deductions.get_mut(&id).unwrap_or_else(|| panic!("I4: a sale without deduction {id}"));
        deduction.movements.push((get(&row, "product_id"), get(&row, "quantity_milli")));
    }
    deductions
}

fn check_deduction(id: Uuid, deduction: &Deduction) {
    let tracked = deduction.lines.iter().filter(|line| line.tracked);
    let mut taken: Vec<(Uuid, i64)> = tracked.map(|line| (line.sold.0, -line.sold.1)).collect();
    taken.sort_unstable();
    match deduction.outcome.as_str() {
        "held" => assert_eq!(deduction.movements, taken, "I3: {id}"),
        _ => assert!(deduction.movements.is_empty() && deduction.lines.is_empty(), "I3: {id} is refused"),
    }
    check_totals(id, &deduction.lines, deduction.total);
}

/// I8: half away from zero, to the last minor unit.
fn check_totals(id: Uuid, lines: &[Line], total: Option<i64>) {
    let mut sum = 0;
    for Line { sold: (product, quantity, price, total), .. } in lines {
        let exact = i128::from(*price) * i128::from(*quantity);
        assert_eq!(i128::from(*total), (exact + 500) / 1000, "I8: {id}, {product}");
        sum += total;
    }
    assert!(total.is_none_or(|total| total == sum), "I8: {id} has {total:?}, its lines {sum}");
}

fn check_order(row: &QueryResult, lines: &[Line], deduction: Option<&Deduction>) -> String {
    let (id, status): (Uuid, String) = (get(row, "id"), get(row, "status"));
    let key = IdempotencyKey::parse(&get::<String>(row, "key")).unwrap();
    let shop = Shop::new("shop".into(), "EUR".parse().unwrap());
    assert_eq!(shop.order_id(&key).0, id, "I10: the id is not that of its key");
    let cause = deduction.and_then(|deduction| deduction.cause.as_deref());
    let decided = match status.as_str() {
        "pending" => return status,
        "confirmed" => deduction.is_some_and(|deduction| deduction.outcome == "held"),
        "rejected" => matches!(cause, Some("lines" | "total_out_of_range")),
        "cancelled" => cause == Some("given_up"),
        other => panic!("{id} is {other}"),
    };
    assert!(decided, "I5: {id} is {status}, and its deduction's cause {cause:?}");
    let Some(deduction) = deduction else {
        return status;
    };
    let hash: Option<Vec<u8>> = get(row, "request_hash");
    assert!(hash.is_none() || deduction.hash.is_none() || hash == deduction.hash, "I10: {id} has two hashes");
    let sold = |lines: &[Line]| lines.iter().map(|line| line.sold).collect::<Vec<_>>();
    assert_eq!(sold(lines), sold(&deduction.lines), "I7: {id}");
    assert_eq!(get::<Option<i64>>(row, "total_minor"), deduction.total, "I8: {id}");
    status
}

fn line(row: &QueryResult, tracked: bool) -> Line {
    let sold = (
        get(row, "product_id"),
        get(row, "quantity_milli"),
        get(row, "unit_price_minor"),
        get(row, "total_minor"),
    );
    Line { sold, tracked }
}

async fn rows(database: &Database, sql: &str) -> Vec<QueryResult> {
    let statement = Statement::from_string(database.backend(), sql);
    database.reader().query_all_raw(statement).await.unwrap()
}

fn get<T: TryGetable>(row: &QueryResult, column: &str) -> T {
    row.try_get("", column).unwrap()
}
