"""Makes the calls of Kubernetes' Python client that programs live by, and prints a line for each.

    python3 client.py

It creates and deletes everything in the namespace of the kubeconfig's context.
"""

import json
import sys
import threading
import time

from kubernetes import client, config, dynamic, watch
from kubernetes.client.rest import ApiException

config.load_kube_config()
NAMESPACE = config.list_kube_config_contexts()[1]["context"]["namespace"]
core, apps, batch, policy = client.CoreV1Api(), client.AppsV1Api(), client.BatchV1Api(), client.PolicyV1Api()


def say(call, make, show=lambda answer: "done"):
    """Prints what a call came to: what `show` makes of the answer, or the error with its reason and message."""
    try:
        answer = make()
    except ApiException as error:
        try:
            status = json.loads(error.body)
            print(f"{call}: {error.status} {status.get('reason')}: {status.get('message')}")
        except (TypeError, ValueError):
            print(f"{call}: {error.status} {error.reason}: {error.body}")
        return None
    print(f"{call}: {show(answer)}")
    return answer


def ended(status):
    """How a Status says that something ended, which the client returns as a dictionary or as an object."""
    return status["status"] if isinstance(status, dict) else status.status


def until(what, check):
    """Asks until `check` says yes, for half a minute."""
    for _ in range(300):
        if check():
            print(f"{what}: yes")
            return
        time.sleep(0.1)
    print(f"{what}: no")


def labels(app):
    return {"app": app}


def template(app):
    container = client.V1Container(name=app, image=f"registry.example/{app}:1.0")
    spec = client.V1PodSpec(containers=[container], termination_grace_period_seconds=0)
    return client.V1PodTemplateSpec(metadata=client.V1ObjectMeta(labels=labels(app)), spec=spec)


def discovery():
    say("version", client.VersionApi().get_code, lambda version: f"{version.major}.{version.minor}")
    say("groups", client.ApisApi().get_api_versions, lambda groups: "policy" in {group.name for group in groups.groups})
    say("resources", policy.get_api_resources, lambda found: sorted(resource.name for resource in found.resources)[:2])
    say("API of pods", core.get_api_resources, lambda found: "pods/eviction" in {one.name for one in found.resources})


def config_maps():
    body = client.V1ConfigMap(metadata=client.V1ObjectMeta(name="settings", labels=labels("web")), data={"a": "b"})
    say("create", lambda: core.create_namespaced_config_map(NAMESPACE, body), lambda made: made.data)
    say("create again", lambda: core.create_namespaced_config_map(NAMESPACE, body))
    say("read", lambda: core.read_namespaced_config_map("settings", NAMESPACE), lambda read: read.data)
    say("read nothing", lambda: core.read_namespaced_config_map("nothing", NAMESPACE))
    say("patch", lambda: core.patch_namespaced_config_map("settings", NAMESPACE, {"data": {"c": "d"}}), lambda map: map.data)
    operations = [{"op": "remove", "path": "/data/a"}]
    say("patch by operations", lambda: core.patch_namespaced_config_map("settings", NAMESPACE, operations), lambda map: map.data)
    body.data = {"e": "f"}
    say("replace", lambda: core.replace_namespaced_config_map("settings", NAMESPACE, body), lambda map: map.data)
    body.metadata.resource_version = "1"
    say("replace an old version", lambda: core.replace_namespaced_config_map("settings", NAMESPACE, body))
    body.metadata = client.V1ObjectMeta(name="Settings")
    say("create with a bad name", lambda: core.create_namespaced_config_map(NAMESPACE, body))
    say("list", lambda: core.list_namespaced_config_map(NAMESPACE, label_selector="app=web"),
        lambda found: [map.metadata.name for map in found.items])
    say("list by a field", lambda: core.list_namespaced_config_map(NAMESPACE, field_selector="metadata.name=settings"),
        lambda found: len(found.items))
    say("list by no field", lambda: core.list_namespaced_config_map(NAMESPACE, field_selector="data.a=b"))
    say("delete", lambda: core.delete_namespaced_config_map("settings", NAMESPACE), ended)
    say("delete again", lambda: core.delete_namespaced_config_map("settings", NAMESPACE))


