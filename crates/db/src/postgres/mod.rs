//! PostgreSQL: a pool of connections, statements prepared once, transactions that carry their tenant.

mod bind;
mod listen;
mod pool;
mod tls;

pub(crate) use listen::announce_and_listen;
pub(crate) use pool::{PgTx, Pool};
