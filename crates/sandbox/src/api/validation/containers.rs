//! Validates the containers of pods (`pkg/apis/core/validation`).

use std::collections::HashSet;

use serde_json::{Value, json};

use crate::api::validation::fields::{choice_error, items, negative_numbers, port_error};
use crate::api::validation::metadata::invalid;
use crate::api::validation::{names, resources};
use crate::store::object;
use crate::wire::status_error::FieldError;

const PULL_POLICIES: [&str; 3] = ["Always", "IfNotPresent", "Never"];
const MESSAGE_POLICIES: [&str; 2] = ["File", "FallbackToLogsOnError"];
/// The transport protocols of ports.
pub(super) const PROTOCOLS: [&str; 3] = ["SCTP", "TCP", "UDP"];
const PROBES: [&str; 3] = ["livenessProbe", "readinessProbe", "startupProbe"];
/// The ways to probe, in the order in which the server counts them.
const HANDLERS: [&str; 4] = ["exec", "httpGet", "tcpSocket", "grpc"];
const VARIABLE_FORM: &str =
    "a valid environment variable name must consist only of printable ASCII characters other than '='";
/// The most characters of a port's name.
const PORT_NAME_LENGTH: usize = 15;

/// The errors of all containers of a pod, whose names must differ.
pub(super) fn all_errors(spec: &Value, path: &str, volumes: &HashSet<&str>) -> Vec<FieldError> {
    let mut errors = Vec::new();
    if object::list(spec, "/containers").is_empty() {
        errors.push(FieldError::required(format!("{path}.containers")));
    }

    let mut known = HashSet::new();
    for list in ["containers", "initContainers"] {
        for (path, container) in items(spec, path, list) {
            errors.extend(container_errors(container, &path, volumes));
            let name = object::text(container, "/name");
            if !known.insert(name) && !name.is_empty() {
                errors.push(FieldError::duplicate(
                    format!("{path}.name"),
                    &format!("{name:?}"),
                ));
            }
            errors.extend(
                PROBES
                    .iter()
                    .flat_map(|probe| probe_errors(container, &path, probe)),
            );
        }
    }
    errors
}

fn container_errors(container: &Value, path: &str, volumes: &HashSet<&str>) -> Vec<FieldError> {
    let mut errors = Vec::new();
    let name = object::text(container, "/name");
    if name.is_empty() {
        errors.push(FieldError::required(format!("{path}.name")));
    } else {
        errors.extend(invalid(&format!("{path}.name"), name, &names::label_errors(name)));
    }
    if object::text(container, "/image").is_empty() {
        errors.push(FieldError::required(format!("{path}.image")));
    }

    errors.extend(choice_error(
        container,
        path,
        "terminationMessagePolicy",
        &MESSAGE_POLICIES,
    ));
    errors.extend(port_list_errors(container, path));
    errors
        .extend(items(container, path, "env").flat_map(|(path, variable)| variable_errors(variable, &path)));
    errors.extend(mount_errors(container, path, volumes));
    errors.extend(choice_error(container, path, "imagePullPolicy", &PULL_POLICIES));
    errors.extend(resources::errors(
        &container["resources"],
        &format!("{path}.resources"),
    ));
    errors
}

fn port_list_errors(container: &Value, path: &str) -> Vec<FieldError> {
    let mut known = HashSet::new();
    let mut errors = Vec::new();
    for (path, port) in items(container, path, "ports") {
        let name = object::text(port, "/name");
        let reasons = port_name_errors(name);
        if !name.is_empty() && !reasons.is_empty() {
            errors.extend(invalid(&format!("{path}.name"), name, &reasons));
        } else if !name.is_empty() && !known.insert(name) {
            errors.push(FieldError::duplicate(
                format!("{path}.name"),
                &format!("{name:?}"),
            ));
        }

        if object::number(port, "/containerPort") == 0 {
            errors.push(FieldError::required(format!("{path}.containerPort")));
        } else {
            errors.extend(port_error(
                &port["containerPort"],
                format!("{path}.containerPort"),
            ));
        }
        if object::number(port, "/hostPort") != 0 {
            errors.extend(port_error(&port["hostPort"], format!("{path}.hostPort")));
        }
        errors.extend(choice_error(port, &path, "protocol", &PROTOCOLS));
    }
    errors
}

