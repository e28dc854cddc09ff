//! The log of one thread, captured.

use std::cell::RefCell;
use std::sync::Once;

use log::kv;

thread_local! {
    static CAPTURED: RefCell<Vec<String>> = const { RefCell::new(Vec::new()) };
}

/// Starts to capture this thread's log, every crate's, at every level.
pub(crate) fn start_capture() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        log::set_logger(&LogCapture).unwrap();
        log::set_max_level(log::LevelFilter::Trace);
    });
    CAPTURED.take();
}

/// The lines since [`start_capture`]: level, target, text, then `key=value`.
pub(crate) fn captured() -> Vec<String> {
    CAPTURED.take()
}

struct LogCapture;

impl log::Log for LogCapture {
    fn enabled(&self, _: &log::Metadata<'_>) -> bool {
        true
    }

    fn log(&self, record: &log::Record<'_>) {
        let mut line = format!("{} {}: {}", record.level(), record.target(), record.args());
        let _ = record.key_values().visit(&mut KeyValueWriter(&mut line));
        CAPTURED.with_borrow_mut(|captured| captured.push(line));
    }

    fn flush(&self) {}
}

struct KeyValueWriter<'a>(&'a mut String);

impl<'kvs> kv::VisitSource<'kvs> for KeyValueWriter<'_> {
    fn visit_pair(&mut self, key: kv::Key<'kvs>, value: kv::Value<'kvs>) -> Result<(), kv::Error> {
        self.0.push_str(&format!(" {key}={value}"));
        Ok(())
    }
}
