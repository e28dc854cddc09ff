package main

import (
	"fmt"
	"io"
	"reflect"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/intstr"
	"k8s.io/client-go/kubernetes/scheme"
)

// kinds are those whose bodies the sandbox reads.
var kinds = map[string]string{
	"v1": "Binding ConfigMap DeleteOptions Endpoints Event LimitRange Namespace Node PersistentVolume " +
		"PersistentVolumeClaim Pod ReplicationController ResourceQuota Secret Service ServiceAccount",
	"apps/v1":                  "ControllerRevision DaemonSet Deployment ReplicaSet StatefulSet",
	"authentication.k8s.io/v1": "SelfSubjectReview",
	"authorization.k8s.io/v1": "LocalSubjectAccessReview SelfSubjectAccessReview SelfSubjectRulesReview " +
		"SubjectAccessReview",
	"autoscaling/v1":               "Scale",
	"autoscaling/v2":               "HorizontalPodAutoscaler",
	"batch/v1":                     "CronJob Job",
	"coordination.k8s.io/v1":       "Lease",
	"discovery.k8s.io/v1":          "EndpointSlice",
	"events.k8s.io/v1":             "Event",
	"policy/v1":                    "Eviction PodDisruptionBudget",
	"policy/v1beta1":               "Eviction",
	"rbac.authorization.k8s.io/v1": "ClusterRole ClusterRoleBinding Role RoleBinding",
	"scheduling.k8s.io/v1":         "PriorityClass",
	"storage.k8s.io/v1":            "CSIDriver CSINode CSIStorageCapacity StorageClass VolumeAttachment",
}

// special are the types whose JSON is not that of their fields.
var special = map[reflect.Type]string{
	reflect.TypeFor[intstr.IntOrString]():   "int-or-string",
	reflect.TypeFor[metav1.FieldsV1]():      "json",
	reflect.TypeFor[metav1.MicroTime]():     "micro-time",
	reflect.TypeFor[metav1.Time]():          "time",
	reflect.TypeFor[resource.Quantity]():    "quantity",
	reflect.TypeFor[runtime.RawExtension](): "json",
}

const head = `# The protobuf messages of Kubernetes that the sandbox reads, generated from the Go types of k8s.io/api %s
# (Apache License 2.0) by tests/controlplane/protobuf; not edited by hand.
#
# "kind" names the message of an apiVersion and kind; "message" opens a message, whose fields follow: number, name in
# JSON, type. The name "." means that the fields of the inner message belong to the outer object. [] is a list, {} a
# map with text as its keys; after ? an empty value is kept, as it differs from none.
`

func sortedKinds() []schema.GroupVersionKind {
	var sorted []schema.GroupVersionKind
	for version, names := range kinds {
		parsed, err := schema.ParseGroupVersion(version)
		if err != nil {
			panic(err)
		}
		for name := range strings.FieldsSeq(names) {
			sorted = append(sorted, parsed.WithKind(name))
		}
	}
	slices.SortFunc(sorted, func(a, b schema.GroupVersionKind) int { return strings.Compare(a.String(), b.String()) })
	return sorted
}

func printMessages(out io.Writer) {
	fmt.Fprintf(out, head, apiVersion())
	messages := map[string]string{}
	for _, kind := range sortedKinds() {
		object, err := scheme.Scheme.New(kind)
		if err != nil {
			panic(err)
		}
		message := addMessage(messages, reflect.TypeOf(object).Elem())
		fmt.Fprintf(out, "kind %s %s %s\n", kind.GroupVersion(), kind.Kind, message)
	}

	names := make([]string, 0, len(messages))
	for name := range messages {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		fmt.Fprintf(out, "message %s\n%s", name, messages[name])
	}
}

// addMessage adds a message and those that it holds; returns its name.
func addMessage(messages map[string]string, message reflect.Type) string {
	parts := strings.Split(message.PkgPath(), "/")
	name := strings.Join(append(parts[len(parts)-2:], message.Name()), ".")
	if _, known := messages[name]; known {
		return name
	}

	messages[name] = ""
	fields := map[int]string{}
	for i := range message.NumField() {
		field := message.Field(i)
		if field.Type == reflect.TypeFor[metav1.TypeMeta]() || field.Tag.Get("protobuf") == "-" {
			continue
		}
		var number int
		wire := strings.Split(field.Tag.Get("protobuf"), ",")
		if _, err := fmt.Sscan(wire[1], &number); err != nil {
			panic(fmt.Sprintf("%s.%s: %v", name, field.Name, err))
		}
		json := strings.Split(field.Tag.Get("json"), ",")
		fields[number] = fmt.Sprintf("%d %s %s%s\n", number, jsonName(json), fieldType(messages, field.Type), keep(field.Type, json))
	}

	numbers := make([]int, 0, len(fields))
	for number := range fields {
		numbers = append(numbers, number)
	}
	slices.Sort(numbers)
	for _, number := range numbers {
		messages[name] += fields[number]
	}
	return name
}

// jsonName is the name of a field in JSON. An embedded struct without one is inlined.
func jsonName(json []string) string {
	if json[0] == "" {
		return "."
	}
	return json[0]
}

// keep marks a field whose empty value is in the JSON too.
func keep(field reflect.Type, json []string) string {
	omitted := slices.Contains(json, "omitempty")
	switch field.Kind() {
	case reflect.Slice, reflect.Map:
		return ""
	case reflect.Pointer:
		return "?"
	case reflect.Struct:
		omitted = slices.Contains(json, "omitzero")
	}
	if omitted {
		return ""
	}
	return "?"
}

func fieldType(messages map[string]string, field reflect.Type) string {
	if field.Kind() == reflect.Pointer {
		field = field.Elem()
	}
	if name, found := special[field]; found {
		return name
	}
	// A named list in a map is a message of its own, with the list as its only field.
	if _, wrapped := reflect.PointerTo(field).MethodByName("Marshal"); wrapped && field.Kind() == reflect.Slice {
		return "items"
	}

	switch field.Kind() {
	case reflect.String:
		return "string"
	case reflect.Bool:
		return "bool"
	case reflect.Int32, reflect.Int64:
		return "int"
	case reflect.Struct:
		return addMessage(messages, field)
	case reflect.Map:
		return "{}" + fieldType(messages, field.Elem())
	case reflect.Slice:
		if field.Elem().Kind() == reflect.Uint8 {
			return "bytes"
		}
		return "[]" + fieldType(messages, field.Elem())
	default:
		panic(fmt.Sprintf("no type for %s", field))
	}
}
