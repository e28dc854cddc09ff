package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	clientv3 "go.etcd.io/etcd/client/v3"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/intstr"
	"k8s.io/apimachinery/pkg/util/uuid"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/clientcmd"
)

const (
	podNamespace    = "many-pods"
	podsPerOwner    = 20  // Pods of one ReplicaSet.
	podsPerEligible = 100 // Of so many pods, one does not opt out of disruptions.
	nodeCount       = 500

	// storedPrefix begins every object that the API server stores as protobuf.
	storedPrefix = "k8s\x00"
)

// fillWithPods fills a cluster with Running pods as large as real ones are, or
// with small ones if they are spread over several namespaces: half a million
// large ones would be 18 GB. The first pod goes through the API, with the two
// field managers of a pod's life; the others are written to etcd as copies of
// what the API server stored, since a hundred thousand requests with 34 kB each
// would take the better part of an hour.
func fillWithPods(ctx context.Context, dir string, pods, namespaces int) error {
	endpoint, err := os.ReadFile(filepath.Join(dir, etcdName))
	if err != nil {
		return fmt.Errorf("no control plane was started in %s: %w", dir, err)
	}
	store, err := clientv3.New(clientv3.Config{Endpoints: []string{string(endpoint)}, DialTimeout: 10 * time.Second})
	if err != nil {
		return err
	}
	defer store.Close()

	first, err := createFirstPod(ctx, filepath.Join(dir, kubeconfigName), namespaces > 1)
	if err != nil {
		return err
	}
	key := func(pod *corev1.Pod) string { return "/registry/pods/" + pod.Namespace + "/" + pod.Name }
	stored, err := store.Get(ctx, key(first))
	if err != nil {
		return err
	}
	if len(stored.Kvs) != 1 {
		return fmt.Errorf("etcd does not hold %s", key(first))
	}
	var envelope runtime.Unknown
	if err := envelope.Unmarshal([]byte(strings.TrimPrefix(string(stored.Kvs[0].Value), storedPrefix))); err != nil {
		return err
	}
	var pod corev1.Pod
	if err := pod.Unmarshal(envelope.Raw); err != nil {
		return err
	}
	for n := 1; n < pods; n++ {
		nameForIndex(&pod, n)
		// The API server does not miss the other namespaces' own objects.
		if in := n / podsPerOwner % namespaces; in > 0 {
			pod.Namespace = fmt.Sprintf("%s-%04d", podNamespace, in)
		} else {
			pod.Namespace = podNamespace
		}
		pod.UID = uuid.NewUUID()
		if envelope.Raw, err = pod.Marshal(); err != nil {
			return err
		}
		value, err := envelope.Marshal()
		if err != nil {
			return err
		}
		if _, err := store.Put(ctx, key(&pod), storedPrefix+string(value)); err != nil {
			return err
		}
	}
	return nil
}

// createFirstPod creates the namespace and one pod, and reports it Running.
func createFirstPod(ctx context.Context, kubeconfig string, small bool) (*corev1.Pod, error) {
	config, err := clientcmd.BuildConfigFromFlags("", kubeconfig)
	if err != nil {
		return nil, err
	}
	client, err := kubernetes.NewForConfig(config)
	if err != nil {
		return nil, err
	}
	namespace := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: podNamespace}}
	if _, err := client.CoreV1().Namespaces().Create(ctx, namespace, metav1.CreateOptions{}); err != nil {
		return nil, err
	}
	// Nobody else makes it, and a pod is admitted only once it is there.
	account := &corev1.ServiceAccount{ObjectMeta: metav1.ObjectMeta{Name: "default"}}
	_, err = client.CoreV1().ServiceAccounts(podNamespace).Create(ctx, account, metav1.CreateOptions{})
	if err != nil {
		return nil, err
	}
	pods := client.CoreV1().Pods(podNamespace)
	template := podTemplate()
	if small {
		template.Spec.Containers = []corev1.Container{{Name: "app", Image: "registry.example.com/benchmark/app:1.2.3"}}
	}
	pod, err := pods.Create(ctx, template, metav1.CreateOptions{FieldManager: "kube-controller-manager"})
	if err != nil {
		return nil, err
	}
	reportRunning(pod)
	return pods.UpdateStatus(ctx, pod, metav1.UpdateOptions{FieldManager: "kubelet"})
}

