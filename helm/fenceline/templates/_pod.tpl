{{/*
The pod of a service, the same hardening for all: dict(root, role, values, image, http, grpc, env, preStopSeconds).
*/}}
{{- define "fenceline.pod" -}}
{{- $root := .root -}}
{{- $values := .values -}}
{{- $tls := $root.Values.tls -}}
metadata:
  labels:
    {{- include "fenceline.podLabels" (list $root .role) | nindent 4 }}
    {{- with $values.podLabels }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
  annotations:
    kubectl.kubernetes.io/default-container: {{ .role }}
    {{- with $values.podAnnotations }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
spec:
  serviceAccountName: {{ include "fenceline.serviceAccountName" $root }}
  automountServiceAccountToken: false
  enableServiceLinks: false
  terminationGracePeriodSeconds: {{ $values.terminationGracePeriodSeconds }}
  {{- with $root.Values.image.pullSecrets }}
  imagePullSecrets:
    {{- range . }}
    - name: {{ . }}
    {{- end }}
  {{- end }}
  securityContext:
    runAsNonRoot: true
    runAsUser: 10001
    runAsGroup: 10001
    fsGroup: 10001
    fsGroupChangePolicy: OnRootMismatch
    seccompProfile: {type: RuntimeDefault}
  containers:
    - name: {{ .role }}
      image: {{ include "fenceline.image" (list $root .image) }}
      imagePullPolicy: {{ $root.Values.image.pullPolicy }}
      securityContext:
        allowPrivilegeEscalation: false
        readOnlyRootFilesystem: true
        capabilities: {drop: [ALL]}
      env:
        - name: POD_NAME
          valueFrom: {fieldRef: {fieldPath: metadata.name}}
        {{- .env | nindent 8 }}
        {{- include "fenceline.securityEnv" $root | nindent 8 }}
        {{- with $values.javaOpts }}
        - name: JAVA_OPTS
          value: {{ . | quote }}
        {{- end }}
        {{- with $values.config }}
        - name: SPRING_APPLICATION_JSON
          value: {{ toJson . | quote }}
        {{- end }}
        {{- with $values.extraEnv }}
        {{- toYaml . | nindent 8 }}
        {{- end }}
      ports:
        - {name: http, containerPort: {{ .http }}, protocol: TCP}
        - {name: grpc, containerPort: {{ .grpc }}, protocol: TCP}
      # The virtual machine may start slowly on a busy node; only then do the other probes begin.
      startupProbe:
        httpGet: {path: /actuator/health/liveness, port: http}
        periodSeconds: 2
        failureThreshold: 90
        timeoutSeconds: 3
      livenessProbe:
        httpGet: {path: /actuator/health/liveness, port: http}
        periodSeconds: 10
        failureThreshold: 3
        timeoutSeconds: 3
      readinessProbe:
        httpGet: {path: /actuator/health/readiness, port: http}
        periodSeconds: 2
        failureThreshold: 2
        timeoutSeconds: 2
      lifecycle:
        # Endpoints forget the pod first; what SIGTERM starts then is the drain.
        preStop: {sleep: {seconds: {{ .preStopSeconds }}}}
      {{- with $values.resources }}
      resources:
        {{- include "fenceline.resources" . | nindent 8 }}
      {{- end }}
      volumeMounts:
        - {name: tmp, mountPath: /tmp}
        {{- if eq .role "host" }}
        - {name: data, mountPath: /var/lib/fenceline}
        {{- end }}
        {{- if ne $tls.mode "off" }}
        - {name: tls, mountPath: /etc/fenceline/tls, readOnly: true}
        {{- end }}
        {{- if and (eq .role "coordinator") (eq $root.Values.auth.mode "static") }}
        - {name: tokens, mountPath: /etc/fenceline/tokens, readOnly: true}
        {{- end }}
  volumes:
    - name: tmp
      emptyDir: {sizeLimit: 64Mi}
    {{- if and (eq .role "host") (not $values.persistence.enabled) }}
    - name: data
      emptyDir: {sizeLimit: {{ $values.persistence.size }}}
    {{- end }}
    {{- include "fenceline.tlsVolume" (list $root .role) | nindent 4 }}
    {{- if and (eq .role "coordinator") (eq $root.Values.auth.mode "static") }}
    - name: tokens
      secret:
        secretName: {{ include "fenceline.tokensSecret" $root }}
        defaultMode: 0440
    {{- end }}
  {{- with $values.nodeSelector }}
  nodeSelector:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with $values.tolerations }}
  tolerations:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with $values.affinity }}
  affinity:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with $values.topologySpreadConstraints }}
  topologySpreadConstraints:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with $values.priorityClassName }}
  priorityClassName: {{ . }}
  {{- end }}
{{- end -}}

