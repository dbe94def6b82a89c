//! Every request and answer of docs/API.md is run. `POS_TEST_WRITE=1 ./test api_page` writes the answers that came.

mod names;
mod page;
mod shops;

use std::{collections::BTreeSet, env, fs, path::PathBuf};

use contract::Code;
use reqwest::Method;

use self::{
    names::Names,
    page::{Answer, Exchange},
    shops::Shops,
};
use crate::support::{
    client::{Reply, Service},
    wait::until,
};

/// Codes that no request brings about on purpose, or none that fits on a page.
const NOT_SHOWN: [Code; 6] = [
    Code::Internal,
    Code::TooLarge,
    Code::HeadTooLarge,
    Code::TotalOutOfRange,
    Code::TimedOut,
    Code::StockOutOfRange,
];

fn path() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("docs/API.md")
}

/// Asks as the page does; answers in the page's names.
async fn told(shops: &mut Shops, exchanges: &[Exchange]) -> Vec<Answer> {
    let mut names = Names::default();
    let mut answers = Vec::new();
    for exchange in exchanges {
        let path = names.for_shop(&exchange.path);
        let service = shops.service(&exchange.shop, &path).await;
        let mut reply = ask(&service, exchange, &names).await;
        if exchange.shop == "limited" {
            // it has room for one a second
            reply = until("a caller that asks too much", shops::WITHIN, async || {
                Some(ask(&service, exchange, &names).await).filter(|reply| reply.status == 429)
            })
            .await;
        }
        answers.push(names.in_page(&Answer::of(&reply), &exchange.answer));
    }
    answers
}

async fn ask(service: &Service, exchange: &Exchange, names: &Names) -> Reply {
    let method: Method = exchange.method.parse().unwrap();
    let mut call = service.call(method, &names.for_shop(&exchange.path)).without_key();
    let mut media_type = "application/json";
    for (name, value) in &exchange.headers {
        match name.as_str() {
            "content-type" => media_type = value,
            _ => call = call.header(name, &names.for_shop(value)),
        }
    }
    if let Some(body) = &exchange.body {
        call = call.raw(media_type, &names.for_shop(body));
    }
    call.await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_request_of_the_page_is_answered_as_it_says() {
    let page = fs::read_to_string(path()).unwrap();
    let exchanges = page::read(&page);
    let answers = told(&mut Shops::one_process().await, &exchanges).await;
    if env::var("POS_TEST_WRITE").is_ok() {
        fs::write(path(), page::write(&page, &exchanges, &answers)).unwrap();
        return;
    }
    assert_told(&exchanges, &answers);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_split_shop_answers_as_the_page_says() {
    let exchanges = page::read(&fs::read_to_string(path()).unwrap());
    let answers = told(&mut Shops::split().await, &exchanges).await;
    assert_told(&exchanges, &answers);
}

fn assert_told(exchanges: &[Exchange], answers: &[Answer]) {
    for (exchange, answer) in exchanges.iter().zip(answers) {
        assert_eq!(answer, &exchange.answer, "{} {}", exchange.method, exchange.path);
    }
}

#[test]
fn the_page_shows_every_code() {
    let page = fs::read_to_string(path()).unwrap();
    let shown: BTreeSet<String> = page::read(&page)
        .iter()
        .filter_map(|exchange| Some(exchange.answer.body.as_ref()?.get("code")?.as_str()?.to_owned()))
        .collect();
    for code in Code::ALL {
        let name = code.as_str();
        assert!(page.contains(&format!("| `{name}` |")), "{name} is not in the table of codes");
        assert_eq!(
            shown.contains(name),
            !NOT_SHOWN.contains(&code),
            "whether the page has an answer with {name}"
        );
    }
}
