//! What must hold of each parser, whatever it is given. A fault is a panic.

mod cursor;
mod money;
mod quantity;
mod settings;

pub use cursor::try_cursor;
pub use money::try_money;
pub use quantity::try_quantity;
pub use settings::try_settings;
