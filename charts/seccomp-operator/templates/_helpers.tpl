{{- define "seccomp-operator.image" -}}
{{- $tag := .Values.image.tag | default .Chart.AppVersion -}}
{{- if .Values.image.digest -}}
{{ .Values.image.repository }}@{{ .Values.image.digest }}
{{- else -}}
{{ .Values.image.repository }}:{{ $tag }}
{{- end -}}
{{- end -}}

{{- /* Metadata of what helm uninstall runs first. */ -}}
{{- define "seccomp-operator.uninstall" -}}
name: seccomp-operator-uninstall
labels:
  app.kubernetes.io/name: seccomp-operator
  app.kubernetes.io/component: uninstall
annotations:
  helm.sh/hook: pre-delete
  # One that failed stays for its log.
  helm.sh/hook-delete-policy: before-hook-creation,hook-succeeded
{{- end -}}
