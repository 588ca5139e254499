package health

import (
	"context"
	"errors"
	"time"

	"golang.org/x/sync/errgroup"

	"zhanqun/hub/health/linkcheck"
)

const (
	batch     = 200              // rows taken up at once
	idle      = 10 * time.Minute // longest wait without looking
	afterFail = 30 * time.Second // wait after the store failed
	shutAgain = time.Hour        // a site that could not be read is tried again
	maxLinks  = 2000             // links kept of one entry
)

// Run reads what is due and checks what is due until ctx ends. Failures of the
// store are logged and tried again. Reading a site takes long, so that it goes on
// beside everything else.
func (s *Service) Run(ctx context.Context) {
	var g errgroup.Group
	for i, wake := range s.wakes {
		work, due := s.check, s.Store.NextDue
		if i > 0 {
			if work, due = s.readOne, s.Store.NextSite; s.Idle {
				continue
			}
		}
		g.Go(func() error {
			s.repeat(ctx, wake, work, due)
			return nil
		})
	}
	_ = g.Wait() // no loop fails
}

// repeat does a piece of work whenever some is due.
func (s *Service) repeat(ctx context.Context, wake <-chan struct{}, work func(context.Context) (bool, error), due func(context.Context) (time.Time, error)) {
	for ctx.Err() == nil {
		more, err := work(ctx)
		wait := s.until(ctx, due)
		switch {
		case err != nil && ctx.Err() == nil:
			if wait = afterFail; errors.Is(err, errCut) {
				wait = afterCut
			}
			s.Log.Error("health pass failed", "error", err, "again_in", wait)
		case more:
			continue
		}
		timer := time.NewTimer(wait)
		select {
		case <-ctx.Done():
		case <-wake:
		case <-timer.C:
		}
		timer.Stop()
	}
}

func (s *Service) until(ctx context.Context, due func(context.Context) (time.Time, error)) time.Duration {
	next, err := due(ctx)
	if err != nil || next.IsZero() || s.Idle {
		return idle
	}
	return min(max(next.Sub(s.Now()), 0), idle)
}

// RunOnce takes up a slice of one site and one batch of each other kind of work,
// tells the units what came of it, and reports whether there may be more.
func (s *Service) RunOnce(ctx context.Context) (more bool, err error) {
	sites := false
	if !s.Idle {
		if sites, err = s.readOne(ctx); err != nil {
			return sites, err
		}
	}
	more, err = s.check(ctx)
	return more || sites, err
}

// check takes up one batch of everything but sites.
func (s *Service) check(ctx context.Context) (more bool, err error) {
	more, err = s.pass(ctx)
	if more && err == nil && s.Now().Sub(s.told) < tellEvery {
		return more, nil // the rest is about to follow: one word on all of it
	}
	s.told = s.Now()
	if told := s.tellAll(ctx); told != nil { // what was found before an error is told all the same
		err = errors.Join(err, told)
	}
	return more, err
}

// tellEvery is how long a unit waits for news while there is always more to do.
const tellEvery = 10 * time.Minute

func (s *Service) rules() rules { return rules{s.Policy, s.Rules, s.Watched} }

func (s *Service) pass(ctx context.Context) (more bool, err error) {
	if err := s.followSites(ctx); err != nil {
		return false, err
	}
	late, err := s.urgeAll(ctx)
	if err != nil {
		return false, err
	}
	opinions, err := s.weigh(ctx)
	if err != nil {
		return false, err
	}
	if s.Idle {
		return late || opinions, nil
	}
	entries, err := s.readEntries(ctx)
	if err != nil {
		return false, err
	}
	columns, err := s.readColumns(ctx)
	if err != nil {
		return false, err
	}
	targets, err := s.Store.DueTargets(ctx, s.Now(), batch)
	if err != nil {
		return false, err
	}
	err = s.checkAll(ctx, targets)
	return late || opinions || entries == batch || columns || len(targets) > 0, err
}

// afterCut is how long to wait when it seems that our own line is down.
const afterCut = 5 * time.Minute

// errCut says that nothing at all answered: it is this machine's line that is
// down, and the looks prove nothing.
var errCut = errors.New("no host answered; this machine seems to be cut off")

