package main

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/util/retry"
)

type object interface {
	metav1.Object
	runtime.Object
}

type list interface {
	metav1.ListInterface
	runtime.Object
}

// client is what the typed clients of all kinds have in common.
type client[T object, L list] interface {
	Create(context.Context, T, metav1.CreateOptions) (T, error)
	Get(context.Context, string, metav1.GetOptions) (T, error)
	List(context.Context, metav1.ListOptions) (L, error)
	Watch(context.Context, metav1.ListOptions) (watch.Interface, error)
	Update(context.Context, T, metav1.UpdateOptions) (T, error)
	Patch(context.Context, string, types.PatchType, []byte, metav1.PatchOptions, ...string) (T, error)
	Delete(context.Context, string, metav1.DeleteOptions) error
}

// What only some kinds have.
type (
	statusClient[T object] interface {
		UpdateStatus(context.Context, T, metav1.UpdateOptions) (T, error)
	}
	collectionClient interface {
		DeleteCollection(context.Context, metav1.DeleteOptions, metav1.ListOptions) error
	}
)

// selected is the label by which the objects of a run are known.
const selected = "programs=client-go"

// exercise makes every call for one kind, of which sample is a valid object; around makes those that only it has.
func exercise[T object, L list](s *session, c client[T, L], sample T, around ...func(name string)) {
	sample.SetName("tried")
	sample.SetLabels(map[string]string{"programs": "client-go"})
	another := func() T {
		object := sample.DeepCopyObject().(T)
		object.SetName("another")
		return object
	}

	created, err := c.Create(s.ctx, sample, metav1.CreateOptions{})
	say("create", whole(created), err)
	_, err = c.Create(s.ctx, sample, metav1.CreateOptions{})
	say("create once more", "created", err)
	planned, err := c.Create(s.ctx, another(), metav1.CreateOptions{DryRun: []string{metav1.DryRunAll}})
	say("create, a dry run", brief(planned), err)
	nameless := another()
	nameless.SetName("")
	_, err = c.Create(s.ctx, nameless, metav1.CreateOptions{DryRun: []string{metav1.DryRunAll}})
	say("create without a name", "created", err)
	_, err = c.Create(s.ctx, another(), metav1.CreateOptions{FieldManager: "programs"})
	say("create another", "created", err)

	got, err := c.Get(s.ctx, "tried", metav1.GetOptions{})
	say("get", brief(got), err)
	_, err = c.Get(s.ctx, "nothing", metav1.GetOptions{})
	say("get nothing", "got", err)

	version := lists(s, c)
	seen := watches(s, c, version)
	changes(s, c)
	for _, calls := range around {
		calls("tried")
	}
	deletes(s, c)
	seen()
}

// lists makes the calls that read more than one object, and returns the version of the list.
func lists[T object, L list](s *session, c client[T, L]) string {
	first, err := c.List(s.ctx, metav1.ListOptions{LabelSelector: selected, Limit: 1})
	say("list one of them", names(first), err)
	if err == nil {
		rest, err := c.List(s.ctx, metav1.ListOptions{LabelSelector: selected, Limit: 1, Continue: first.GetContinue()})
		say("list the rest", names(rest), err)
	}
	_, err = c.List(s.ctx, metav1.ListOptions{Limit: 1, Continue: "nonsense"})
	fmt.Println("list on from nonsense:", apierrors.ReasonForError(err))
	none, err := c.List(s.ctx, metav1.ListOptions{LabelSelector: "programs notin (client-go), programs"})
	say("list no label", names(none), err)
	_, err = c.List(s.ctx, metav1.ListOptions{LabelSelector: "a b"})
	say("list by a selector of nonsense", "listed", err)
	named, err := c.List(s.ctx, metav1.ListOptions{FieldSelector: "metadata.name=tried"})
	say("list by name", names(named), err)
	_, err = c.List(s.ctx, metav1.ListOptions{FieldSelector: "spec.nothing=a"})
	say("list by a field that there is not", "listed", err)
	all, err := c.List(s.ctx, metav1.ListOptions{LabelSelector: selected})
	say("list", names(all), err)
	if err != nil {
		return ""
	}
	return all.GetResourceVersion()
}

