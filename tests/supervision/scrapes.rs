//! The promise that whoever watches macaque does not delay it: rounds come at their slots, and probes are answered, while
//! a hundred clients scrape, others do not read what they asked for, and a chat service does not answer.

use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use macaque::actors::supervisor::UNDRAINED;
use macaque::facts::{FactListener, Facts};
use macaque::metrics::{Metrics, MetricsConfig};
use macaque::notify::{Channel, SlackWebhook};
use macaque::platform::Platform;
use macaque_testkit::{FactRecorder, RecordedFact};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};

use crate::process::get;
use crate::running_actors::RunningActors;
use crate::waiting::await_that;

/// From one slot to the next: much longer than a round takes on a busy machine.
const INTERVAL: Duration = Duration::from_secs(2);
/// How many rounds are awaited.
const ROUNDS: usize = 4;
const SCRAPERS: usize = 100;
const SLOW_READERS: usize = 60;
const REQUEST: &[u8] = b"GET /metrics HTTP/1.1\r\nHost: macaque\r\n\r\n";

/// Many clients of the metrics, on a thread of their own, until they are stopped.
struct Scrapers {
    stop: Arc<AtomicBool>,
    scraped: Arc<AtomicUsize>,
    thread: JoinHandle<()>,
}

impl Scrapers {
    fn start(address: SocketAddr) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let scraped = Arc::new(AtomicUsize::new(0));
        let (stopped, counted) = (Arc::clone(&stop), Arc::clone(&scraped));
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let runtime = runtime.unwrap();

        let thread = std::thread::spawn(move || {
            for _ in 0..SCRAPERS {
                runtime.spawn(scrape(address, Arc::clone(&counted)));
            }
            for _ in 0..SLOW_READERS {
                runtime.spawn(ask_and_not_read(address));
            }
            runtime.block_on(async {
                while !stopped.load(Ordering::SeqCst) {
                    tokio::time::sleep(Duration::from_millis(10)).await;
                }
            });
        });
        Self {
            stop,
            scraped,
            thread,
        }
    }

    /// How many answers came whole.
    fn scraped(&self) -> usize {
        self.scraped.load(Ordering::SeqCst)
    }

    fn stop(self) {
        self.stop.store(true, Ordering::SeqCst);
        self.thread.join().unwrap();
    }
}

/// Scrapes every ten milliseconds.
async fn scrape(address: SocketAddr, scraped: Arc<AtomicUsize>) {
    loop {
        if let Ok(mut stream) = TcpStream::connect(address).await {
            let mut answer = Vec::new();
            let _ = stream.write_all(REQUEST).await;
            let _ = stream.read_to_end(&mut answer).await;
            if answer.starts_with(b"HTTP/1.1 200 OK\r\n") {
                scraped.fetch_add(1, Ordering::SeqCst);
            }
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

/// Asks for the metrics again and again, and reads nothing of them.
async fn ask_and_not_read(address: SocketAddr) {
    loop {
        let socket = TcpSocket::new_v4().unwrap();
        socket.set_recv_buffer_size(4 << 10).unwrap();
        if let Ok(mut stream) = socket.connect(address).await {
            let _ = stream.write_all(REQUEST).await;
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
    }
}

#[test]
fn rounds_come_at_their_slots_and_probes_are_answered_whoever_scrapes_and_whatever_hangs() {
    let metrics = MetricsConfig {
        namespaces: (0..200).map(|number| format!("namespace-{number}")).collect(),
        ..MetricsConfig::default()
    };
    let metrics = Arc::new(Metrics::new(&metrics, &Platform::system()));
    let recorder = Arc::new(FactRecorder::default());
    let listeners: [Arc<dyn FactListener>; 2] = [Arc::clone(&metrics) as _, Arc::clone(&recorder) as _];
    // It takes connections and answers none.
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let channel = Channel::from(SlackWebhook {
        url: format!("http://{}/services/x", silent.local_addr().unwrap()).into(),
    });

    let running = RunningActors::publishing_at_leisure(Facts::new(listeners), INTERVAL, channel);
    let address = crate::probes::serve(running.health(), Some(metrics));
    running.await_ready();
    let scrapers = Scrapers::start(address);
    let first = recorder.finished().len();
    await_that("rounds", || {
        let probed = get(address, "/livez").unwrap();
        assert!(probed.starts_with("HTTP/1.1 200"), "{probed}");
        recorder.finished().len() >= first + ROUNDS
    });
    let scraped = scrapers.scraped();
    assert!(scraped >= SCRAPERS, "{scraped} scrapes in all");
    scrapers.stop();
    assert_eq!(running.stop(), UNDRAINED);

    let rounds = recorder.finished();
    for (earlier, later) in rounds.iter().zip(&rounds[1..]) {
        assert_eq!(later.slot, earlier.slot + INTERVAL, "a slot without its round");
    }
    for round in &rounds {
        let outcomes: Vec<_> = round.attempts.iter().map(|tried| tried.outcome.word()).collect();
        assert_eq!(outcomes, ["evicted"], "round {}", round.slot);
        let claims = recorder.of(|fact| match fact {
            RecordedFact::JournalRead { claim, .. } => *claim,
            _ => None,
        });
        let claimed = claims.iter().find(|(slot, _)| *slot == round.slot).unwrap().1;
        assert!(
            claimed >= round.slot && claimed < round.slot + INTERVAL,
            "{claimed}"
        );
    }
}