// checkAll looks at targets and lets the rules judge each. When the looks only
// show that this machine has no line, none of them counts.
func (s *Service) checkAll(ctx context.Context, targets []Target) error {
	results := make([]linkcheck.Result, len(targets))
	hosts := byHost(targets)
	err := s.each(ctx, len(hosts), func(ctx context.Context, i int) error {
		return s.checkHost(ctx, targets, hosts[i], results)
	})
	if err != nil {
		return err
	}
	if cutOff(results) && !s.anyoneAnswers(ctx, results) {
		return errCut
	}
	if err := s.readAnswered(ctx, targets); err != nil {
		return err
	}
	for i, t := range targets {
		ask := false
		judged := func(c Case) Effect { return putOff(c, s.Now()) }
		if results[i].Verdict != "" {
			look := lookOf(results[i])
			judged = func(c Case) Effect {
				e := judge(c, &look, s.rules(), s.Now())
				ask = e.Ask
				return e
			}
		}
		if err := s.Store.Judge(ctx, t.ID, judged); err != nil {
			return err
		}
		if ask {
			if _, err := s.Store.AskLooks(ctx, t.ID); err != nil {
				return err
			}
		}
	}
	return nil
}

// byHost sorts the places of targets by host, in the order the hosts come up.
func byHost(targets []Target) [][]int {
	var hosts [][]int
	at := map[string]int{}
	for i, t := range targets {
		h := HostOf(t.URL)
		n, known := at[h]
		if !known {
			n = len(hosts)
			at[h], hosts = n, append(hosts, nil)
		}
		hosts[n] = append(hosts[n], i)
	}
	return hosts
}

// giveUp is how many addresses of one host may be silent in a row before the
// others of it are left for later: a host that hangs must not hold up the rest,
// and one that is down has nothing more to say.
const giveUp = 3

// checkHost looks at the targets of one host, one after the other, so that a
// slow host takes up one worker.
func (s *Service) checkHost(ctx context.Context, targets []Target, host []int, results []linkcheck.Result) error {
	mute := 0
	for _, i := range host {
		if mute == giveUp {
			return nil
		}
		if _, is := linkTarget(targets[i].URL); is {
			var err error
			if results[i], err = s.lookAtLink(ctx, targets[i]); err != nil {
				return err
			}
			continue
		}
		results[i] = s.lookAt(ctx, targets[i].URL)
		if ctx.Err() != nil {
			return ctx.Err() // a check that was cut off says nothing of the target
		}
		if mute++; results[i].Status != 0 || results[i].Verdict == linkcheck.Excluded || results[i].Reason == linkcheck.ReasonBadAddress {
			mute = 0
		}
	}
	return nil
}

// laterOn is when a target is taken up again whose host had nothing to say.
const laterOn = 30 * time.Minute

// putOff leaves a target for later without a look.
func putOff(c Case, now time.Time) Effect {
	t := c.Target
	t.NextAt = now.Add(laterOn)
	return Effect{Target: t, Who: System}
}

// controls is how many addresses are asked to tell whether the line is down.
const controls = 5

// anyoneAnswers reports whether one of the addresses that answered last still
// does, asking only hosts that are not among the silent ones.
func (s *Service) anyoneAnswers(ctx context.Context, results []linkcheck.Result) bool {
	asked := map[string]bool{}
	for _, r := range results {
		asked[HostOf(r.URL)] = true
	}
	list, err := s.Store.LastAnswered(ctx, 50)
	if err != nil {
		return false
	}
	left := controls
	for _, address := range list {
		h := HostOf(address)
		if asked[h] || left == 0 {
			continue
		}
		asked[h] = true
		left--
		if s.lookAt(ctx, address).Status != 0 {
			return true
		}
	}
	return false
}

// hostsToTell is how many hosts have to be silent at once, with none answering,
// to take it for our own line.
const hostsToTell = 3

// cutOff reports whether results show nothing but failures to reach anyone.
func cutOff(results []linkcheck.Result) bool {
	silent := map[string]bool{}
	for _, r := range results {
		switch {
		case r.Verdict == "" || r.Verdict == linkcheck.Excluded:
		case r.Status != 0 || len(r.Hops) > 1:
			return false
		case r.ErrorKind != "" && r.ErrorKind != linkcheck.KindPrivate && r.ErrorKind != linkcheck.KindBadTarget:
			silent[HostOf(r.URL)] = true
		}
	}
	return len(silent) >= hostsToTell
}

// each runs f for 0 … n-1 on the workers, waits for all, and returns the first
// error.
func (s *Service) each(ctx context.Context, n int, f func(context.Context, int) error) error {
	var g errgroup.Group
	g.SetLimit(s.Workers)
	for i := range n {
		g.Go(func() error {
			if err := ctx.Err(); err != nil {
				return err
			}
			return f(ctx, i)
		})
	}
	if err := g.Wait(); err != nil {
		return err
	}
	return ctx.Err()
}

// rejudge judges targets whose places changed.
func (s *Service) rejudge(ctx context.Context, targets []string) error {
	for _, id := range targets {
		err := s.Store.Judge(ctx, id, func(c Case) Effect { return judge(c, nil, s.rules(), s.Now()) })
		if err != nil {
			return err
		}
	}
	return nil
}
