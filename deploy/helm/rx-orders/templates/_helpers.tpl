{{- define "rx.name" -}}
{{- .Release.Name | trunc 40 | trimSuffix "-" }}-rx-orders
{{- end }}

{{- define "rx.image" -}}
{{ .Values.image.repository }}:{{ .Values.image.tag | default .Chart.AppVersion }}
{{- end }}

{{/* Labels of an object. The argument is a list: the root, and the name of the program. */}}
{{- define "rx.labels" -}}
{{- $root := index . 0 -}}
{{ include "rx.selector" . }}
app.kubernetes.io/version: {{ $root.Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ $root.Release.Service }}
helm.sh/chart: {{ $root.Chart.Name }}-{{ $root.Chart.Version }}
{{- end }}

{{- define "rx.selector" -}}
{{- $root := index . 0 -}}
app.kubernetes.io/name: rx-orders
app.kubernetes.io/instance: {{ $root.Release.Name }}
app.kubernetes.io/component: {{ index . 1 }}
{{- end }}

{{/* What every pod has. The argument is a list: the root, and the name of the program. */}}
{{- define "rx.pod" -}}
{{- $root := index . 0 -}}
serviceAccountName: {{ include "rx.name" $root }}
automountServiceAccountToken: false
enableServiceLinks: false
{{- with $root.Values.imagePullSecrets }}
imagePullSecrets: {{ toYaml . | nindent 2 }}
{{- end }}
securityContext:
  runAsNonRoot: true
  runAsUser: 1000
  runAsGroup: 1000
  fsGroup: 1000
  fsGroupChangePolicy: OnRootMismatch
  seccompProfile: { type: RuntimeDefault }
# A process needs at most 20 s to finish its open work.
terminationGracePeriodSeconds: 40
{{- end }}

{{/* What every container has. The argument is a list: the root, and the name of the program. */}}
{{- define "rx.container" -}}
{{- $root := index . 0 -}}
image: {{ include "rx.image" $root }}
imagePullPolicy: {{ $root.Values.image.pullPolicy }}
securityContext:
  readOnlyRootFilesystem: true
  allowPrivilegeEscalation: false
  capabilities: { drop: [ALL] }
resources: {{ toYaml (index $root.Values (index . 1)).resources | nindent 2 }}
{{- end }}

{{/* The variables of a program that works on orders. The argument is a list: the root, and the name of the program. */}}
{{- define "rx.env" -}}
{{- $root := index . 0 -}}
{{- $own := (index $root.Values (index . 1)).env | default dict -}}
- { name: DATABASE_URL_FILE, value: /run/secrets/database/database_url }
- { name: HASH_SECRET_FILE, value: /run/secrets/shared/hash_secret }
- { name: ENCRYPTION_KEYS_FILE, value: /run/secrets/shared/encryption_keys }
- { name: DOCUMENTS_DIR, value: /var/lib/rx-orders/documents }
- { name: METRICS_ADDRESS, value: '0.0.0.0:9464' }
{{- if $root.Values.secrets.temporalApiKey }}
- { name: TEMPORAL_API_KEY_FILE, value: /run/secrets/temporal-api-key/api_key }
{{- end }}
{{- if $root.Values.secrets.temporalTls }}
- { name: TEMPORAL_TLS, value: 'true' }
- { name: TEMPORAL_TLS_SERVER_CA_CERT_PATH, value: /run/secrets/temporal-tls/ca.crt }
- { name: TEMPORAL_TLS_CLIENT_CERT_PATH, value: /run/secrets/temporal-tls/tls.crt }
- { name: TEMPORAL_TLS_CLIENT_KEY_PATH, value: /run/secrets/temporal-tls/tls.key }
{{- end }}
{{- range $name, $value := merge (deepCopy $own) $root.Values.env }}
- { name: {{ $name }}, value: {{ $value | toString | quote }} }
{{- end }}
{{- end }}

{{- define "rx.mounts" -}}
{{- $root := index . 0 -}}
- { name: tmp, mountPath: /tmp }
- { name: documents, mountPath: /var/lib/rx-orders/documents }
- { name: database, mountPath: /run/secrets/database, readOnly: true }
- { name: shared, mountPath: /run/secrets/shared, readOnly: true }
{{- if $root.Values.secrets.temporalApiKey }}
- { name: temporal-api-key, mountPath: /run/secrets/temporal-api-key, readOnly: true }
{{- end }}
{{- if $root.Values.secrets.temporalTls }}
- { name: temporal-tls, mountPath: /run/secrets/temporal-tls, readOnly: true }
{{- end }}
{{- end }}

{{/* The argument is a list: the root, and the name of the secret with the database's URL. */}}
{{- define "rx.volumes" -}}
{{- $root := index . 0 -}}
- name: tmp
  emptyDir: { medium: Memory, sizeLimit: 64Mi }
- name: documents
{{- if $root.Values.documentsClaim }}
  persistentVolumeClaim: { claimName: {{ $root.Values.documentsClaim }} }
{{- else }}
  emptyDir: { sizeLimit: 64Mi }
{{- end }}
- name: database
  secret: { secretName: {{ index $root.Values.secrets (index . 1) }}, defaultMode: 0440 }
- name: shared
  secret: { secretName: {{ $root.Values.secrets.shared }}, defaultMode: 0440 }
{{- with $root.Values.secrets.temporalApiKey }}
- name: temporal-api-key
  secret: { secretName: {{ . }}, defaultMode: 0440 }
{{- end }}
{{- with $root.Values.secrets.temporalTls }}
- name: temporal-tls
  secret: { secretName: {{ . }}, defaultMode: 0440 }
{{- end }}
{{- end }}
