{{/* A front door of the Gateway API. Each helper is called with $ unless its comment says otherwise. */}}

{{/* Not empty if the front door is a Gateway. */}}
{{- define "sticky.hasGateway" -}}
{{- if eq .Values.ingress.frontDoor "gateway" }}yes{{ end }}
{{- end }}

{{/* Not empty if the affinity comes from `sessionPersistence`, not from a hash of a cookie. */}}
{{- define "sticky.hasSessionPersistence" -}}
{{- if and (include "sticky.hasGateway" .) (eq .Values.ingress.cookie.persistence "persistent") }}yes{{ end }}
{{- end }}

{{/* Not empty if the controller is Envoy Gateway, which has policies for what the Gateway API can't express. */}}
{{- define "sticky.isEnvoyGateway" -}}
{{- if and (include "sticky.hasGateway" .) (eq (splitList "/" .Values.gateway.controller | first) "gateway.envoyproxy.io") }}yes{{ end }}
{{- end }}

{{/* The controller in the table of controllers, by its whole name or its domain, as YAML. */}}
{{- define "sticky.controller" -}}
{{- $all := include "sticky.controllers" . | fromYaml }}
{{- $domain := splitList "/" .Values.gateway.controller | first }}
{{- get $all .Values.gateway.controller | default (get $all $domain) | default (dict "name" .Values.gateway.controller "reads" "unknown") | toYaml }}
{{- end }}

{{- define "sticky.gatewayName" -}}{{ .Values.gateway.name | default .Release.Name }}{{- end }}
{{- define "sticky.gatewayNamespace" -}}{{ .Values.gateway.namespace | default .Release.Namespace }}{{- end }}

{{/*
A duration as the Gateway API takes it (GEP-2257), such as `48h` or `1h1m40s`: no part of it has more than five digits. Called with a
duration such as `172800s`.
*/}}
{{- define "sticky.duration" -}}
{{- $seconds := include "sticky.seconds" . | int64 }}
{{- with div $seconds 3600 }}{{ . }}h{{ end }}{{ with mod (div $seconds 60) 60 }}{{ . }}m{{ end }}{{ with mod $seconds 60 }}{{ . }}s{{ end }}
{{- end }}

{{/* The cluster's CRD of HTTPRoute as JSON; `{}` without a cluster, as in `helm template`. */}}
{{- define "sticky.routeDefinition" -}}
{{- lookup "apiextensions.k8s.io/v1" "CustomResourceDefinition" "" "httproutes.gateway.networking.k8s.io" | toJson }}
{{- end }}

{{/*
How the cluster's CRD of HTTPRoute writes session persistence: `sessionName` (Gateway API v1.1 to v1.6), `cookie` (v1.7 and later), or
`none`. The API server drops fields that the CRD doesn't have. Empty if no cluster or no CRD is there.
*/}}
{{- define "sticky.installedShape" -}}
{{- range (include "sticky.routeDefinition" . | fromJson | dig "spec" "versions" list) }}
{{- if eq .name "v1" }}
{{- $rule := dig "schema" "openAPIV3Schema" "properties" "spec" "properties" "rules" "items" "properties" dict . }}
{{- $fields := dig "sessionPersistence" "properties" dict $rule }}
{{- hasKey $fields "sessionName" | ternary "sessionName" (hasKey $fields "cookie" | ternary "cookie" "none") }}
{{- end }}
{{- end }}
{{- end }}

{{/* How to write session persistence: as gateway.api says, or else as the cluster's CRD has it. Without both: as in v1.6.1. */}}
{{- define "sticky.shape" -}}
{{- with .Values.gateway.api }}
{{- semverCompare ">=1.7.0" . | ternary "cookie" "sessionName" }}
{{- else }}
{{- include "sticky.installedShape" . | default "sessionName" }}
{{- end }}
{{- end }}
