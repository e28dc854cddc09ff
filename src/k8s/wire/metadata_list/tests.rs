//! Lists of metadata in protobuf: as Kubernetes writes them, cut short, changed at random, and made to deceive.

use macaque_core::pod::{Pod, PodPhase};
use proptest::prelude::*;

use super::*;

/// Lists as JSON, each followed by its body in base64.
const LISTS: &str = include_str!("lists.txt");

const KINDS: [ObjectKind; 2] = [ObjectKind::METADATA_LIST, ObjectKind::POD_LIST];

/// The type of a list of metadata, as the first field of a body.
const TYPE: &[u8] = b"\x0a\x2b\x0a\x0emeta.k8s.io/v1\x12\x19PartialObjectMetadataList";

/// The lists of the table, with the JSON of each.
fn lists() -> Vec<(String, Vec<u8>)> {
    let lines: Vec<&str> = LISTS.lines().filter(|line| !line.starts_with('#')).collect();
    let decode = |text| base64::Engine::decode(&base64::engine::general_purpose::STANDARD, text).unwrap();
    let pairs = lines.chunks(2).map(|pair| (pair[0].to_owned(), decode(pair[1])));
    pairs.collect()
}

fn read(body: &[u8]) -> Result<(Vec<Pod>, ListMeta), WrongBody> {
    let mut pods = Vec::new();
    let push = |item: PodObject| pods.push(item.into_pod_in(PodPhase::Running));
    let metadata = each_metadata(body, &KINDS, push)?;
    Ok((pods, metadata))
}

/// A field that holds bytes.
fn field(number: u8, bytes: &[u8]) -> Vec<u8> {
    let length = u8::try_from(bytes.len()).unwrap();
    assert!(number < 16 && length < 128, "one byte each");
    [&[number << 3 | 2, length], bytes].concat()
}

/// A body with this list.
fn body(list: &[u8]) -> Vec<u8> {
    [&PROTOBUF_MAGIC, TYPE, &field(2, list)].concat()
}

/// A list with one item, whose metadata have these fields beside a name and a UID.
fn item(fields: &[u8]) -> Vec<u8> {
    let metadata = [&field(1, b"web-0"), &field(5, b"u1"), fields].concat();
    field(2, &field(1, &metadata))
}

#[test]
fn what_kubernetes_writes_in_protobuf_is_read_as_the_same_in_json() {
    let lists = lists();
    assert_eq!(lists.len(), 2);

    // An empty list is written with `null` in JSON, which the table leaves out.
    let (pods, metadata) = read(&lists[1].1).unwrap();
    assert_eq!((pods.len(), metadata.next.as_deref()), (0, Some("")));

    let (json, protobuf) = &lists[0];
    let (expected, expected_metadata) = read(json.as_bytes()).unwrap();
    let (pods, metadata) = read(protobuf).unwrap();
    assert_eq!(pods.len(), 3);
    assert_eq!(pods, expected);
    assert_eq!(metadata.next, expected_metadata.next);
    assert_eq!(metadata.version, expected_metadata.version);
    assert_eq!(metadata.remaining(), Some(41_500));
}

#[test]
fn the_fields_that_the_rules_read_are_all_there() {
    let (pods, _) = read(&lists()[0].1).unwrap();
    let [web, bare, least] = pods.as_slice() else {
        panic!("{pods:?}")
    };
    assert_eq!(web.id.to_string(), "shop/web-5d4f7c9b8-x2x4z");
    assert_eq!(web.owner.as_ref().unwrap().to_string(), "deployment/web");
    assert_eq!(web.controller.as_ref().unwrap().uid, "r1");
    assert_eq!((web.labels.len(), web.annotations.len()), (3, 2));
    assert_eq!(web.created, Some("2027-03-01T09:30:00Z".parse().unwrap()));
    assert!(!web.terminating && bare.terminating);
    assert_eq!((&bare.owner, least.created), (&None, None));
}

#[test]
fn no_part_of_a_list_is_taken_for_the_whole() {
    for (_, whole) in lists() {
        // Two empty fields end the envelope; nothing is missing without them.
        for cut in 0..whole.len() - 4 {
            assert!(read(&whole[..cut]).is_err(), "{cut} of {}", whole.len());
        }
    }
}