def workloads():
    spec = client.V1DeploymentSpec(replicas=3, selector=client.V1LabelSelector(match_labels=labels("web")), template=template("web"))
    web = client.V1Deployment(metadata=client.V1ObjectMeta(name="web", labels=labels("web")), spec=spec)
    say("create a Deployment", lambda: apps.create_namespaced_deployment(NAMESPACE, web),
        lambda made: (made.spec.replicas, made.spec.strategy.type, made.metadata.generation))
    until("it is ready", lambda: apps.read_namespaced_deployment_status("web", NAMESPACE).status.ready_replicas == 3)
    say("read its scale", lambda: apps.read_namespaced_deployment_scale("web", NAMESPACE),
        lambda scale: (scale.spec.replicas, scale.status.selector))
    say("scale", lambda: apps.patch_namespaced_deployment_scale("web", NAMESPACE, {"spec": {"replicas": 2}}),
        lambda scale: scale.spec.replicas)
    pods = lambda: core.list_namespaced_pod(NAMESPACE, label_selector="app=web").items
    until("there are two pods", lambda: len([pod for pod in pods() if pod.status.phase == "Running"]) == 2)
    pages, token = [], None
    while token != "":
        page = core.list_namespaced_pod(NAMESPACE, label_selector="app=web", limit=1, _continue=token)
        pages.append(len(page.items))
        token = page.metadata._continue or ""
    print("list by pages:", pages)

    budget = client.V1PodDisruptionBudget(metadata=client.V1ObjectMeta(name="web"), spec=client.V1PodDisruptionBudgetSpec(
        min_available=2, selector=client.V1LabelSelector(match_labels=labels("web"))))
    say("create a budget", lambda: policy.create_namespaced_pod_disruption_budget(NAMESPACE, budget), lambda made: made.spec.min_available)
    def is_counted():
        status = policy.read_namespaced_pod_disruption_budget_status("web", NAMESPACE).status
        return status.expected_pods == 2 and status.current_healthy == 2
    until("the budget is counted", is_counted)
    name = pods()[0].metadata.name
    eviction = client.V1Eviction(metadata=client.V1ObjectMeta(name=name, namespace=NAMESPACE))
    say("evict under the budget", lambda: core.create_namespaced_pod_eviction(name, NAMESPACE, eviction))
    say("loosen it", lambda: policy.patch_namespaced_pod_disruption_budget("web", NAMESPACE, {"spec": {"minAvailable": 1}}),
        lambda budget: budget.spec.min_available)
    until("it allows one", lambda: policy.read_namespaced_pod_disruption_budget("web", NAMESPACE).status.disruptions_allowed == 1)
    say("evict", lambda: core.create_namespaced_pod_eviction(name, NAMESPACE, eviction))
    until("another pod has its place", lambda: (len(pods()) == 2 and name not in {pod.metadata.name for pod in pods()}))
    say("evict nothing", lambda: core.create_namespaced_pod_eviction("nothing", NAMESPACE, eviction))
    say("delete a pod", lambda: core.delete_namespaced_pod(pods()[0].metadata.name, NAMESPACE, grace_period_seconds=0), lambda pod: type(pod).__name__)
    say("delete pods by label", lambda: core.delete_collection_namespaced_pod(NAMESPACE, label_selector="app=web"))
    say("delete the Deployment", lambda: apps.delete_namespaced_deployment("web", NAMESPACE, propagation_policy="Background"),
        ended)
    say("delete the budget", lambda: policy.delete_namespaced_pod_disruption_budget("web", NAMESPACE), ended)
    until("no pod is left", lambda: not pods())


def watches():
    seen = []
    started = core.list_namespaced_config_map(NAMESPACE).metadata.resource_version
    def change():
        body = client.V1ConfigMap(metadata=client.V1ObjectMeta(name="watched", labels=labels("watched")))
        core.create_namespaced_config_map(NAMESPACE, body)
        core.patch_namespaced_config_map("watched", NAMESPACE, {"data": {"a": "b"}})
        core.delete_namespaced_config_map("watched", NAMESPACE)
    threading.Thread(target=change).start()
    stream = watch.Watch().stream(core.list_namespaced_config_map, NAMESPACE, label_selector="app=watched",
                                  resource_version=started, timeout_seconds=20)
    for event in stream:
        seen.append((event["type"], event["object"].data))
        if event["type"] == "DELETED":
            break
    print("watch:", seen)


def others():
    can = client.V1SelfSubjectAccessReview(spec=client.V1SelfSubjectAccessReviewSpec(
        resource_attributes=client.V1ResourceAttributes(namespace=NAMESPACE, verb="create", resource="pods", subresource="eviction")))
    say("may I", lambda: client.AuthorizationV1Api().create_self_subject_access_review(can), lambda review: review.status.allowed)
    say("nodes", core.list_node, lambda nodes: len(nodes.items))
    job = client.V1Job(metadata=client.V1ObjectMeta(name="once"), spec=client.V1JobSpec(suspend=True, template=template("once")))
    job.spec.template.spec.restart_policy = "Never"
    say("create a Job", lambda: batch.create_namespaced_job(NAMESPACE, job), lambda made: (made.spec.parallelism, made.spec.suspend))
    say("delete it", lambda: batch.delete_namespaced_job("once", NAMESPACE, propagation_policy="Background"), ended)
    maps = dynamic.DynamicClient(client.ApiClient()).resources.get(api_version="v1", kind="ConfigMap")
    body = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "dynamic"}, "data": {"a": "b"}}
    say("create without types", lambda: maps.create(body=body, namespace=NAMESPACE), lambda made: dict(made.data))
    say("apply without types", lambda: maps.server_side_apply(body=body, namespace=NAMESPACE, field_manager="programs", force_conflicts=True),
        lambda made: dict(made.data))
    say("delete without types", lambda: maps.delete(name="dynamic", namespace=NAMESPACE), ended)


for name in sys.argv[1:]:
    {"discovery": discovery, "config_maps": config_maps, "workloads": workloads, "watches": watches, "others": others}[name]()
