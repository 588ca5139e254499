package linkcheck

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

func TestThrottleKeepsRequestsApart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		th := NewThrottle(ThrottleOptions{Interval: time.Second, Concurrency: 2})
		start := time.Now()
		var mu sync.Mutex
		var starts []time.Duration
		var atOnce, most atomic.Int32
		var wg sync.WaitGroup
		for range 8 {
			wg.Go(func() {
				release, err := th.Acquire(t.Context(), "a.example")
				if err != nil {
					t.Error(err)
					return
				}
				mu.Lock()
				starts = append(starts, time.Since(start))
				mu.Unlock()
				most.Store(max(most.Load(), atOnce.Add(1)))
				<-time.After(3 * time.Second) // a slow answer
				atOnce.Add(-1)
				release()
				release() // twice is harmless
			})
		}
		wg.Wait()
		if most.Load() != 2 {
			t.Errorf("%d requests at once", most.Load())
		}
		for i := 1; i < len(starts); i++ {
			if d := starts[i] - starts[i-1]; d < time.Second {
				t.Errorf("start %d came %s after the one before", i, d)
			}
		}
		if other, err := th.Acquire(t.Context(), "b.example"); err != nil {
			t.Error(err)
		} else {
			other()
		}
		if len(starts) != 8 || time.Since(start) > 14*time.Second {
			t.Errorf("%d starts in %s", len(starts), time.Since(start))
		}
	})
}

func TestThrottleEndsWithContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		th := NewThrottle(ThrottleOptions{Interval: time.Minute, Concurrency: 1})
		release, err := th.Acquire(t.Context(), "a.example")
		if err != nil {
			t.Fatal(err)
		}
		for _, held := range []bool{true, false} {
			if !held {
				release()
			}
			ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
			before := time.Now()
			if _, err := th.Acquire(ctx, "a.example"); !errors.Is(err, context.DeadlineExceeded) || time.Since(before) != 5*time.Second {
				t.Errorf("held %v: %v after %s", held, err, time.Since(before))
			}
			cancel()
		}
		if len(th.hosts) != 1 || th.hosts["a.example"].users != 0 {
			t.Errorf("the gate is still in use: %+v", th.hosts["a.example"])
		}
	})
}

func TestThrottleHeedsComplaints(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		th := NewThrottle(ThrottleOptions{Interval: time.Second})
		turn := func() time.Duration {
			t.Helper()
			before := time.Now()
			release, err := th.Acquire(t.Context(), "a.example")
			if err != nil {
				t.Fatal(err)
			}
			release()
			return time.Since(before)
		}
		turn()
		th.Report("a.example", 429, 20*time.Second, 0)
		if d := turn(); d != 20*time.Second {
			t.Errorf("waited %s of a rest of 20 s", d)
		}
		if d := turn(); d != 2*time.Second {
			t.Errorf("pace after one complaint is %s", d)
		}
		th.Report("a.example", 503, 0, 0)
		turn()
		if d := turn(); d != 4*time.Second {
			t.Errorf("pace after two complaints is %s", d)
		}
		for range 2 * calmAnswers {
			th.Report("a.example", 200, 0, 0)
		}
		turn()
		if d := turn(); d != time.Second {
			t.Errorf("pace after calm is %s", d)
		}
		for range 30 {
			th.Report("a.example", 503, 0, 0)
		}
		if th.hosts["a.example"].interval != time.Minute {
			t.Errorf("pace slows without bound: %s", th.hosts["a.example"].interval)
		}
		th.Report("a.example", 429, 90*24*time.Hour, 0)
		var rest *RestError
		before := time.Now()
		if _, err := th.Acquire(t.Context(), "a.example"); !errors.As(err, &rest) || rest.For != maxRetryAfter || time.Since(before) != 0 {
			t.Errorf("a long rest gave %v after %s", err, time.Since(before))
		}
		th.Report("unknown.example", 429, time.Hour, 0)
	})
}

