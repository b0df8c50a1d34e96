{{/* Fills in defaults where a value is null, so that nothing below asks whether a map is there. Resources stay as they are given: null takes a limit away. */}}
{{- define "fenceline.fill" -}}
{{- $values := index . 0 -}}
{{- range $key, $default := index . 1 -}}
  {{- if or (not (hasKey $values $key)) (kindIs "invalid" (get $values $key)) -}}
    {{- $_ := set $values $key $default -}}
  {{- else if and (ne $key "resources") (kindIs "map" $default) (kindIs "map" (get $values $key)) -}}
    {{- include "fenceline.fill" (list (get $values $key) $default) -}}
  {{- end -}}
{{- end -}}
{{- end -}}

{{/* The first line of every template. */}}
{{- define "fenceline.init" -}}
{{- include "fenceline.fill" (list .Values (.Files.Get "files/defaults.yaml" | fromYaml)) -}}
{{- end -}}

{{- define "fenceline.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 40 | trimSuffix "-" -}}
{{- end -}}

{{- define "fenceline.fullname" -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride | trunc 40 | trimSuffix "-" -}}
{{- else -}}
{{- $name := include "fenceline.name" . -}}
{{- if contains $name .Release.Name -}}
{{- .Release.Name | trunc 40 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name $name | trunc 40 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{/* Labels of an object: list(root, component). */}}
{{- define "fenceline.labels" -}}
{{- $root := index . 0 -}}
helm.sh/chart: {{ printf "%s-%s" $root.Chart.Name $root.Chart.Version | replace "+" "_" }}
app.kubernetes.io/managed-by: {{ $root.Release.Service }}
{{ include "fenceline.podLabels" . }}
{{- end -}}

{{/* Labels of a pod: those that do not change with the chart's own version, which would restart it. */}}
{{- define "fenceline.podLabels" -}}
{{- $root := index . 0 -}}
{{ include "fenceline.selector" . }}
app.kubernetes.io/version: {{ $root.Chart.AppVersion | quote }}
app.kubernetes.io/part-of: fenceline
{{- with $root.Values.commonLabels }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{/* The part of the labels that never changes: list(root, component). */}}
{{- define "fenceline.selector" -}}
{{- $root := index . 0 -}}
app.kubernetes.io/name: {{ include "fenceline.name" $root }}
app.kubernetes.io/instance: {{ $root.Release.Name }}
{{- with index . 1 }}
app.kubernetes.io/component: {{ . }}
{{- end }}
{{- end -}}

{{/* list(root, image's short name) */}}
{{- define "fenceline.image" -}}
{{- $root := index . 0 -}}
{{- with $root.Values.image -}}
{{- printf "%s%s/%s:%s" .registry .repository (index $ 1) (default $root.Chart.AppVersion .tag) -}}
{{- end -}}
{{- end -}}

{{- define "fenceline.serviceAccountName" -}}
{{- if .Values.serviceAccount.create -}}
{{- default (include "fenceline.fullname" .) .Values.serviceAccount.name -}}
{{- else -}}
{{- default "default" .Values.serviceAccount.name -}}
{{- end -}}
{{- end -}}

{{/* The secret with a role's certificate: list(root, role). */}}
{{- define "fenceline.tlsSecret" -}}
{{- $root := index . 0 -}}
{{- $role := index . 1 -}}
{{- if eq $root.Values.tls.mode "existing" -}}
{{- get $root.Values.tls.existing (printf "%sSecret" $role) -}}
{{- else -}}
{{- printf "%s-%s-tls" (include "fenceline.fullname" $root) $role -}}
{{- end -}}
{{- end -}}

{{- define "fenceline.tokensSecret" -}}
{{- default (printf "%s-tokens" (include "fenceline.fullname" .)) .Values.auth.static.existingSecret -}}
{{- end -}}

{{/* Milliseconds of a duration such as 2s, 200ms, 1m, 720h. */}}
{{- define "fenceline.millis" -}}
{{- $number := regexFind "^[0-9]+" . | int64 -}}
{{- $unit := regexFind "[a-z]+$" . -}}
{{- mul $number (get (dict "ms" 1 "s" 1000 "m" 60000 "h" 3600000) $unit) -}}
{{- end -}}

{{/* Mebibytes of 256MB (which Spring reads as 1024 based), 1GB, or of a Kubernetes quantity such as 768Mi, 2Gi, 1G. */}}
{{- define "fenceline.mebibytes" -}}
{{- $text := toString . -}}
{{- $number := regexFind "^[0-9.]+" $text | float64 -}}
{{- $unit := regexFind "[A-Za-z]*$" $text -}}
{{- $factor := get (dict "" 0.00000095367431640625 "k" 0.00095367431640625 "Ki" 0.0009765625 "KB" 0.0009765625 "M" 0.95367431640625 "Mi" 1.0 "MB" 1.0 "G" 953.67431640625 "Gi" 1024.0 "GB" 1024.0 "T" 953674.31640625 "Ti" 1048576.0 "TB" 1048576.0) $unit -}}
{{- mulf $number $factor | floor | int64 -}}
{{- end -}}

{{/* How long a fence can last at most, in milliseconds: until it is overdue, then the host's bound of the lease, then a tick. */}}
{{- define "fenceline.fenceBoundMillis" -}}
{{- $ttl := include "fenceline.millis" .Values.host.lease.ttl | int64 -}}
{{- $dma := include "fenceline.millis" .Values.host.lease.longestDma | int64 -}}
{{- $tick := include "fenceline.millis" .Values.host.lease.tick | int64 -}}
{{- add (div $ttl 2) $ttl (div $ttl 100) $dma (mul 2 $tick) -}}
{{- end -}}

{{/* Resources without what was set to null: an API server takes no null for a quantity. */}}
{{- define "fenceline.resources" -}}
{{- $clean := dict -}}
{{- range $section, $entries := . -}}
  {{- if kindIs "map" $entries -}}
    {{- $kept := dict -}}
    {{- range $key, $value := $entries -}}
      {{- if not (kindIs "invalid" $value) -}}{{- $_ := set $kept $key $value -}}{{- end -}}
    {{- end -}}
    {{- $_ := set $clean $section $kept -}}
  {{- else if $entries -}}
    {{- $_ := set $clean $section $entries -}}
  {{- end -}}
{{- end -}}
{{- toYaml $clean -}}
{{- end -}}
