{{/* Each gives a list of problems as YAML, one `- "KEY: WHAT"` a line. Called with $. */}}

{{- define "sticky.problems.names" -}}
{{- $name := .Release.Name }}
{{- if not (regexMatch "^[a-z]([a-z0-9-]*[a-z0-9])?$" $name) }}
- {{ printf "name: `%s` must begin with a letter and have no dot, because a Service is named so" $name | quote }}
{{- else if gt (len $name) 40 }}
- {{ printf "name: it has %d characters; 40 are the most, since names of objects append to it" (len $name) | quote }}
{{- end }}
{{- if has .Release.Namespace (list "kube-system" "kube-public" "kube-node-lease") }}
- {{ printf "namespace: %s belongs to the cluster itself; choose another" .Release.Namespace | quote }}
{{- end }}
{{- end }}

{{/* Called with (dict "path" "resources" "of" .Values.resources). */}}
{{- define "sticky.problems.resources" -}}
{{- $of := .of }}
{{- range $name := list "cpu" "memory" }}
{{- $asks := get $of.requests $name }}
{{- $most := get $of.limits $name }}
{{- if and $asks $most }}
{{- if gt (include "sticky.amount" $asks | float64) (include "sticky.amount" $most | float64) }}
- {{ printf "%s.requests.%s: %s is more than the limit, %s" $.path $name (include "sticky.quantity" $asks) (include "sticky.quantity" $most) | quote }}
{{- end }}
{{- end }}
{{- end }}
{{- range $kind := list "requests" "limits" }}
{{- with (get $of $kind).memory }}
{{- if lt (include "sticky.bytes" . | int64) 4194304 }}
- {{ printf "%s.%s.memory: %s is less than 4Mi, in which nothing starts; is the unit missing?" $.path $kind (include "sticky.quantity" .) | quote }}
{{- end }}
{{- end }}
{{- end }}
{{- end }}

{{- define "sticky.problems.pods" -}}
{{- include "sticky.problems.resources" (dict "path" "resources" "of" .Values.resources) }}
{{- $limits := .Values.limits | default dict }}
{{- $text := $limits.maxText | default 4096 | int64 }}
{{- range $name := list "maxBody" "maxFrame" }}
{{- $carrier := get $limits $name | default 16384 | int64 }}
{{- if gt $text $carrier }}
- {{ printf "limits.maxText: a text of %d bytes can't arrive: limits.%s is %d" $text $name $carrier | quote }}
{{- end }}
{{- end }}
{{- if and $limits.newSessionsPerMinute (not .Values.ingress.trustedProxies) }}
- "limits.newSessionsPerMinute: it counts nothing without ingress.trustedProxies, since every address would be the front door's"
{{- end }}
{{- range $key, $duration := .Values.drain }}
{{- if gt (include "sticky.seconds" ($duration | default "0s") | int64) 2678400 }}
- {{ printf "drain.%s: the longest duration is 31 days" $key | quote }}
{{- end }}
{{- end }}
{{- $drain := .Values.drain }}
{{- if eq (include "sticky.seconds" $drain.preStop) "0" }}
- "drain.preStop: 0s is no sleep, and clusters before 1.34 refuse it; SIGTERM and the endpoint's removal would race. Write 5s"
{{- end }}
{{- if eq (include "sticky.seconds" $drain.window) "0" }}
- "drain.window: 0s would close every socket at once, and all would come back at once; write 15s"
{{- end }}
{{- $least := include "sticky.leastGrace" . }}
{{- if lt (include "sticky.grace" . | int64) (int64 $least) }}
- {{ printf "drain.grace: the kubelet would kill the pod before it has left: %s is less than preStop %s + delay %s + window %s + 5s, which is %ss; leave it out" (include "sticky.duration" $drain.grace) (include "sticky.duration" $drain.preStop) (include "sticky.duration" $drain.delay) (include "sticky.duration" $drain.window) $least | quote }}
{{- end }}
{{- if ne .Values.autoscaling nil }}
{{- $pods := include "sticky.pods" . | int }}
{{- $min := .Values.autoscaling.min | default $pods | int }}
{{- $max := .Values.autoscaling.max | default 10 | int }}
{{- if gt $min $max }}
- {{ printf "autoscaling: pods go from %d to %d; they are 1 to 64, and the first is the smaller one" $min $max | quote }}
{{- else if or (lt $pods $min) (gt $pods $max) }}
- {{ printf "mode: %s says %d pods, and autoscaling keeps %d to %d; let the mode lie between" .Values.mode $pods $min $max | quote }}
{{- end }}
{{- if not .Values.resources.requests.cpu }}
- "resources.requests.cpu: autoscaling aims at a share of it; write 100m"
{{- end }}
{{- end }}
{{- end }}

