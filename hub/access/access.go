// Package access knows who is asking: the people of the county and what each
// may do, the townships' nodes and their keys, and the units and columns both
// belong to.
//
// It promises:
//   - a person is known by a password or a token, neither of which is kept;
//     failed sign-ins lock a name, whether or not it exists, in the database, and
//     not where its owner works (see account.Attempt);
//   - a node is known by its key alone. An invitation works once, for one unit,
//     and only for whoever holds the key it is used with;
//   - what a role may do is decided by pure functions (May, MayDecide,
//     MayRead), the same for pages, API and command line;
//   - every node is told the county's columns and its own villages whenever
//     they change, by an entry of its down log.
package access

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"zhanqun/internal/account"
)

// Config is what a Service is made of.
type Config struct {
	Store    Store
	HubEpoch string           // of the hub's store
	NATS     func() []string  // addresses nodes connect to, told to nodes that join
	Approval bool             // every machine that joins waits until a person agrees
	Rules    account.Rules    // of passwords
	Now      func() time.Time // nil for time.Now
}

// Service is the area's front door. Its methods check what the actor may do.
type Service struct {
	Config

	mu       sync.Mutex
	revoked  []func(Node)
	approved []func(Node)
	known    map[string]bool // revocations already reported
	latest   time.Time       // of the newest of them
}

// New returns a service on c.
func New(c Config) *Service {
	if c.Now == nil {
		c.Now = time.Now
	}
	return &Service{Config: c, known: map[string]bool{}}
}

// OnRevoked registers f to be called once for each node that is revoked, here
// or by another program on the same database; see Watch. f must not block.
func (s *Service) OnRevoked(f func(Node)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.revoked = append(s.revoked, f)
}

// OnApproved registers f to be called for each node that is let in here. When
// another program does it, the node finds out by asking. f must not block.
func (s *Service) OnApproved(f func(Node)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.approved = append(s.approved, f)
}

func (s *Service) tell(calls []func(Node), n Node) {
	for _, f := range calls {
		f(n)
	}
}

// revokedOverlap is how far back each look for revocations reaches, beyond the
// newest one seen: another program's clock may be behind, and its transaction
// may have taken a while to commit.
const revokedOverlap = 10 * time.Minute

// Refresh does once what Watch does again and again.
func (s *Service) Refresh(ctx context.Context) error {
	return errors.Join(s.reportRevoked(ctx), s.SendSettings(ctx))
}

// Watch notices, every interval until ctx ends, what other programs changed in
// the same database: revoked nodes, and settings that nodes have to be told.
// Failures are handed to report and tried again.
func (s *Service) Watch(ctx context.Context, interval time.Duration, report func(error)) {
	tick := time.NewTicker(interval)
	defer tick.Stop()
	for {
		if err := s.Refresh(ctx); err != nil && ctx.Err() == nil {
			report(err)
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
	}
}

func (s *Service) reportRevoked(ctx context.Context) error {
	s.mu.Lock()
	since := s.latest
	s.mu.Unlock()
	if since.IsZero() {
		since = s.Now()
	}
	nodes, err := s.Store.NodesRevokedSince(ctx, since.Add(-revokedOverlap))
	if err != nil {
		return fmt.Errorf("looking for revoked nodes: %w", err)
	}
	for _, n := range nodes {
		s.tellRevoked(n)
	}
	return nil
}

// tellRevoked calls the registered functions the first time n is reported.
func (s *Service) tellRevoked(n Node) {
	s.mu.Lock()
	told := s.known[n.ID]
	s.known[n.ID] = true
	if n.RevokedAt.After(s.latest) {
		s.latest = n.RevokedAt
	}
	calls := s.revoked
	s.mu.Unlock()
	if !told {
		s.tell(calls, n)
	}
}
