// Command client-go makes every call that the typed clients of client-go have, for one kind of object, and prints a
// line for each: what the server answered, without what differs from run to run.
//
//	client-go [-json] KIND...
//
// The clients send protobuf, as they do by themselves, or JSON. The kinds are in kinds.go; the words of others.go stand
// for other parts of client-go: discovery, reviews, informers, leader election, and clients without types.
package main

import (
	"context"
	"fmt"
	"os"
	"time"

	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
)

// session is the way to the server, for one run.
type session struct {
	ctx       context.Context
	config    *rest.Config
	clients   *kubernetes.Clientset
	namespace string
}

// warnings prints what the server warns of.
type warnings struct{}

func (warnings) HandleWarningHeader(_ int, _ string, text string) {
	fmt.Println("  warning:", text)
}

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "client-go:", err)
		os.Exit(1)
	}
}

func run(words []string) error {
	loader := clientcmd.NewNonInteractiveDeferredLoadingClientConfig(
		clientcmd.NewDefaultClientConfigLoadingRules(), &clientcmd.ConfigOverrides{})
	config, err := loader.ClientConfig()
	if err != nil {
		return err
	}
	namespace, _, err := loader.Namespace()
	if err != nil {
		return err
	}
	if len(words) > 0 && words[0] == "-json" {
		config.ContentType, config.AcceptContentTypes = "application/json", "application/json"
		words = words[1:]
	}
	config.QPS, config.Burst = 500, 500
	config.WarningHandler = warnings{}
	clients, err := kubernetes.NewForConfig(config)
	if err != nil {
		return err
	}

	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	s := &session{ctx: ctx, config: config, clients: clients, namespace: namespace}
	for _, word := range words {
		if try, ok := others[word]; ok {
			if err := try(s); err != nil {
				return fmt.Errorf("%s: %w", word, err)
			}
			continue
		}
		try, ok := s.kinds()[word]
		if !ok {
			return fmt.Errorf("there is no kind %s here", word)
		}
		try()
	}
	return nil
}