{{/* A URL is never repeated: it may hold a password. */}}
{{- define "sticky.problems.redis" -}}
{{- $redis := .Values.redis }}
{{- with $redis.password }}
{{- if hasPrefix ".." (.key | default "") }}
- {{ printf "redis.password.key: `%s` is no key of a Secret" .key | quote }}
{{- end }}
{{- end }}
{{- if $redis.url }}
{{- $authority := regexReplaceAll "^rediss?://" $redis.url "" | splitList "?" | first | splitList "/" | first }}
{{- $parts := splitList "@" $authority }}
{{- if or (contains ":" (initial $parts | join "@")) (contains "password=" $redis.url) }}
- "redis.url: it holds a password, which would stand in manifests and annotations; put it in a Secret and name that in redis.password"
{{- end }}
{{- $port := regexFind ":[0-9]+$" (last $parts) | trimPrefix ":" | default "0" }}
{{- if or (not (regexMatch "^(\\[[A-Za-z0-9.:_-]+\\]|[A-Za-z0-9._-]+)(:[0-9]{1,5})?$" (last $parts))) (gt (float64 $port) 65535.0) }}
- "redis.url: it names no host; write redis://[user@]host[:port][/db]"
{{- end }}
{{- if or (contains "$(" $redis.url) (regexMatch "[\\x00-\\x20\\x7f]" $redis.url) }}
- "redis.url: it holds characters that a URL has not"
{{- end }}
{{- else }}
{{- include "sticky.problems.resources" (dict "path" "redis.resources" "of" $redis.resources) }}
{{- $data := include "sticky.amount" $redis.maxmemory | float64 }}
{{- with $redis.resources.limits.memory }}
{{- if gt (mulf $data 2) (include "sticky.amount" . | float64) }}
- {{ printf "redis.maxmemory: %s is more than half of redis.resources.limits.memory, %s: while Redis rewrites its file it may need twice as much, and would be killed" (include "sticky.quantity" $redis.maxmemory) (include "sticky.quantity" .) | quote }}
{{- end }}
{{- end }}
{{- if lt $data 1048576.0 }}
- {{ printf "redis.maxmemory: %s is less than Redis itself takes; is the unit missing?" (include "sticky.quantity" $redis.maxmemory) | quote }}
{{- end }}
{{- if lt (include "sticky.amount" $redis.storage | float64) (mulf $data 2) }}
- {{ printf "redis.storage: %s is less than twice redis.maxmemory, %s: the append-only file exists twice while it is rewritten" (include "sticky.quantity" $redis.storage) (include "sticky.quantity" $redis.maxmemory) | quote }}
{{- end }}
{{- end }}
{{- end }}

{{- define "sticky.problems.ingress" -}}
{{- $ingress := .Values.ingress }}
{{- if and $ingress.tlsSecret (not $ingress.host) }}
- "ingress.tlsSecret: a front door chooses a certificate by the host's name; write ingress.host too"
{{- end }}
{{- with $ingress.websocketTimeout }}
{{- if lt (include "sticky.seconds" . | int64) 40 }}
- {{ printf "ingress.websocketTimeout: %s would cut sockets that live: the app pings every 20 s; write at least 40s" (include "sticky.duration" .) | quote }}
{{- else if gt (include "sticky.seconds" . | int64) 2678400 }}
- "ingress.websocketTimeout: the longest duration is 31 days"
{{- end }}
{{- end }}
{{- if eq $ingress.frontDoor "traefik" }}
{{- $found := include "sticky.traefik" . | fromYaml }}
{{- with $ingress.frontDoorVersion }}
{{- if semverCompare (printf "<%s" $found.version) (trimPrefix "v" .) }}
- {{ printf "ingress.frontDoorVersion: what Traefik %s reads is not known here; %s is the oldest that is" (trimPrefix "v" .) $found.version | quote }}
{{- end }}
{{- end }}
{{- if ne $ingress.cookie.persistence "persistent" }}
- {{ printf "ingress.cookie.persistence: Traefik %s does not read affinity-mode: sessions stay where they are when pods come, whatever is written; write persistent" $found.version | quote }}
{{- end }}
{{- if $ingress.cookie.changeOnFailure }}
- {{ printf "ingress.cookie.changeOnFailure: Traefik %s does not read session-cookie-change-on-failure: a session on a pod that can't be reached gets 502 until the pod is taken out, whatever is written; write false" $found.version | quote }}
{{- end }}
{{- if and $ingress.websocketTimeout (not (has "proxy-read-timeout" $found.reads)) }}
- {{ printf "ingress.websocketTimeout: Traefik %s does not read proxy-read-timeout and proxy-send-timeout; leave it out, and set the entry point's respondingTimeouts instead" $found.version | quote }}
{{- end }}
{{- else }}
{{- if and (eq (toString $ingress.cookie.secure) "false") $ingress.tlsSecret }}
- "ingress.cookie.secure: ingress-nginx adds Secure by itself where a request came over TLS, so false changes nothing; leave it out"
{{- end }}
{{- if $ingress.frontDoorVersion }}
- "ingress.frontDoorVersion: it is looked at for traefik only; ingress-nginx is taken as 1.15.1, its last version. Leave it out"
{{- end }}
{{- end }}
{{- end }}

{{- define "sticky.problems.cookie" -}}
{{- $cookie := .Values.ingress.cookie }}
{{- $secure := include "sticky.secure" . }}
{{- with $cookie.name }}
{{- $lower := lower . }}
{{- $owner := get (($.Files.Get "files/tables.yaml" | fromYaml).cookies) $lower | default (hasPrefix "aspsessionid" $lower | ternary "classic ASP" "") }}
{{- if $owner }}
- {{ printf "ingress.cookie.name: `%s` is the cookie of %s; two writers of one name overwrite each other. Leave it out for a name of its own" . $owner | quote }}
{{- else if and (not $secure) (or (hasPrefix "__secure-" $lower) (hasPrefix "__host-" $lower)) }}
- {{ printf "ingress.cookie.name: browsers drop `%s` without Secure; write ingress.cookie.secure: true, or another name" . | quote }}
{{- end }}
{{- end }}
{{- $lifetime := include "sticky.seconds" $cookie.lifetime | int64 }}
{{- if eq $lifetime 0 }}
- "ingress.cookie.lifetime: 0s deletes the cookie as it is set, and nothing sticks; write 48h"
{{- else if gt $lifetime 2678400 }}
- "ingress.cookie.lifetime: the longest duration is 31 days"
{{- end }}
{{- if and (eq $cookie.sameSite "None") (not $secure) }}
- "ingress.cookie.sameSite: browsers drop SameSite=None without Secure; write ingress.cookie.secure: true, or Lax"
{{- end }}
{{- end }}
