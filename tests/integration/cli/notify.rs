//! `macaque notify test`: what each channel answered, what is said of it, and what never is.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::sync::mpsc::{Receiver, channel};

use jiff::Timestamp;
use macaque_testkit::{CANARY, Program};
use serde_json::json;

use crate::macaque;

/// The address of a service that answers each request so, and the requests that it got.
pub(super) fn service(status: u16, body: &'static str) -> (String, Receiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let (asked, heard) = channel();
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let mut request = vec![0; 65_536];
            let read = stream.read(&mut request).unwrap_or(0);
            let length = body.len();
            // Who has gone away meanwhile need not be answered.
            let _ = write!(
                stream,
                "HTTP/1.1 {status} X\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{body}"
            );
            let _ = asked.send(String::from_utf8_lossy(&request[..read]).into_owned());
        }
    });
    (address, heard)
}

/// A Slack bot that gets nothing but what its routes get, and one route.
fn slack(address: &str) -> String {
    format!(
        "[notify.slack]\ntoken = \"{CANARY}\"\nchannel = \"C1\"\nkinds = []\napi_url = \"http://{address}/api\"\n
        [[notify.route]]\nname = \"payments\"\nteams = [\"payments\"]\nto = \"slack\"\nchannel = \"C2\"\n"
    )
}

/// `macaque notify test` with this file, where there is neither a cluster nor a schedule.
fn test(flags: &str, file: &str) -> Program {
    macaque(&format!("notify test {flags}"))
        .toml(file)
        .on_absent_server()
}

#[test]
fn each_channel_gets_a_sample_that_says_so_and_all_delivered_is_0() {
    let (address, heard) = service(200, "{\"ok\": true, \"channel\": \"C1\", \"ts\": \"1.1\"}");
    let output = test("", &slack(&address)).run();
    output.says(0, &["CHANNEL", "slack ", "slack/payments ", "delivered"]);

    let mut requests: Vec<_> = [(); 2].map(|()| heard.recv().unwrap()).into();
    requests.sort_unstable_by_key(|request| request.contains("\"C2\""));
    for (request, channel) in requests.iter().zip(["\"channel\":\"C1\"", "\"channel\":\"C2\""]) {
        assert!(request.contains(channel), "{request}");
        assert!(request.contains("TEST: evicted sample/web-0"), "{request}");
        assert!(request.contains("nothing was disrupted"), "{request}");

        let slot = request
            .split_once("slot ")
            .and_then(|(_, text)| text.split_once(' '));
        let (slot, _) = slot.unwrap_or_else(|| panic!("no slot: {request}"));
        let slot: Timestamp = slot.parse().unwrap();
        assert_eq!(
            slot.subsec_nanosecond() % 1_000_000,
            0,
            "as fine as that of `once`: {slot}"
        );
    }
}

#[test]
fn one_channel_that_does_not_take_it_is_1_with_the_remedy_and_without_a_secret() {
    let (refusing, refused) = service(200, "{\"ok\": false, \"error\": \"not_in_channel\"}");
    let (failing, failed) = service(503, CANARY);
    let file = format!(
        "{}\n[notify.webex]\ntoken = \"{CANARY}\"\nroom_id = \"r\"\napi_url = \"http://{failing}/v1\"\n",
        slack(&refusing)
    );
    let output = test("-o json --channel slack --channel webex", &file).run();

    assert_eq!(output.code, 1, "{output:?}");
    let expected = json!([
        {
            "channel": "slack",
            "result": "refused",
            "why": "Slack refused the message: not_in_channel (invite the bot to the channel)",
        },
        {"channel": "webex", "result": "unavailable", "why": "Webex answered 503"},
    ]);
    assert_eq!(output.json(), expected);
    assert!(!format!("{output:?}").contains(CANARY), "{output:?}");
    assert!(refused.recv().is_ok() && failed.recv().is_ok());
    assert!(
        refused.try_recv().is_err() && failed.try_recv().is_err(),
        "one try each"
    );
}

#[test]
fn the_kind_can_be_chosen() {
    let (address, heard) = service(200, "{\"ok\": true, \"channel\": \"C1\", \"ts\": \"1.1\"}");
    test("--kind recovery --channel slack", &slack(&address))
        .run()
        .says(0, &["delivered"]);
    let request = heard.recv().unwrap();
    assert!(request.contains("TEST: deployment/web in sample"), "{request}");

    let output = test("--kind recovry", &slack(&address)).run();
    output.complains(2, &["invalid value 'recovry'", "'recovery'"]);
}

#[test]
fn nothing_set_up_or_a_channel_that_there_is_not_is_2_with_what_to_set() {
    test("", "").run().complains(
        2,
        &[
            "no channel is set up",
            "notify.slack.token and notify.slack.channel",
        ],
    );
    let output = test("--channel webex", &slack("127.0.0.1:1")).run();
    output.complains(
        2,
        &["no channel is called \"webex\"", "use slack or slack/payments"],
    );
    let output = test("", "[notify]\nkinds = [\"hold\"]\n").run();
    output.complains(2, &["notify.kinds: \"hold\" is not a kind of message"]);
}