func TestThrottleForgets(t *testing.T) {
	th := NewThrottle(ThrottleOptions{Interval: -1, MaxHosts: 10})
	release, err := th.Acquire(t.Context(), "used.example")
	if err != nil {
		t.Fatal(err)
	}
	defer release()
	for i := range 1000 {
		host := fmt.Sprintf("h%d.example", i)
		done, err := th.Acquire(t.Context(), host)
		if err != nil {
			t.Fatal(err)
		}
		if i == 3 {
			th.Report(host, 429, time.Hour, 0)
		}
		done()
	}
	if len(th.hosts) != 10 || th.idle.Len() != 9 {
		t.Errorf("%d hosts remembered, %d idle", len(th.hosts), th.idle.Len())
	}
	if th.hosts["used.example"] == nil {
		t.Error("a host in use was forgotten")
	}
	if th.hosts["h3.example"] == nil {
		t.Error("a host that rests was forgotten before others")
	}
}

// With an adaptive pace a quick host is asked without pauses, a slow one half of
// the time, and one that complains as slowly as it wishes.
func TestThrottleFollowsTheHost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		th := NewThrottle(ThrottleOptions{Adaptive: true, Interval: time.Second})
		ask := func(took time.Duration, status int) (waited time.Duration) {
			t.Helper()
			before := time.Now()
			release, err := th.Acquire(t.Context(), "a.example")
			if err != nil {
				t.Fatal(err)
			}
			waited = time.Since(before)
			release()
			th.Report("a.example", status, 0, took)
			return waited
		}
		for range 50 {
			if d := ask(quick-time.Millisecond, 200); d != 0 {
				t.Fatalf("a quick host was given %s", d)
			}
		}
		for range 50 {
			ask(400*time.Millisecond, 200)
		}
		if d := ask(400*time.Millisecond, 200); d < 190*time.Millisecond || d > 200*time.Millisecond {
			t.Errorf("a slow host was given %s", d)
		}
		for range 50 {
			ask(10*time.Second, 200)
		}
		if d := ask(10*time.Second, 200); d != time.Second {
			t.Errorf("a very slow host was given %s", d)
		}
		for range 100 {
			ask(time.Millisecond, 200)
		}
		ask(time.Millisecond, 429)
		if d := ask(time.Millisecond, 200); d != 100*time.Millisecond {
			t.Errorf("after a complaint %s", d)
		}
		ask(time.Millisecond, 429)
		ask(time.Millisecond, 200)
		if d := ask(time.Millisecond, 200); d != 200*time.Millisecond {
			t.Errorf("after two complaints %s", d)
		}
		for range 20 * calmAnswers {
			ask(time.Millisecond, 200)
		}
		if d := ask(time.Millisecond, 200); d != 150*time.Millisecond {
			t.Errorf("a host that complains again and again is given %s", d)
		}
		th.Slow("a.example", 5*time.Second)
		ask(0, 200)
		if d := ask(0, 200); d != 5*time.Second {
			t.Errorf("with a crawl delay of 5 s %s", d)
		}
	})
}

// A host that drops connections though it answers others is asked slowly and one
// at a time, until it has been well for a while; one that never answered is only
// down.
func TestThrottleHeedsLostConnections(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		th := NewThrottle(ThrottleOptions{Adaptive: true, Interval: time.Second, Concurrency: 4})
		ask := func(host string, status int) {
			release, err := th.Acquire(t.Context(), host)
			if err != nil {
				t.Fatal(err)
			}
			defer release()
			if status == 0 {
				th.Lost(host)
			} else {
				th.Report(host, status, 0, time.Millisecond)
			}
		}
		for range 20 {
			ask("down.example", 0)
		}
		if th.Touchy("down.example") {
			t.Error("a host that is down is no touchy one")
		}
		ask("a.example", 200)
		for range manyLost {
			ask("a.example", 0)
		}
		if !th.Touchy("a.example") {
			t.Error("nothing was noticed")
		}
		first, err := th.Acquire(t.Context(), "a.example")
		if err != nil {
			t.Fatal(err)
		}
		began := time.Now()
		time.AfterFunc(3*time.Second, first)
		ask("a.example", 200)
		if d := time.Since(began); d < 3*time.Second {
			t.Errorf("a second request ran beside the first, after %s", d)
		}
	})
}

