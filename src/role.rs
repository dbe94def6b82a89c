//! Which modules this process serves.

use std::fmt;

use clap::ValueEnum;

/// What a process is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Role {
    /// A whole shop.
    #[default]
    All,
    /// Catalogue and stock.
    Product,
    /// Orders.
    Order,
    /// The edge of a split shop: forwards to product and order services.
    Gateway,
}

impl Role {
    /// Every role.
    pub const EVERY: [Self; 4] = [Self::All, Self::Product, Self::Order, Self::Gateway];

    pub const fn has_product(self) -> bool {
        matches!(self, Self::All | Self::Product)
    }

    pub const fn has_order(self) -> bool {
        matches!(self, Self::All | Self::Order)
    }

    /// Whether the routes of products and orders are reached here, wherever they are served.
    pub const fn shows_products(self) -> bool {
        matches!(self, Self::All | Self::Product | Self::Gateway)
    }

    pub const fn shows_orders(self) -> bool {
        matches!(self, Self::All | Self::Order | Self::Gateway)
    }

    /// Whether other processes take decisions here, over routes that are not public.
    pub const fn serves_internal(self) -> bool {
        matches!(self, Self::Product)
    }

    /// Whether this is where clients come in, who are many and not known.
    pub const fn is_edge(self) -> bool {
        matches!(self, Self::All | Self::Gateway)
    }

    /// The port of `server.listen` when nothing else is said.
    pub const fn default_port(self) -> u16 {
        match self {
            Self::All | Self::Gateway => 8080,
            Self::Product => 8081,
            Self::Order => 8082,
        }
    }

    /// `database.migrate_on_start` when nothing else is said.
    pub const fn migrates_on_start(self) -> bool {
        matches!(self, Self::All)
    }

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::All => "all",
            Self::Product => "product",
            Self::Order => "order",
            Self::Gateway => "gateway",
        }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}
