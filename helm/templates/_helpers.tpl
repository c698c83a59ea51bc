{{/* Names, labels and the whole spec. Each helper states what it is called with. */}}

{{/* Labels that select a component's pods; they never change. Called with (dict "of" $ "component" "app"). */}}
{{- define "sticky.selector" -}}
app.kubernetes.io/name: sticky-sessions
app.kubernetes.io/instance: {{ .of.Release.Name | quote }}
app.kubernetes.io/component: {{ .component }}
{{- end }}

{{/* Labels of a component's pods. Called the same way. */}}
{{- define "sticky.podLabels" -}}
{{ include "sticky.selector" . }}
app.kubernetes.io/managed-by: {{ .of.Release.Service | quote }}
{{- end }}

{{/* Labels of objects. Pods don't carry the chart's version, so that a new version alone doesn't replace them. Called the same way. */}}
{{- define "sticky.labels" -}}
{{ include "sticky.podLabels" . }}
helm.sh/chart: {{ printf "%s-%s" .of.Chart.Name .of.Chart.Version | replace "+" "_" | quote }}
{{- end }}

{{/* Six hex digits that identify this release; stickyctl computes the same. Called with $. */}}
{{- define "sticky.fingerprint" -}}
{{ printf "%s/%s/%s" .Release.Namespace .Release.Name (.Values.ingress.host | default "") | sha256sum | trunc 6 }}
{{- end }}

{{/* The values as stickyctl's spec, which `stickyctl status` reads from the Deployment. Called with $. */}}
{{- define "sticky.spec" -}}
{{ merge (dict "name" .Release.Name "namespace" .Release.Namespace) (omit .Values "global") | toJson }}
{{- end }}

{{/* The app's image, with its digest if there is one. Called with $. */}}
{{- define "sticky.image" -}}{{ .Values.image.name }}{{ with .Values.image.digest }}@{{ . }}{{ end }}{{- end }}

{{/* Pods and workers of the mode. Called with $. */}}
{{- define "sticky.pods" -}}{{ splitList "x" .Values.mode | first }}{{- end }}
{{- define "sticky.workers" -}}{{ splitList "x" .Values.mode | last }}{{- end }}

{{/*
The replica count to write; none where an autoscaler owns it. A new autoscaler owns the count only after its first change. Until
then Helm owns it, and Kubernetes resets a count that its owner no longer writes to 1. So as long as Helm owns the count, the chart
writes the count that is on the cluster. With client-side apply (Helm 3: `Update`) it always does, because Helm removes every field
that it once wrote. Called with $.
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

{{/* The seconds of a duration such as `10s`, `5m` or `48h`, because Kubernetes and ingress-nginx's annotations take plain seconds. */}}
{{- define "sticky.seconds" -}}
{{ mul (regexFind "[1-9][0-9]*" . | int64) (get (dict "s" 1 "m" 60 "h" 3600) (regexFind "[smh]$" .)) }}
{{- end }}

{{/* How long the kubelet waits before it kills a pod: drain.grace, or else the time that a full drain takes. Called with $. */}}
{{- define "sticky.leastGrace" -}}
{{- with .Values.drain }}{{ add (include "sticky.seconds" .preStop) (include "sticky.seconds" .delay) (include "sticky.seconds" .window) 5 }}{{ end }}
{{- end }}
{{- define "sticky.grace" -}}
{{- with .Values.drain.grace }}{{ include "sticky.seconds" . }}{{ else }}{{ include "sticky.leastGrace" . }}{{ end }}
{{- end }}
