// Command controlplane runs a real Kubernetes control plane on loopback, for
// tests: etcd, the API server, the controller manager, the scheduler, and kwok,
// which plays the kubelets of two nodes that exist only on paper.
//
// All five programs are linked into this one binary (components.go). Called by
// a command below it is their supervisor (cluster.go) and starts itself once
// for each of them.
package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"slices"
	"strconv"
	"syscall"
	"time"
)

const usage = `Usage:
  controlplane run DIR -- COMMAND [ARG]...  start, run COMMAND, stop; exits as COMMAND does
  controlplane start DIR                    start in the background, print the kubeconfig's path
  controlplane stop DIR                     stop what start started
  controlplane serve DIR                    start in the foreground, until SIGINT or SIGTERM
  controlplane many-pods DIR NUMBER [NAMESPACES]
                                            fill what was started in DIR with so many pods, in one namespace or
                                            in so many, where each is of one small container

Before DIR, --server-only leaves out the controllers, the scheduler and kwok: nothing but a client changes
anything then, which suits a load of objects that no controller is to touch.

DIR holds admin.kubeconfig, the logs and etcd's data; each start begins afresh.
COMMAND finds the administrator's kubeconfig in KUBECONFIG and CONTROLPLANE_KUBECONFIG.
`

func main() {
	args := os.Args[1:]
	if len(args) > 0 {
		if component, ok := components[args[0]]; ok {
			go exitWithParent()
			os.Args = args
			os.Exit(component())
		}
	}

	serverOnly := len(args) > 1 && args[1] == "--server-only"
	if serverOnly {
		args = slices.Delete(args, 1, 2)
	}
	ctx, stopSignals := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP)
	var err error
	switch {
	case len(args) > 3 && args[0] == "run" && args[2] == "--":
		err = run(ctx, args[1], serverOnly, args[3:])
	case len(args) == 2 && args[0] == "start":
		err = start(ctx, args[1], serverOnly)
	case len(args) == 2 && args[0] == "stop":
		err = stop(args[1])
	case len(args) == 2 && args[0] == "serve":
		err = serve(ctx, args[1], serverOnly)
	case (len(args) == 3 || len(args) == 4) && args[0] == "many-pods":
		namespaces := 1
		if len(args) == 4 {
			namespaces, err = strconv.Atoi(args[3])
		}
		pods, notANumber := strconv.Atoi(args[2])
		if err = errors.Join(err, notANumber); err == nil {
			err = fillWithPods(ctx, args[1], pods, namespaces)
		}
	default:
		fmt.Fprint(os.Stderr, usage)
		os.Exit(2)
	}
	stopSignals()

	var command *exec.ExitError
	if errors.As(err, &command) && command.Exited() {
		os.Exit(command.ExitCode())
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "controlplane:", err)
		os.Exit(1)
	}
}

// run starts a cluster for the lifetime of one command.
func run(ctx context.Context, dir string, serverOnly bool, argv []string) error {
	cluster, err := newCluster(ctx, dir, serverOnly)
	if err != nil {
		return err
	}
	defer cluster.stop()

	// The command is asked to end when a signal arrives or a component dies.
	command := exec.CommandContext(cluster.ctx, argv[0], argv[1:]...)
	command.Cancel = func() error { return command.Process.Signal(syscall.SIGTERM) }
	command.WaitDelay = 30 * time.Second
	command.Stdin, command.Stdout, command.Stderr = os.Stdin, os.Stdout, os.Stderr
	command.Env = append(os.Environ(),
		"KUBECONFIG="+cluster.kubeconfig, "CONTROLPLANE_KUBECONFIG="+cluster.kubeconfig)
	err = command.Run()
	if cluster.ctx.Err() != nil {
		return context.Cause(cluster.ctx)
	}
	return err
}

// serve keeps a cluster until a signal arrives or a component dies.
func serve(ctx context.Context, dir string, serverOnly bool) error {
	cluster, err := newCluster(ctx, dir, serverOnly)
	if err != nil {
		return err
	}
	defer cluster.stop()
	fmt.Println(cluster.kubeconfig)
	<-cluster.ctx.Done()
	if ctx.Err() != nil {
		return nil
	}
	return context.Cause(cluster.ctx)
}

// start leaves a `serve` behind, in a session of its own, once it is ready.
func start(ctx context.Context, dir string, serverOnly bool) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	log, err := os.Create(filepath.Join(dir, "controlplane.log"))
	if err != nil {
		return err
	}
	self, err := os.Executable()
	if err != nil {
		return err
	}
	argv := []string{"serve", dir}
	if serverOnly {
		argv = []string{"serve", "--server-only", dir}
	}
	server := exec.Command(self, argv...)
	server.Stderr = log
	server.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	stdout, err := server.StdoutPipe()
	if err != nil {
		return err
	}
	if err := server.Start(); err != nil {
		return err
	}
	stopWaiting := context.AfterFunc(ctx, func() { _ = server.Process.Signal(syscall.SIGTERM) })
	defer stopWaiting()

	// One line means ready; none means that it has ended.
	line, err := bufio.NewReader(stdout).ReadString('\n')
	if errors.Is(err, io.EOF) {
		_ = server.Wait()
		said, _ := os.ReadFile(log.Name())
		return fmt.Errorf("it did not start:\n%s", said)
	}
	fmt.Print(line)
	return err
}

// stop ends the `serve` that holds the directory's lock and waits until it has let go.
func stop(dir string) error {
	lock, err := os.Open(filepath.Join(dir, lockName))
	if errors.Is(err, os.ErrNotExist) {
		return nil
	} else if err != nil {
		return err
	}
	defer lock.Close()
	if syscall.Flock(int(lock.Fd()), syscall.LOCK_EX|syscall.LOCK_NB) == nil {
		return nil // Nobody holds it: nothing runs, whatever process has that number today.
	}
	var pid int
	if _, err := fmt.Fscan(lock, &pid); err != nil {
		return fmt.Errorf("%s names no process: %w", lock.Name(), err)
	}
	if err := syscall.Kill(pid, syscall.SIGTERM); err != nil {
		return fmt.Errorf("cannot stop process %d: %w", pid, err)
	}
	return syscall.Flock(int(lock.Fd()), syscall.LOCK_EX)
}
