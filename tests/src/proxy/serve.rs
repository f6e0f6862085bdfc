//! Takes connections.

use std::io;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;

use tokio::net;

use super::connection::Connection;
use super::state::{Shared, close};

/// Takes connections for ever.
pub(super) async fn serve(listener: TcpListener, server: SocketAddr, shared: Arc<Shared>) {
    listener.set_nonblocking(true).expect("a listener takes it");
    let listener = net::TcpListener::from_std(listener).expect("in a runtime");
    for id in 0.. {
        let (client, _) = listener.accept().await.expect("a listener accepts");
        if !shared.state().faults.refuse {
            tokio::spawn(connect(id, client, server, shared.clone()));
        }
    }
}

async fn connect(id: usize, client: net::TcpStream, server: SocketAddr, shared: Arc<Shared>) {
    // If the server is down, the client sees an end.
    let Ok(server) = net::TcpStream::connect(server).await else {
        return;
    };
    let (client, own) = twice(client).expect("a socket");
    server.set_nodelay(true).expect("a socket");
    shared.state().connections.insert(id, own.clone());
    let (connection, commands) = Connection::new(id, own.clone(), shared.clone());
    let ended = connection.run(commands, client, server).await;
    shared.change(|state| {
        state.connections.remove(&id);
        close(&own);
        // A server that was killed is part of a test; bytes that are not RESP are a mistake.
        let mistake = ended
            .err()
            .filter(|error| error.kind() == io::ErrorKind::InvalidData);
        state.mistake = state
            .mistake
            .take()
            .or(mistake.map(|error| error.to_string()));
    });
}

/// A second handle of the same socket, which does not wait.
fn twice(stream: net::TcpStream) -> io::Result<(net::TcpStream, Arc<TcpStream>)> {
    stream.set_nodelay(true)?;
    let stream = stream.into_std()?;
    let second = stream.try_clone()?;
    Ok((net::TcpStream::from_std(stream)?, Arc::new(second)))
}
