//! `macaque run` while its configuration file changes: what is proved is in force at once, and what is not changes nothing.

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use kube_sandbox::AccessDenial;
use kube_sandbox::scenario::deployment;
use macaque_testkit::fault_proxy::{Fault, FaultProxy, ProxyResponse};
use macaque_testkit::{RunningProgram, TestCluster};
use serde_json::json;

use crate::macaque;

/// Longer than anything here takes on a busy machine.
const TIME_OUT: Duration = Duration::from_secs(60);

const CONFIG: &str = "[schedule]\ncron = \"0 0 1 1 *\"\n[target]\nnamespaces = [\"shop\"]\n";

/// A macaque that runs by a file, and whose metrics are read.
struct ReloadScene {
    cluster: TestCluster,
    program: RunningProgram,
    address: String,
}

impl ReloadScene {
    /// A macaque that runs by [`CONFIG`].
    fn start() -> Self {
        let journal = json!({
            "apiVersion": "v1", "kind": "ConfigMap",
            "metadata": { "name": "macaque-journal", "namespace": "chaos" },
        });
        let cluster = TestCluster::with(vec![
            deployment("shop", "web", 2),
            deployment("cart", "web", 2),
            journal,
        ]);
        let address = free_address();
        let program = macaque("run --config macaque.toml")
            .file("macaque.toml", CONFIG)
            .env("MACAQUE_HEALTH__LISTEN", &address)
            .env("MACAQUE_POD_NAMESPACE", "chaos")
            .env("MACAQUE_POD_NAME", "macaque-0")
            .env("MACAQUE_JOURNAL", "configmap/macaque-journal")
            .on(&cluster)
            .start();
        let scene = Self {
            cluster,
            program,
            address,
        };
        scene.program.await_words("DRY RUN");
        // From now on there is a Reloader, which listens for SIGHUP.
        scene.awaits("/readyz", "ok");
        scene
    }

    /// Writes the file, as a person does, and asks for a reload; the log until these words have come.
    fn reload(&self, text: &str, words: &str) -> String {
        self.program.write_file("macaque.toml", text);
        self.ask(words)
    }

    /// Asks for a reload; the log until these words have come.
    fn ask(&self, words: &str) -> String {
        self.program.signal("-HUP");
        self.program.await_words(words)
    }

    /// Waits until a page has this line.
    fn awaits(&self, page: &str, line: &str) {
        let deadline = Instant::now() + TIME_OUT;
        loop {
            let text = get(&self.address, page).unwrap_or_default();
            if text.lines().any(|found| found == line) {
                return;
            }
            assert!(Instant::now() < deadline, "waited in vain for {line}: {text}");
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    /// Waits until the metrics say whether rounds disrupt, and whether the file is in force.
    fn shows(&self, armed: u8, is_in_force: u8) {
        self.awaits("/metrics", &format!("macaque_armed {armed}"));
        let line = format!("macaque_config_last_reload_successful {is_in_force}");
        self.awaits("/metrics", &line);
    }
}

/// The answer to a GET, head and body; `None` while nothing answers.
fn get(address: &str, path: &str) -> Option<String> {
    let mut stream = TcpStream::connect(address).ok()?;
    write!(
        stream,
        "GET {path} HTTP/1.1\r\nHost: probe\r\nConnection: close\r\n\r\n"
    )
    .ok()?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).ok()?;
    Some(answer)
}

/// An address that nobody listened on a moment ago.
fn free_address() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap().to_string()
}

/// The file with `dry_run = false`.
fn armed() -> String {
    format!("dry_run = false\n{CONFIG}")
}

#[test]
fn a_reload_arms_macaque_as_loudly_as_a_start_and_disarms_it() {
    let scene = ReloadScene::start();
    scene.shows(0, 1);

    let text = armed().replace("[\"shop\"]", "[\"shop\", \"cart\"]");
    let log = scene.reload(&text, "ARMED");
    assert!(log.contains("dry_run, target.namespaces changed"), "{log}");
    assert!(
        log.contains("evict up to 1 per round of the pods in shop, cart"),
        "{log}"
    );
    scene.shows(1, 1);
    scene.awaits("/metrics", "macaque_candidates{namespace=\"cart\"} 0");

    scene.reload(CONFIG, "DRY RUN");
    scene.shows(0, 1);
    assert_eq!(scene.program.terminate().code, 0);
}

#[test]
fn a_file_with_mistakes_changes_nothing_and_each_is_said_with_its_line() {
    let scene = ReloadScene::start();
    let log = scene.reload(
        &format!("{}[disrupt]\ncount = 0\nmethod = \"kill\"\n", armed()),
        "is not reloaded",
    );
    for words in [
        "the configuration before it stays in force",
        "disrupt.count: 0 is too few",
        "macaque.toml line 7",
        "macaque.toml line 8",
    ] {
        assert!(log.contains(words), "{words}: {log}");
    }
    scene.shows(0, 0);
    scene.awaits("/readyz", "ok");

    scene.reload("dry_run = fal", "not TOML");
    scene.reload(CONFIG, "is again as it is in force");
    scene.shows(0, 1);
    scene.ask("has not changed");
}

