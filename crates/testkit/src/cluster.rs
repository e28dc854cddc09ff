//! A cluster fixture: a sandbox with objects, its kubeconfig, and a connected cluster.
