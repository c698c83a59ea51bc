{{/* The app's environment variables. Called with (dict "of" $ "version" "what the pods report, or nothing"). */}}
{{- define "sticky.environment" -}}
- name: STICKY_POD
  valueFrom:
    fieldRef: {apiVersion: v1, fieldPath: metadata.name}
{{- with .version }}
- name: STICKY_REPORT_VERSION
  value: {{ . | quote }}
{{- end }}
{{- with .of }}
- name: STICKY_WORKERS
  value: {{ include "sticky.workers" . | quote }}
- name: STICKY_BUS
  value: redis
- name: STICKY_FANOUT
  value: {{ .Values.relay.fanout | quote }}
- name: STICKY_EXPOSE_IDENTITY
  value: {{ .Values.exposeIdentity | quote }}
- name: STICKY_DOOR
  value: {{ dict "affinity" "cookie" "kind" .Values.ingress.frontDoor | toJson | quote }}
- name: STICKY_DRAIN_DELAY
  value: {{ .Values.drain.delay | quote }}
- name: STICKY_DRAIN_WINDOW
  value: {{ .Values.drain.window | quote }}
{{- if .Values.redis.url }}
- name: STICKY_REDIS_URL
  value: {{ .Values.redis.url | quote }}
# Other releases may use this Redis too.
- name: STICKY_REDIS_PREFIX
  value: {{ printf "sticky-%s" (include "sticky.fingerprint" .) | quote }}
{{- else }}
- name: STICKY_REDIS_URL
  value: {{ printf "redis://%s-redis:6379" .Release.Name | quote }}
{{- end }}
{{- if include "sticky.hasPassword" . }}
- name: STICKY_REDIS_PASSWORD_FILE
  value: /run/secrets/redis/REDIS_PASSWORD
{{- end }}
{{- with .Values.ingress.trustedProxies }}
- name: STICKY_TRUSTED_PROXY
  value: {{ join "," . | quote }}
{{- end }}
{{- $limits := .Values.limits }}
{{- range $key := list "maxBody" "maxText" "maxFrame" "maxSockets" "maxRequests" "socketsPerSession" "connectionsPerAddress" "newSessionsPerMinute" "maxCursors" "maxModels" }}
{{- with get ($limits | default dict) $key }}
- name: {{ printf "STICKY_%s" (snakecase $key | upper) }}
  value: {{ int64 . | quote }}
{{- end }}
{{- end }}
{{- end }}
{{- end }}
