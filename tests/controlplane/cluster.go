package main

import (
	"context"
	"crypto/rand"
	_ "embed"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/clientcmd"
	"k8s.io/client-go/util/cert"
	"k8s.io/client-go/util/keyutil"
)

const (
	lockName       = "lock"
	etcdName       = "etcd.url"
	kubeconfigName = "admin.kubeconfig"
	etcdQuota      = "17179869184" // 100,000 pods of 34 kB, written twice, fit into 16 GiB and not into the usual 2.
	startDeadline  = 3 * time.Minute
)

//go:embed stages.yaml
var stages []byte

// cluster is a running control plane. Its context ends with the first
// component that does, and the cause says which.
type cluster struct {
	ctx        context.Context
	kubeconfig string

	dir        string
	serverOnly bool // etcd and the API server, and nothing that acts by itself.

	lock     *os.File
	end      context.CancelCauseFunc
	leashes  []io.Closer // A component ends when its leash is closed: see exitWithParent.
	running  sync.WaitGroup
	stopping sync.Once
}

// newCluster returns once pods can be created and become ready, or, where
// nobody is to tend them, once the API server is ready. What it has started by
// the time of an error is stopped before it returns.
func newCluster(ctx context.Context, dir string, serverOnly bool) (*cluster, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, err
	}
	c := &cluster{dir: dir, serverOnly: serverOnly, kubeconfig: filepath.Join(dir, kubeconfigName)}
	if err := c.takeLock(); err != nil {
		return nil, err
	}
	c.ctx, c.end = context.WithCancelCause(ctx)
	if err := c.start(); err != nil {
		c.stop()
		return nil, err
	}
	return c, nil
}

