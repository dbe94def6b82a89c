//! A clock that is set back while the shop is open.
