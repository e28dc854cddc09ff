//! A chat service that remembers what it took, and fails as a trial wants.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use tokio::io::AsyncWriteExt;
use tokio::net::{TcpListener, TcpStream};

use crate::fault;
use crate::wire::{answer, read_request};

/// The service.
#[derive(Clone)]
pub(crate) struct Chat {
    pub(crate) address: SocketAddr,
    fault: Option<fault::Chat>,
    calm: Arc<AtomicBool>,
    taken: Arc<Mutex<Vec<String>>>,
}

impl Chat {
    /// A service; needs a runtime.
    pub(crate) async fn start(fault: Option<fault::Chat>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let chat = Self {
            address: listener.local_addr().unwrap(),
            fault,
            calm: Arc::default(),
            taken: Arc::default(),
        };
        let ear = chat.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let ear = ear.clone();
                tokio::spawn(async move { ear.serve(stream).await });
            }
        });
        chat
    }

    /// From now on every message is taken.
    pub(crate) fn calm_down(&self) {
        self.calm.store(true, Ordering::SeqCst);
    }

    /// Whether a message that was taken names `pod`.
    pub(crate) fn was_told_of(&self, pod: &str) -> bool {
        self.taken
            .lock()
            .unwrap()
            .iter()
            .any(|message| message.contains(pod))
    }

    async fn serve(&self, mut client: TcpStream) -> Option<()> {
        let message = read_request(&mut client).await?;
        let fault = self.fault.filter(|_| !self.calm.load(Ordering::SeqCst));
        let reply = match fault {
            Some(fault::Chat::Down) => return None,
            Some(fault::Chat::Error500) => answer(500, "", "oops"),
            Some(fault::Chat::Throttled) => answer(429, "Retry-After: 1\r\n", "slow down"),
            Some(fault::Chat::ResetAfter) => {
                self.taken.lock().unwrap().push(message);
                return None;
            }
            None => {
                self.taken.lock().unwrap().push(message);
                answer(200, "", "ok")
            }
        };
        client.write_all(&reply).await.ok()
    }
}
