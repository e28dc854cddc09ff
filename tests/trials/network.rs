//! The network between the replicas and the API server: one proxy a replica, which does to some requests what a trial
//! wants.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use macaque_testkit::fault_proxy::{Fault, FaultProxy, ProxyRequest, ProxyResponse, Rewrite};
use serde_json::{Value, json};

use crate::fault::NetworkFault;

/// A proxy to `server` that injects `fault` into one request of two.
pub(crate) fn proxy(server: &str, fault: Option<NetworkFault>) -> FaultProxy {
    let proxy = FaultProxy::start(server);
    // Some trials list megabytes many times.
    proxy.stop_recording();
    if let Some(fault) = fault {
        let pages = Arc::new(AtomicUsize::new(0));
        proxy.inject_by(move |request| chosen(fault, request).map(|fault| injected(fault, request, &pages)));
    }
    proxy
}

/// The fault for this request, by chance.
fn chosen(fault: NetworkFault, request: &ProxyRequest) -> Option<NetworkFault> {
    let fault = match fault {
        NetworkFault::Mixed => NetworkFault::ALL[rand::random_range(0..NetworkFault::ALL.len())],
        fault => fault,
    };

    let only_lists = matches!(
        fault,
        NetworkFault::EndlessList | NetworkFault::ListExpires | NetworkFault::HugeList
    );
    let applies = if only_lists {
        request.target.contains("/pods?limit=")
    } else {
        rand::random_bool(0.5)
    };
    applies.then_some(fault)
}

fn injected(fault: NetworkFault, request: &ProxyRequest, pages: &Arc<AtomicUsize>) -> Fault {
    match fault {
        NetworkFault::ResetBefore => Fault::DropBefore,
        NetworkFault::ResetAfter => Fault::DropAfter,
        NetworkFault::Stall => Fault::Stall(Duration::from_secs(5)),
        NetworkFault::SlowAnswer => Fault::Throttle(Duration::from_millis(5)),
        NetworkFault::Truncated => Fault::Truncate,
        NetworkFault::Garbage => Fault::Answer(ProxyResponse::new(200, "\u{1}{]garbage")),
        NetworkFault::Html => {
            let page = ProxyResponse::new(200, "<html><body>Welcome</body></html>");
            Fault::Answer(page.with_content_type("text/html"))
        }
        NetworkFault::Unauthorized => Fault::Answer(failure(401, "Unauthorized", "Unauthorized")),
        NetworkFault::Throttled => {
            Fault::Answer(failure(429, "TooManyRequests", "too many requests").retry_after(1))
        }
        NetworkFault::Error500 => Fault::Answer(leader_changed()),
        NetworkFault::Error500After => Fault::AnswerAfter(leader_changed()),
        NetworkFault::Error503 => Fault::Answer(failure(503, "ServiceUnavailable", "apiserver not ready")),
        NetworkFault::Error504 => Fault::Answer(timed_out()),
        NetworkFault::Error504After => Fault::AnswerAfter(timed_out()),
        NetworkFault::ActsLate => Fault::ActLate(Duration::from_millis(150)),
        NetworkFault::EndlessList => endless_list(pages),
        NetworkFault::ListExpires if request.target.contains("continue=") => Fault::Answer(failure(
            410,
            "Expired",
            "The provided continue parameter is too old",
        )),
        NetworkFault::ListExpires => Fault::rewrite_request(|request| {
            request.target = request.target.replacen("limit=500", "limit=3", 1);
        }),
        NetworkFault::HugeList => Fault::rewrite_response(|response| {
            let padding = vec![b' '; 3 << 20];
            response.body = [padding, std::mem::take(&mut response.body)].concat();
        }),
        // One of the others was chosen.
        NetworkFault::Mixed => Fault::DropBefore,
    }
}

/// The first page again and again, each time with another token.
fn endless_list(pages: &Arc<AtomicUsize>) -> Fault {
    let pages = Arc::clone(pages);
    let rewrite = Rewrite::default()
        .request(|request| {
            if let Some((before, after)) = request.target.split_once("&continue=") {
                let rest = after.split_once('&').map_or("", |(_, rest)| rest);
                request.target = match rest {
                    "" => before.to_owned(),
                    rest => format!("{before}&{rest}"),
                };
            }
        })
        .response(move |response| {
            let mut list: Value = serde_json::from_slice(&response.body).unwrap_or_default();
            let page = pages.fetch_add(1, Ordering::SeqCst);
            list["metadata"]["continue"] = json!(format!("again-{page}"));
            response.body = list.to_string().into();
        });
    Fault::Rewrite(rewrite)
}

fn leader_changed() -> ProxyResponse {
    failure(500, "InternalError", "etcdserver: leader changed")
}

fn timed_out() -> ProxyResponse {
    failure(504, "Timeout", "request did not complete")
}

fn failure(code: u16, reason: &str, message: &str) -> ProxyResponse {
    ProxyResponse::failure(code, message, json!({ "reason": reason }))
}
