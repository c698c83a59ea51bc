{{/* How NOTES.txt describes the front door. Each helper is called with $. */}}

{{- define "sticky.notes.door" -}}
{{- if not (include "sticky.hasGateway" .) -}}
{{ .Values.ingress.frontDoor }} (IngressClass {{ .Values.ingress.class }})
{{- else if .Values.gateway.name -}}
the Gateway {{ .Values.gateway.name }} in namespace {{ include "sticky.gatewayNamespace" . }}
{{- else -}}
a Gateway of its own (GatewayClass {{ .Values.gateway.class }})
{{- end }}
{{- end }}

{{/* A host that the front door accepts; empty if it accepts any. */}}
{{- define "sticky.notes.host" -}}
{{- $hosts := list .Values.ingress.host }}
{{- if include "sticky.hasGateway" . }}
{{- $hosts = concat $hosts (.Values.gateway.hostnames | default list) }}
{{- end }}
{{- $hosts | compact | first | default "" | replace "*." "any." }}
{{- end }}

{{/* The Service of the front door's pods, as an argument of `kubectl port-forward`. Envoy Gateway's has a hash in its name. */}}
{{- define "sticky.notes.service" -}}
{{- if include "sticky.hasGateway" . -}}
"$(kubectl get service --namespace {{ include "sticky.frontDoorNamespace" . }} --selector gateway.envoyproxy.io/owning-gateway-namespace={{ .Release.Namespace }},gateway.envoyproxy.io/owning-gateway-name={{ .Release.Name }} --output name)"
{{- else -}}
service/{{ eq .Values.ingress.frontDoor "traefik" | ternary "traefik" "ingress-nginx-controller" }}
{{- end }}
{{- end }}

{{/* Commands that send a request through the front door. */}}
{{- define "sticky.notes.request" -}}
{{- $host := include "sticky.notes.host" . }}
{{- $tls := and .Values.ingress.tlsSecret $host | empty | not }}
{{- if include "sticky.hasGateway" . }}
  # Show the Gateway's address, and whether its controller has programmed it.
  kubectl get gateway {{ include "sticky.gatewayName" . }} --namespace {{ include "sticky.gatewayNamespace" . }}
{{ end }}
{{- if and (include "sticky.hasGateway" .) (or .Values.gateway.name (not (include "sticky.isEnvoyGateway" .))) }}
  # Send a request to that address. The Gateway's listeners may have other ports.
  address=$(kubectl get gateway {{ include "sticky.gatewayName" . }} --namespace {{ include "sticky.gatewayNamespace" . }} --output 'jsonpath={.status.addresses[0].value}')
{{- if $tls }}
  curl --insecure --connect-to "{{ $host }}:443:$address:443" https://{{ $host }}/whoami
{{- else }}
  curl {{ with $host }}--header 'Host: {{ . }}' {{ end }}"http://$address/whoami"
{{- end }}
{{- else }}
  # Forward a local port to the front door. A port-forward to the app's Service would always reach the same pod, so everything would look sticky.
  kubectl port-forward --namespace {{ include "sticky.frontDoorNamespace" . }} {{ include "sticky.notes.service" . }} {{ $tls | ternary "8443:443" "8080:80" }}
{{- if $tls }}
  curl --insecure --resolve {{ $host }}:8443:127.0.0.1 https://{{ $host }}:8443/whoami
{{- else if $host }}
  curl --header 'Host: {{ $host }}' http://127.0.0.1:8080/whoami
{{- else }}
  # then open http://127.0.0.1:8080/
{{- end }}
{{- end }}
{{- end }}
