package linkcheck

import (
	"slices"
	"time"
)

// Look is what is remembered of one check of a link.
type Look struct {
	At         time.Time
	Verdict    Verdict
	Reason     Reason
	RetryAfter time.Duration // what the server asked for then; 0 for nothing
}

// State is what the looks taken so far say of a link.
type State string

// The states.
const (
	StateUnknown      State = "unknown"      // never looked at
	StateAlive        State = "alive"        // the last look that proved anything went well
	StateDoubtful     State = "doubtful"     // failed, but not often or long enough
	StateDead         State = "dead"         // failed again and again, looks apart
	StateSuspect      State = "suspect"      // answers, but a person should look
	StateInconclusive State = "inconclusive" // no look has proved anything yet
	StateExcluded     State = "excluded"     // not to be asked
)

// Policy says when a failing link is dead and when to look again. Its zero
// value means DefaultPolicy.
type Policy struct {
	// Gap is the least time between two looks that count as two. The official
	// rule asks for 30 minutes.
	Gap time.Duration
	// GoneLooks failing looks confirm a link that says it is gone (404, 410);
	// FailLooks confirm every other fault, since servers and lines recover.
	// An address no browser can open needs one look only.
	GoneLooks, FailLooks int
	// Memory is how far apart two failing looks may be to count together.
	Memory time.Duration
	// Fresh is the time until a link that is well is looked at again, Again
	// the first such time for one that is dead, suspect or inconclusive; it
	// doubles with every further look of that kind up to Longest.
	Fresh, Again, Longest time.Duration
}

// DefaultPolicy is two looks for "gone", three for other faults, half an hour
// apart at least; a link that is well is seen once a day.
var DefaultPolicy = Policy{
	Gap: 30 * time.Minute, GoneLooks: 2, FailLooks: 3, Memory: 14 * 24 * time.Hour,
	Fresh: 24 * time.Hour, Again: 6 * time.Hour, Longest: 7 * 24 * time.Hour,
}

// Seldom is the longest time until anything is looked at again.
func (p Policy) Seldom() time.Duration { return p.withDefaults().Longest }

func (p Policy) withDefaults() Policy {
	set(&p.Gap, DefaultPolicy.Gap)
	set(&p.GoneLooks, DefaultPolicy.GoneLooks)
	set(&p.FailLooks, DefaultPolicy.FailLooks)
	set(&p.Memory, DefaultPolicy.Memory)
	set(&p.Fresh, DefaultPolicy.Fresh)
	set(&p.Again, DefaultPolicy.Again)
	set(&p.Longest, DefaultPolicy.Longest)
	return p
}

// Next returns the state of a link after the looks in history, in any order,
// and when to look again, never before now. One good look clears all failing
// ones before it, and so does one that is suspect: the link answers again. An
// inconclusive look neither counts nor clears; it only
// makes the next one wait longer. Two failing looks less than Gap apart count
// as one. A server's Retry-After is honoured, bounded to a day.
func (p Policy) Next(history []Look, now time.Time) (State, time.Time) {
	p = p.withDefaults()
	if len(history) == 0 {
		return StateUnknown, now
	}
	looks := slices.Clone(history)
	slices.SortStableFunc(looks, func(a, b Look) int { return a.At.Compare(b.At) })
	newest := looks[len(looks)-1]
	state, wait := p.weigh(looks)
	if newest.Verdict != OK {
		wait = max(wait, min(newest.RetryAfter, maxRetryAfter))
	}
	next := newest.At.Add(wait)
	if next.Before(now) {
		next = now
	}
	// A look dated in the future, from a clock set back, must not put the link
	// to sleep until then.
	if latest := now.Add(wait); next.After(latest) {
		next = latest
	}
	return state, next
}

// weigh returns the state and the wait after the newest look.
func (p Policy) weigh(looks []Look) (State, time.Duration) {
	newest := looks[len(looks)-1]
	switch newest.Verdict {
	case OK:
		return StateAlive, p.Fresh
	case Excluded:
		return StateExcluded, p.Longest
	case Suspect:
		return StateSuspect, p.slower(p.Again, run(looks, Suspect)-1)
	}
	evidence, settled := p.evidence(looks)
	silent := run(looks, Inconclusive)
	switch {
	case p.confirmed(evidence):
		return StateDead, p.slower(p.Again, len(evidence)+silent-1)
	case len(evidence) > 0:
		return StateDoubtful, p.slower(p.Gap, silent)
	case settled != "":
		// Nothing was proved since a look that proved something.
		return settled, p.slower(p.Gap, silent-1)
	}
	return StateInconclusive, p.slower(p.Gap, max(silent-1, 0))
}

// evidence returns the failing looks since the last one that went well, those
// that count, and what that last one said.
func (p Policy) evidence(looks []Look) (dead []Look, settled State) {
	for _, l := range looks {
		switch l.Verdict {
		case OK:
			dead, settled = nil, StateAlive
		case Suspect:
			dead, settled = nil, StateSuspect
		case Excluded:
			dead, settled = nil, StateExcluded
		case Dead:
			if len(dead) > 0 && l.At.Sub(dead[len(dead)-1].At) > p.Memory {
				dead = nil
			}
			if len(dead) == 0 || l.At.Sub(dead[len(dead)-1].At) >= p.Gap {
				dead = append(dead, l)
			}
		}
	}
	return dead, settled
}

// confirmed tells whether failing looks that count are enough.
func (p Policy) confirmed(dead []Look) bool {
	gone := 0
	for _, l := range dead {
		switch l.Reason {
		case ReasonBadAddress:
			return true
		case ReasonGone, ReasonCertificate:
			gone++
		}
	}
	return gone >= p.GoneLooks || len(dead) >= p.FailLooks
}

// run counts how many looks at the end have one verdict.
func run(looks []Look, v Verdict) int {
	n := 0
	for n < len(looks) && looks[len(looks)-1-n].Verdict == v {
		n++
	}
	return n
}

// slower doubles wait the given number of times, up to Longest.
func (p Policy) slower(wait time.Duration, times int) time.Duration {
	for ; times > 0 && wait < p.Longest; times-- {
		wait *= 2
	}
	return min(wait, max(p.Longest, p.Gap))
}

// Next applies DefaultPolicy; see Policy.Next.
func Next(history []Look, now time.Time) (State, time.Time) {
	return DefaultPolicy.Next(history, now)
}
