package main

import (
	"context"
	"log/slog"
	"net"
	"os"
	"time"

	"github.com/google/uuid"

	"zhanqun/internal/pause"
)

// Of several programs on one database one watches the sites, so that each page is
// asked once. It holds a lease; when it stops another takes over, at once if it had
// the time to give it back.
const (
	leadFor   = time.Minute      // how long who falls silent is taken to lead
	leadEvery = 20 * time.Second // how often the lease is taken or prolonged
)

// leases are where a lease is kept; *store.Store is one.
type leases interface {
	Lease(ctx context.Context, name, holder string, d time.Duration) (bool, error)
	EndLease(ctx context.Context, name, holder string) error
}

// holderOf names the program that listens there: no other does at the same time,
// and the one that follows it after a crash takes the lease up as its own.
func holderOf(l net.Listener) string {
	host, err := os.Hostname()
	if err != nil {
		host = uuid.NewString()
	}
	return host + " " + l.Addr().String()
}

// leader works for as long as it leads.
type leader struct {
	leases
	name, holder string
	work         func(context.Context) // ends with its context
	held         func()                // called whenever the lease was prolonged
	log          *slog.Logger
}

// run leads whenever nobody else does, until ctx ends.
func (l *leader) run(ctx context.Context) {
	for first := true; first || pause.For(ctx, leadEvery); first = false {
		held, err := l.Lease(ctx, l.name, l.holder, leadFor)
		if err != nil && ctx.Err() == nil {
			l.log.Error("taking the lease for watching sites", "error", err)
		}
		if held {
			l.lead(ctx)
		}
	}
}

// lead works until the lease is lost or ctx ends. One that cannot be prolonged for
// want of the database is kept as long as nobody else can have it.
func (l *leader) lead(ctx context.Context) {
	l.log.Info("this program watches the sites now", "holder", l.holder)
	work, stop := context.WithCancel(ctx)
	done := make(chan struct{})
	go func() {
		defer close(done)
		l.work(work)
	}()
	for taken := time.Now(); pause.For(work, leadEvery); {
		held, err := l.Lease(work, l.name, l.holder, leadFor)
		if held {
			taken = time.Now()
			l.held()
			continue
		}
		if err == nil || time.Since(taken)+leadEvery >= leadFor {
			l.log.Warn("another program watches the sites", "error", err)
			break
		}
	}
	stop()
	<-done
	end, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopTime/2)
	defer cancel()
	if err := l.EndLease(end, l.name, l.holder); err != nil {
		l.log.Warn("giving back the lease for watching sites", "error", err)
	}
}
