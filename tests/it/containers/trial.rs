//! One deployment of the split shop and what was sold in it so far.

use std::{env, time::Instant};

use serde_json::json;

use crate::support::{
    client::Service,
    shop::{Shop, text},
};

use super::{
    deployment::Deployment,
    figures::Figures,
    tills::{Report, Sale, TILLS, Tills},
};

const PRODUCTS: usize = 10;
pub const OPENING: i64 = 1_000_000;

pub struct Trial {
    pub figures: Figures,
    pub deployment: Deployment,
    pub gateway: Service,
    /// Every product that the tills sell.
    pub products: Vec<String>,
    pub sales: Vec<Sale>,
    begun: Instant,
}

impl Trial {
    pub async fn begin() -> Self {
        let begun = Instant::now();
        let deployment = Deployment::up("docker-compose.split.yml").await;
        let gateway = deployment.service();
        let mut trial = Self {
            figures: Figures::default(),
            deployment,
            gateway,
            products: Vec::new(),
            sales: Vec::new(),
            begun,
        };
        trial.figures.note("up and ready", format!("{:.1} s", begun.elapsed().as_secs_f64()));
        let shop = trial.shop();
        for _ in 0..PRODUCTS {
            let product = shop.make_product(json!({ "stock": OPENING })).await;
            trial.products.push(text(&product["id"]));
        }
        trial
    }

    /// The shop as a client of the gateway sees it.
    pub fn shop(&self) -> Shop {
        Shop { product: self.gateway.clone(), orders: vec![self.gateway.clone()] }
    }

    /// Says what begins. With `POS_TEST_STEPS="killed,frozen"` only these are gone through.
    pub fn begins(&self, step: &str, what: &str) -> bool {
        let steps = env::var("POS_TEST_STEPS").unwrap_or_default();
        let wanted = steps.is_empty() || steps.split(',').any(|name| name == step);
        if wanted {
            println!("== {:>4.0} s: {step}: {what}", self.begun.elapsed().as_secs_f64());
        }
        wanted
    }

    pub fn open_tills(&self) -> Tills {
        Tills::open(&self.gateway, &self.products, TILLS)
    }

    /// Closes the tills and keeps their sales. Whatever went on: none was lost, none was told nonsense.
    pub async fn close(&mut self, step: &str, tills: Tills) -> Report {
        let report = tills.close().await;
        report.show_failures();
        self.sales.extend(report.sales.iter().cloned());
        let (sales, first) = (report.sales.len(), report.failed_first_tries());
        self.figures.note(&format!("{step}: sales, failed first tries"), format!("{sales}, {first}"));
        self.figures.none(&format!("{step}: sales that failed after the repeats"), report.lost());
        self.figures.none(&format!("{step}: answers that are no clear 503"), report.wrong());
        report
    }
}
