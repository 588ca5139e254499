package linkcheck

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// clerk is a resolver made of a function.
type clerk func(ctx context.Context, host string) ([]netip.Addr, error)

func (c clerk) LookupNetIP(ctx context.Context, _, host string) ([]netip.Addr, error) {
	return c(ctx, host)
}

func unanswered(ctx context.Context) error {
	<-ctx.Done()
	return &net.DNSError{Err: "timeout", IsTimeout: true, IsTemporary: true}
}

func TestNameCacheAsksOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var asked, atOnce, most atomic.Int32
		c := NewNameCache(clerk(func(_ context.Context, host string) ([]netip.Addr, error) {
			asked.Add(1)
			most.Store(max(most.Load(), atOnce.Add(1)))
			<-time.After(100 * time.Millisecond)
			atOnce.Add(-1)
			if host == "none.cn" {
				return nil, &net.DNSError{Err: "no such host", IsNotFound: true}
			}
			return []netip.Addr{loopback}, nil
		}))
		defer c.Close()
		var wg sync.WaitGroup
		for i := range 100 {
			wg.Go(func() {
				if ips, err := c.LookupNetIP(t.Context(), "ip", fmt.Sprintf("h%d.cn", i%10)); err != nil || len(ips) != 1 {
					t.Errorf("%v, %v", ips, err)
				}
				var failed *net.DNSError
				if _, err := c.LookupNetIP(t.Context(), "ip", "none.cn"); !errors.As(err, &failed) || !failed.IsNotFound {
					t.Errorf("a name that does not exist: %v", err)
				}
			})
		}
		wg.Wait()
		if asked.Load() != 11 || most.Load() > lookupsOnce {
			t.Errorf("asked %d times, %d at once", asked.Load(), most.Load())
		}
		<-time.After(nameLife + time.Second)
		if _, err := c.LookupNetIP(t.Context(), "ip", "h1.cn"); err != nil || asked.Load() != 12 {
			t.Errorf("an answer is remembered for ever: %v, %d", err, asked.Load())
		}
	})
}

// A question that is lost is put again; a resolver that never answers is let be
// for a while, so that names beyond count do not wait for it one by one.
func TestNameCacheBearsSilence(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var asked atomic.Int32
		lost := NewNameCache(clerk(func(ctx context.Context, _ string) ([]netip.Addr, error) {
			if asked.Add(1) == 1 {
				return nil, unanswered(ctx)
			}
			return []netip.Addr{loopback}, nil
		}))
		defer lost.Close()
		began := time.Now()
		if _, err := lost.LookupNetIP(t.Context(), "ip", "a.cn"); err != nil || time.Since(began) != askAgain {
			t.Errorf("%v after %s", err, time.Since(began))
		}
		asked.Store(0)
		silent := NewNameCache(clerk(func(ctx context.Context, _ string) ([]netip.Addr, error) {
			asked.Add(1)
			return nil, unanswered(ctx)
		}))
		defer silent.Close()
		began = time.Now()
		var wg sync.WaitGroup
		for i := range 500 {
			wg.Go(func() {
				var failed *net.DNSError
				if _, err := silent.LookupNetIP(t.Context(), "ip", fmt.Sprintf("h%d.cn", i)); !errors.As(err, &failed) || failed.IsNotFound || !failed.IsTemporary {
					t.Errorf("silence is taken for an answer: %v", err)
				}
			})
		}
		wg.Wait()
		if took := time.Since(began); took > time.Minute || asked.Load() > 40 {
			t.Errorf("500 names took %s and %d questions", took, asked.Load())
		}
		silent.Forget()
		before := asked.Load()
		if _, err := silent.LookupNetIP(t.Context(), "ip", "h1.cn"); err == nil || asked.Load() == before {
			t.Errorf("what failed is not asked for anew: %v", err)
		}
	})
}