// podTemplate is one such pod, about 34 kB of JSON once it is stored.
func podTemplate() *corev1.Pod {
	pod := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{
		Annotations: map[string]string{
			"checksum/config":            strings.Repeat("0123456789abcdef", 4),
			"sidecar.example.com/status": strings.Repeat("x", 600),
		},
	}}
	for n, name := range []string{"app", "proxy", "exporter", "shipper"} {
		pod.Spec.Containers = append(pod.Spec.Containers, container(name, 8080+int32(n)))
	}
	pod.Spec.Volumes = []corev1.Volume{{Name: "cache", VolumeSource: corev1.VolumeSource{EmptyDir: &corev1.EmptyDirVolumeSource{}}}}
	nameForIndex(pod, 0)
	return pod
}

// nameForIndex gives pod the name, labels and owner of the nth.
func nameForIndex(pod *corev1.Pod, n int) {
	workload := fmt.Sprintf("service-%04d", n/podsPerOwner)
	hash := fmt.Sprintf("%09x", n/podsPerOwner*2_654_435_761%0xf_ffff_ffff)
	controller := true
	pod.Name = fmt.Sprintf("%s-%s-%05d", workload, hash, n)
	pod.Labels = map[string]string{"app.kubernetes.io/name": workload, "pod-template-hash": hash}
	pod.Annotations["macaque/enabled"] = strconv.FormatBool(n%podsPerEligible == podsPerEligible/2)
	pod.OwnerReferences = []metav1.OwnerReference{{
		APIVersion: "apps/v1", Kind: "ReplicaSet", Name: workload + "-" + hash, Controller: &controller,
		UID: types.UID(fmt.Sprintf("00000000-0000-4000-8000-%012d", n/podsPerOwner)),
	}}
	pod.Spec.NodeName = fmt.Sprintf("node-%03d", n%nodeCount)
}

func container(name string, port int32) corev1.Container {
	container := corev1.Container{
		Name:  name,
		Image: "registry.example.com/benchmark/" + name + ":1.2.3",
		Resources: corev1.ResourceRequirements{
			Requests: corev1.ResourceList{corev1.ResourceCPU: resource.MustParse("100m"), corev1.ResourceMemory: resource.MustParse("128Mi")},
			Limits:   corev1.ResourceList{corev1.ResourceMemory: resource.MustParse("256Mi")},
		},
		Ports:        []corev1.ContainerPort{{Name: "http-" + name, ContainerPort: port}},
		VolumeMounts: []corev1.VolumeMount{{Name: "cache", MountPath: "/var/cache"}},
		ReadinessProbe: &corev1.Probe{ProbeHandler: corev1.ProbeHandler{
			HTTPGet: &corev1.HTTPGetAction{Path: "/readyz", Port: intstr.FromInt32(port)},
		}},
	}
	for n := range 18 {
		value := strings.Repeat(strconv.Itoa(n), 30)
		container.Env = append(container.Env, corev1.EnvVar{Name: fmt.Sprintf("SETTING_OF_THE_%d_KIND", n), Value: value})
	}
	for n := range 40 {
		container.Args = append(container.Args, fmt.Sprintf("--option-number-%d=%s", n, strings.Repeat(name, 12)))
	}
	return container
}

// reportRunning gives pod the status that a kubelet reports.
func reportRunning(pod *corev1.Pod) {
	started, since := true, metav1.Now()
	pod.Status = corev1.PodStatus{
		Phase: corev1.PodRunning, StartTime: &since, QOSClass: pod.Status.QOSClass,
		HostIP: "10.0.0.1", PodIP: "10.1.0.1", PodIPs: []corev1.PodIP{{IP: "10.1.0.1"}},
	}
	for _, kind := range []corev1.PodConditionType{"PodReadyToStartContainers", "Initialized", "Ready", "ContainersReady", "PodScheduled"} {
		condition := corev1.PodCondition{Type: kind, Status: corev1.ConditionTrue, LastTransitionTime: since}
		pod.Status.Conditions = append(pod.Status.Conditions, condition)
	}
	for _, container := range pod.Spec.Containers {
		pod.Status.ContainerStatuses = append(pod.Status.ContainerStatuses, corev1.ContainerStatus{
			Name: container.Name, Image: container.Image, Ready: true, Started: &started,
			ImageID:     "registry.example.com/benchmark@sha256:" + strings.Repeat("0", 64),
			ContainerID: "containerd://" + strings.Repeat("1", 64),
			State:       corev1.ContainerState{Running: &corev1.ContainerStateRunning{StartedAt: since}},
		})
	}
}
