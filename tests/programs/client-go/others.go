package main

import (
	"context"
	"fmt"
	"slices"
	"time"

	authenticationv1 "k8s.io/api/authentication/v1"
	authorizationv1 "k8s.io/api/authorization/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/metadata"
	"k8s.io/client-go/tools/cache"
	"k8s.io/client-go/tools/leaderelection"
	"k8s.io/client-go/tools/leaderelection/resourcelock"
)

// others are the parts of client-go beside the typed clients.
var others = map[string]func(*session) error{
	"discovery":      discover,
	"reviews":        review,
	"informer":       inform,
	"leaderelection": lead,
	"dynamic":        withoutTypes,
	"metadata":       metadataOnly,
}

// discover asks what is served, and prints the groups and resources of which the sandbox has all.
func discover(s *session) error {
	version, err := s.clients.Discovery().ServerVersion()
	say("version", fmt.Sprint(version.Major, ".", version.Minor), err)
	for _, group := range []string{"v1", "apps/v1", "policy/v1", "batch/v1"} {
		resources, err := s.clients.Discovery().ServerResourcesForGroupVersion(group)
		if err != nil {
			say(group, "", err)
			continue
		}
		for _, resource := range resources.APIResources {
			if slices.Contains([]string{"pods", "pods/eviction", "pods/status", "deployments", "deployments/scale",
				"poddisruptionbudgets", "jobs", "nodes", "namespaces"}, resource.Name) {
				say(group, fmt.Sprintf("%s %s %v %v %v", resource.Name, resource.Kind, resource.Namespaced,
					resource.ShortNames, resource.Verbs), nil)
			}
		}
	}
	return nil
}

func review(s *session) error {
	access, authentication := s.clients.AuthorizationV1(), s.clients.AuthenticationV1()
	attributes := &authorizationv1.ResourceAttributes{
		Namespace: s.namespace, Verb: "create", Resource: "pods", Subresource: "eviction",
	}
	admin := authorizationv1.SubjectAccessReviewSpec{
		User: "admin", Groups: []string{"system:masters"}, ResourceAttributes: attributes,
	}
	options := metav1.CreateOptions{}

	mine := &authorizationv1.SelfSubjectAccessReview{}
	_, err := access.SelfSubjectAccessReviews().Create(s.ctx, mine, options)
	say("may I without a question", "answered", err)
	mine.Spec.ResourceAttributes = attributes
	mine, err = access.SelfSubjectAccessReviews().Create(s.ctx, mine, options)
	say("may I", fmt.Sprint(mine.Status.Allowed, " ", mine.Status.Denied), err)

	rules := &authorizationv1.SelfSubjectRulesReview{}
	rules.Spec.Namespace = s.namespace
	rules, err = access.SelfSubjectRulesReviews().Create(s.ctx, rules, options)
	say("what may I", fmt.Sprint(len(rules.Status.ResourceRules) > 0, rules.Status.Incomplete), err)

	theirs, err := access.SubjectAccessReviews().Create(s.ctx, &authorizationv1.SubjectAccessReview{Spec: admin}, options)
	say("may they", fmt.Sprint(theirs.Status.Allowed), err)
	local := &authorizationv1.LocalSubjectAccessReview{Spec: admin}
	local.Namespace = s.namespace
	local, err = access.LocalSubjectAccessReviews(s.namespace).Create(s.ctx, local, options)
	say("may they here", fmt.Sprint(local.Status.Allowed), err)

	me, err := authentication.SelfSubjectReviews().Create(s.ctx, &authenticationv1.SelfSubjectReview{}, options)
	say("who am I", me.Status.UserInfo.Username, err)
	return nil
}

// inform follows ConfigMaps by an informer, which lists by a watch.
func inform(s *session) error {
	ctx, cancel := context.WithCancel(s.ctx)
	defer cancel()
	maps := s.clients.CoreV1().ConfigMaps(s.namespace)
	made := &corev1.ConfigMap{}
	made.Name, made.Labels = "informed", map[string]string{"programs": "informer"}
	if _, err := maps.Create(ctx, made, metav1.CreateOptions{}); err != nil {
		return err
	}

	factory := informers.NewSharedInformerFactoryWithOptions(s.clients, 0, informers.WithNamespace(s.namespace),
		informers.WithTweakListOptions(func(options *metav1.ListOptions) { options.LabelSelector = "programs=informer" }))
	informer := factory.Core().V1().ConfigMaps()
	seen := make(chan string, 10)
	_, err := informer.Informer().AddEventHandler(cache.ResourceEventHandlerFuncs{
		AddFunc:    func(object any) { seen <- "added " + object.(*corev1.ConfigMap).Name },
		UpdateFunc: func(_, object any) { seen <- "updated " + object.(*corev1.ConfigMap).Name },
		DeleteFunc: func(any) { seen <- "deleted" },
	})
	if err != nil {
		return err
	}
	factory.Start(ctx.Done())
	factory.WaitForCacheSync(ctx.Done())
	found, err := informer.Lister().List(labels.Everything())
	say("synced", fmt.Sprint(len(found)), err)
	say("informer", <-seen, nil)

	made.Data = map[string]string{"a": "b"}
	_, err = maps.Update(ctx, made, metav1.UpdateOptions{})
	say("informer", <-seen, err)
	err = maps.Delete(ctx, "informed", metav1.DeleteOptions{})
	say("informer", <-seen, err)
	return nil
}