#[test]
fn a_file_that_is_gone_changes_nothing() {
    let scene = ReloadScene::start();
    scene.program.remove_file("macaque.toml");
    scene.ask("it cannot be read: No such file or directory");
    scene.shows(0, 0);
}

#[test]
fn a_file_that_cannot_be_read_changes_nothing_and_the_reason_is_said() {
    let scene = ReloadScene::start();
    scene.program.remove_file("macaque.toml");
    scene.program.create_directory("macaque.toml");
    scene.ask("it cannot be read: Is a directory");
    scene.shows(0, 0);
}

/// After how long a reload is asked for again while the file is being written.
const ASK_AGAIN: Duration = Duration::from_secs(3);

#[test]
fn a_file_that_is_being_written_is_not_reloaded_and_whoever_asked_is_told_so() {
    let scene = ReloadScene::start();
    let is_written = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let deadline = Instant::now() + TIME_OUT;
            let mut asked = Instant::now();
            for number in 0.. {
                if is_written.load(Ordering::Relaxed) || Instant::now() > deadline {
                    break;
                }
                let text = format!("{}# {number}\n", armed());
                scene.program.write_file("macaque.toml", &text);

                // On a busy machine this thread may rest for as long as a file has to stay the same: then ask again.
                if asked.elapsed() > ASK_AGAIN {
                    scene.program.signal("-HUP");
                    asked = Instant::now();
                }
            }
        });
        let log = scene.ask("macaque.toml is being written, and is not reloaded yet");
        is_written.store(true, Ordering::Relaxed);
        assert!(log.contains("it is looked at again in 10 s"), "{log}");
    });
    scene.ask("ARMED");
}

#[test]
fn a_server_that_refuses_to_say_refuses_the_change_and_one_that_fails_is_asked_again() {
    let scene = ReloadScene::start();
    let proxy = FaultProxy::start(&scene.cluster.sandbox.url());
    let through_proxy = scene.cluster.kubeconfig_at(&proxy.url());
    scene.program.write_file("kubeconfig", &through_proxy);
    scene.program.write_file("macaque.toml", &armed());

    for (code, words) in [
        (401, "it cannot be checked: review of "),
        (403, "it cannot be checked: review of "),
        (429, "it cannot be checked yet, and is tried again: review of "),
        (500, "it cannot be checked yet, and is tried again: review of "),
        (503, "it cannot be checked yet, and is tried again: review of "),
    ] {
        let answer = ProxyResponse::failure(code, "not now", json!({}));
        proxy.inject("accessreviews", Fault::Answer(answer));
        let log = scene.ask("is not reloaded");
        assert!(log.contains(words), "{code}: {log}");
        scene.shows(0, 0);
        proxy.clear();
    }

    scene.program.write_file("kubeconfig", "contexts: {}");
    scene.ask("it cannot be checked: cannot use ");
    scene.shows(0, 0);
    scene.program.write_file("kubeconfig", &through_proxy);
    scene.ask("ARMED");
    scene.shows(1, 1);
}

#[test]
fn a_change_of_a_key_that_needs_a_restart_keeps_back_all_others() {
    let scene = ReloadScene::start();
    let text = format!("{}[log]\nlevel = \"debug\"\n[events]\nenabled = true\n", armed());
    scene.reload(
        &text,
        "events.enabled, log.level need a restart, and nothing else is applied before",
    );
    scene.shows(0, 0);
}

#[test]
fn a_change_for_which_a_permission_is_missing_is_in_force_once_it_is_granted() {
    let scene = ReloadScene::start();
    scene
        .cluster
        .sandbox
        .deny(AccessDenial::new("create", "pods/eviction"));
    let log = scene.reload(&armed(), "is not reloaded");
    assert!(
        log.contains("may not create pods/eviction in namespace shop; add to macaque's Role"),
        "{log}"
    );
    scene.shows(0, 0);

    scene.cluster.sandbox.allow_all();
    scene.ask("ARMED");
    scene.shows(1, 1);
}

#[test]
fn a_namespace_that_does_not_exist_keeps_the_change_back() {
    let scene = ReloadScene::start();
    scene.reload(
        &CONFIG.replace("shop", "no-such"),
        "namespace no-such does not exist; create it, or fix target.namespaces",
    );
    scene.shows(0, 0);
}

#[test]
fn a_file_that_changes_is_noticed_without_a_signal() {
    let scene = ReloadScene::start();
    scene.program.write_file("macaque.toml", &armed());
    scene.program.await_words("ARMED");
    scene.shows(1, 1);
}
