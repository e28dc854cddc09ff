package main

import (
	"context"
	"fmt"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	autoscalingv1 "k8s.io/api/autoscaling/v1"
	autoscalingv2 "k8s.io/api/autoscaling/v2"
	batchv1 "k8s.io/api/batch/v1"
	coordinationv1 "k8s.io/api/coordination/v1"
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	eventsv1 "k8s.io/api/events/v1"
	policyv1 "k8s.io/api/policy/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	schedulingv1 "k8s.io/api/scheduling/v1"
	storagev1 "k8s.io/api/storage/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/intstr"
)

// kinds are the kinds that the sandbox serves, each with a sample that no controller turns into pods.
func (s *session) kinds() map[string]func() {
	c, n := s.clients, s.namespace
	core, apps, rbac, storage := c.CoreV1(), c.AppsV1(), c.RbacV1(), c.StorageV1()
	none := int32(0)
	suspended := true
	labels := map[string]string{"app": "tried"}
	selector := &metav1.LabelSelector{MatchLabels: labels}
	template := corev1.PodTemplateSpec{ObjectMeta: metav1.ObjectMeta{Labels: labels}, Spec: podSpec("")}
	once := corev1.PodTemplateSpec{Spec: podSpec(corev1.RestartPolicyNever)}
	size := corev1.ResourceList{corev1.ResourceStorage: resource.MustParse("1Gi")}
	rules := []rbacv1.PolicyRule{{Verbs: []string{"get"}, APIGroups: []string{""}, Resources: []string{"pods"}}}
	jane := []rbacv1.Subject{{Kind: "User", APIGroup: rbacv1.GroupName, Name: "jane"}}
	class := "programs"
	holder, seconds := "jane", int32(15)
	attached := "tried"
	one := intstr.FromInt32(1)
	ready := true

	return map[string]func(){
		"Namespace": func() { exercise(s, core.Namespaces(), &corev1.Namespace{}) },
		"Node":      func() { exercise(s, core.Nodes(), &corev1.Node{}) },
		"Pod":       func() { exercise(s, core.Pods(n), &corev1.Pod{Spec: podSpec("")}, s.podCalls) },
		"Event": func() {
			exercise(s, core.Events(n), &corev1.Event{
				InvolvedObject: corev1.ObjectReference{Kind: "Pod", Name: "tried", Namespace: n},
				Reason:         "Tried", Message: "for a test", Type: "Normal", Count: 1,
			})
		},
		"ConfigMap":      func() { exercise(s, core.ConfigMaps(n), &corev1.ConfigMap{Data: labels}) },
		"Secret":         func() { exercise(s, core.Secrets(n), &corev1.Secret{StringData: labels}) },
		"ServiceAccount": func() { exercise(s, core.ServiceAccounts(n), &corev1.ServiceAccount{}) },
		"Service": func() {
			port := corev1.ServicePort{Port: 80}
			exercise(s, core.Services(n), &corev1.Service{
				Spec: corev1.ServiceSpec{ClusterIP: "None", Selector: labels, Ports: []corev1.ServicePort{port}},
			})
		},
		"Endpoints": func() {
			address := corev1.EndpointAddress{IP: "192.0.2.1"}
			subset := corev1.EndpointSubset{
				Addresses: []corev1.EndpointAddress{address}, Ports: []corev1.EndpointPort{{Port: 80}},
			}
			exercise(s, core.Endpoints(n), &corev1.Endpoints{Subsets: []corev1.EndpointSubset{subset}})
		},
		"LimitRange": func() {
			item := corev1.LimitRangeItem{Type: corev1.LimitTypePod, Max: corev1.ResourceList{"cpu": resource.MustParse("9k")}}
			exercise(s, core.LimitRanges(n), &corev1.LimitRange{
				Spec: corev1.LimitRangeSpec{Limits: []corev1.LimitRangeItem{item}},
			})
		},
		"ResourceQuota": func() {
			hard := corev1.ResourceList{"services": resource.MustParse("1k")}
			exercise(s, core.ResourceQuotas(n), &corev1.ResourceQuota{Spec: corev1.ResourceQuotaSpec{Hard: hard}})
		},
		"PersistentVolume": func() {
			exercise(s, core.PersistentVolumes(), &corev1.PersistentVolume{Spec: corev1.PersistentVolumeSpec{
				Capacity: size, AccessModes: []corev1.PersistentVolumeAccessMode{corev1.ReadWriteOnce}, StorageClassName: class,
				PersistentVolumeSource: corev1.PersistentVolumeSource{HostPath: &corev1.HostPathVolumeSource{Path: "/tried"}},
			}})
		},
		"PersistentVolumeClaim": func() {
			exercise(s, core.PersistentVolumeClaims(n), &corev1.PersistentVolumeClaim{Spec: corev1.PersistentVolumeClaimSpec{
				AccessModes: []corev1.PersistentVolumeAccessMode{corev1.ReadWriteOnce}, StorageClassName: &class,
				Resources: corev1.VolumeResourceRequirements{Requests: size},
			}})
		},
		"ReplicationController": func() {
			c := core.ReplicationControllers(n)
			exercise(s, c, &corev1.ReplicationController{
				Spec: corev1.ReplicationControllerSpec{Replicas: &none, Selector: labels, Template: &template},
			}, scaleCalls(s, c))
		},
		"Deployment": func() {
			c := apps.Deployments(n)
			exercise(s, c, &appsv1.Deployment{
				Spec: appsv1.DeploymentSpec{Replicas: &none, Selector: selector, Template: template},
			}, scaleCalls(s, c))
		},
		"ReplicaSet": func() {
			c := apps.ReplicaSets(n)
			exercise(s, c, &appsv1.ReplicaSet{
				Spec: appsv1.ReplicaSetSpec{Replicas: &none, Selector: selector, Template: template},
			}, scaleCalls(s, c))
		},
		"StatefulSet": func() {
			c := apps.StatefulSets(n)
			exercise(s, c, &appsv1.StatefulSet{
				Spec: appsv1.StatefulSetSpec{Replicas: &none, Selector: selector, Template: template, ServiceName: "tried"},
			}, scaleCalls(s, c))
		},
		"DaemonSet": func() {
			nowhere := *template.DeepCopy()
			nowhere.Spec.NodeSelector = map[string]string{"nowhere": "true"}
			exercise(s, apps.DaemonSets(n), &appsv1.DaemonSet{
				Spec: appsv1.DaemonSetSpec{Selector: selector, Template: nowhere},
			})
		},
		"ControllerRevision": func() {
			data := runtime.RawExtension{Raw: []byte(`{"a":"b"}`)}
			exercise(s, apps.ControllerRevisions(n), &appsv1.ControllerRevision{Data: data, Revision: 1})
		},
		"Job": func() {
			exercise(s, c.BatchV1().Jobs(n), &batchv1.Job{Spec: batchv1.JobSpec{Suspend: &suspended, Template: once}})
		},
		"CronJob": func() {
			exercise(s, c.BatchV1().CronJobs(n), &batchv1.CronJob{Spec: batchv1.CronJobSpec{
				Schedule: "0 0 * * *", Suspend: &suspended,
				JobTemplate: batchv1.JobTemplateSpec{Spec: batchv1.JobSpec{Template: once}},
			}})
		},
		"PodDisruptionBudget": func() {
			exercise(s, c.PolicyV1().PodDisruptionBudgets(n), &policyv1.PodDisruptionBudget{
				Spec: policyv1.PodDisruptionBudgetSpec{MinAvailable: &one, Selector: selector},
			})
		},
		"events.k8s.io Event": func() {
			exercise(s, c.EventsV1().Events(n), &eventsv1.Event{
				EventTime: metav1.NewMicroTime(time.Unix(1800000000, 0).UTC()), ReportingController: "test.dev/tried",
				ReportingInstance: "tried-0", Action: "Try", Reason: "Tried", Note: "for a test", Type: "Normal",
				Regarding: corev1.ObjectReference{Kind: "Pod", Name: "tried", Namespace: n},
			})
		},
		"Lease": func() {
			exercise(s, c.CoordinationV1().Leases(n), &coordinationv1.Lease{
				Spec: coordinationv1.LeaseSpec{HolderIdentity: &holder, LeaseDurationSeconds: &seconds},
			})
		},
		"Role":        func() { exercise(s, rbac.Roles(n), &rbacv1.Role{Rules: rules}) },
		"ClusterRole": func() { exercise(s, rbac.ClusterRoles(), &rbacv1.ClusterRole{Rules: rules}) },
		"RoleBinding": func() {
			exercise(s, rbac.RoleBindings(n), &rbacv1.RoleBinding{
				RoleRef: rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "Role", Name: "tried"}, Subjects: jane,
			})
		},
		"ClusterRoleBinding": func() {
			exercise(s, rbac.ClusterRoleBindings(), &rbacv1.ClusterRoleBinding{
				RoleRef: rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: "tried"}, Subjects: jane,
			})
		},
		"HorizontalPodAutoscaler": func() {
			exercise(s, c.AutoscalingV2().HorizontalPodAutoscalers(n), &autoscalingv2.HorizontalPodAutoscaler{
				Spec: autoscalingv2.HorizontalPodAutoscalerSpec{
					ScaleTargetRef: autoscalingv2.CrossVersionObjectReference{
						APIVersion: "apps/v1", Kind: "Deployment", Name: "nothing",
					},
					MaxReplicas: 3,
				},
			})
		},
		"EndpointSlice": func() {
			endpoint := discoveryv1.Endpoint{
				Addresses: []string{"192.0.2.1"}, Conditions: discoveryv1.EndpointConditions{Ready: &ready},
			}
			exercise(s, c.DiscoveryV1().EndpointSlices(n), &discoveryv1.EndpointSlice{
				AddressType: discoveryv1.AddressTypeIPv4, Endpoints: []discoveryv1.Endpoint{endpoint},
			})
		},
		"PriorityClass": func() {
			exercise(s, c.SchedulingV1().PriorityClasses(), &schedulingv1.PriorityClass{Value: 7, Description: "for a test"})
		},
		"CSIDriver": func() { exercise(s, storage.CSIDrivers(), &storagev1.CSIDriver{}) },
		"CSINode":   func() { exercise(s, storage.CSINodes(), &storagev1.CSINode{}) },
		"CSIStorageCapacity": func() {
			exercise(s, storage.CSIStorageCapacities(n), &storagev1.CSIStorageCapacity{StorageClassName: class})
		},
		"StorageClass": func() {
			exercise(s, storage.StorageClasses(), &storagev1.StorageClass{Provisioner: "test.dev/tried"})
		},
		"VolumeAttachment": func() {
			exercise(s, storage.VolumeAttachments(), &storagev1.VolumeAttachment{Spec: storagev1.VolumeAttachmentSpec{
				Attacher: "test.dev", NodeName: "tried", Source: storagev1.VolumeAttachmentSource{PersistentVolumeName: &attached},
			}})
		},
	}
}

