//! What an answer under way holds until its last byte went out.

use std::{rc::Rc, sync::Arc};

use actix_web::web::Data;
use platform::request_id::RequestId;
use tracing::{info, warn};

use crate::{
    GatewayWorker,
    body::AnswerCut,
    counted::Counted,
    endpoint::{Endpoint, Signal},
    path::Service,
};

/// The places of a try, and whom to tell when its answer breaks off.
pub struct Held {
    pub worker: Data<GatewayWorker>,
    pub service: Service,
    pub endpoint: Arc<Endpoint>,
    pub request_id: RequestId,
    pub _endpoint_place: Counted,
    pub _service_place: Rc<Counted>,
}

impl Held {
    /// The answer went out to its last byte.
    pub fn completed(&self) {
        let gateway = &self.worker.gateway;
        gateway.note_signal(self.service, &self.endpoint, Signal::Answered);
    }

    /// The caller stopped reading, which says nothing about the replica.
    pub fn left_unread(&self) {
        let (address, request_id) = (self.endpoint.address, &self.request_id);
        info!(%address, %request_id, "answer left unread by the caller; cut off");
    }

    /// The head of the answer went out already: the caller sees a broken connection.
    pub fn broke_off(&self, cut: &AnswerCut) {
        let (address, request_id) = (self.endpoint.address, &self.request_id);
        warn!(%address, %request_id, error = %cut, "answer cut short");
        let gateway = &self.worker.gateway;
        gateway.note_signal(self.service, &self.endpoint, Signal::TransportError);
    }
}
