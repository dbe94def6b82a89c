//! Callers whose time is up while the database has not answered yet.

use std::time::Duration;

use platform::{
    database::{Database, StoreError},
    settings::DatabaseSettings,
};
use sea_orm::ConnectionTrait;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::watch,
};

use crate::support::engine::{Databases, Engine, database_settings};

/// Stands between a pool and its server, and can hold back what the server says.
struct Relay {
    url: String,
    holds: watch::Sender<bool>,
}

impl Relay {
    async fn before(database_url: &str) -> Self {
        let (user, rest) = database_url.split_once('@').unwrap();
        let (server, database) = rest.split_once('/').unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("{user}@{}/{database}", listener.local_addr().unwrap());
        let (holds, held) = watch::channel(false);
        let server = server.to_owned();
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let server = TcpStream::connect(&server).await.unwrap();
                tokio::spawn(relay(client, server, held.clone()));
            }
        });
        Self { url, holds }
    }
}

async fn relay(client: TcpStream, server: TcpStream, mut held: watch::Receiver<bool>) {
    let (mut from_client, mut to_client) = client.into_split();
    let (mut from_server, mut to_server) = server.into_split();
    tokio::spawn(async move { tokio::io::copy(&mut from_client, &mut to_server).await });
    let mut said = [0; 4096];
    while let Ok(length @ 1..) = from_server.read(&mut said).await {
        if held.wait_for(|held| !held).await.is_err() || to_client.write_all(&said[..length]).await.is_err() {
            return;
        }
    }
}

/// A connection that is handed on inside a transaction would take what is written next with it.
#[tokio::test]
async fn a_connection_whose_caller_left_while_it_began_is_handed_on_clean() {
    let databases = Databases::empty(Engine::Postgres).await;
    let relay = Relay::before(&databases.product_url).await;
    let one_connection = DatabaseSettings { max_connections: 1, ..database_settings() };
    let database = Database::connect("product", &relay.url, &one_connection).await.unwrap();

    relay.holds.send(true).unwrap();
    let begun = database.write(async |_| Ok::<(), StoreError>(()));
    let left = tokio::time::timeout(Duration::from_millis(200), begun).await;
    assert!(left.is_err(), "it waits for the answer to BEGIN");
    relay.holds.send(false).unwrap();
    let told = database.writer().execute_unprepared("CREATE TABLE told ()");
    told.await.unwrap();

    let stranger = Database::connect("product", &databases.product_url, &one_connection).await.unwrap();
    let seen = stranger.reader().execute_unprepared("SELECT FROM told");
    seen.await.expect("what was told to be written is written");
}
