use super::*;

fn response(code: u16, headers: &[(&'static str, &'static str)], body: &str) -> ApiResponse {
    let headers = headers
        .iter()
        .map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap()));
    ApiResponse {
        status: StatusCode::from_u16(code).unwrap(),
        headers: headers.collect(),
        body: body.as_bytes().to_vec().into(),
        authorization: None,
    }
}

#[test]
fn a_status_is_read_whatever_the_content_type_says() {
    let body = r#"{"metadata":{},"status":"Failure","message":"Timeout: …","reason":"Timeout","details":{},"code":504}"#;
    let answer = response(504, &[("content-type", "text/plain")], body).into_answer();
    assert_eq!(answer.status.unwrap().reason, "Timeout");
}

#[test]
fn retry_after_is_read_from_the_header_and_else_from_the_body() {
    let body = r#"{"kind":"Status","status":"Failure","details":{"retryAfterSeconds":10},"code":429}"#;
    assert_eq!(
        response(429, &[], body).into_answer().retry_after,
        Some(Duration::from_secs(10))
    );
    let answer = response(429, &[("retry-after", "3")], "Too many requests").into_answer();
    assert_eq!(answer.retry_after, Some(Duration::from_secs(3)));
    assert_eq!(answer.text, "Too many requests");
}

#[test]
fn a_retry_after_by_date_counts_from_the_servers_own_clock() {
    let date = ("date", "Mon, 01 Mar 2027 09:30:00 GMT");
    let until = ("retry-after", "Mon, 01 Mar 2027 09:30:20 GMT");
    let asked = |headers: &[_]| response(429, headers, "busy").into_answer().retry_after;

    assert_eq!(asked(&[date, until]), Some(Duration::from_secs(20)));
    assert_eq!(asked(&[until]), None);
    assert_eq!(asked(&[date, ("retry-after", "-5")]), None);
}

