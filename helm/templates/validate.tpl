{{/*
What several values say together and no front door, browser or kubelet could honour: refused here, all at once, in the words
of `stickyctl` (stickyctl/src/spec/check). One value's own form is the schema's business.
*/}}
{{- $problems := concat
  (include "sticky.problems.names" . | fromYamlArray)
  (include "sticky.problems.pods" . | fromYamlArray)
  (include "sticky.problems.redis" . | fromYamlArray)
  (include "sticky.problems.ingress" . | fromYamlArray)
  (include "sticky.problems.cookie" . | fromYamlArray)
}}
{{- with $problems }}
{{- fail (printf "the values have %s:\n  %s" (eq (len .) 1 | ternary "a problem" (printf "%d problems" (len .))) (join "\n  " .)) }}
{{- end }}
