// Pause holds a pod's namespaces: it waits for the signal that ends it.
package main

import (
	"os"
	"os/signal"
	"syscall"
)

func main() {
	// As process 1 of the pod's namespaces it gets no default action for a signal: without this, every pod would take the
	// whole grace period to end.
	end := make(chan os.Signal, 1)
	signal.Notify(end, syscall.SIGTERM, syscall.SIGINT)
	<-end
}
