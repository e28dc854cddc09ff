{{/*
Makes a table of the configuration ready for TOML, in place: templates know whole numbers as floats, which macaque would
refuse, and a null is a key that is not set.
*/}}
{{- define "macaque.prepare" -}}
{{- $table := . -}}
{{- range $key, $value := . -}}
  {{- if kindIs "invalid" $value -}}
    {{- $_ := unset $table $key -}}
  {{- else if kindIs "map" $value -}}
    {{- include "macaque.prepare" $value -}}
  {{- else if kindIs "slice" $value -}}
    {{- $list := list -}}
    {{- range $item := $value -}}
      {{- if kindIs "map" $item -}}
        {{- include "macaque.prepare" $item -}}
      {{- else if kindIs "float64" $item -}}
        {{- if eq (floor $item) $item -}}
          {{- $item = int64 $item -}}
        {{- end -}}
      {{- end -}}
      {{- $list = append $list $item -}}
    {{- end -}}
    {{- $_ := set $table $key $list -}}
  {{- else if kindIs "float64" $value -}}
    {{- if eq (floor $value) $value -}}
      {{- $_ := set $table $key (int64 $value) -}}
    {{- end -}}
  {{- end -}}
{{- end -}}
{{- end }}

{{/* The text of macaque.toml. */}}
{{- define "macaque.toml" -}}
{{- $config := deepCopy .Values.config -}}
{{- include "macaque.prepare" $config -}}
{{- toToml $config -}}
{{- end }}

{{/* Whether a value switches a guard off, as macaque reads it: "true" or nothing. */}}
{{- define "macaque.isOff" -}}
{{- if regexMatch "^(false|off|0+ *%?)$" (toString . | lower | trim) -}}true{{- end -}}
{{- end }}

{{/*
What the other templates need to know of the configuration, as JSON: each value with macaque's own default, read as
macaque reads it. src/settings decodes the same.
*/}}
{{- define "macaque.settings" -}}
{{- $config := deepCopy .Values.config -}}
{{- include "macaque.prepare" $config -}}
{{- $dryRun := dig "dry_run" true $config -}}
{{- $namespaces := list -}}
{{- range dig "target" "namespaces" list $config | default (list (include "macaque.namespace" .)) -}}
  {{- $namespaces = append $namespaces (trim .) -}}
{{- end -}}
{{- $namespaces = uniq $namespaces -}}
{{- /* With a selector, the Roles are in the namespaces that the values name for them. */}}
{{- $namespaceSelector := dig "target" "namespace_selector" "" $config | trim -}}
{{- if $namespaceSelector -}}
  {{- $namespaces = uniq .Values.rbac.namespaces -}}
{{- end -}}

{{- $optIn := eq "opt-in" (dig "target" "mode" "opt-out" $config | lower | trim) -}}
{{- $pace := dig "disrupt" "pace" "count" $config | lower | trim -}}
{{- $hasTurns := ne "count" $pace -}}

{{- $journal := dig "journal" "auto" $config | trim -}}
{{- if has (lower $journal) (list "auto" "") -}}
  {{- $journal = "macaque-journal" -}}
{{- else if eq (lower $journal) "memory" -}}
  {{- $journal = "" -}}
{{- else -}}
  {{- $journal = trimPrefix "configmap/" $journal -}}
{{- end -}}
{{- $history := dig "history" "auto" $config | trim -}}
{{- if has (lower $history) (list "auto" "") -}}
  {{- $history = ternary "macaque-history" "" (ne $journal "") -}}
{{- else if eq (lower $history) "off" -}}
  {{- $history = "" -}}
{{- else -}}
  {{- $history = trimPrefix "configmap/" $history -}}
{{- end -}}

{{- $whole := not (include "macaque.isOff" (dig "guards" "whole" true $config)) -}}
{{- $rollout := not (include "macaque.isOff" (dig "guards" "rollout" true $config)) -}}
{{- $minReady := dig "guards" "min_ready" 1 $config | toString | trim -}}
{{- $readsPods := or $whole $rollout (not (include "macaque.isOff" $minReady)) -}}
{{- $watches := and (dig "recovery" "enabled" true $config) (not $dryRun) -}}
{{- $nodes := dig "guards" "nodes" "off" $config | toString | lower | trim -}}

