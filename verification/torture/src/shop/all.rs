//! One process on SQLite, on a disk of its own where there can be one.

use std::{fs, net::Ipv4Addr, sync::Arc};

use super::{Ground, Location, Shop, client, disk::Disk};
use crate::{
    clients::Doors,
    place::free_port,
    process::Process,
    wire::{Speaks, Wire},
};

pub async fn start(ground: &Ground<'_>) -> anyhow::Result<Shop> {
    let data = ground.directory.join("data");
    fs::create_dir_all(&data)?;
    let disk = Disk::mount(&data);
    let mut ports = Vec::new();
    let mut address = || anyhow::Ok((Ipv4Addr::LOCALHOST, free_port(&mut ports)?).into());
    let (own, front) = (address()?, address()?);
    let place = [("POS__DATA_DIR", data.display().to_string())];
    let listen = [("POS__SERVER__LISTEN", std::net::SocketAddr::to_string(&own))];
    let program = ground.pos("pos", &["--role", "all"], &[&place[..], &listen[..]].concat());
    let wire = Wire::open(Speaks::Http, front, own, ground.history, ground.seed).await?;
    Ok(Shop {
        processes: vec![Arc::new(Process::start(program)?)],
        servers: vec![],
        doors: Doors { front: wire.url(), orders: vec![] },
        wires: vec![wire],
        product: Location::Sqlite(data.join("product.db")),
        order: Location::Sqlite(data.join("order.db")),
        disk,
        audit: ground.pos("audit", &["audit"], &place),
        services: vec![format!("http://{own}")],
        client: client()?,
    })
}
