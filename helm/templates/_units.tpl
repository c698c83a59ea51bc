{{/* Durations, sizes and networks: what is written as text, in and out. */}}

{{/* Seconds of `10s`, `5m` or `48h`. A number that begins with 0 would be read as octal, so those are left out. */}}
{{- define "sticky.seconds" -}}
{{ mul (regexFind "[1-9][0-9]*" . | int64) (get (dict "s" 1 "m" 60 "h" 3600) (regexFind "[smh]$" .)) }}
{{- end }}

{{/* A duration in its largest unit, as the app and stickyctl write it: 60s is 1m. */}}
{{- define "sticky.duration" -}}
{{- $seconds := include "sticky.seconds" . | int64 }}
{{- if and $seconds (eq (mod $seconds 3600) 0) }}{{ div $seconds 3600 }}h
{{- else if and $seconds (eq (mod $seconds 60) 0) }}{{ div $seconds 60 }}m
{{- else }}{{ $seconds }}s
{{- end }}
{{- end }}

{{/* A quantity as text: `cpu: 2` is a number to YAML. */}}
{{- define "sticky.quantity" -}}
{{ kindIs "string" . | ternary . (toJson .) }}
{{- end }}

{{/* What a quantity amounts to, with nine decimals: bytes, cores. `1E` is 10^18 and `1E3` is 1000. */}}
{{- define "sticky.amount" -}}
{{- $text := include "sticky.quantity" . }}
{{- if regexMatch "[eE][+-]?[0-9]+$" $text }}{{ printf "%.9f" (float64 $text) }}
{{- else }}
{{- $number := regexFind "^[0-9.]+" $text }}
{{- $factors := dict "" "1" "n" "1e-9" "u" "1e-6" "m" "1e-3" "k" "1e3" "M" "1e6" "G" "1e9" "T" "1e12" "P" "1e15" "E" "1e18" "Ki" "1024" "Mi" "1048576" "Gi" "1073741824" "Ti" "1099511627776" "Pi" "1125899906842624" "Ei" "1152921504606846976" }}
{{- printf "%.9f" (mulf (float64 $number) (get $factors (trimPrefix $number $text) | float64)) }}
{{- end }}
{{- end }}

{{/* Whole bytes, rounded down. */}}
{{- define "sticky.bytes" -}}
{{ include "sticky.amount" . | float64 | floor | printf "%.0f" }}
{{- end }}

{{/* Requests and limits of a container, as Kubernetes has them. Called with values like .Values.resources. */}}
{{- define "sticky.resources" -}}
{{- $all := dict }}
{{- range $kind, $amounts := . }}
{{- range $name, $amount := $amounts }}
{{- if ne $amount nil }}{{ $_ := set $all $kind (merge (dict $name (include "sticky.quantity" $amount)) (get $all $kind | default dict)) }}{{ end }}
{{- end }}
{{- end }}
{{- toYaml $all }}
{{- end }}

{{/* A network; an address alone is a network of one. */}}
{{- define "sticky.network" -}}
{{ contains "/" . | ternary . (printf "%s/%s" . (contains ":" . | ternary "128" "32")) | lower }}
{{- end }}
