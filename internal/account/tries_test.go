package account_test

import (
	"testing"
	"time"

	"zhanqun/internal/account"
	"zhanqun/internal/fault"
)

// Somebody who guesses at a chief's name from outside never locks the chief out
// where the chief works, and gets no more than 90 guesses an hour from however many
// addresses.
func TestGuesserLocksHimselfOut(t *testing.T) {
	now := time.Date(2026, 11, 3, 8, 0, 0, 0, time.UTC)
	var office, all account.Tries
	if err := account.Attempt(&office, &all, now); err != nil {
		t.Fatal(err)
	}
	account.Passed(&office, &all, now)
	if all.Failures != 0 || !all.LockedUntil.IsZero() {
		t.Errorf("the owner counts: %+v", all)
	}

	elsewhere := make([]account.Tries, 500) // a hostile network
	guesses := 0
	for second := range 3600 {
		at := now.Add(time.Duration(second) * time.Second)
		if account.Attempt(&elsewhere[second%len(elsewhere)], &all, at) == nil {
			guesses++
		}
		if second%600 == 0 { // meanwhile the owner comes and goes
			if err := account.Attempt(&office, &all, at); err != nil {
				t.Errorf("the owner is locked out after %d s: %v", second, err)
			}
			account.Passed(&office, &all, at)
		}
	}
	if guesses < 30 || guesses > 90 {
		t.Errorf("%d guesses in an hour", guesses)
	}

	// One address is locked with a growing pause.
	var one account.Tries
	all = account.Tries{}
	for i := range account.DefaultLockout().MaxFailures {
		if err := account.Attempt(&one, &all, now); err != nil {
			t.Errorf("attempt %d: %v", i, err)
		}
	}
	if err := account.Attempt(&one, &all, now); !fault.Is(err, fault.Limited) {
		t.Errorf("one more: %v", err)
	}
	later := now.Add(time.Minute)
	if err := account.Attempt(&one, &all, later); err != nil {
		t.Errorf("after the pause: %v", err)
	}
	if one.LockedUntil.Sub(later) != 2*time.Minute {
		t.Errorf("the next pause ends %v later", one.LockedUntil.Sub(later))
	}
	// An address the owner has not used for long is one like any other.
	office.KnownAt = now.Add(-91 * 24 * time.Hour)
	all.LockedUntil = now.Add(30 * time.Second)
	if err := account.Attempt(&office, &all, now); !fault.Is(err, fault.Limited) {
		t.Errorf("an address of last year: %v", err)
	}
}

func TestScheduledChange(t *testing.T) {
	now := time.Date(2026, 11, 3, 8, 0, 0, 0, time.UTC)
	day := 24 * time.Hour
	for _, tt := range []struct {
		days int
		age  time.Duration
		want bool
	}{{0, 5000 * day, false}, {90, 89 * day, false}, {90, 90 * day, true}, {90, -day, false}} {
		if got := (account.Rules{Days: tt.days}).Expired(now.Add(-tt.age), now); got != tt.want {
			t.Errorf("%d days, %v old: expired %v", tt.days, tt.age, got)
		}
	}
}

func TestFormerPasswordsDoNotComeBack(t *testing.T) {
	stored, err := account.Hash(t.Context(), "tangtou-green-tea")
	if err != nil {
		t.Fatal(err)
	}
	rules := account.Rules{Past: 1}
	if err := rules.CheckNew(t.Context(), "wang", "tangtou-green-tea", []string{stored}); fault.Fields(err)["password"] == "" {
		t.Errorf("a former password: %v", err)
	}
	if err := rules.CheckNew(t.Context(), "wang", "short", nil); fault.Fields(err)["password"] == "" {
		t.Errorf("a short one: %v", err)
	}
	if err := rules.CheckNew(t.Context(), "wang", "sitang-black-tea", []string{stored}); err != nil {
		t.Error(err)
	}
	if err := rules.CheckNew(t.Context(), "wang", "sitang-black-tea", []string{"damaged"}); err == nil {
		t.Error("a damaged row lets any password pass")
	}
}
