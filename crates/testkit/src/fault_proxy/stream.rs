//! Passes the answer to a watch on as it comes, until it is cut or muted, or a side goes away.

use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::net::tcp::ReadHalf;

use super::exchange::{self, ProxyRequest};
use super::fault::Fault;

/// Passes on what `server` answers to `request`.
pub(super) async fn pass_on(
    mut client: TcpStream,
    server: &str,
    request: &ProxyRequest,
    fault: Option<&Fault>,
) -> Option<()> {
    let begun = Instant::now();
    let mut server = exchange::open(server, request).await?;
    let (mut from_client, mut to_client) = client.split();
    let (cut_after, mute_after) = match fault {
        Some(Fault::CutStream(time)) => (*time, Duration::MAX),
        Some(Fault::MuteStream(time)) => (Duration::MAX, *time),
        _ => (Duration::MAX, Duration::MAX),
    };

    let copy = async {
        let mut part = vec![0; 64 << 10];
        loop {
            let length = server.read(&mut part).await.ok()?;
            let is_mute = begun.elapsed() >= mute_after;
            match length {
                0 if is_mute => return std::future::pending().await,
                0 => return Some(()),
                _ if is_mute => {}
                _ => to_client.write_all(&part[..length]).await.ok()?,
            }
        }
    };
    tokio::select! {
        copied = copy => copied,
        () = tokio::time::sleep(cut_after) => Some(()),
        () = gone(&mut from_client) => Some(()),
    }
}

/// Waits until the client is gone: it sends nothing more.
async fn gone(client: &mut ReadHalf<'_>) {
    let mut sent = [0; 1];
    while client.read(&mut sent).await.is_ok_and(|length| length > 0) {}
}