{{- $health := dig "health" "listen" "0.0.0.0:8080" $config | lower | trim -}}
{{- $metrics := dig "metrics" "listen" "" $config | lower | default $health -}}

{{- $status := dig "status" "listen" "off" $config | lower | trim | default $health -}}

{{- $loopback := "^(127[.]|localhost|\\[::1\\])" -}}

{{- dict
    "dryRun" $dryRun
    "method" (dig "disrupt" "method" "evict" $config | lower | trim)
    "everyNamespace" (eq (join "," $namespaces) "*")
    "namespaces" $namespaces
    "named" (not (empty (dig "target" "namespaces" list $config)))
    "namespaceSelector" $namespaceSelector
    "nodeSelector" (dig "target" "node_selector" "" $config | trim)
    "pace" $pace
    "hasTurns" $hasTurns
    "readsMetadata" (or $optIn (and $hasTurns (dig "target" "annotations" true $config)))
    "selector" (dig "target" "selector" "" $config)
    "journal" $journal
    "history" $history
    "watches" $watches
    "waits" (dig "recovery" "enabled" true $config)
    "readsScales" (or $watches $readsPods)
    "countsMissing" (or $watches $whole (and (hasSuffix "%" $minReady) (not (include "macaque.isOff" $minReady))))
    "freeze" (not (include "macaque.isOff" (dig "guards" "freeze" true $config)))
    "events" (and (dig "events" "enabled" false $config) (not $dryRun))
    "nodes" (ternary "" $nodes (eq "true" (include "macaque.isOff" $nodes)))
    "cron" (dig "schedule" "cron" "" $config)
    "quiet" (dig "schedule" "quiet" list $config)
    "timezone" (dig "schedule" "timezone" "UTC" $config)
    "isLoopback" (dict "config.health.listen" (regexMatch $loopback $health) "config.metrics.listen" (regexMatch $loopback $metrics))
    "healthPort" (regexFind "[0-9]+$" $health)
    "metricsPort" (regexFind "[0-9]+$" $metrics)
    "statusPort" (regexFind "[0-9]+$" $status)
  | toJson -}}
{{- end }}

{{/* The keys of the Secret that the configuration names by their files, and those of secretKeys, one a line. */}}
{{- define "macaque.secretKeys" -}}
{{- $files := regexFindAll "/etc/macaque/secrets/[-._a-zA-Z0-9]+" (toJson .Values.config) -1 -}}
{{- $keys := .Values.secretKeys -}}
{{- range $files -}}
  {{- $keys = append $keys (base .) -}}
{{- end -}}
{{- $keys | uniq | sortAlpha | join "\n" -}}
{{- end }}

{{/* The ports beside 443 and 6443 of the gates and services whose URLs the configuration has, one a line. */}}
{{- define "macaque.ports" -}}
{{- $config := deepCopy .Values.config -}}
{{- include "macaque.prepare" $config -}}
{{- $urls := list
    (dig "notify" "slack" "api_url" "" $config)
    (dig "notify" "webex" "api_url" "" $config)
-}}
{{- $tables := concat
    (dig "guards" "prometheus" list $config)
    (dig "guards" "alertmanager" list $config)
    (dig "guards" "http" list $config)
-}}
{{- range $tables -}}
  {{- $urls = append $urls (dig "url" "" .) -}}
{{- end -}}
{{- $known := dict "http" "80" "https" "443" -}}
{{- $ports := list -}}
{{- range $urls -}}
  {{- $scheme := regexFind "^[a-z0-9]+" . -}}
  {{- $host := regexFind "^[a-z0-9]+://[^/?#]*" . -}}
  {{- $port := regexFind ":[0-9]+$" $host | trimPrefix ":" | default (get $known $scheme) -}}
  {{- if and $port (not (has $port (list "443" "6443"))) -}}
    {{- $ports = append $ports $port -}}
  {{- end -}}
{{- end -}}
{{- $ports | uniq | sortAlpha | join "\n" -}}
{{- end }}