func (c *cluster) takeLock() error {
	lock, err := os.OpenFile(filepath.Join(c.dir, lockName), os.O_RDWR|os.O_CREATE, 0o644)
	if err != nil {
		return err
	}
	if err := syscall.Flock(int(lock.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		_ = lock.Close()
		return fmt.Errorf("a control plane runs in %s already", c.dir)
	}
	c.lock = lock
	if err := lock.Truncate(0); err != nil {
		return err
	}
	_, err = fmt.Fprintln(lock, os.Getpid())
	return err
}

func (c *cluster) start() error {
	if err := os.RemoveAll(filepath.Join(c.dir, "etcd")); err != nil {
		return err
	}
	etcd, err := freeURL("http")
	if err != nil {
		return err
	}
	peer, err := freeURL("http")
	if err != nil {
		return err
	}
	err = c.spawn("etcd",
		"--data-dir", filepath.Join(c.dir, "etcd"), "--unsafe-no-fsync", "--quota-backend-bytes", etcdQuota,
		"--listen-client-urls", etcd, "--advertise-client-urls", etcd,
		"--listen-peer-urls", peer, "--initial-advertise-peer-urls", peer, "--initial-cluster", "default="+peer)
	if err != nil {
		return err
	}

	if err := os.WriteFile(filepath.Join(c.dir, etcdName), []byte(etcd), 0o600); err != nil {
		return err
	}

	server, err := freeURL("https")
	if err != nil {
		return err
	}
	files, err := c.writeFiles(server)
	if err != nil {
		return err
	}
	err = c.spawn("kube-apiserver",
		"--etcd-servers", etcd,
		"--bind-address", "127.0.0.1", "--secure-port", server[strings.LastIndex(server, ":")+1:],
		"--tls-cert-file", files.cert, "--tls-private-key-file", files.key, "--cert-dir", c.dir,
		"--token-auth-file", files.tokens, "--authorization-mode", "RBAC",
		"--service-account-issuer", "https://kubernetes.default.svc",
		"--service-account-key-file", files.signingKey, "--service-account-signing-key-file", files.signingKey,
		"--service-cluster-ip-range", "10.0.0.0/24",
		"--endpoint-reconciler-type", "none") // A loopback address cannot be an endpoint.
	if err != nil {
		return err
	}

	config, err := clientcmd.BuildConfigFromFlags("", c.kubeconfig)
	if err != nil {
		return err
	}
	client, err := kubernetes.NewForConfig(config)
	if err != nil {
		return err
	}
	err = c.await("the API server to be ready", func(ctx context.Context) error {
		return client.RESTClient().Get().AbsPath("/readyz").Do(ctx).Error()
	})
	if err != nil || c.serverOnly {
		return err
	}

	err = errors.Join(
		c.spawn("kube-controller-manager", "--kubeconfig", c.kubeconfig, "--leader-elect=false", "--secure-port", "0",
			"--service-account-private-key-file", files.signingKey, "--root-ca-file", files.authority),
		c.spawn("kube-scheduler", "--kubeconfig", c.kubeconfig, "--leader-elect=false", "--secure-port", "0"),
		c.spawn("kwok", "--kubeconfig", c.kubeconfig, "--config", files.stages, "--manage-all-nodes=true",
			"--node-lease-duration-seconds", "40"))
	if err != nil {
		return err
	}
	for _, name := range []string{"node-a", "node-b"} {
		if _, err := client.CoreV1().Nodes().Create(c.ctx, node(name), metav1.CreateOptions{}); err != nil {
			return err
		}
	}
	return c.proveLife(client)
}

// proveLife waits until a pod goes through all that a pod goes through: its
// ServiceAccount is there (controller manager), it is bound to a node
// (scheduler), it becomes Ready and, when deleted, goes away (kwok).
func (c *cluster) proveLife(client kubernetes.Interface) error {
	pods := client.CoreV1().Pods(metav1.NamespaceDefault)
	canary := &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Name: "canary"},
		Spec:       corev1.PodSpec{Containers: []corev1.Container{{Name: "canary", Image: "canary"}}},
	}
	err := c.await("a pod to be admitted", func(ctx context.Context) error {
		_, err := pods.Create(ctx, canary, metav1.CreateOptions{})
		return err
	})
	if err != nil {
		return err
	}
	err = c.await("a pod to be ready", func(ctx context.Context) error {
		pod, err := pods.Get(ctx, canary.Name, metav1.GetOptions{})
		if err != nil {
			return err
		}
		for _, condition := range pod.Status.Conditions {
			if condition.Type == corev1.PodReady && condition.Status == corev1.ConditionTrue {
				return nil
			}
		}
		return fmt.Errorf("it is %s on node %q", pod.Status.Phase, pod.Spec.NodeName)
	})
	if err != nil {
		return err
	}
	if err := pods.Delete(c.ctx, canary.Name, metav1.DeleteOptions{}); err != nil {
		return err
	}
	return c.await("a deleted pod to go away", func(ctx context.Context) error {
		_, err := pods.Get(ctx, canary.Name, metav1.GetOptions{})
		if apierrors.IsNotFound(err) {
			return nil
		}
		return errors.Join(errors.New("it is still there"), err)
	})
}

// node describes a node with room for any test. kwok makes it Ready and keeps
// its lease fresh.
func node(name string) *corev1.Node {
	room := corev1.ResourceList{
		corev1.ResourceCPU:    resource.MustParse("1k"),
		corev1.ResourceMemory: resource.MustParse("1Ti"),
		corev1.ResourcePods:   resource.MustParse("10k"),
	}
	return &corev1.Node{
		ObjectMeta: metav1.ObjectMeta{
			Name:        name,
			Labels:      map[string]string{corev1.LabelHostname: name, corev1.LabelOSStable: "linux"},
			Annotations: map[string]string{"kwok.x-k8s.io/node": "fake"},
		},
		Status: corev1.NodeStatus{
			Capacity:    room,
			Allocatable: room,
		},
	}
}

// files are what the components read.
type files struct{ authority, cert, key, tokens, signingKey, stages string }

