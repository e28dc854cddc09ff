{{/* The chart's name, as the label app.kubernetes.io/name has it. */}}
{{- define "macaque.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 63 | trimSuffix "-" -}}
{{- end }}

{{/* The name of the objects: the release's, with the chart's if it does not hold that. */}}
{{- define "macaque.fullname" -}}
{{- $name := include "macaque.name" . -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride | trunc 63 | trimSuffix "-" -}}
{{- else if contains $name .Release.Name -}}
{{- .Release.Name | trunc 63 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name $name | trunc 63 | trimSuffix "-" -}}
{{- end -}}
{{- end }}

{{/* The namespace that macaque runs in. */}}
{{- define "macaque.namespace" -}}
{{- default .Release.Namespace .Values.namespaceOverride -}}
{{- end }}

{{/* The labels by which the Deployment, Services and policies select the pods. */}}
{{- define "macaque.selectorLabels" -}}
app.kubernetes.io/name: {{ include "macaque.name" . | quote }}
app.kubernetes.io/instance: {{ .Release.Name | quote }}
{{- end }}

{{/* The name in the labels of the pod of `helm test`, which no Service, budget or monitor selects. */}}
{{- define "macaque.testName" -}}
{{- printf "%s-check" (include "macaque.name" . | trunc 57) -}}
{{- end }}

{{/* The labels of every object. */}}
{{- define "macaque.labels" -}}
{{ include "macaque.labelsWith" (dict "root" . "more" dict) }}
{{- end }}

{{/* The labels of an object that has `more` of its own; those by which it is found and owned are the chart's. */}}
{{- define "macaque.labelsWith" -}}
{{ include "macaque.selectorLabels" .root }}
{{ include "macaque.otherLabels" . }}
{{- end }}

{{/* The labels that no selector needs, each once. */}}
{{- define "macaque.otherLabels" -}}
{{- $chart := printf "%s-%s" .root.Chart.Name .root.Chart.Version | replace "+" "_" | trunc 63 | trimSuffix "-" -}}
app.kubernetes.io/version: {{ .root.Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .root.Release.Service | quote }}
helm.sh/chart: {{ $chart | quote }}
{{- $own := list "name" "instance" "version" "managed-by" -}}
{{- $free := omit (merge dict .more .root.Values.commonLabels) "helm.sh/chart" -}}
{{- range $own -}}
{{- $free = omit $free (printf "app.kubernetes.io/%s" .) -}}
{{- end -}}
{{- with $free }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{/* The service account that macaque acts by. */}}
{{- define "macaque.serviceAccountName" -}}
{{- if .Values.serviceAccount.create -}}
{{- default (include "macaque.fullname" .) .Values.serviceAccount.name -}}
{{- else -}}
{{- default "default" .Values.serviceAccount.name -}}
{{- end -}}
{{- end }}

{{/* The ConfigMap that holds macaque.toml. */}}
{{- define "macaque.configMapName" -}}
{{- default (include "macaque.fullname" .) .Values.existingConfigMap -}}
{{- end }}

{{/* The image, by its digest if that is set. */}}
{{- define "macaque.image" -}}
{{- $registry := default .Values.image.registry .Values.global.imageRegistry -}}
{{- $repository := .Values.image.repository -}}
{{- if $registry -}}
{{- $repository = printf "%s/%s" (trimSuffix "/" $registry) $repository -}}
{{- end -}}
{{- if .Values.image.digest -}}
{{- printf "%s@%s" $repository .Values.image.digest -}}
{{- else -}}
{{- printf "%s:%s" $repository (default .Chart.AppVersion .Values.image.tag) -}}
{{- end -}}
{{- end }}
