{{/* The affinity cookie, the front door's namespace, and the Ingress's annotations. Each helper is called with $. */}}

{{- define "sticky.cookieName" -}}
{{ .Values.ingress.cookie.name | default (printf "sticky_%s" (include "sticky.fingerprint" .)) }}
{{- end }}

{{- define "sticky.frontDoorNamespace" -}}
{{ .Values.ingress.frontDoorNamespace | default (get (dict "nginx" "ingress-nginx" "traefik" "traefik" "gateway" "envoy-gateway-system") .Values.ingress.frontDoor) }}
{{- end }}

{{/* Not empty if the cookie has the Secure attribute: as cookie.secure says, or else if there is a TLS Secret. */}}
{{- define "sticky.secure" -}}
{{- if kindIs "bool" .Values.ingress.cookie.secure | ternary .Values.ingress.cookie.secure .Values.ingress.tlsSecret }}yes{{ end }}
{{- end }}

{{/*
ingress-nginx's annotations, of which Traefik's ingress-nginx provider reads some; the others are left out. Numbers are seconds without
a unit, because ingress-nginx ignores a setting that has one.
*/}}
{{- define "sticky.annotations" -}}
{{- $cookie := .Values.ingress.cookie }}
{{- $lifetime := include "sticky.seconds" $cookie.lifetime | quote }}
{{- $timeout := include "sticky.seconds" (.Values.ingress.websocketTimeout | default "1h") | quote }}
{{- $nginx := eq .Values.ingress.frontDoor "nginx" -}}
nginx.ingress.kubernetes.io/affinity: cookie
nginx.ingress.kubernetes.io/session-cookie-name: {{ include "sticky.cookieName" . | quote }}
nginx.ingress.kubernetes.io/session-cookie-path: /
nginx.ingress.kubernetes.io/session-cookie-max-age: {{ $lifetime }}
nginx.ingress.kubernetes.io/session-cookie-samesite: {{ $cookie.sameSite | quote }}
{{- if include "sticky.secure" . }}
nginx.ingress.kubernetes.io/session-cookie-secure: "true"
{{- end }}
{{- if $nginx }}
nginx.ingress.kubernetes.io/affinity-mode: {{ $cookie.persistence }}
nginx.ingress.kubernetes.io/session-cookie-change-on-failure: {{ kindIs "bool" $cookie.changeOnFailure | ternary $cookie.changeOnFailure true | quote }}
{{- end }}
{{- /* Traefik reads these since 3.7.13. */}}
{{- if or $nginx (semverCompare ">=3.7.13" (.Values.ingress.frontDoorVersion | default "3.6.12")) }}
nginx.ingress.kubernetes.io/session-cookie-expires: {{ $lifetime }}
nginx.ingress.kubernetes.io/proxy-read-timeout: {{ $timeout }}
nginx.ingress.kubernetes.io/proxy-send-timeout: {{ $timeout }}
{{- end }}
{{- end }}
