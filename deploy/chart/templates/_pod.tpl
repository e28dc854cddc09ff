{{/*
The metadata and spec of a pod of macaque, for the Deployment, the CronJob and the test. `args` is the command line
after the program's name; `serves` says whether it has ports and probes, `others` whether it has the containers of the
values.
*/}}
{{- define "macaque.podTemplate" -}}
{{- $root := .root -}}
{{- $values := .root.Values -}}
{{- $settings := include "macaque.settings" .root | fromJson -}}
metadata:
  annotations:
    # A changed configuration starts new pods.
    checksum/config: {{ include "macaque.toml" .root | sha256sum }}
    {{- with $values.podAnnotations }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
  labels:
    {{- include "macaque.labelsWith" (dict "root" .root "more" $values.podLabels) | nindent 4 }}
spec:
  {{- include "macaque.podSpec" . | nindent 2 }}
{{- end }}

{{- define "macaque.podSpec" -}}
{{- $root := .root -}}
{{- $values := .root.Values -}}
{{- $settings := include "macaque.settings" .root | fromJson -}}
serviceAccountName: {{ include "macaque.serviceAccountName" $root | quote }}
automountServiceAccountToken: {{ $values.automountServiceAccountToken }}
# Otherwise a Service named `macaque` would add MACAQUE_* variables that are not settings.
enableServiceLinks: false
{{- with .restartPolicy }}
restartPolicy: {{ . }}
{{- end }}
# At shutdown macaque ends the current round and delivers the pending reports.
terminationGracePeriodSeconds: {{ $values.terminationGracePeriodSeconds }}
{{- with concat $values.global.imagePullSecrets $values.imagePullSecrets }}
imagePullSecrets:
  {{- range . }}
  - name: {{ ternary . (dig "name" "" (ternary (dict) . (kindIs "string" .))) (kindIs "string" .) | quote }}
  {{- end }}
{{- end }}
{{- with $values.priorityClassName }}
priorityClassName: {{ . | quote }}
{{- end }}
{{- with $values.dnsPolicy }}
dnsPolicy: {{ . }}
{{- end }}
{{- with $values.dnsConfig }}
dnsConfig:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with $values.hostAliases }}
hostAliases:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with $values.nodeSelector }}
nodeSelector:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with $values.tolerations }}
tolerations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with $values.affinity }}
affinity:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with $values.topologySpreadConstraints }}
topologySpreadConstraints:
  {{- tpl (toYaml .) $root | nindent 2 }}
{{- end }}
# With the container's own below, this meets the Pod Security Standard `restricted`.
{{- with $values.podSecurityContext }}
securityContext:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- if .others }}
{{- with $values.initContainers }}
initContainers:
  {{- tpl (toYaml .) $root | nindent 2 }}
{{- end }}
{{- end }}
containers:
  - name: macaque
    image: {{ include "macaque.image" $root | quote }}
    imagePullPolicy: {{ $values.image.pullPolicy }}
    args: {{ toJson .args }}
    env:
      # These two name macaque's own pod, so that it never picks itself.
      - name: MACAQUE_POD_NAME
        valueFrom:
          fieldRef:
            fieldPath: metadata.name
      - name: MACAQUE_POD_NAMESPACE
        valueFrom:
          fieldRef:
            fieldPath: metadata.namespace
      {{- with $values.env }}
      {{- tpl (toYaml .) $root | nindent 6 }}
      {{- end }}
    {{- with $values.envFrom }}
    envFrom:
      {{- tpl (toYaml .) $root | nindent 6 }}
    {{- end }}
    {{- if and .serves (or $settings.healthPort $settings.metricsPort $settings.statusPort) }}
    ports:
      {{- if $settings.healthPort }}
      # The probes{{ if eq $settings.metricsPort $settings.healthPort }}, and the metrics at /metrics{{ end }}.
      - name: http
        containerPort: {{ $settings.healthPort }}
      {{- end }}
      {{- if and $settings.metricsPort (ne $settings.metricsPort $settings.healthPort) }}
      - name: metrics
        containerPort: {{ $settings.metricsPort }}
      {{- end }}
      {{- if and $settings.statusPort (not (has $settings.statusPort (list $settings.healthPort $settings.metricsPort))) }}
      # The status page.
      - name: status
        containerPort: {{ $settings.statusPort }}
      {{- end }}
    {{- end }}
    {{- if and .serves $settings.healthPort }}
    {{- with $values.livenessProbe }}
    # Not live: macaque hangs, and a new container fixes that. Neither probe asks the API server: macaque waits for
    # one that is down, and a restart would not help.
    livenessProbe:
      {{- toYaml . | nindent 6 }}
    {{- end }}
    {{- with $values.readinessProbe }}
    # Not ready: an actor is being restarted, or macaque is shutting down.
    readinessProbe:
      {{- toYaml . | nindent 6 }}
    {{- end }}
    {{- end }}
    {{- with $values.resources }}
    # Among many pods macaque lists only names: 50,000 pods take less than 20 MiB.
    resources:
      {{- toYaml . | nindent 6 }}
    {{- end }}
    {{- with $values.securityContext }}
    securityContext:
      {{- toYaml . | nindent 6 }}
    {{- end }}
    volumeMounts:
      - name: config
        mountPath: /etc/macaque
        readOnly: true
      {{- with $values.extraVolumeMounts }}
      {{- tpl (toYaml .) $root | nindent 6 }}
      {{- end }}
  {{- if .others }}
  {{- with $values.extraContainers }}
  {{- tpl (toYaml .) $root | nindent 2 }}
  {{- end }}
  {{- end }}
volumes:
  # macaque.toml and, in secrets/, what the Secret holds.
  - name: config
    projected:
      sources:
        - configMap:
            name: {{ include "macaque.configMapName" $root | quote }}
            items:
              - key: macaque.toml
                path: macaque.toml
        {{- with $values.existingSecret }}
        - secret:
            name: {{ . | quote }}
            {{- if $values.existingSecretOptional }}
            optional: true
            {{- end }}
            items:
              {{- range include "macaque.secretKeys" $root | splitList "\n" }}
              - key: {{ . | quote }}
                path: {{ printf "secrets/%s" . | quote }}
              {{- end }}
        {{- end }}
  {{- with $values.extraVolumes }}
  {{- tpl (toYaml .) $root | nindent 2 }}
  {{- end }}
{{- end }}
