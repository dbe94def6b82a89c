//! Wires between the parts of the shop: small proxies, through which each connection goes, and that can be troubled.

mod http;
mod message;
mod postgres;

use std::{
    collections::BTreeMap,
    net::SocketAddr,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use tokio::{
    net::{TcpListener, TcpStream},
    sync::watch,
};

use crate::{history::History, lock::lock};

/// What may happen to what goes over a wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Harm {
    /// HTTP: before anything of the request went on.
    CutBefore,
    /// HTTP: half of the request went on.
    CutRequest,
    /// The whole request went on; nobody waits for the answer.
    CutAfter,
    /// HTTP: half of the answer goes back.
    CutAnswer,
    /// The answer never comes; the connection is cut after a while.
    Unheard,
    /// What is asked comes late.
    Delay,
    /// HTTP: the answer comes late.
    DelayAnswer,
    /// HTTP: the request is delivered once more, later.
    Double,
    /// Connections are cut, and new ones end at once.
    Unreachable,
    /// Nothing goes through in either direction; then all of it.
    Frozen,
    /// PostgreSQL: whoever asked is cut off at once, and what was asked arrives later.
    Late,
    /// PostgreSQL: as `Late`, COMMIT alone.
    LateCommit,
    /// PostgreSQL: as `Unheard`, COMMIT alone.
    UnheardCommit,
}

#[derive(Clone, Copy, Debug)]
pub struct Trouble {
    pub harm: Harm,
    /// Of what goes over the wire, 0 to 1.
    pub share: f64,
    pub time: Duration,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Speaks {
    Http,
    Postgres,
}

pub struct Wire {
    pub address: SocketAddr,
    pub speaks: Speaks,
    to: SocketAddr,
    troubles: Mutex<Vec<(u64, Trouble)>>,
    random: Mutex<fastrand::Rng>,
    cuts: watch::Sender<u64>,
    harmed: Mutex<BTreeMap<String, u64>>,
    late: AtomicUsize,
    history: History,
}

impl Wire {
    /// Listens from now on, for as long as the program runs.
    pub async fn open(
        speaks: Speaks,
        from: SocketAddr,
        to: SocketAddr,
        history: &History,
        seed: u64,
    ) -> anyhow::Result<Arc<Self>> {
        let listener = TcpListener::bind(from).await?;
        let wire = Arc::new(Self {
            address: from,
            speaks,
            to,
            troubles: Mutex::default(),
            random: Mutex::new(fastrand::Rng::with_seed(seed)),
            cuts: watch::channel(0).0,
            harmed: Mutex::default(),
            late: AtomicUsize::new(0),
            history: history.clone(),
        });
        tokio::spawn(accept(listener, wire.clone()));
        Ok(wire)
    }

    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    pub fn begin(&self, id: u64, trouble: Trouble) {
        lock(&self.troubles).push((id, trouble));
        if trouble.harm == Harm::Unreachable {
            self.count(Harm::Unreachable);
            self.cuts.send_modify(|cuts| *cuts += 1);
        }
    }

    pub fn end(&self, id: u64) {
        lock(&self.troubles).retain(|(other, _)| *other != id);
    }

    /// How often each harm was done.
    pub fn harmed(&self) -> BTreeMap<String, u64> {
        lock(&self.harmed).clone()
    }

    /// Requests that are yet to arrive, and answers that are waited for in vain.
    pub fn late(&self) -> usize {
        self.late.load(Ordering::SeqCst)
    }

    /// What is to happen to the next request, of these.
    fn draw(&self, possible: impl Fn(Harm) -> bool) -> Option<Trouble> {
        let troubles = lock(&self.troubles).clone();
        let mut random = lock(&self.random);
        let drawn = troubles.into_iter().map(|(_, trouble)| trouble);
        let drawn =
            drawn.filter(|trouble| possible(trouble.harm)).find(|trouble| random.f64() < trouble.share);
        if let Some(trouble) = drawn {
            self.count(trouble.harm);
        }
        drawn
    }

    fn has(&self, harm: Harm) -> bool {
        lock(&self.troubles).iter().any(|(_, trouble)| trouble.harm == harm)
    }

    fn count(&self, harm: Harm) {
        *lock(&self.harmed).entry(format!("{:?}: {harm:?}", self.speaks)).or_default() += 1;
    }

    /// Counts as late while it is held.
    fn hold_late(self: &Arc<Self>) -> LateGuard {
        self.late.fetch_add(1, Ordering::SeqCst);
        LateGuard(self.clone())
    }
}

struct LateGuard(Arc<Wire>);

impl Drop for LateGuard {
    fn drop(&mut self) {
        self.0.late.fetch_sub(1, Ordering::SeqCst);
    }
}

async fn accept(listener: TcpListener, wire: Arc<Wire>) {
    loop {
        let Ok((client, _)) = listener.accept().await else {
            // out of files for a moment
            tokio::time::sleep(Duration::from_millis(10)).await;
            continue;
        };
        let wire = wire.clone();
        tokio::spawn(async move {
            if wire.has(Harm::Unreachable) {
                return;
            }
            let mut cuts = wire.cuts.subscribe();
            let Ok(server) = TcpStream::connect(wire.to).await else { return };
            let (_, _) = (client.set_nodelay(true), server.set_nodelay(true));
            let carry = async {
                match wire.speaks {
                    Speaks::Http => http::carry(&wire, client, server).await,
                    Speaks::Postgres => postgres::carry(&wire, client, server).await,
                }
            };
            tokio::select! {
                _ = carry => {}
                _ = cuts.changed() => {}
            }
        });
    }
}
