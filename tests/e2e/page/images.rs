//! The screenshots of the documents: made anew with UPDATE_DOCS=1, and looked at otherwise.

use std::fs;
use std::path::{Path, PathBuf};

use macaque_testkit::browser::{PageView, look};
use serde_json::{Value, json};

use super::served_page::ServedPage;
use super::stored_history::{PastDisruption, PastRefusal};
use crate::program::MacaqueCommand;
use crate::test_namespace::TestNamespace;
use crate::workload::Workload;

/// The most bytes of one picture.
const LARGEST: u64 = 150_000;

/// The pictures with their sizes.
const PICTURES: [(&str, (u32, u32)); 2] = [
    ("status-light.png", (1200, 1000)),
    ("status-phone-dark.png", (390, 1000)),
];

/// What happened in the shop: how many minutes ago, to whom, and how long the recovery took, in milliseconds.
const RECOVERIES: [(i64, &str, u64); 14] = [
    (4_410, "cart", 3_900),
    (4_350, "web", 6_200),
    (4_290, "search", 21_400),
    (4_230, "payments", 74_800),
    (2_970, "cart", 4_300),
    (2_910, "web", 5_800),
    (2_850, "search", 19_700),
    (2_790, "payments", 300_000),
    (1_530, "web", 7_100),
    (1_470, "cart", 3_700),
    (1_410, "search", 24_900),
    (150, "web", 6_600),
    (90, "cart", 4_100),
    (30, "search", 18_200),
];

#[tokio::test]
#[ignore = "needs a real control plane and a browser: just e2e"]
async fn the_pictures_of_the_documents_show_the_page_in_a_wide_window_and_on_a_phone() {
    let pictures = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/images");
    let is_update = std::env::var_os("UPDATE_DOCS").is_some();
    let directory = if is_update {
        fs::create_dir_all(&pictures).unwrap();
        pictures.clone()
    } else {
        PathBuf::from(env!("CARGO_TARGET_TMPDIR"))
    };

    let mut namespace = shop(is_update).await;
    let page = ServedPage::start(namespace.in_the_shop()).await;
    // A replica of it has just disrupted the first pod of an owner whose replacement waits.
    let replica = namespace.macaque("once --dry-run=false --selector app=web");
    let replica = replica.env("MACAQUE_POD_NAMESPACE", &namespace.name);
    replica.exits(0).await.says(["evicted"]);
    let is_known = |status: &Value| {
        let rounds = status["rounds"]["items"].as_array();
        let is_read = rounds.is_some_and(|rounds| rounds.len() > 10);
        is_read
            && status["broken"]["items"][0]["owner"] == "deployment/web"
            && status["banner"]["state"] == "armed"
    };
    page.until("the history is read, and what is broken is known", is_known)
        .await;
    let view = |view: PageView, (name, (width, height)): (&str, (u32, u32))| PageView {
        width,
        height,
        full_page: false,
        ..view.to_file(directory.join(name))
    };
    let wide = view(PageView::wide(&page.url), PICTURES[0]);
    let phone = view(
        PageView::phone(&format!("{}#broken", page.url)).dark(),
        PICTURES[1],
    );
    for seen in look(&[wide, phone]) {
        seen.assert_sound();
    }

    for (name, size) in PICTURES {
        for file in [directory.join(name), pictures.join(name)] {
            let content = fs::read(&file).unwrap_or_else(|_| panic!("{name}: make it with UPDATE_DOCS=1"));
            assert_eq!(png_size(&content), size, "{}", file.display());
            assert!(
                content.len() as u64 <= LARGEST,
                "{}: {} bytes",
                file.display(),
                content.len()
            );
        }
    }
}

/// The shop with its past: in a namespace that is called so where the pictures are made.
async fn shop(is_update: bool) -> TestNamespace {
    let mut namespace = if is_update {
        TestNamespace::named("shop").await
    } else {
        TestNamespace::new().await
    };
    let past = RECOVERIES.map(|(minutes_ago, owner, whole_ms)| PastDisruption {
        minutes_ago,
        owner: owner.to_owned(),
        verdict: match whole_ms {
            300_000 => "unrecovered",
            60_000.. => "slow",
            _ => "recovered",
        },
        whole_ms,
    });
    let refusal = |minutes_ago, owner: &str, outcome, status| PastRefusal {
        minutes_ago,
        owner: owner.to_owned(),
        outcome,
        status,
    };
    let budget = json!({"result": "refused", "by": "budget db"});
    let refusals = [
        refusal(2_730, "db", budget.clone(), "refused"),
        refusal(1_350, "db", budget, "refused"),
        refusal(60, "payments", json!({"result": "held", "by": "strikes"}), "held"),
    ];
    namespace.create_past(&past, &refusals).await;
    for (name, replicas) in [("cart", 3), ("search", 2), ("payments", 2)] {
        namespace.with(Workload::deployment(name, replicas)).await;
    }
    namespace
        .with(Workload::deployment("web", 4).with_successors_pending())
        .await;
    namespace
}

impl TestNamespace {
    /// The daemon of the pictures.
    fn in_the_shop(&mut self) -> MacaqueCommand {
        self.paged("*/30 * * * *")
            .env("MACAQUE_CLUSTER__NAME", "prod-eu")
            .env("MACAQUE_LIMITS__PER_HOUR", "2")
            .env("MACAQUE_LIMITS__PER_DAY", "12")
    }
}

/// Width and height of a PNG.
fn png_size(png: &[u8]) -> (u32, u32) {
    assert!(png.starts_with(b"\x89PNG\r\n"));
    let number = |at: usize| u32::from_be_bytes(png[at..at + 4].try_into().unwrap());
    (number(16), number(20))
}
