{{/*
How Redis and the app get the password, which is never a value. It is in a Secret that must exist: the kubelet starts neither of them
without it. Each helper is called with $.
*/}}

{{- define "sticky.passwordSecret" -}}
{{ (.Values.redis.password).secret | default (printf "%s-redis" .Release.Name) }}
{{- end }}

{{- define "sticky.passwordKey" -}}
{{ (.Values.redis.password).key | default "password" }}
{{- end }}

{{/* Not empty if there is a password, as there always is for the chart's own Redis. */}}
{{- define "sticky.hasPassword" -}}
{{- if or (not .Values.redis.url) .Values.redis.password }}yes{{ end }}
{{- end }}

{{/* The password as a file, so that it appears neither in the app's environment nor in its arguments. */}}
{{- define "sticky.passwordVolume" -}}
name: redis-password
secret:
  # 0440.
  defaultMode: 288
  secretName: {{ include "sticky.passwordSecret" . | quote }}
  items:
    - key: {{ include "sticky.passwordKey" . | quote }}
      path: REDIS_PASSWORD
{{- end }}

{{- define "sticky.passwordVariable" -}}
valueFrom:
  secretKeyRef:
    name: {{ include "sticky.passwordSecret" . | quote }}
    key: {{ include "sticky.passwordKey" . | quote }}
{{- end }}

{{/* The port in redis.url, or the usual one. The colons of an IPv6 address are in brackets. */}}
{{- define "sticky.redisPort" -}}
{{ regexReplaceAll "^rediss?://([^/?]*).*$" .Values.redis.url "${1}" | regexFind ":[0-9]+$" | trimPrefix ":" | default "6379" }}
{{- end }}
