{{/* What can be used and does something else than it says, in the words of `stickyctl`; NOTES show it. Called with $. */}}
{{- define "sticky.warnings" -}}
{{- $ingress := .Values.ingress }}
{{- if lt (include "sticky.seconds" .Values.drain.delay | int64) 7 }}
- {{ printf "drain.delay: a front door may need 7 s to leave a pod that is going; in %s requests can fail" (include "sticky.duration" .Values.drain.delay) | quote }}
{{- end }}
{{- if and $ingress.cookie.secure (not $ingress.tlsSecret) }}
- "ingress.cookie.secure: over plain http browsers don't send the cookie back; this fits where TLS ends before the front door"
{{- end }}
{{- end }}
