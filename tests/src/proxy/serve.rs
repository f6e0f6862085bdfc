//! Accepts connections.

use std::io;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;

use tokio::net;

use super::connection::Connection;
use super::state::{Listening, Shared, close};

/// Takes connections for ever, but for the times when nobody is to listen.
pub(super) async fn serve(listener: TcpListener, server: SocketAddr, shared: Arc<Shared>) {
    let addr = listener.local_addr().expect("it listens");
    let mut listener = non_blocking(listener);
    for id in 0.. {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = shared.until(|state| (state.faults.listening == Listening::Closed).then_some(())) => {
                drop(listener);
                listener = listen_again(addr, &shared).await;
                continue;
            }
        };
        let (client, _) = accepted.expect("a listener accepts");
        if shared.state().faults.listening == Listening::Open {
            tokio::spawn(connect(id, client, server, shared.clone()));
        }
    }
}

fn non_blocking(listener: TcpListener) -> net::TcpListener {
    listener.set_nonblocking(true).expect("a listener takes it");
    net::TcpListener::from_std(listener).expect("in a runtime")
}

/// Listens at `addr` again, once it is to.
async fn listen_again(addr: SocketAddr, shared: &Shared) -> net::TcpListener {
    shared.state().is_deaf = true;
    shared
        .until(|state| (state.faults.listening != Listening::Closed).then_some(()))
        .await;
    let listener = TcpListener::bind(addr).expect("nobody took the port");
    shared.state().is_deaf = false;
    non_blocking(listener)
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