#[test]
fn the_credentials_of_the_request_are_hidden_wherever_the_answer_echoes_them() {
    const TOKEN: &str = "eyJhbGciOi.CANARY-5ecr3t";
    let basic = base64::Engine::encode(&base64::engine::general_purpose::STANDARD, format!("me:{TOKEN}"));
    for authorization in [format!("Bearer {TOKEN}"), format!("Basic {basic}")] {
        let escaped = authorization.replace('-', "\\u002d");
        let spent = TOKEN.replace('-', "%2D");
        let status = format!(
            r#"{{"kind":"Status","status":"Failure","message":"no: {escaped}","details":{{"causes":[{{"message":"{spent}"}}]}}}}"#
        );
        let html = format!("<html>{authorization}</html>");
        let warning = format!(r#"299 - "no {authorization}""#);
        let echoing = |code, body: &str| ApiResponse {
            authorization: Some(authorization.parse().unwrap()),
            headers: HeaderMap::from_iter([(header::WARNING, warning.parse().unwrap())]),
            ..response(code, &[], body)
        };

        let mut shown = Vec::new();
        for (code, body) in [(403, &status), (500, &status), (502, &html), (200, &html)] {
            shown.push(format!("{:?}", echoing(code, body).into_answer()));
            let object: Result<serde_json::Value, _> =
                echoing(code, body).into_object(ObjectKind::POD, || "read".to_owned());
            shown.extend(object.map_err(|error| error.to_string()).err());
        }
        for shown in shown {
            assert!(!shown.contains("CANARY") && !shown.contains(&basic), "{shown}");
            assert!(shown.contains("[hidden]"), "{shown}");
        }
    }
}

#[test]
fn warnings_are_kept_as_text() {
    let headers = [("warning", r#"299 - "unknown field \"delete_options\"""#)];
    assert_eq!(
        response(201, &headers, "{}").into_answer().warnings,
        [r#"unknown field "delete_options""#]
    );
}

const LIST: &str = r#"{"kind":"PodList","apiVersion":"v1","metadata":{"continue":"c","remainingItemCount":7},"items":[{"a":1},{"a":2}]}"#;

fn gzip(text: &str) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    std::io::Write::write_all(&mut encoder, text.as_bytes()).unwrap();
    encoder.finish().unwrap()
}

/// What is read of `body`, sent with this code.
async fn read_of(
    code: u16,
    body: Vec<u8>,
    max_following: Option<usize>,
) -> Result<ApiResponse, ConnectionFault> {
    let mut response = http::Response::builder().status(code);
    if body.starts_with(&[0x1f, 0x8b]) {
        response = response.header(header::CONTENT_ENCODING, "gzip");
    }
    read(response.body(Body::from(body)).unwrap(), None, max_following).await
}

fn items(response: ApiResponse) -> Result<(Vec<serde_json::Value>, ListMeta), ApiError> {
    let mut items = Vec::new();
    let metadata = response.into_items(
        &[ObjectKind::POD_LIST],
        || "list".to_owned(),
        |item| items.push(item),
    )?;
    Ok((items, metadata))
}

#[actix_rt::test]
async fn a_page_is_read_item_by_item_compressed_or_not() {
    for body in [gzip(LIST), LIST.into()] {
        let (items, metadata) = items(read_of(200, body, None).await.unwrap()).unwrap();
        assert_eq!(items.len(), 2);
        assert_eq!(metadata.next.as_deref(), Some("c"));
        assert_eq!(metadata.remaining(), Some(7));
    }
}

#[actix_rt::test]
async fn the_items_of_a_long_list_stay_unread_and_those_of_a_short_one_are_read() {
    for body in [gzip(LIST), LIST.into()] {
        let (unread, metadata) = items(read_of(200, body.clone(), Some(6)).await.unwrap()).unwrap();
        assert_eq!((unread.len(), metadata.remaining()), (0, Some(7)));
        let (read, _) = items(read_of(200, body, Some(7)).await.unwrap()).unwrap();
        assert_eq!(read.len(), 2);
    }
}

#[actix_rt::test]
async fn a_compressed_refusal_is_understood() {
    let status = r#"{"kind":"Status","status":"Failure","reason":"Forbidden","code":403}"#;
    let answer = read_of(403, gzip(status), None).await.unwrap().into_answer();
    assert_eq!(answer.status.unwrap().reason, "Forbidden");
}

#[actix_rt::test]
async fn half_a_compressed_page_is_an_error_and_no_short_list() {
    let whole = gzip(LIST);
    let half = whole[..whole.len() / 2].to_vec();
    assert!(items(read_of(200, half, None).await.unwrap()).is_err());
    let cut = format!("{LIST} and more");
    assert!(items(read_of(200, gzip(&cut), None).await.unwrap()).is_err());
}

#[test]
fn a_page_of_html_is_quoted_in_one_short_line() {
    let html = format!("<html>\n<body>{}</body>", "x".repeat(500));
    let answer = response(502, &[], &html).into_answer();
    assert_eq!(answer.status, None);
    assert!(answer.text.starts_with("<html> <body>") && answer.text.chars().count() <= 200);
}

#[test]
fn what_another_server_answers_leads_to_the_address() {
    let html = "<html><body>Log in</body></html>";
    for (code, body, is_other) in [
        (200, html, true),
        (302, "", true),
        (403, html, true),
        (404, html, true),
        (404, "404 page not found", true),
        (200, "{}", false),
        (500, html, false),
        (503, "busy", false),
    ] {
        let read: Result<serde_json::Value, _> =
            response(code, &[], body).into_object(ObjectKind::POD, || "read".to_owned());
        let error = read.unwrap_err();
        let leads = error.to_string().ends_with(ApiError::CHECK_ADDRESS);
        assert_eq!(leads, is_other, "{code} {body}: {error}");
    }
}

#[test]
fn a_secret_that_an_excerpt_cuts_is_hidden() {
    const TOKEN: &str = "eyJhbGciOi.CANARY-5ecr3t";
    for padding in 150..200 {
        let kind = format!("{}{TOKEN}", "x".repeat(padding));
        let body = serde_json::json!({"kind": kind, "apiVersion": "v1"}).to_string();
        let echoing = ApiResponse {
            authorization: Some(format!("Bearer {TOKEN}").parse().unwrap()),
            ..response(200, &[], &body)
        };
        let read: Result<serde_json::Value, _> = echoing.into_object(ObjectKind::POD, || "read".to_owned());
        let error = read.unwrap_err().to_string();
        assert!(!error.contains(&TOKEN[..4]), "{padding}: {error}");
    }
}

#[test]
fn a_page_in_protobuf_is_read_by_its_first_bytes_compressed_or_not() {
    const EMPTY: &str =
        "azhzAAorCg5tZXRhLms4cy5pby92MRIZUGFydGlhbE9iamVjdE1ldGFkYXRhTGlzdBIICgYKABIAGgAaACIA";
    let plain = base64::Engine::decode(&base64::engine::general_purpose::STANDARD, EMPTY).unwrap();
    let mut gzip = flate2::read::GzEncoder::new(&*plain, flate2::Compression::fast());
    let mut compressed = Vec::new();
    std::io::Read::read_to_end(&mut gzip, &mut compressed).unwrap();

    for (encoding, bytes) in [("identity", plain), ("gzip", compressed)] {
        let mut page = response(200, &[("content-encoding", encoding)], "");
        page.body = ResponseBody::announced_by(&page.headers);
        page.body.push(&bytes);
        let read = page.into_metadata_items(&[ObjectKind::METADATA_LIST], String::new, |_| {});
        assert_eq!(read.unwrap().next.as_deref(), Some(""), "{encoding}");
    }
}
