{{/* The Ingress's annotations: ingress-nginx's, of which Traefik's ingress-nginx provider reads some. Each is called with $. */}}

{{- define "sticky.cookieName" -}}
{{ .Values.ingress.cookie.name | default (printf "sticky_%s" (include "sticky.fingerprint" .)) }}
{{- end }}

{{- define "sticky.frontDoorNamespace" -}}
{{ .Values.ingress.frontDoorNamespace | default (eq .Values.ingress.frontDoor "traefik" | ternary "traefik" "ingress-nginx") }}
{{- end }}

{{/* Numbers are seconds without a unit: ingress-nginx ignores a setting that has one. An annotation that the front door doesn't read is left out. */}}
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
{{- if kindIs "bool" $cookie.secure | ternary $cookie.secure .Values.ingress.tlsSecret }}
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