/// What is wrong with the name of a port.
fn port_name_errors(name: &str) -> Vec<String> {
    let mut errors = Vec::new();
    let mut push = |is_broken: bool, why: &str| {
        if is_broken {
            errors.push(why.to_owned());
        }
    };

    let is_permitted = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    push(
        name.len() > PORT_NAME_LENGTH,
        "must be no more than 15 characters",
    );
    push(
        !name.bytes().all(is_permitted),
        "must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)",
    );
    push(
        !name.bytes().any(|byte| byte.is_ascii_lowercase()),
        "must contain at least one letter (a-z)",
    );
    push(name.contains("--"), "must not contain consecutive hyphens");
    push(
        name.starts_with('-') || name.ends_with('-'),
        "must not begin or end with a hyphen",
    );
    errors
}

fn variable_errors(variable: &Value, path: &str) -> Vec<FieldError> {
    let mut errors = Vec::new();
    let name = object::text(variable, "/name");
    let is_well_formed = name
        .bytes()
        .all(|byte| (b' '..=b'~').contains(&byte) && byte != b'=');
    if name.is_empty() {
        errors.push(FieldError::required(format!("{path}.name")));
    } else if !is_well_formed {
        errors.extend(invalid(
            &format!("{path}.name"),
            name,
            &[VARIABLE_FORM.to_owned()],
        ));
    }

    let has_source = variable["valueFrom"]
        .as_object()
        .is_some_and(|sources| !sources.is_empty());
    if has_source && !object::text(variable, "/value").is_empty() {
        let why = "may not be specified when `value` is not empty";
        errors.push(FieldError::invalid(format!("{path}.valueFrom"), "\"\"", why));
    }
    errors
}

fn mount_errors(container: &Value, path: &str, volumes: &HashSet<&str>) -> Vec<FieldError> {
    let mut places = HashSet::new();
    let mut errors = Vec::new();
    for (path, mount) in items(container, path, "volumeMounts") {
        let name = object::text(mount, "/name");
        if name.is_empty() {
            errors.push(FieldError::required(format!("{path}.name")));
        }
        if !volumes.contains(name) {
            errors.push(FieldError::unresolved(
                format!("{path}.name"),
                &json!(name).to_string(),
            ));
        }

        let place = object::text(mount, "/mountPath");
        if place.is_empty() {
            errors.push(FieldError::required(format!("{path}.mountPath")));
        }
        if !places.insert(place) {
            let shown = json!(place).to_string();
            errors.push(FieldError::invalid(
                format!("{path}.mountPath"),
                &shown,
                "must be unique",
            ));
        }
    }
    errors
}

fn probe_errors(container: &Value, path: &str, field: &str) -> Vec<FieldError> {
    let probe = &container[field];
    if probe.is_null() {
        return Vec::new();
    }

    let path = format!("{path}.{field}");
    let mut handlers = HANDLERS.iter().filter(|handler| !probe[**handler].is_null());
    let mut errors = Vec::new();
    if handlers.next().is_none() {
        errors.push(FieldError::required(path.clone()).because("must specify a handler type"));
    }
    errors.extend(handlers.map(|handler| {
        let why = "may not specify more than 1 handler type";
        FieldError::forbidden(format!("{path}.{handler}"), why)
    }));

    let numbers = [
        "initialDelaySeconds",
        "timeoutSeconds",
        "periodSeconds",
        "successThreshold",
        "failureThreshold",
    ];
    errors.extend(negative_numbers(probe, &path, &numbers));
    errors
}
