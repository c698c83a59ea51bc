{{/* What can be used and does something else than it says, in the words of `stickyctl`; NOTES show it. Called with $. */}}
{{- define "sticky.warnings" -}}
{{- $ingress := .Values.ingress }}
{{- if and (.Values.limits).newSessionsPerMinute (not $ingress.trustedProxies) }}
- "limits.newSessionsPerMinute: it counts nothing without ingress.trustedProxies, since every address would be the front door's"
{{- end }}
{{- if lt (include "sticky.seconds" .Values.drain.delay | int64) 7 }}
- {{ printf "drain.delay: a front door may need 7 s to leave a pod that is going; in %s requests can fail" (include "sticky.duration" .Values.drain.delay) | quote }}
{{- end }}
{{- if and $ingress.cookie.secure (not $ingress.tlsSecret) }}
- "ingress.cookie.secure: over plain http browsers don't send the cookie back; this fits where TLS ends before the front door"
{{- end }}
{{- if eq $ingress.frontDoor "traefik" }}
{{- $found := include "sticky.traefik" . | fromYaml }}
{{- if $ingress.cookie.changeOnFailure }}
- {{ printf "ingress.cookie.changeOnFailure: Traefik %s does not read session-cookie-change-on-failure: a session on a pod that can't be reached gets 502 until the pod is taken out" $found.version | quote }}
{{- end }}
{{- if and $ingress.websocketTimeout (not (has "proxy-read-timeout" $found.reads)) }}
- {{ printf "ingress.websocketTimeout: Traefik %s does not read proxy-read-timeout and proxy-send-timeout; set it on its entry point" $found.version | quote }}
{{- end }}
{{- end }}
{{- end }}