// lead takes the lead by a Lease, and gives it up.
func lead(s *session) error {
	ctx, cancel := context.WithCancel(s.ctx)
	defer cancel()
	lock := &resourcelock.LeaseLock{
		LeaseMeta:  metav1.ObjectMeta{Name: "lead", Namespace: s.namespace},
		Client:     s.clients.CoordinationV1(),
		LockConfig: resourcelock.ResourceLockConfig{Identity: "tried"},
	}
	leaderelection.RunOrDie(ctx, leaderelection.LeaderElectionConfig{
		Lock: lock, ReleaseOnCancel: true,
		LeaseDuration: 15 * time.Second, RenewDeadline: 10 * time.Second, RetryPeriod: time.Second,
		Callbacks: leaderelection.LeaderCallbacks{
			OnStartedLeading: func(context.Context) { say("leader", "leads", nil); cancel() },
			OnStoppedLeading: func() { say("leader", "leads no longer", nil) },
		},
	})
	lease, err := s.clients.CoordinationV1().Leases(s.namespace).Get(s.ctx, "lead", metav1.GetOptions{})
	if err != nil {
		return err
	}
	holder, transitions := *lease.Spec.HolderIdentity, *lease.Spec.LeaseTransitions
	say("lease", fmt.Sprintf("held by %q, after %d transitions", holder, transitions), nil)
	return s.clients.CoordinationV1().Leases(s.namespace).Delete(s.ctx, "lead", metav1.DeleteOptions{})
}

// withoutTypes makes calls with the dynamic client.
func withoutTypes(s *session) error {
	client, err := dynamic.NewForConfig(s.config)
	if err != nil {
		return err
	}
	maps := client.Resource(schema.GroupVersionResource{Version: "v1", Resource: "configmaps"}).Namespace(s.namespace)
	object := &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": "v1", "kind": "ConfigMap",
		"metadata": map[string]any{"name": "dynamic"}, "data": map[string]any{"a": "b"},
	}}
	created, err := maps.Create(s.ctx, object, metav1.CreateOptions{})
	say("create", whole(created), err)
	applied := object.DeepCopy()
	applied.SetLabels(map[string]string{"applied": "yes"})
	done, err := maps.Apply(s.ctx, "dynamic", applied, metav1.ApplyOptions{FieldManager: "programs", Force: true})
	say("apply", whole(done), err)
	unknown := client.Resource(schema.GroupVersionResource{Group: "example.com", Version: "v1", Resource: "things"})
	_, err = unknown.List(s.ctx, metav1.ListOptions{})
	say("list an unknown kind", "listed", err)
	say("delete", "deleted", maps.Delete(s.ctx, "dynamic", metav1.DeleteOptions{}))
	return nil
}

// metadataOnly makes calls with the client that reads metadata only.
func metadataOnly(s *session) error {
	client, err := metadata.NewForConfig(s.config)
	if err != nil {
		return err
	}
	made := &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Name: "hidden"}, StringData: map[string]string{"a": "b"}}
	if _, err := s.clients.CoreV1().Secrets(s.namespace).Create(s.ctx, made, metav1.CreateOptions{}); err != nil {
		return err
	}
	secrets := client.Resource(schema.GroupVersionResource{Version: "v1", Resource: "secrets"}).Namespace(s.namespace)
	got, err := secrets.Get(s.ctx, "hidden", metav1.GetOptions{})
	say("get", whole(got), err)
	found, err := secrets.List(s.ctx, metav1.ListOptions{FieldSelector: "metadata.name=hidden"})
	say("list", names(found), err)
	say("delete", "deleted", secrets.Delete(s.ctx, "hidden", metav1.DeleteOptions{}))
	return nil
}