func podSpec(restart corev1.RestartPolicy) corev1.PodSpec {
	now := int64(0)
	container := corev1.Container{Name: "main", Image: "registry.example/tried:1.0"}
	return corev1.PodSpec{
		Containers: []corev1.Container{container}, RestartPolicy: restart, TerminationGracePeriodSeconds: &now,
	}
}

type scaleClient interface {
	GetScale(context.Context, string, metav1.GetOptions) (*autoscalingv1.Scale, error)
	UpdateScale(context.Context, string, *autoscalingv1.Scale, metav1.UpdateOptions) (*autoscalingv1.Scale, error)
}

// scaleCalls makes the calls for the subresource scale.
func scaleCalls(s *session, c scaleClient) func(string) {
	return func(name string) {
		scale, err := c.GetScale(s.ctx, name, metav1.GetOptions{})
		say("get the scale", "", err)
		if err != nil {
			return
		}
		say("get the scale", fmt.Sprintf("%d of %s", scale.Spec.Replicas, scale.Status.Selector), nil)
		scale.ResourceVersion = ""
		scaled, err := c.UpdateScale(s.ctx, name, scale, metav1.UpdateOptions{})
		say("update the scale", fmt.Sprint(scaled.Spec.Replicas), err)
		scale.Spec.Replicas = -1
		_, err = c.UpdateScale(s.ctx, name, scale, metav1.UpdateOptions{})
		say("update the scale to -1", "updated", err)
		_, err = c.GetScale(s.ctx, "nothing", metav1.GetOptions{})
		say("get the scale of nothing", "got", err)
	}
}

