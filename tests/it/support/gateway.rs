//! A gateway before a shop's services.

use super::{
    port::Port,
    process::Pos,
    shop::{Running, address},
};

/// Before a split shop's product service and its first order service.
pub struct Fronted {
    pub process: Pos,
    _port: Port,
}

impl Running {
    /// Starts one and waits until it welcomes requests.
    pub async fn gateway(&self) -> Fronted {
        let port = Port::reserve();
        let settings = [("PRODUCT", &self.processes[0]), ("ORDER", &self.processes[1])]
            .map(|(name, process)| (format!("POS__GATEWAY__{name}_URL"), process.url()));
        let mut process = Pos::start("gateway", address(1, &port), settings.into());
        process.ready().await;
        Fronted { process, _port: port }
    }
}
