//! A log that holds a history, for whatever reads one: two months of a small shop.

use serde_json::{Value, json};

/// Two months of a small shop, as lines of the log in JSON: each kind of outcome and of recovery once at least.
pub fn shop_log() -> String {
    let mut log = Vec::new();
    for (day, seconds) in [(2, 41), (9, 38), (16, 44), (23, 121), (30, 40), (31, 39)] {
        let mut search = evicted("StatefulSet", "search", day, "recovered");
        search["recovery"]["times"]["whole_ms"] = json!(seconds * 1_000);
        if seconds > 60 {
            search["recovery"]["verdict"] = json!("slow");
        }
        log.push(search);
    }
    for (day, millis) in [(3, 4_100), (11, 5_300), (19, 3_900)] {
        let mut cart = evicted("Deployment", "cart", day, "recovered");
        cart["team"] = json!("checkout");
        cart["recovery"]["times"]["whole_ms"] = json!(millis);
        log.push(cart);
    }
    let mut web = evicted("Deployment", "web", 12, "unrecovered");
    web["recovery"]["trouble"] = json!("CrashLoopBackOff");
    log.push(web);

    let refused = json!({"result": "refused", "by": "budget shop/db"});
    log.push(tried("StatefulSet", "db", 5, &refused));
    log.push(tried("StatefulSet", "db", 20, &refused));
    let held = json!({"result": "held", "by": "min_ready"});
    log.push(tried("Deployment", "mail", 21, &held));
    let mut unknown = tried("Deployment", "api", 22, &json!({"result": "unknown"}));
    unknown["pod"]["namespace"] = json!("bank");
    log.push(unknown);

    let lines = log.iter().map(entry_line);
    let rounds = (1..=31).map(|day| round_line(&format!("2026-05-{day:02}T09:30:00Z"), "disrupted"));
    lines.chain(rounds).collect()
}

/// One line of the log about a victim.
pub fn entry_line(entry: &Value) -> String {
    line(&json!({"version": 1, "entry": entry}))
}

/// One line of the log about a round that ended.
pub fn round_line(slot: &str, status: &str) -> String {
    let dry_run = status == "dry-run";
    let round =
        json!({"slot": slot, "finished": slot, "status": status, "candidates": 9, "dry_run": dry_run});
    line(&json!({"version": 1, "round": round}))
}

/// A pod of an owner that was tried on this day of May 2026.
pub fn tried(kind: &str, owner: &str, day: u32, outcome: &Value) -> Value {
    let at = format!("2026-05-{day:02}T09:30:00Z");
    json!({
        "slot": at, "at": at, "method": "evict", "outcome": outcome,
        "pod": {"namespace": "shop", "name": format!("{owner}-0"), "uid": format!("{owner}-{day}")},
        "owner": {"kind": kind, "name": owner},
    })
}

/// A pod that was evicted, and how its owner recovered.
pub fn evicted(kind: &str, owner: &str, day: u32, verdict: &str) -> Value {
    let mut entry = tried(kind, owner, day, &json!({"result": "evicted"}));
    let accepted = entry["at"].clone();
    entry["recovery"] = json!({"accepted": accepted, "verdict": verdict, "times": {}, "expect_ms": 60_000});
    entry
}

fn line(history: &Value) -> String {
    let line =
        json!({"timestamp": "2026-05-01T00:00:00Z", "level": "info", "message": "round", "history": history});
    format!("{line}\n")
}
