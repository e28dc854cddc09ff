//! One replica of macaque as a process of its own: this very test program, started again with its orders.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use jiff::Timestamp;
use macaque::actors::clock::Beat;
use macaque::actors::recipient::Line;
use macaque::actors::supervisor::{Limits, Role};
use macaque::actors::{self, Crew};
use macaque::failpoint::{Faults, Passage, Point};
use macaque::health::Vitals;
use macaque::journal::Books;
use macaque::k8s::{Access, Deadlines};
use macaque::notify::{Channel, Retry, SlackWebhook};
use macaque::round::Orders;
use macaque::settings::{LogFormat, LogSettings};
use macaque_core::config::{self, ConfigMapRef, Disrupt, Include, JournalPlace, Target};
use macaque_core::eligibility::Rules;
use macaque_core::journal::Timing;
use macaque_core::outcome::Method;
use macaque_core::schedule::timer::Pace;
use serde::{Deserialize, Serialize};

use crate::fault::Harm;

/// From one slot to the next.
pub(crate) const PACE: Duration = Duration::from_millis(500);

/// How long a blocked thread stays so: it wakes while the others have gone on.
const BLOCKED: Duration = Duration::from_millis(1500);

/// What a replica needs to know.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Replica {
    pub(crate) name: String,
    pub(crate) kubeconfig: std::path::PathBuf,
    /// Where its victims are, and where it lives.
    pub(crate) namespace: String,
    pub(crate) home: String,
    pub(crate) chat: String,
    /// Slots are this instant and every pace after it.
    pub(crate) epoch: Timestamp,
    /// The place of the point in [`Point::ALL`], and the place of the harm in [`HARMS`].
    pub(crate) fault: Option<(usize, usize)>,
    /// Whether it is the first process of a process namespace.
    pub(crate) as_pid_1: bool,
    pub(crate) log: bool,
}

/// The harms by number.
pub(crate) const HARMS: [Harm; 4] = [Harm::Panic, Harm::Block, Harm::Hang, Harm::Abort];

impl Replica {
    /// Runs the replica until it is told to stop, or gives up; returns the exit code.
    pub(crate) fn run(self) -> i32 {
        let level = if self.log {
            log::LevelFilter::Debug
        } else {
            log::LevelFilter::Off
        };
        macaque::telemetry::start(&LogSettings {
            level,
            format: LogFormat::Text,
        });
        actors::run(self.crew())
    }

    fn crew(self) -> Crew {
        let place = JournalPlace::ConfigMap(ConfigMapRef {
            namespace: self.home,
            name: "macaque-journal".to_owned(),
        });
        let timing = Timing {
            deadline: PACE * 3 / 4,
            spacing: PACE / 2,
            lease: PACE * 3 / 2,
            skew: Duration::from_secs(30),
        };
        let channel = Channel::SlackWebhook(SlackWebhook {
            url: format!("http://{}/hook", self.chat).into(),
        });
        let access = Access {
            kubeconfig: Some(self.kubeconfig),
            context: None,
            deadlines: Deadlines {
                read: Duration::from_millis(400),
                disrupt: Duration::from_millis(500),
            },
        };
        Crew {
            beat: Beat::Every {
                pace: PACE,
                since: self.epoch,
            },
            pace: Pace {
                deadline: timing.deadline,
                settle: Duration::from_millis(50),
                ..Pace::default()
            },
            orders: Arc::new(orders(&self.namespace)),
            books: Books::new(place, &self.name, config::Limits::default(), 1, timing),
            access,
            channels: Arc::new([channel]),
            retry: Retry {
                tries: 3,
                first: Duration::from_millis(50),
                longest: Duration::from_millis(200),
            },
            limits: Limits {
                restarts: 5,
                deaf_after: Duration::from_millis(800),
                backoff: Duration::from_millis(20),
                ..Limits::default()
            },
            stop: Line::default(),
            vitals: Arc::new(Vitals::new(Role::ALL.map(Role::as_str))),
            faults: self.fault.map_or_else(Faults::default, |(point, harm)| {
                once(Point::ALL[point], HARMS[harm])
            }),
        }
    }
}

/// The harm befalls the first actor that passes the point.
fn once(point: Point, harm: Harm) -> Faults {
    let done = AtomicBool::new(false);
    Faults::armed(move |passed| {
        if passed != point || done.swap(true, Ordering::SeqCst) {
            return Passage::Go;
        }
        match harm {
            Harm::Panic => panic!("injected at {point:?}"),
            Harm::Block => std::thread::sleep(BLOCKED),
            Harm::Hang => return Passage::Hang,
            Harm::Abort => std::process::abort(),
        }
        Passage::Go
    })
}

fn orders(namespace: &str) -> Orders {
    Orders {
        dry_run: false,
        rules: Rules {
            target: Target {
                include: vec![Include::Bare],
                ..Target::all_of(namespace)
            },
            method: Method::Evict,
            identity: None,
        },
        disrupt: Disrupt {
            attempts: 3,
            ..Disrupt::default()
        },
    }
}
