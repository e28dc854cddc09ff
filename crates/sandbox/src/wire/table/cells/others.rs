//! The cells of kinds that nothing in the sandbox acts on.

use serde_json::{Value, json};

use crate::store::object;
use crate::wire::table::cells::{age, container_field, field_of_containers, text_or_none};

pub(super) fn service(service: &Value, name: Value, service_age: Value) -> Vec<Value> {
    let kind = object::text(service, "/spec/type");
    let external = match kind {
        "ExternalName" => object::text(service, "/spec/externalName").to_owned(),
        _ => texts(object::list(service, "/spec/externalIPs")).join(","),
    };
    let external = match kind {
        "LoadBalancer" if external.is_empty() => "<pending>",
        _ => &external,
    };
    let ports = object::list(service, "/spec/ports").iter().map(port);
    let ports: Vec<String> = ports.collect();

    vec![
        name,
        json!(kind),
        text_or_none(object::text(service, "/spec/clusterIP")),
        text_or_none(external),
        text_or_none(&ports.join(",")),
        service_age,
        text_or_none(&object::labels_text(&service["spec"]["selector"])),
    ]
}

/// A port of a Service: `80/TCP` or `80:30080/TCP`.
fn port(port: &Value) -> String {
    let number = object::number(port, "/port");
    let protocol = object::text(port, "/protocol");
    match object::number(port, "/nodePort") {
        0 => format!("{number}/{protocol}"),
        node_port => format!("{number}:{node_port}/{protocol}"),
    }
}

pub(super) fn job(job: &Value, name: Value, job_age: Value) -> Vec<Value> {
    let is_true = |kind: &&&str| object::condition(job, kind).is_some_and(|known| known["status"] == "True");
    let status = match ["Complete", "Failed"].iter().find(is_true) {
        Some(status) => status,
        None if object::is_terminating(job) => "Terminating",
        None if is_true(&&"Suspended") => "Suspended",
        None => "Running",
    };
    let succeeded = object::number(job, "/status/succeeded");
    let wanted = job["spec"]["completions"].as_i64().unwrap_or(1);
    let duration = match object::text(job, "/status/startTime") {
        "" => String::new(),
        started => age(started),
    };

    vec![
        name,
        json!(status),
        json!(format!("{succeeded}/{wanted}")),
        json!(duration),
        job_age,
        container_field(job, "name"),
        container_field(job, "image"),
        json!(object::match_labels_text(job)),
    ]
}

pub(super) fn cron_job(cron_job: &Value, name: Value, cron_job_age: Value) -> Vec<Value> {
    let last = match object::text(cron_job, "/status/lastScheduleTime") {
        "" => "<none>".to_owned(),
        last => age(last),
    };
    let suspended = if cron_job["spec"]["suspend"] == json!(true) {
        "True"
    } else {
        "False"
    };
    let containers = object::list(cron_job, "/spec/jobTemplate/spec/template/spec/containers");

    vec![
        name,
        json!(object::text(cron_job, "/spec/schedule")),
        text_or_none(object::text(cron_job, "/spec/timeZone")),
        json!(suspended),
        json!(object::list(cron_job, "/status/active").len()),
        json!(last),
        cron_job_age,
        field_of_containers(containers, "name"),
        field_of_containers(containers, "image"),
        json!("<none>"),
    ]
}

pub(super) fn role_binding(binding: &Value, name: Value, age: Value) -> Vec<Value> {
    let role = |field: &str| object::text(binding, &format!("/roleRef/{field}"));
    let subjects = |kind: &str| {
        let subjects = object::list(binding, "/subjects").iter();
        let named = subjects
            .filter(|subject| subject["kind"] == *kind)
            .map(|subject| match object::text(subject, "/namespace") {
                "" => object::text(subject, "/name").to_owned(),
                namespace => format!("{namespace}/{}", object::text(subject, "/name")),
            });
        json!(named.collect::<Vec<_>>().join(", "))
    };

    vec![
        name,
        json!(format!("{}/{}", role("kind"), role("name"))),
        age,
        subjects("User"),
        subjects("Group"),
        subjects("ServiceAccount"),
    ]
}

fn texts(values: &[Value]) -> Vec<&str> {
    values.iter().filter_map(Value::as_str).collect()
}
