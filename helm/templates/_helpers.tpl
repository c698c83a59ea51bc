{{/* Names, labels and the whole spec. Each helper says what it is called with. */}}

{{/* Labels that select a component's pods; they never change. Called with (dict "of" $ "component" "app"). */}}
{{- define "sticky.selector" -}}
app.kubernetes.io/name: sticky-sessions
app.kubernetes.io/instance: {{ .of.Release.Name | quote }}
app.kubernetes.io/component: {{ .component }}
{{- end }}

{{/* Labels of a component's pods. Called likewise. */}}
{{- define "sticky.podLabels" -}}
{{ include "sticky.selector" . }}
app.kubernetes.io/managed-by: {{ .of.Release.Service | quote }}
{{- end }}

{{/* Labels of objects. The chart's version is on no pod: a new version alone must not replace pods. Called likewise. */}}
{{- define "sticky.labels" -}}
{{ include "sticky.podLabels" . }}
helm.sh/chart: {{ printf "%s-%s" .of.Chart.Name .of.Chart.Version | replace "+" "_" | quote }}
{{- end }}

{{/* Six hex digits of where this release is; stickyctl computes the same. Called with $. */}}
{{- define "sticky.fingerprint" -}}
{{ printf "%s/%s/%s" .Release.Namespace .Release.Name (.Values.ingress.host | default "") | sha256sum | trunc 6 }}
{{- end }}

{{/* The values as stickyctl's spec, which `stickyctl status` reads from the Deployment. Called with $. */}}
{{- define "sticky.spec" -}}
{{ merge (dict "name" .Release.Name "namespace" .Release.Namespace) (omit .Values "global") | toJson }}
{{- end }}

{{/* Pods and workers of the mode. Called with $. */}}
{{- define "sticky.pods" -}}{{ splitList "x" .Values.mode | first }}{{- end }}
{{- define "sticky.workers" -}}{{ splitList "x" .Values.mode | last }}{{- end }}

{{/*
The number to write: none where an autoscaler owns it. An autoscaler that is switched on owns it from its own first change on;
until then the number is Helm's, and Kubernetes makes 1 of a number that its owner no longer writes. So it is written as it is on
the cluster for as long as Helm owns it; where Helm applies on its own side (Helm 3: `Update`) that is always, because it takes
away whatever it once wrote. Called with $.
*/}}
{{- define "sticky.replicas" -}}
{{- if eq .Values.autoscaling nil }}
{{- include "sticky.pods" . }}
{{- else }}
{{- $live := lookup "apps/v1" "Deployment" .Release.Namespace .Release.Name }}
{{- $mine := false }}
{{- range ($live.metadata).managedFields }}
{{- if and (eq .manager "helm") (or (eq .operation "Update") (hasKey (get (.fieldsV1 | default dict) "f:spec" | default dict) "f:replicas")) }}{{ $mine = true }}{{ end }}
{{- end }}
{{- if $mine }}{{ $live.spec.replicas | int }}{{ end }}
{{- end }}
{{- end }}

{{/* When the kubelet kills: what was said, else the time to leave in order. Called with $. */}}
{{- define "sticky.leastGrace" -}}
{{- with .Values.drain }}{{ add (include "sticky.seconds" .preStop) (include "sticky.seconds" .delay) (include "sticky.seconds" .window) 5 }}{{ end }}
{{- end }}
{{- define "sticky.grace" -}}
{{- with .Values.drain.grace }}{{ include "sticky.seconds" . }}{{ else }}{{ include "sticky.leastGrace" . }}{{ end }}
{{- end }}