// A rest longer than anybody waits is believed of a host when a second answer
// asks for it; refusals in a row slow the pace, but not for ever.
func TestThrottleDoubts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		th := NewThrottle(ThrottleOptions{Adaptive: true, Interval: time.Second, MaxWait: 2 * time.Minute})
		ask := func(status int, after time.Duration) error {
			release, err := th.Acquire(t.Context(), "a.example")
			if err == nil {
				th.Report("a.example", status, after, time.Millisecond)
				release()
			}
			return err
		}
		for _, step := range []struct {
			status int
			after  time.Duration
		}{{429, 24 * time.Hour}, {200, 0}, {503, 24 * time.Hour}, {429, time.Hour}} {
			if err := ask(step.status, step.after); err != nil {
				t.Fatalf("before %+v: %v", step, err)
			}
		}
		var rest *RestError
		if err := ask(200, 0); !errors.As(err, &rest) {
			t.Errorf("the host is not left alone: %v", err)
		}
		th = NewThrottle(ThrottleOptions{Adaptive: true, Interval: time.Second})
		if err := ask(200, 0); err != nil {
			t.Fatal(err)
		}
		began := time.Now()
		for range 100 {
			if err := ask(403, 0); err != nil {
				t.Fatal(err)
			}
		}
		if d := time.Since(began); d < time.Second || d > 10*time.Second || th.Touchy("a.example") {
			t.Errorf("100 refusals took %s", d)
		}
	})
}

// A host that says nothing but that it is busy is given up; one that has answered
// is given longer, and any other answer shows that waiting was worth it.
func TestHostsThatAreBusyForEver(t *testing.T) {
	th := NewThrottle(ThrottleOptions{Interval: -1, Adaptive: true})
	times := func(host string, status, n int) {
		for range n {
			th.Report(host, status, 0, 0)
		}
	}
	for _, host := range []string{"never.example", "once.example"} {
		th.leave(th.enter(host))
	}
	times("once.example", 200, 1)
	for _, host := range []string{"never.example", "once.example"} {
		times(host, 429, soonBusy)
	}
	if !th.Closed("never.example") || th.Closed("once.example") {
		t.Errorf("never answered: %v, answered once: %v", th.Closed("never.example"), th.Closed("once.example"))
	}
	var rest *RestError
	if _, err := th.Acquire(t.Context(), "never.example"); !errors.As(err, &rest) {
		t.Errorf("a host that is given up: %v", err)
	}
	times("once.example", 404, 1)
	times("once.example", 503, everBusy-1)
	if th.Closed("once.example") {
		t.Error("an answer in between was forgotten")
	}
	if times("once.example", 429, manyDown); !th.Closed("once.example") {
		t.Error("not given up")
	}
}

// A host that has no time (503) whenever it is asked two things at once is asked
// one thing at a time; one that has none for one page only is not.
func TestHostsWithTimeForOneVisitor(t *testing.T) {
	th := NewThrottle(ThrottleOptions{Interval: -1, Adaptive: true})
	const host = "small.example"
	answer := func(status int) {
		th.Report(host, status, 0, 0)
	}
	first, err := th.Acquire(t.Context(), host)
	if err != nil {
		t.Fatal(err)
	}
	answer(200)
	for range manyCrowded {
		answer(503)
		answer(200)
	}
	if th.Touchy(host) {
		t.Error("taken for crowded with one request under way")
	}
	second, err := th.Acquire(t.Context(), host)
	if err != nil {
		t.Fatal(err)
	}
	for range manyCrowded {
		answer(503)
		answer(200)
	}
	second()
	if !th.Touchy(host) {
		t.Error("not found out")
	}
	ctx, cancel := context.WithTimeout(t.Context(), 10*aloneWait)
	defer cancel()
	if _, err := th.Acquire(ctx, host); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("a second request beside the first: %v", err)
	}
	first()
}