{{/* The environment that says how peers prove who they are. */}}
{{- define "fenceline.securityEnv" -}}
{{- with .Values.tls -}}
{{- if eq .mode "off" -}}
- name: FENCELINE_SECURITY_MODE
  value: plaintext
- name: FENCELINE_SECURITY_ALLOWPLAINTEXTNETWORK
  value: {{ .allowPlaintextNetwork | quote }}
{{- else -}}
- name: FENCELINE_SECURITY_MODE
  value: mtls
- name: FENCELINE_SECURITY_TRUSTDOMAIN
  value: {{ .trustDomain | quote }}
- name: FENCELINE_SECURITY_CERTIFICATE
  value: /etc/fenceline/tls/tls.crt
- name: FENCELINE_SECURITY_PRIVATEKEY
  value: /etc/fenceline/tls/tls.key
- name: FENCELINE_SECURITY_TRUSTEDCA
  value: /etc/fenceline/tls/ca.crt
{{- end -}}
{{- end -}}
{{- end -}}

{{/* The volume with certificate, key and CA: list(root, role). */}}
{{- define "fenceline.tlsVolume" -}}
{{- $root := index . 0 -}}
{{- $role := index . 1 -}}
{{- with $root.Values.tls -}}
{{- if and (eq .mode "cert-manager") .certManager.csiDriver -}}
- name: tls
  csi:
    driver: csi.cert-manager.io
    readOnly: true
    volumeAttributes:
      csi.cert-manager.io/issuer-name: {{ .certManager.issuerRef.name | quote }}
      csi.cert-manager.io/issuer-kind: {{ .certManager.issuerRef.kind | quote }}
      csi.cert-manager.io/issuer-group: {{ .certManager.issuerRef.group | quote }}
      csi.cert-manager.io/uri-sans: {{ include "fenceline.podIdentity" (list $root $role) | quote }}
      csi.cert-manager.io/duration: {{ .certManager.duration | quote }}
      csi.cert-manager.io/renew-before: {{ .certManager.renewBefore | quote }}
      csi.cert-manager.io/key-usages: digital signature,server auth,client auth
      csi.cert-manager.io/key-encoding: PKCS8
      csi.cert-manager.io/fs-group: "10001"
{{- else if ne .mode "off" -}}
- name: tls
  secret:
    secretName: {{ include "fenceline.tlsSecret" (list $root $role) }}
    defaultMode: 0440
{{- end -}}
{{- end -}}
{{- end -}}

{{/* The identity of one pod, with the CSI driver's variable; an agent of a DaemonSet is named after its node, which the driver does not know. */}}
{{- define "fenceline.podIdentity" -}}
{{- $root := index . 0 -}}
{{- $role := index . 1 -}}
{{- $id := "${POD_NAME}" -}}
{{- if and (eq $role "agent") (eq $root.Values.agent.kind "DaemonSet") -}}{{- $id = "*" -}}{{- end -}}
{{- printf "spiffe://%s/fenceline/%s/%s" $root.Values.tls.trustDomain $role $id -}}
{{- end -}}
