// A small web server, as one writes it with what Go brings.
package main

import (
	"context"
	"log"
	"net/http"
	"os"
	"os/signal"
	"syscall"
)

func main() {
	server := &http.Server{Addr: "127.0.0.1:8080", Handler: http.FileServer(http.Dir("/services/www"))}
	stop, cancel := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer cancel()
	done := make(chan struct{})
	go func() {
		<-stop.Done()
		if err := server.Shutdown(context.Background()); err != nil {
			log.Print(err)
		}
		close(done)
	}()
	if err := server.ListenAndServe(); err != http.ErrServerClosed {
		log.Print(err)
		os.Exit(1)
	}
	<-done
}