// watches begins to watch; the function that it returns prints what was seen. Of changes that the server's controllers
// make, which are others on each server, nothing is printed.
func watches[T object, L list](s *session, c client[T, L], version string) func() {
	options := metav1.ListOptions{LabelSelector: selected, ResourceVersion: version, AllowWatchBookmarks: true}
	watcher, err := c.Watch(s.ctx, options)
	if err != nil {
		say("watch", "", err)
		return func() {}
	}
	return func() {
		defer watcher.Stop()
		seen := map[string]bool{}
		var gone []string
		patience := time.After(20 * time.Second)
		for len(gone) < 2 {
			select {
			case <-patience:
				say("watch", "saw too little", nil)
				return
			case event, open := <-watcher.ResultChan():
				if !open {
					say("watch", "ended", nil)
					return
				}
				object, ok := event.Object.(T)
				if !ok || event.Type == watch.Bookmark {
					continue
				}
				line := fmt.Sprintf("%s %s %s", event.Type, object.GetName(), object.GetAnnotations()["step"])
				if event.Type == watch.Deleted {
					gone = append(gone, line)
					continue
				}
				if object.GetAnnotations()["step"] != "" && !seen[line] {
					seen[line] = true
					say("watch", line, nil)
				}
			}
		}
		// Each goes when the server gets to it.
		slices.Sort(gone)
		for _, line := range gone {
			say("watch", line, nil)
		}
	}
}

// changes makes the calls that change an object.
func changes[T object, L list](s *session, c client[T, L]) {
	// The server's controllers change it too, so that a version may be out of date.
	update := func(step string, write func(T) (T, error)) {
		var updated T
		err := retry.RetryOnConflict(retry.DefaultBackoff, func() error {
			object, err := c.Get(s.ctx, "tried", metav1.GetOptions{})
			if err != nil {
				return err
			}
			annotate(object, step)
			updated, err = write(object)
			return err
		})
		if err != nil {
			say(step, "", err)
			return
		}
		say(step, brief(updated), nil)
	}
	update("update", func(object T) (T, error) { return c.Update(s.ctx, object, metav1.UpdateOptions{}) })
	update("update, a dry run", func(object T) (T, error) {
		return c.Update(s.ctx, object, metav1.UpdateOptions{DryRun: []string{metav1.DryRunAll}})
	})
	if object, err := c.Get(s.ctx, "tried", metav1.GetOptions{}); err == nil {
		object.SetResourceVersion("1")
		_, err = c.Update(s.ctx, object, metav1.UpdateOptions{})
		say("update an old version", "updated", err)
		object.SetName("nothing")
		object.SetResourceVersion("")
		_, err = c.Update(s.ctx, object, metav1.UpdateOptions{})
		say("update nothing", "updated", err)
	}
	if status, ok := any(c).(statusClient[T]); ok {
		update("update the status", func(object T) (T, error) {
			return status.UpdateStatus(s.ctx, object, metav1.UpdateOptions{})
		})
	}

	patch := func(call, name string, kind types.PatchType, data string, options metav1.PatchOptions) {
		patched, err := c.Patch(s.ctx, name, kind, []byte(data), options)
		say(call, brief(patched), err)
	}
	merge := `{"metadata":{"annotations":{"step":%q}}}`
	plain := metav1.PatchOptions{}
	patch("patch by a merge", "tried", types.MergePatchType, fmt.Sprintf(merge, "merged"), plain)
	patch("patch strategically", "tried", types.StrategicMergePatchType, fmt.Sprintf(merge, "strategic"), plain)
	operations := `[{"op":"replace","path":"/metadata/annotations/step","value":"operations"}]`
	patch("patch by operations", "tried", types.JSONPatchType, operations, plain)
	patch("patch where a test fails", "tried", types.JSONPatchType,
		`[{"op":"test","path":"/metadata/annotations/step","value":"other"}]`, plain)
	patch("patch by nonsense", "tried", types.MergePatchType, `nonsense`, plain)
	patch("patch nothing", "nothing", types.MergePatchType, fmt.Sprintf(merge, "merged"), plain)
	force := true
	patch("apply", "tried", types.ApplyPatchType, applied(s, c),
		metav1.PatchOptions{FieldManager: "programs", Force: &force})
}

