{{/*
The rules of one scope, as `macaque rbac` prints them for the same configuration: first those that rounds need, then the
journal's and the history's, then the optional ones. `settings` is macaque.settings; `journal` and `history` say whether the
scope holds them.
*/}}
{{- define "macaque.rules" -}}
{{- $settings := .settings -}}
- apiGroups: [""]
  resources: ["pods"]
{{- if or $settings.dryRun (ne $settings.method "delete") }}
  verbs: ["get", "list"]
{{- else }}
  verbs: ["get", "list", "delete"]
{{- end }}
{{- if and (not $settings.dryRun) (eq $settings.method "evict") }}
- apiGroups: [""]
  resources: ["pods/eviction"]
  verbs: ["create"]
{{- end }}
{{- if .journal }}
{{ include "macaque.journalRule" . }}
{{- end }}
{{- if .history }}
{{ include "macaque.historyRule" . }}
{{- end }}
{{- if $settings.watches }}
# Optional. Without it recoveries are not watched but polled, every 1 to 5 s.
- apiGroups: [""]
  resources: ["pods"]
  verbs: ["watch"]
{{- end }}
{{- if $settings.readsScales }}
{{- if $settings.countsMissing }}
# Optional. Without it macaque does not see how many pods an owner wants, so that a missing pod goes unnoticed, and
# lists whole namespaces to find an owner's pods.
{{- else }}
# Optional. Without it macaque lists whole namespaces to find an owner's pods.
{{- end }}
- apiGroups: ["apps"]
  resources: ["deployments/scale"]
  verbs: ["get"]
- apiGroups: ["apps"]
  resources: ["statefulsets/scale"]
  verbs: ["get"]
- apiGroups: ["apps"]
  resources: ["replicasets/scale"]
  verbs: ["get"]
{{- end }}
{{- if $settings.readsMetadata }}
# Optional. Without it macaque does not see what the annotations of a namespace say.
- apiGroups: [""]
  resources: ["namespaces"]
  verbs: {{ ternary "[\"get\", \"list\"]" "[\"get\"]" $settings.everyNamespace }}
# Optional. Without it macaque does not see what the annotations of Deployments and StatefulSets say.
- apiGroups: ["apps"]
  resources: ["deployments", "statefulsets"]
  verbs: ["get", "list"]
{{- else if $settings.freeze }}
# Optional. Without it macaque does not see whether a namespace is frozen by its annotations.
- apiGroups: [""]
  resources: ["namespaces"]
  verbs: ["get"]
{{- end }}
{{- if $settings.events }}
# Optional. Without it no Events are written.
- apiGroups: ["events.k8s.io"]
  resources: ["events"]
  verbs: ["create"]
{{- if not $settings.readsScales }}
# Optional. Without it Events about a Deployment are written on its ReplicaSet.
- apiGroups: ["apps"]
  resources: ["deployments/scale"]
  verbs: ["get"]
{{- end }}
{{- end }}
{{- with .root.Values.rbac.additionalPermissions }}
# From rbac.additionalPermissions.
{{ toYaml . }}
{{- end }}
{{- end }}

{{/* The rules in the cluster by which macaque finds namespaces and nodes by their labels. */}}
{{- define "macaque.scopeRules" -}}
{{- if .namespaceSelector }}
- apiGroups: [""]
  resources: ["namespaces"]
  verbs: ["list"]
{{- end }}
{{- if .nodeSelector }}
- apiGroups: [""]
  resources: ["nodes"]
  verbs: ["list"]
{{- end }}
{{- end }}

{{/* The rule on the journal, and on no other ConfigMap. */}}
{{- define "macaque.journalRule" -}}
- apiGroups: [""]
  resources: ["configmaps"]
  resourceNames: [{{ .settings.journal | quote }}]
  verbs: ["get", "update"]
{{- end }}

{{/* The rule on the history, and on no other ConfigMap. */}}
{{- define "macaque.historyRule" -}}
# Optional. Without it no history is written, which the commands history, report and blame read.
- apiGroups: [""]
  resources: ["configmaps"]
  resourceNames: [{{ .settings.history | quote }}]
  verbs: ["get", "update"]
{{- end }}

{{/* A Role with its binding in `namespace`, or for "" a ClusterRole with its binding. */}}
{{- define "macaque.role" -}}
{{- $kind := ternary "Role" "ClusterRole" (not (empty .namespace)) -}}
apiVersion: rbac.authorization.k8s.io/v1
kind: {{ $kind }}
metadata:
  name: {{ .name | quote }}
{{- with .namespace }}
  namespace: {{ . | quote }}
{{- end }}
  labels:
    {{- include "macaque.labels" .root | nindent 4 }}
rules:
  {{- .rules | nindent 2 }}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: {{ $kind }}Binding
metadata:
  name: {{ .name | quote }}
{{- with .namespace }}
  namespace: {{ . | quote }}
{{- end }}
  labels:
    {{- include "macaque.labels" .root | nindent 4 }}
roleRef:
  apiGroup: rbac.authorization.k8s.io
  kind: {{ $kind }}
  name: {{ .name | quote }}
subjects:
  - kind: ServiceAccount
    name: {{ include "macaque.serviceAccountName" .root | quote }}
    namespace: {{ include "macaque.namespace" .root | quote }}
{{- end }}