// writeFiles makes the server's certificate, the key that signs ServiceAccount
// tokens and the administrator's kubeconfig, all new at each start.
func (c *cluster) writeFiles(server string) (files, error) {
	f := files{
		authority:  filepath.Join(c.dir, "ca.crt"),
		cert:       filepath.Join(c.dir, "server.crt"),
		key:        filepath.Join(c.dir, "server.key"),
		tokens:     filepath.Join(c.dir, "tokens.csv"),
		signingKey: filepath.Join(c.dir, "service-account.key"),
		stages:     filepath.Join(c.dir, "stages.yaml"),
	}
	serverCert, serverKey, err := cert.GenerateSelfSignedCertKey("127.0.0.1", nil, []string{"localhost"})
	if err != nil {
		return f, err
	}
	_, authority := pem.Decode(serverCert) // The authority's certificate follows the server's.
	signingKey, err := keyutil.MakeEllipticPrivateKeyPEM()
	if err != nil {
		return f, err
	}
	token := rand.Text()
	kubeconfig := fmt.Sprintf(kubeconfigTemplate, server, base64.StdEncoding.EncodeToString(authority), token)
	for path, content := range map[string][]byte{
		f.authority:  authority,
		f.cert:       serverCert,
		f.key:        serverKey,
		f.signingKey: signingKey,
		f.stages:     stages,
		f.tokens:     []byte(token + `,admin,admin,"system:masters"` + "\n"),
		c.kubeconfig: []byte(kubeconfig),
	} {
		if err := os.WriteFile(path, content, 0o600); err != nil {
			return f, err
		}
	}
	return f, nil
}

const kubeconfigTemplate = `apiVersion: v1
kind: Config
current-context: controlplane
contexts:
- name: controlplane
  context: {cluster: controlplane, user: admin}
clusters:
- name: controlplane
  cluster: {server: %q, certificate-authority-data: %s}
users:
- name: admin
  user: {token: %s}
`

// spawn starts a component, in a process group of its own so that an interrupt
// at the terminal reaches it through its supervisor only.
func (c *cluster) spawn(name string, args ...string) error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	log, err := os.Create(filepath.Join(c.dir, name+".log"))
	if err != nil {
		return err
	}
	defer log.Close()
	component := exec.Command(self, append([]string{name}, args...)...)
	component.Dir = c.dir
	component.Stdout, component.Stderr = log, log
	component.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	leash, err := component.StdinPipe()
	if err != nil {
		return err
	}
	if err := component.Start(); err != nil {
		return err
	}
	c.leashes = append(c.leashes, leash)
	c.running.Go(func() {
		_ = component.Wait()
		c.end(fmt.Errorf("%s ended (%s); the end of %s:\n%s", name, component.ProcessState, log.Name(), tail(log.Name())))
	})
	return nil
}

// stop ends the components and returns when none is left.
func (c *cluster) stop() {
	c.stopping.Do(func() {
		c.end(errors.New("stopped"))
		for _, leash := range c.leashes {
			_ = leash.Close()
		}
		c.running.Wait()
		_ = c.lock.Close()
	})
}

// await tries until attempt succeeds, a component dies or patience ends.
func (c *cluster) await(what string, attempt func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(c.ctx, startDeadline)
	defer cancel()
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	var last error
	for {
		err := attempt(ctx)
		if err == nil {
			return nil
		}
		if ctx.Err() == nil {
			last = err
		}
		select {
		case <-c.ctx.Done():
			return context.Cause(c.ctx)
		case <-ctx.Done():
			return fmt.Errorf("waited %s for %s: %w", startDeadline, what, last)
		case <-tick.C:
		}
	}
}

// freeURL names a loopback port that nobody listens on now.
func freeURL(scheme string) (string, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	return scheme + "://" + listener.Addr().String(), listener.Close()
}

// tail returns the last lines of a log.
func tail(path string) string {
	text, err := os.ReadFile(path)
	if err != nil {
		return err.Error()
	}
	lines := strings.Split(strings.TrimSpace(string(text)), "\n")
	return strings.Join(lines[max(0, len(lines)-15):], "\n")
}
