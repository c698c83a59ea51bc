{{/*
How Redis and the app get the password, which is never a value. It is in a Secret that may be missing; a ConfigMap holds an empty
password as a fallback (stickyctl/src/generate/redis.rs explains why both are needed). Each helper is called with $.
*/}}

{{- define "sticky.passwordSecret" -}}
{{ (.Values.redis.password).secret | default (printf "%s-redis" .Release.Name) }}
{{- end }}

{{- define "sticky.passwordKey" -}}
{{ (.Values.redis.password).key | default "password" }}
{{- end }}

{{/* Not empty if there may be a password, as there always may for the chart's own Redis. */}}
{{- define "sticky.hasPassword" -}}
{{- if or (not .Values.redis.url) .Values.redis.password }}yes{{ end }}
{{- end }}

{{/* The password as a file, so that it shows neither in the app's environment nor in its arguments. */}}
{{- define "sticky.passwordVolume" -}}
name: redis-password
projected:
  # 0440.
  defaultMode: 288
  sources:
    {{- if not .Values.redis.password }}
    - configMap:
        name: {{ printf "%s-redis-defaults" .Release.Name | quote }}
    {{- end }}
    - secret:
        name: {{ include "sticky.passwordSecret" . | quote }}
        items:
          - key: {{ include "sticky.passwordKey" . | quote }}
            path: REDIS_PASSWORD
        {{- if not .Values.redis.password }}
        optional: true
        {{- end }}
{{- end }}

{{- define "sticky.passwordVariable" -}}
valueFrom:
  secretKeyRef:
    name: {{ include "sticky.passwordSecret" . | quote }}
    key: {{ include "sticky.passwordKey" . | quote }}
    {{- if not .Values.redis.password }}
    optional: true
    {{- end }}
{{- end }}
