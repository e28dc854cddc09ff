{{/* The endpoint of a PodMonitor or a ServiceMonitor; `monitor` holds its values. */}}
{{- define "macaque.endpoint" -}}
{{- $settings := include "macaque.settings" .root | fromJson -}}
- port: {{ ternary "http" "metrics" (eq $settings.metricsPort $settings.healthPort) }}
  path: /metrics
  # Metrics about victims bear the namespace of the victim, not macaque's.
  honorLabels: true
  {{- with .monitor.interval }}
  interval: {{ . }}
  {{- end }}
  {{- with .monitor.scrapeTimeout }}
  scrapeTimeout: {{ . }}
  {{- end }}
  {{- with .monitor.scheme }}
  scheme: {{ . }}
  {{- end }}
  {{- with .monitor.tlsConfig }}
  tlsConfig:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with .monitor.authorization }}
  authorization:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with .monitor.relabelings }}
  relabelings:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with .monitor.metricRelabelings }}
  metricRelabelings:
    {{- toYaml . | nindent 4 }}
  {{- end }}
{{- end }}

{{/* The metadata of an object for the monitoring; `values` holds its namespace, labels and annotations. */}}
{{- define "macaque.monitoringMetadata" -}}
name: {{ .name | quote }}
namespace: {{ default (include "macaque.namespace" .root) .values.namespace | quote }}
labels:
  {{- include "macaque.labelsWith" (dict "root" .root "more" .values.additionalLabels) | nindent 2 }}
{{- with .values.annotations }}
annotations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}
