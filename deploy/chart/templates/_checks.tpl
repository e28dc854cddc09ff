{{/*
Fails with all mistakes in the values that their schema cannot see: the key, what is wrong, and what would be right.
*/}}
{{- define "macaque.checks" -}}
{{- $settings := include "macaque.settings" . | fromJson -}}
{{- $mistakes := list -}}

{{- $helm := .Capabilities.HelmVersion.Version -}}
{{- if not (semverCompare ">=3.8.0-0" $helm) -}}
  {{- $mistakes = append $mistakes (printf "Helm %s is too old: use Helm 3.8 or newer" $helm) -}}
{{- end -}}
{{- $kubernetes := .Capabilities.KubeVersion.Version -}}
{{- if and (eq .Values.mode "cronjob") (not (semverCompare ">=1.27.0-0" $kubernetes)) -}}
  {{- $mistakes = append $mistakes (printf "mode: a CronJob with a time zone needs Kubernetes 1.27 or newer, and this is %s: use \"deployment\"" $kubernetes) -}}
{{- end -}}

{{- if not .Values.image.repository -}}
  {{- $mistakes = append $mistakes "image.repository: is not set, and there is no public image: set it to where you pushed the image, such as registry.example/macaque" -}}
{{- end -}}

{{- if and (not $settings.dryRun) (not $settings.named) (not $settings.namespaceSelector) -}}
  {{- $mistakes = append $mistakes (printf "config.target.namespaces: is not set, and config.dry_run is false: name the namespaces that an armed macaque may disrupt, such as [%s], or [\"*\"] for every namespace" (include "macaque.namespace" . | quote)) -}}
{{- end -}}
{{- if and (gt (len $settings.namespaces) 1) (has "*" $settings.namespaces) -}}
  {{- $mistakes = append $mistakes "config.target.namespaces: \"*\" means every namespace and cannot be combined with others: use [\"*\"] alone" -}}
{{- end -}}

{{- if and $settings.namespaceSelector $settings.named -}}
  {{- $mistakes = append $mistakes "config.target.namespace_selector: is set beside config.target.namespaces: name the namespaces or select them by their labels, and leave one of the two out" -}}
{{- end -}}
{{- if and .Values.rbac.namespaces (not $settings.namespaceSelector) -}}
  {{- $mistakes = append $mistakes "rbac.namespaces: is set, and config.target.namespace_selector is not: the namespaces of config.target.namespaces get a Role each, so leave it out" -}}
{{- end -}}

{{- range .Values.env -}}
  {{- if and (hasPrefix "MACAQUE_" .name) (not (has .name (list "MACAQUE_CONFIG" "MACAQUE_LOG__LEVEL" "MACAQUE_LOG__FORMAT"))) -}}
    {{- $mistakes = append $mistakes (printf "env: %s sets what config sets, and permissions and checks follow config alone: set it there" .name) -}}
  {{- end -}}
{{- end -}}
{{- range .Values.extraArgs -}}
  {{- if regexMatch "^(-n|-A|-l|--(config|namespace|all-namespaces|selector|method|count|pace|dry-run)(=.*)?$)" . -}}
    {{- $mistakes = append $mistakes (printf "extraArgs: %s sets what config sets, and permissions and checks follow config alone: set it there" .) -}}
  {{- end -}}
{{- end -}}

{{- /* Ports and probes of the pod follow from these addresses. */}}
{{- range $section := list "health" "metrics" "status" -}}
  {{- $listen := dig $section "listen" "" $.Values.config | lower | trim -}}
  {{- $port := regexFind "[0-9]+$" $listen | int -}}
  {{- $isAddress := regexMatch "^([0-9.]+|\\[[0-9a-f:.]+\\]):[0-9]{1,5}$" $listen -}}
  {{- if and $listen (ne $listen "off") (or (not $isAddress) (gt $port 65535)) -}}
    {{- $mistakes = append $mistakes (printf "config.%s.listen: %q is not an IP address with a port: use one such as \"0.0.0.0:8080\" or \"[::]:8080\", or \"off\"" $section $listen) -}}
  {{- end -}}
{{- end -}}

{{- if and $settings.history (eq $settings.history $settings.journal) -}}
  {{- $mistakes = append $mistakes (printf "config.history: is %q, where the journal is kept: name another ConfigMap, or use \"off\"" $settings.history) -}}
{{- end -}}

