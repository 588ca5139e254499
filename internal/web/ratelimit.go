package web

import (
	"container/list"
	"net/http"
	"net/netip"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"zhanqun/internal/fault"
)

// Limiter bounds how often one key (an address, an account) may act. It knows
// at most a fixed number of keys and forgets the one seen longest ago, so that
// a flood of keys costs no memory.
type Limiter struct {
	mu    sync.Mutex
	keys  map[string]*list.Element
	order *list.List // front: seen last
	every rate.Limit
	burst int
	size  int
	now   func() time.Time
}

type limited struct {
	key   string
	limit *rate.Limiter
}

// NewLimiter lets each key act burst times at once and then once per interval.
// It remembers up to size keys.
func NewLimiter(interval time.Duration, burst, size int, now func() time.Time) *Limiter {
	return &Limiter{
		keys: map[string]*list.Element{}, order: list.New(),
		every: rate.Every(interval), burst: burst, size: size, now: now,
	}
}

// Allow takes one turn for key. When there is none left it says how long to wait.
func (l *Limiter) Allow(key string) (time.Duration, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	el, ok := l.keys[key]
	if ok {
		l.order.MoveToFront(el)
	} else {
		if l.order.Len() >= l.size {
			last := l.order.Back()
			delete(l.keys, l.order.Remove(last).(*limited).key) // only we put in
		}
		el = l.order.PushFront(&limited{key: key, limit: rate.NewLimiter(l.every, l.burst)})
		l.keys[key] = el
	}
	now := l.now()
	turn := el.Value.(*limited).limit.ReserveN(now, 1) // only we put in
	if wait := turn.DelayFrom(now); wait > 0 {
		turn.CancelAt(now)
		return wait, false
	}
	return 0, true
}

// Limit answers 429 when the key of a request acts too often. A key of ""
// is not limited.
func (l *Limiter) Limit(errs Errors, key func(*http.Request) string) Middleware {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if k := key(r); k != "" {
				if wait, ok := l.Allow(k); !ok {
					errs.Answer(w, r, RetryAfter(fault.New(fault.Limited, "操作太频繁，请稍等片刻再试。"), wait))
					return
				}
			}
			next.ServeHTTP(w, r)
		})
	}
}

// ByAddress is the key for limits per asker. Of an IPv6 address only the /64
// counts: that is what one line is given.
func ByAddress(r *http.Request) string {
	at, err := netip.ParseAddr(Address(r))
	if err != nil {
		return Address(r)
	}
	at = at.Unmap().WithZone("")
	if at.Is6() {
		if p, err := at.Prefix(64); err == nil {
			return p.String()
		}
	}
	return at.String()
}
