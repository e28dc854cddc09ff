// Command protobuf prints what the sandbox needs to read protobuf, and what tests macaque's reading of it, by Kubernetes'
// own Go types and serializer:
//
//	go -C tests/controlplane run ./protobuf messages > crates/sandbox/src/wire/protobuf/messages.txt
//	go -C tests/controlplane run ./protobuf bodies > crates/sandbox/src/wire/protobuf/bodies.txt
//	go -C tests/controlplane run ./protobuf metadata > src/k8s/wire/metadata_list/lists.txt
//
// The first is the table of messages, the second a table of bodies as clients send them, beside the same as JSON, and the
// third the same of lists of metadata as the API server sends them.
package main

import (
	"bufio"
	"fmt"
	"os"
	"runtime/debug"
)

func main() {
	out := bufio.NewWriter(os.Stdout)
	defer out.Flush()
	switch {
	case len(os.Args) == 2 && os.Args[1] == "messages":
		printMessages(out)
	case len(os.Args) == 2 && os.Args[1] == "bodies":
		printBodies(out)
	case len(os.Args) == 2 && os.Args[1] == "metadata":
		printMetadata(out)
	default:
		fmt.Fprintln(os.Stderr, "Usage: protobuf messages | bodies | metadata")
		os.Exit(2)
	}
}

// apiVersion is the version of the module that holds the types, e.g. v0.37.2.
func apiVersion() string {
	info, _ := debug.ReadBuildInfo()
	for _, module := range info.Deps {
		if module.Path == "k8s.io/api" {
			return module.Version
		}
	}
	panic("k8s.io/api is not among the modules of this program")
}
