{{/* ingress-nginx' annotations, which Traefik's provider of that name reads in part. Each is called with $. */}}

{{- define "sticky.cookieName" -}}
{{ .Values.ingress.cookie.name | default (printf "sticky_%s" (include "sticky.fingerprint" .)) }}
{{- end }}

{{/* Not empty where the cookie is sent over TLS only: as was said, else where there is TLS. */}}
{{- define "sticky.secure" -}}
{{- if kindIs "bool" .Values.ingress.cookie.secure | ternary .Values.ingress.cookie.secure .Values.ingress.tlsSecret }}yes{{ end }}
{{- end }}

{{- define "sticky.frontDoorNamespace" -}}
{{ .Values.ingress.frontDoorNamespace | default (eq .Values.ingress.frontDoor "traefik" | ternary "traefik" "ingress-nginx") }}
{{- end }}

{{/* What the chosen version of Traefik reads, as YAML: the newest of the table that is not newer; its first where none was named. */}}
{{- define "sticky.traefik" -}}
{{- $table := (.Files.Get "files/tables.yaml" | fromYaml).traefik }}
{{- $found := first $table }}
{{- with .Values.ingress.frontDoorVersion }}
{{- $wanted := trimPrefix "v" . }}
{{- range $table }}{{ if semverCompare (printf ">=%s" .version) $wanted }}{{ $found = . }}{{ end }}{{ end }}
{{- end }}
{{- toYaml $found }}
{{- end }}

{{/* Numbers are seconds without a unit: with one, ingress-nginx drops the setting. What is not read is left out. */}}
{{- define "sticky.annotations" -}}
{{- $cookie := .Values.ingress.cookie }}
{{- $lifetime := include "sticky.seconds" $cookie.lifetime }}
{{- $timeout := include "sticky.seconds" (.Values.ingress.websocketTimeout | default "1h") }}
{{- $all := dict
  "affinity" "cookie"
  "affinity-mode" $cookie.persistence
  "session-cookie-name" (include "sticky.cookieName" .)
  "session-cookie-path" "/"
  "session-cookie-max-age" $lifetime
  "session-cookie-expires" $lifetime
  "session-cookie-samesite" $cookie.sameSite
  "session-cookie-change-on-failure" (kindIs "bool" $cookie.changeOnFailure | ternary $cookie.changeOnFailure true | toString)
  "proxy-read-timeout" $timeout
  "proxy-send-timeout" $timeout
}}
{{- if include "sticky.secure" . }}{{ $_ := set $all "session-cookie-secure" "true" }}{{ end }}
{{- $read := keys $all }}
{{- if eq .Values.ingress.frontDoor "traefik" }}{{ $read = (include "sticky.traefik" . | fromYaml).reads }}{{ end }}
{{- range $key, $value := $all }}
{{- if has $key $read }}
nginx.ingress.kubernetes.io/{{ $key }}: {{ $value | quote }}
{{- end }}
{{- end }}
{{- end }}
