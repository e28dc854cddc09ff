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
{{ include "macaque.selectorLabels" . }}
{{ include "macaque.commonLabels" . }}
{{- end }}

{{/* The labels that no selector needs. */}}
{{- define "macaque.commonLabels" -}}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service | quote }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" | trunc 63 | trimSuffix "-" | quote }}
{{- with .Values.commonLabels }}
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
