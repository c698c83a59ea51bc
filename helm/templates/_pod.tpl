{{/* What all pods share: no privileges, no access to the Kubernetes API, and their placement. */}}

{{/* Called with (dict "of" $ "user" 65532). */}}
{{- define "sticky.frame" -}}
automountServiceAccountToken: false
# A Service named `sticky` would otherwise add variables with the same prefix as the app's own.
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

{{/* Requests and limits of a container. Called with values like .Values.resources. */}}
{{- define "sticky.resources" -}}
{{- range $kind, $amounts := . }}
{{- with $amounts }}
{{ $kind }}:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}
{{- end }}

{{- define "sticky.unprivileged" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities:
  drop: [ALL]
{{- end }}