// applied is what a server-side apply of one more label sends.
func applied[T object, L list](s *session, c client[T, L]) string {
	object, err := c.Get(s.ctx, "tried", metav1.GetOptions{})
	if err != nil {
		return "{}"
	}
	kinds, _, err := scheme.Scheme.ObjectKinds(object)
	if err != nil {
		return "{}"
	}
	version, kind := kinds[0].ToAPIVersionAndKind()
	return fmt.Sprintf(`{"apiVersion":%q,"kind":%q,"metadata":{"name":"tried","labels":{"applied":"yes"}}}`, version, kind)
}

// deletes makes the calls that delete.
func deletes[T object, L list](s *session, c client[T, L]) {
	// Without a grace, or pods would stay for half a minute.
	now := int64(0)
	other := types.UID("other")
	err := c.Delete(s.ctx, "tried", metav1.DeleteOptions{Preconditions: &metav1.Preconditions{UID: &other}})
	say("delete by another UID", "deleted", err)
	err = c.Delete(s.ctx, "tried", metav1.DeleteOptions{DryRun: []string{metav1.DryRunAll}})
	say("delete, a dry run", "deleted", err)
	err = c.Delete(s.ctx, "nothing", metav1.DeleteOptions{})
	say("delete nothing", "deleted", err)

	background := metav1.DeletePropagationBackground
	options := metav1.DeleteOptions{GracePeriodSeconds: &now, PropagationPolicy: &background}
	_, _ = c.Patch(s.ctx, "another", types.MergePatchType,
		[]byte(`{"metadata":{"annotations":{"step":"last"}}}`), metav1.PatchOptions{})
	err = c.Delete(s.ctx, "tried", options)
	say("delete", "deleted", err)
	// Namespaces can only be deleted one by one, though their client has the call.
	if collection, ok := any(c).(collectionClient); ok {
		err = collection.DeleteCollection(s.ctx, options, metav1.ListOptions{LabelSelector: selected})
		say("delete the others by their label", "deleted", err)
	}
	if err != nil {
		say("delete another", "deleted", c.Delete(s.ctx, "another", options))
	}
	for range 200 {
		left, err := c.List(s.ctx, metav1.ListOptions{LabelSelector: selected})
		if err == nil && meta.LenList(left) == 0 {
			say("list", "nothing is left", nil)
			return
		}
		time.Sleep(50 * time.Millisecond)
	}
	left, err := c.List(s.ctx, metav1.ListOptions{LabelSelector: selected})
	say("list", "left are "+names(left), err)
}

func annotate(object metav1.Object, step string) {
	annotations := object.GetAnnotations()
	if annotations == nil {
		annotations = map[string]string{}
	}
	annotations["step"] = step
	object.SetAnnotations(annotations)
}

// say prints what a call came to.
func say(call, result string, err error) {
	var status apierrors.APIStatus
	switch {
	case err == nil:
		fmt.Printf("%s: %s\n", call, result)
	case asStatus(err, &status):
		s := status.Status()
		fmt.Printf("%s: %d %s: %s\n", call, s.Code, s.Reason, s.Message)
	default:
		fmt.Printf("%s: %v\n", call, err)
	}
}

func asStatus(err error, status *apierrors.APIStatus) bool {
	found, ok := err.(apierrors.APIStatus)
	*status = found
	return ok
}

// whole is an object with its defaults, without what differs from run to run.
func whole[T object](object T) string {
	if any(object) == nil {
		return ""
	}
	object = object.DeepCopyObject().(T)
	object.SetUID("")
	object.SetResourceVersion("")
	object.SetCreationTimestamp(metav1.Time{})
	object.SetManagedFields(nil)
	text, err := json.Marshal(object)
	if err != nil {
		return err.Error()
	}
	return string(text)
}

// brief names an object and what the calls change of it.
func brief[T object](object T) string {
	return fmt.Sprintf("%s %v, step %q, of the run %q, with a UID %v",
		object.GetName(), object.GetLabels()["applied"], object.GetAnnotations()["step"],
		object.GetLabels()["programs"], object.GetUID() != "")
}

// names are those of a list, and whether there is more.
func names[L list](found L) string {
	var all []string
	_ = meta.EachListItem(found, func(item runtime.Object) error {
		if accessor, err := meta.Accessor(item); err == nil {
			all = append(all, accessor.GetName())
		}
		return nil
	})
	remaining := "unknown"
	if count := found.GetRemainingItemCount(); count != nil {
		remaining = fmt.Sprint(*count)
	}
	return fmt.Sprintf("%v, more %v, remaining %s", all, found.GetContinue() != "", remaining)
}
