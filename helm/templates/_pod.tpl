{{/* What all pods have in common: no privilege, nothing of the cluster's API, and where they run. */}}

{{/* Called with (dict "of" $ "user" 65532). */}}
{{- define "sticky.frame" -}}
automountServiceAccountToken: false
# A Service named `sticky` would otherwise add variables that begin like the app's own.
enableServiceLinks: false
securityContext:
  runAsNonRoot: true
  runAsUser: {{ .user }}
  runAsGroup: {{ .user }}
  fsGroup: {{ .user }}
  fsGroupChangePolicy: OnRootMismatch
  seccompProfile:
    type: RuntimeDefault
{{- with .of.Values.placement }}
{{- with .nodeSelector }}
nodeSelector:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .tolerations }}
tolerations:
  {{- range . }}
  - key: {{ .key | quote }}
    operator: {{ kindIs "string" .value | ternary "Equal" "Exists" }}
    {{- if kindIs "string" .value }}
    value: {{ .value | quote }}
    {{- end }}
    {{- with .effect }}
    effect: {{ . }}
    {{- end }}
  {{- end }}
{{- end }}
{{- end }}
{{- end }}

{{- define "sticky.unprivileged" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities:
  drop: [ALL]
{{- end }}
