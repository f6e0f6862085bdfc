//! A way to a Redis that can be made too long.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream, UnixStream};

/// Passes bytes on to a unix socket.
pub(crate) struct SlowProxy {
    pub(crate) addr: SocketAddr,
    is_slow: Arc<AtomicBool>,
}

impl SlowProxy {
    pub(crate) async fn to(socket: PathBuf) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let addr = listener.local_addr()?;
        let is_slow = Arc::new(AtomicBool::new(false));
        let slow = Arc::clone(&is_slow);
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                if let Ok(server) = UnixStream::connect(&socket).await {
                    tokio::spawn(pass(client, server, Arc::clone(&slow)));
                }
            }
        });
        Ok(Self { addr, is_slow })
    }

    /// From here on, every command takes longer than a call waits.
    pub(crate) fn slow_down(&self) {
        self.is_slow.store(true, Ordering::Release);
    }
}

async fn pass(client: TcpStream, server: UnixStream, is_slow: Arc<AtomicBool>) {
    let (mut from_client, mut to_client) = client.into_split();
    let (mut from_server, mut to_server) = server.into_split();
    let up = async move {
        let mut buffer = vec![0; 1 << 16];
        while let Ok(count @ 1..) = from_client.read(&mut buffer).await {
            if is_slow.load(Ordering::Acquire) {
                tokio::time::sleep(Duration::from_millis(120)).await;
            }
            if to_server.write_all(&buffer[..count]).await.is_err() {
                break;
            }
        }
    };
    let down = async move {
        let mut buffer = vec![0; 1 << 16];
        while let Ok(count @ 1..) = from_server.read(&mut buffer).await {
            if to_client.write_all(&buffer[..count]).await.is_err() {
                break;
            }
        }
    };
    tokio::join!(up, down);
}
