{{/*
How Redis and the app come by the password without it ever being a value. It is in a Secret that may be missing; a ConfigMap
holds the empty one below it (stickyctl/src/generate/redis.rs says why both are needed). Each is called with $.
*/}}

{{- define "sticky.passwordSecret" -}}
{{ (.Values.redis.password).secret | default (printf "%s-redis" .Release.Name) }}
{{- end }}

{{- define "sticky.passwordKey" -}}
{{ (.Values.redis.password).key | default "password" }}
{{- end }}

{{/* Not empty where there may be a password: always for the Redis of this chart. */}}
{{- define "sticky.hasPassword" -}}
{{- if or (not .Values.redis.url) .Values.redis.password }}yes{{ end }}
{{- end }}

{{/* The password as a file, which shows neither in the app's environment nor in its arguments. */}}
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