#[test]
fn what_is_no_list_of_metadata_is_an_error_that_says_so() {
    let huge = [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1];
    let no_item = field(2, &field(1, &field(1, b"web-0")));
    let status = b"\x0a\x0c\x0a\x02v1\x12\x06Status";
    let table: [(Vec<u8>, &str); 11] = [
        (
            [&PROTOBUF_MAGIC, &status[..], &field(2, b"")].concat(),
            "a Status instead of a PartialObjectMetadataList",
        ),
        (
            [&PROTOBUF_MAGIC[..], &field(2, b"")].concat(),
            "an object without a kind, which no Kubernetes API server sends, instead of a \
             PartialObjectMetadataList",
        ),
        ([&PROTOBUF_MAGIC, TYPE].concat(), "it holds no list"),
        (body(&no_item), "an item without a UID"),
        (body(&field(2, b"")), "an item without a name"),
        (body(b"\x12\x05\x0a\x00"), "it ends within a field"),
        (
            [&PROTOBUF_MAGIC, TYPE, b"\x12", &huge, b"\x12", &huge].concat(),
            "a field of 18446744073709551615 bytes, where 4194304 is the most",
        ),
        (
            [&PROTOBUF_MAGIC[..], b"\x0a", &huge].concat(),
            "a field of 18446744073709551615 bytes, where 65536 is the most",
        ),
        (body(b"\x12\x02\x0d\x00"), "a field of the wire type 5"),
        (body(&[0xff; 10]), "a number longer than 64 bits"),
        (
            body(&item(&field(8, b"\x08\xff\xff\xff\xff\xff\xff\xff\xff\x7f"))),
            "a time that does not exist",
        ),
    ];
    for (body, words) in table {
        let error = read(&body).unwrap_err().to_string();
        assert!(error.ends_with(words), "{error}");
    }
}

#[test]
fn a_field_of_another_shape_than_it_has_is_an_error_and_an_unknown_one_is_passed_over() {
    for wrong in [
        b"\x58\x01".to_vec(),
        b"\x40\x01".to_vec(),
        field(13, b"\x32\x00"),
        field(8, b"\x0a\x00"),
    ] {
        assert!(read(&body(&item(&wrong))).is_err(), "{wrong:?}");
    }

    let unknown = [&b"\x78\x05"[..], &field(15, b"new")].concat();
    let list = [&field(3, b"new"), &item(&unknown)[..]].concat();
    let (pods, _) = read(&[&body(&list)[..], b"\x28\x01", &field(6, b"new")].concat()).unwrap();
    assert_eq!(pods.len(), 1);
}

#[test]
fn what_is_not_utf_8_is_replaced_as_the_server_replaces_it_in_json() {
    let entry = [field(1, b"key"), field(2, b"\xff")].concat();
    let (pods, _) = read(&body(&item(&field(12, &entry)))).unwrap();
    assert_eq!(pods[0].annotations["key"], "\u{fffd}");
}

#[test]
fn of_many_owners_only_the_first_controller_is_kept() {
    let owner = |name: &[u8], controller: u8| {
        let fields = [field(1, b"Job"), field(3, name), vec![0x30, controller]].concat();
        field(13, &fields)
    };
    let owners = [owner(b"a", 0), owner(b"b", 1), owner(b"c", 1)].concat();
    let (pods, _) = read(&body(&item(&owners))).unwrap();
    assert_eq!(pods[0].owner.as_ref().unwrap().to_string(), "job/b");
}

/// A change of a body: where, and which bytes come in place of how many.
fn change() -> impl Strategy<Value = (prop::sample::Index, usize, Vec<u8>)> {
    let byte = prop_oneof![any::<u8>(), Just(0), Just(0x7f), Just(0x80), Just(0xff)];
    (
        any::<prop::sample::Index>(),
        0..4_usize,
        prop::collection::vec(byte, 0..12),
    )
}

proptest! {
    #[test]
    fn no_changed_body_makes_the_reader_fail_otherwise_than_by_an_error(
        changes in prop::collection::vec(change(), 1..4)
    ) {
        let mut body = lists().remove(0).1;
        for (at, replaced, with) in changes {
            let at = at.index(body.len());
            let end = body.len().min(at + replaced);
            body.splice(at..end, with);
        }
        // What can be read is no more than what is there, where a byte may become the three of a replacement.
        if let Ok((pods, _)) = read(&body) {
            let bytes: usize = pods.iter().map(|pod| pod.id.name.len() + pod.id.uid.len()).sum();
            prop_assert!(bytes <= 3 * body.len());
        }
    }

    #[test]
    fn any_bytes_after_the_magic_are_a_list_or_an_error(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let random = [&PROTOBUF_MAGIC[..], &bytes].concat();
        prop_assert!(read(&random).is_err(), "it does not say that it is a list");

        let list = [&PROTOBUF_MAGIC, TYPE, &bytes].concat();
        let items = read(&list).map(|(pods, _)| pods.len()).unwrap_or_default();
        prop_assert!(items <= bytes.len());
    }
}
