//! Decodes `[[guards.prometheus]]`, `[[guards.alertmanager]]` and `[[guards.http]]`: the gates, which only the file sets.

mod checks;
mod kinds;

use std::collections::HashMap;
use std::path::PathBuf;
use std::time::Duration;

use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;

use super::decoder::SettingsDecoder;
use super::given_table::{FieldValue, GivenTable, accept};
use super::http_fields::{decode_headers, decode_name};
use super::mistake::{MistakeReported, quote};
use super::secret::{ReadFile, is_token};
use super::table_fields::TableKind;
use crate::gates::GateConfig;
use checks::Transport;

/// How long a gate may take if nothing else is set.
const TIMEOUT: Duration = Duration::from_secs(5);
/// The shortest time-out: less is a mistake in the unit.
const SHORTEST_TIMEOUT: Duration = Duration::from_millis(100);
/// The longest time-out: all guards together have no more before a disruption.
const LONGEST_TIMEOUT: Duration = Duration::from_secs(30);

/// Decodes every gate. The files that a gate names are read with `read`, if they must be there.
pub(super) fn decode_gates(
    decoder: &mut SettingsDecoder,
    read: Option<ReadFile<'_>>,
) -> Result<Vec<GateConfig>, MistakeReported> {
    let mut given = decoder.take_tables(TableKind::is_gate);
    given.sort_by_key(|gate| (gate.kind as usize, gate.number));
    let mut names = HashMap::new();
    let decoded = given
        .iter()
        .map(|gate| decode_gate(decoder, read, gate, &mut names));
    let decoded: Vec<Result<_, MistakeReported>> = decoded.collect();
    decoded.into_iter().collect()
}

/// Decodes one gate; `names` holds the names of the gates before, with their places.
fn decode_gate(
    decoder: &mut SettingsDecoder,
    read: Option<ReadFile<'_>>,
    gate: &GivenTable,
    names: &mut HashMap<String, String>,
) -> Result<GateConfig, MistakeReported> {
    const NAME: &str = "set it to the name that messages show, such as name = \"no-page\"";
    let name = decode_name(decoder, gate, names, NAME, checks::check_name);
    let url = decode_url(decoder, gate);
    let transport = url.as_ref().ok().map(|(_, transport)| *transport);
    let timeout = decode_timeout(decoder, gate);
    let ca_file = decode_ca_file(decoder, read, gate, transport);
    let token_file = decode_token_file(decoder, read, gate, transport);
    let headers = decode_headers(decoder, gate, "token_file");
    let kind = match gate.kind {
        TableKind::Prometheus => kinds::decode_prometheus(decoder, gate),
        TableKind::Alertmanager => kinds::decode_alertmanager(decoder, gate),
        TableKind::HttpGate => kinds::decode_http(decoder, gate),
        TableKind::HttpChannel | TableKind::Route => Err(MistakeReported::before()),
    };

    Ok(GateConfig {
        name: name?,
        url: url?.0,
        timeout: timeout?,
        ca_file: ca_file?,
        token_file: token_file?,
        headers: headers?,
        kind: kind?,
    })
}

fn decode_url(
    decoder: &mut SettingsDecoder,
    gate: &GivenTable,
) -> Result<(String, Transport), MistakeReported> {
    let right = "set it to the address of the service, such as url = \"http://prometheus.monitoring:9090\"";
    let url = gate.required_text(decoder, "url", right)?;
    let checked = checks::check_url(gate.kind, &url.value);
    let transport = accept(decoder, gate, &url, checked)?;
    let text = match gate.kind {
        TableKind::Prometheus | TableKind::Alertmanager => url.value.trim_end_matches('/').to_owned(),
        _ => url.value,
    };
    Ok((text, transport))
}

fn decode_timeout(decoder: &mut SettingsDecoder, gate: &GivenTable) -> Result<Duration, MistakeReported> {
    let Some(timeout) = gate.duration(decoder, "timeout")? else {
        return Ok(TIMEOUT);
    };
    let wrong = if timeout.value < SHORTEST_TIMEOUT {
        "is less than 100ms"
    } else if timeout.value > LONGEST_TIMEOUT {
        "is longer than 30s, which all guards share before a disruption"
    } else {
        return Ok(timeout.value);
    };
    Err(gate.refuse(decoder, &timeout, wrong, "use \"100ms\" to \"30s\""))
}

fn decode_ca_file(
    decoder: &mut SettingsDecoder,
    read: Option<ReadFile<'_>>,
    gate: &GivenTable,
    transport: Option<Transport>,
) -> Result<Option<PathBuf>, MistakeReported> {
    let Some(file) = gate.text(decoder, "ca_file")? else {
        return Ok(None);
    };
    if transport.is_some_and(|transport| !transport.is_tls) {
        let wrong = "is set, but a url that begins with http:// shows no certificate";
        return Err(gate.refuse(decoder, &file, wrong, "use https://, or leave out ca_file"));
    }

    if let Some(text) = read_file(decoder, read, gate, &file)? {
        let certificates = CertificateDer::pem_slice_iter(text.as_bytes());
        let certificates: Result<Vec<_>, _> = certificates.collect();
        if !certificates.is_ok_and(|certificates| !certificates.is_empty()) {
            let wrong = format!("{} holds no certificate", quote(&file.value));
            return Err(gate.refuse(decoder, &file, wrong, "use a PEM file of CA certificates"));
        }
    }
    Ok(Some(PathBuf::from(file.value)))
}

fn decode_token_file(
    decoder: &mut SettingsDecoder,
    read: Option<ReadFile<'_>>,
    gate: &GivenTable,
    transport: Option<Transport>,
) -> Result<Option<PathBuf>, MistakeReported> {
    let Some(file) = gate.text(decoder, "token_file")? else {
        return Ok(None);
    };
    if transport.is_some_and(|transport| !transport.is_private) {
        let wrong = "is set, but the url begins with http://, so the token would be sent unencrypted";
        let right = "use https:// (http:// only for a loopback address)";
        return Err(gate.refuse(decoder, &file, wrong, right));
    }

    if let Some(text) = read_file(decoder, read, gate, &file)?
        && !is_token(&text)
    {
        let wrong = format!(
            "{} is empty, or holds a space or another invalid character",
            quote(&file.value)
        );
        return Err(gate.refuse(decoder, &file, wrong, "write the token alone to it"));
    }
    Ok(Some(PathBuf::from(file.value)))
}

/// The text of a file that a gate names, if such files must be there.
fn read_file(
    decoder: &mut SettingsDecoder,
    read: Option<ReadFile<'_>>,
    gate: &GivenTable,
    file: &FieldValue<String>,
) -> Result<Option<String>, MistakeReported> {
    let Some(read) = read else {
        return Ok(None);
    };
    match read(file.value.as_ref()) {
        Ok(text) => Ok(Some(text)),
        Err(error) => {
            let wrong = format!("cannot read {}: {error}", quote(&file.value));
            Err(gate.refuse(decoder, file, wrong, "mount the file there, or fix the path"))
        }
    }
}
