//! Traces made by hand, for each way in which an answer may be too early.

use uuid::Uuid;

use super::{
    rule::{Told, violations},
    trace::read,
};

const KEY: &str = "a-key-of-a-sale";
const ORDER: Uuid = Uuid::from_u128(0x692a_8c48_f112_5e9b_84f1_463a_7830_873c);
const PRODUCT_LOG: &str = "/data/product.db-wal";
const ORDER_LOG: &str = "/data/order.db-wal";
const SOCKET: &str = "socket:[7]";

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("\\x{byte:02x}")).collect()
}

fn call(name: &str, on: &str, bytes: &[u8]) -> String {
    format!(
        "11 {name}(5<{}>, \"{}\", {}, 0) = {}\n",
        hex(on.as_bytes()),
        hex(bytes),
        bytes.len(),
        bytes.len()
    )
}

fn sync(log: &str) -> String {
    format!("12 fsync(5<{}>) = 0\n", hex(log.as_bytes()))
}

/// A frame: header and page.
fn frame(log: &str, is_last: bool, page: &[u8]) -> String {
    let mut header = [0; 24];
    header[7] = u8::from(is_last);
    call("pwrite64", log, &header) + &call("pwrite64", log, page)
}

/// A page with rows of another order around this one's.
fn order_page(status: &str) -> Vec<u8> {
    let row = |order: Uuid, key: &str, status: &str| {
        [order.as_bytes(), key.as_bytes(), &[0xaa; 32], b"{\"items\":[]}", status.as_bytes()].concat()
    };
    [row(ORDER, KEY, status), row(Uuid::from_u128(1), "the-key-of-another", "confirmed")].concat()
}

fn request() -> String {
    call("recvfrom", SOCKET, format!("POST /orders HTTP/1.1\r\nidempotency-key: {KEY}\r\n\r\n").as_bytes())
}

fn intent() -> String {
    frame(ORDER_LOG, true, &order_page("pending")) + &sync(ORDER_LOG)
}

fn decision() -> String {
    frame(PRODUCT_LOG, false, b"stock") + &frame(PRODUCT_LOG, true, ORDER.as_bytes()) + &sync(PRODUCT_LOG)
}

/// Its row first, then a page more.
fn projection() -> String {
    frame(ORDER_LOG, false, &order_page("confirmed")) + &frame(ORDER_LOG, true, b"lines")
}

fn answer() -> String {
    call("sendto", SOCKET, b"HTTP/1.1 201 Created\r\n\r\n{}")
}

#[track_caller]
fn assert_told(trace: &[String], expected: &str) {
    let told = Told { key: KEY.to_owned(), status: 201, order: Some((ORDER, "confirmed")) };
    let found = violations(&read(&trace.concat()), &[told]);
    match expected {
        "" => assert!(found.is_empty(), "{found:#?}"),
        expected => assert!(found.len() == 1 && found[0].contains(expected), "{expected}: {found:#?}"),
    }
}

#[test]
fn an_answer_after_both_syncs_is_well() {
    assert_told(&[request(), intent(), decision(), projection(), sync(ORDER_LOG), answer()], "");
}

#[test]
fn an_answer_before_the_sync_is_told() {
    let late = [request(), intent(), decision(), projection(), answer(), sync(ORDER_LOG)];
    assert_told(&late, "is confirmed is written to /order.db-wal, and not synced");
}

#[test]
fn an_answer_while_the_sync_is_under_way_is_told() {
    let begun = sync(ORDER_LOG).replace(") = 0", " <unfinished ...>");
    let done = "12 <... fsync resumed>) = 0\n".to_owned();
    let under_way = [request(), intent(), decision(), projection(), begun.clone(), answer(), done.clone()];
    assert_told(&under_way, "and not synced");
    assert_told(&[request(), intent(), decision(), projection(), begun, done, answer()], "");
}

#[test]
fn a_sync_that_began_before_the_last_page_does_not_count() {
    let begun = sync(ORDER_LOG).replace(") = 0", " <unfinished ...>");
    let done = "12 <... fsync resumed>) = 0\n".to_owned();
    let too_soon = [request(), intent(), decision(), begun, projection(), done, answer()];
    assert_told(&too_soon, "and not synced");
}

#[test]
fn a_sync_that_failed_or_of_another_file_does_not_count() {
    let failed = sync(ORDER_LOG).replace("= 0", "= -1 EIO (Input/output error)");
    assert_told(&[request(), intent(), decision(), projection(), failed, answer()], "and not synced");
    let other = [request(), intent(), decision(), projection(), sync(PRODUCT_LOG), answer()];
    assert_told(&other, "and not synced");
}

#[test]
fn a_decision_that_is_not_synced_is_told() {
    let unsynced = decision().replace(&sync(PRODUCT_LOG), "");
    let trace = [request(), intent(), unsynced, projection(), sync(ORDER_LOG), answer()];
    assert_told(&trace, "is written to /product.db-wal, and not synced");
}

#[test]
fn an_answer_without_its_projection_is_told() {
    assert_told(&[request(), intent(), decision(), answer()], "is confirmed is not written");
    let unended = frame(ORDER_LOG, false, &order_page("confirmed"));
    assert_told(&[request(), intent(), decision(), unended, answer()], "does not end");
}

#[test]
fn an_answer_that_is_not_in_the_trace_is_told() {
    assert_told(&[intent(), decision()], "was asked 1 times, and read 0");
    assert_told(&[request(), intent(), decision(), projection(), sync(ORDER_LOG)], "never sent");
}
