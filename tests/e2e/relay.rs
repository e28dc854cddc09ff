//! A way to the API server that can be opened: until then it hangs up on everybody.

use std::io;
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use crate::access::server;
use crate::world::World;

pub(crate) struct Relay {
    port: u16,
    open: Arc<AtomicBool>,
}

impl Relay {
    /// A closed one.
    pub(crate) fn to_the_api_server() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let open = Arc::new(AtomicBool::new(false));
        let is_open = Arc::clone(&open);
        let address = server().strip_prefix("https://").unwrap().to_owned();
        thread::spawn(move || {
            for caller in listener.incoming().flatten() {
                if is_open.load(Ordering::Relaxed)
                    && let Ok(callee) = TcpStream::connect(&address)
                {
                    connect(caller, callee);
                }
            }
        });
        Self { port, open }
    }

    /// Lets everybody through from now on.
    pub(crate) fn open(&self) {
        self.open.store(true, Ordering::Relaxed);
    }

    /// A kubeconfig that takes this way.
    pub(crate) fn kubeconfig(&self, world: &World) -> String {
        let relayed = format!("https://127.0.0.1:{}", self.port);
        world.kubeconfig("relayed", &server(), &relayed)
    }
}

/// Copies both ways until either side is done.
fn connect(caller: TcpStream, callee: TcpStream) {
    let (caller_too, callee_too) = (caller.try_clone().unwrap(), callee.try_clone().unwrap());
    for (mut from, mut to) in [(caller, callee_too), (callee, caller_too)] {
        thread::spawn(move || {
            let _ = io::copy(&mut from, &mut to);
            let _ = to.shutdown(Shutdown::Write);
        });
    }
}
