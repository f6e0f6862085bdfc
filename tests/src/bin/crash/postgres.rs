//! A Postgres of the program's own, and the writers' ways to it.

mod link;
mod message;
mod server;

pub(crate) use link::Link;
pub(crate) use server::Postgres;

use std::path::Path;

use tokio_postgres::{Client, Config, NoTls};

/// The name of the socket in a folder, as clients look for it.
const SOCKET: &str = ".s.PGSQL.5432";

/// Connects to the socket in `folder`. The database knows the connection by `name`.
///
/// # Errors
///
/// Fails if nobody listens there, or the database refuses the connection.
pub(crate) async fn connect(folder: &Path, name: &str) -> Result<Client, tokio_postgres::Error> {
    let mut config = Config::new();
    config.host_path(folder).user("postgres").dbname("postgres");
    config.application_name(name);
    let (client, connection) = config.connect(NoTls).await?;
    // Its error reaches the client's callers, too.
    tokio::spawn(async move { drop(connection.await) });
    Ok(client)
}