{{- if eq .Values.mode "cronjob" -}}
  {{- if $settings.cron -}}
    {{- $mistakes = append $mistakes (printf "config.schedule.cron: is set, and with mode \"cronjob\" Kubernetes keeps the schedule: set cronjob.schedule to %q instead" $settings.cron) -}}
  {{- else if not .Values.cronjob.schedule -}}
    {{- $mistakes = append $mistakes "cronjob.schedule: is not set, so no round would ever run: set it to a crontab line, such as \"*/30 9-16 * * 1-5\"" -}}
  {{- end -}}
  {{- if $settings.quiet -}}
    {{- $mistakes = append $mistakes "config.schedule.quiet: is set, and with mode \"cronjob\" a round runs whenever Kubernetes starts it: leave the quiet times out of cronjob.schedule, or use mode \"deployment\"" -}}
  {{- end -}}
  {{- /* The TOML of another ConfigMap may have the schedule that turns need, and that the values may not have here. */}}
  {{- if and $settings.hasTurns (not .Values.existingConfigMap) -}}
    {{- $mistakes = append $mistakes (printf "config.disrupt.pace: is %q, which gives turns by the slots of config.schedule.cron, and with mode \"cronjob\" Kubernetes keeps the schedule: use \"count\", or use mode \"deployment\"" $settings.pace) -}}
  {{- end -}}
  {{- if and (not $settings.journal) (not $settings.dryRun) -}}
    {{- $mistakes = append $mistakes "config.journal: is \"memory\", and with mode \"cronjob\" each Job would forget the limits and the victims of those before it: use \"auto\"" -}}
  {{- end -}}
  {{- range $key := list "podMonitor" "serviceMonitor" "service" "prometheusRule" "grafanaDashboard" "podDisruptionBudget" -}}
    {{- if (index $.Values $key).enabled -}}
      {{- $mistakes = append $mistakes (printf "%s.enabled: a Job serves no metrics and ends by itself: set it to false, or use mode \"deployment\"" $key) -}}
    {{- end -}}
  {{- end -}}
{{- else -}}
  {{- if not (or $settings.cron .Values.existingConfigMap) -}}
    {{- $mistakes = append $mistakes "config.schedule.cron: is not set, so no round would ever run: set it to a crontab line, such as \"*/30 9-16 * * Mon-Fri\"" -}}
  {{- end -}}
  {{- if .Values.cronjob.schedule -}}
    {{- $mistakes = append $mistakes (printf "cronjob.schedule: is set, and mode is \"deployment\": set config.schedule.cron to %q instead, or use mode \"cronjob\"" .Values.cronjob.schedule) -}}
  {{- end -}}
  {{- if and (not $settings.journal) (gt (int .Values.replicaCount) 1) -}}
    {{- $mistakes = append $mistakes (printf "replicaCount: is %d, and with config.journal \"memory\" each replica would run every round: use 1, or config.journal \"auto\"" (int .Values.replicaCount)) -}}
  {{- end -}}
  {{- range $key, $isLoopback := $settings.isLoopback -}}
    {{- if $isLoopback -}}
      {{- $mistakes = append $mistakes (printf "%s: is an address that only the pod itself reaches, so neither probes nor Prometheus would get an answer: use 0.0.0.0 or [::], or \"off\"" $key) -}}
    {{- end -}}
  {{- end -}}
  {{- if not $settings.metricsPort -}}
    {{- range $key := list "podMonitor" "serviceMonitor" "service" "prometheusRule" "grafanaDashboard" -}}
      {{- if (index $.Values $key).enabled -}}
        {{- $mistakes = append $mistakes (printf "%s.enabled: no metrics are served: set config.metrics.listen or config.health.listen to an address, such as \"0.0.0.0:8080\"" $key) -}}
      {{- end -}}
    {{- end -}}
  {{- end -}}
{{- end -}}

{{- $keys := include "macaque.secretKeys" . -}}
{{- if and $keys (not .Values.existingSecret) -}}
  {{- $mistakes = append $mistakes (printf "existingSecret: is not set, and config names files of its keys (%s): name the Secret that holds them" (splitList "\n" $keys | join ", ")) -}}
{{- else if and .Values.existingSecret (not $keys) -}}
  {{- $mistakes = append $mistakes (printf "existingSecret: no key of %s would be mounted: name files such as /etc/macaque/secrets/slack-token in config, or list keys in secretKeys" .Values.existingSecret) -}}
{{- end -}}

{{- $mistakes = concat $mistakes (include "macaque.otherInstallations" . | fromJsonArray) -}}
{{- with $mistakes -}}
{{- fail (printf "\n\nThe values of macaque cannot work:\n\n  %s\n" (join "\n  " .)) -}}
{{- end -}}
{{- end }}

{{/*
A mistake for each other macaque in the namespace, as a JSON list: two would share one journal, and each would count what
the other disrupts. Objects of the same name that no release owns are left to Helm, which refuses or adopts them.
*/}}
{{- define "macaque.otherInstallations" -}}
{{- $namespace := include "macaque.namespace" . -}}
{{- $mistakes := list -}}
{{- range $kind, $version := dict "Deployment" "apps/v1" "CronJob" "batch/v1" -}}
  {{- range (lookup $version $kind $namespace "").items -}}
    {{- $labels := .metadata.labels | default dict -}}
    {{- $annotations := .metadata.annotations | default dict -}}
    {{- $release := get $annotations "meta.helm.sh/release-name" -}}
    {{- $isMacaque := or (eq (get $labels "app.kubernetes.io/name") $.Chart.Name) (hasPrefix (printf "%s-" $.Chart.Name) (get $labels "helm.sh/chart")) -}}
    {{- $isSame := ternary (eq $release $.Release.Name) (eq .metadata.name (include "macaque.fullname" $)) (ne $release "") -}}
    {{- if and $isMacaque (not $isSame) -}}
      {{- $owner := ternary (printf "release %s" $release) "no release" (ne $release "") -}}
      {{- $mistakes = append $mistakes (printf "namespace %s: macaque is there already, as %s %s of %s: use another namespace, or upgrade or remove that one" $namespace $kind .metadata.name $owner) -}}
    {{- end -}}
  {{- end -}}
{{- end -}}
{{- toJson $mistakes -}}
{{- end }}