// podCalls evicts, and makes the calls of which a kubelet would be asked.
func (s *session) podCalls(name string) {
	pods := s.clients.CoreV1().Pods(s.namespace)
	eviction := func(name string, options *metav1.DeleteOptions) *policyv1.Eviction {
		return &policyv1.Eviction{
			ObjectMeta: metav1.ObjectMeta{Name: name, Namespace: s.namespace}, DeleteOptions: options,
		}
	}
	other := types.UID("other")
	say("evict nothing", "evicted", pods.EvictV1(s.ctx, eviction("nothing", nil)))
	say("evict, a dry run", "evicted", pods.EvictV1(s.ctx, eviction(name, &metav1.DeleteOptions{DryRun: []string{"All"}})))
	say("evict another UID", "evicted",
		pods.EvictV1(s.ctx, eviction(name, &metav1.DeleteOptions{Preconditions: &metav1.Preconditions{UID: &other}})))

	// A pod of its own, because the others are to be deleted.
	evicted := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Name: "evicted"}, Spec: podSpec("")}
	_, err := pods.Create(s.ctx, evicted, metav1.CreateOptions{})
	say("create a pod", "created", err)
	say("evict it", "evicted", pods.EvictV1(s.ctx, eviction("evicted", nil)))
	for range 200 {
		if _, err = pods.Get(s.ctx, "evicted", metav1.GetOptions{}); err != nil {
			break
		}
		time.Sleep(50 * time.Millisecond)
	}
	say("get it", "is still there", err)
}
