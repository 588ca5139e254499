package queue_test

import (
	"strings"
	"testing"
	"time"

	"github.com/pquerna/otp/hotp"

	"zhanqun/node/queue"
)

// A telephone shows the right time. On an old computer with a wrong clock the codes
// are looked at by the county's, as it was last heard, too.
func TestSecondFactorOnAWrongClock(t *testing.T) {
	right, skew := start, 7*time.Minute
	q := openAt(t, t.TempDir(), func() time.Time { return right.Add(skew) })
	join(t, q)
	a, err := q.AccountByLogin(t.Context(), addWang(t, q).Login)
	if err != nil {
		t.Fatal(err)
	}
	if err := q.BeginSecond(t.Context(), a, password, "192.0.2.9"); err != nil {
		t.Fatal(err)
	}
	f, err := q.Second(t.Context(), a)
	if err != nil {
		t.Fatal(err)
	}
	code := func() string {
		t.Helper()
		text, err := hotp.GenerateCode(strings.ReplaceAll(f.Text(), " ", ""), uint64(right.Unix())/30) // #nosec G115 -- after 1970
		if err != nil {
			t.Fatal(err)
		}
		return text
	}
	if _, err := q.ConfirmSecond(t.Context(), a, code()); err == nil {
		t.Error("a code of seven minutes ago is taken")
	}
	if err := q.SetLine(t.Context(), queue.Line{LastContact: start, Skew: skew}); err != nil {
		t.Fatal(err)
	}
	if _, err := q.ConfirmSecond(t.Context(), a, code()); err != nil {
		t.Error(err)
	}
	if a, err = q.AccountByLogin(t.Context(), a.Login); err != nil {
		t.Fatal(err)
	}
	if _, _, err := q.FinishSignIn(t.Context(), a.Ref(), code(), "192.0.2.9"); err == nil {
		t.Error("a code is taken twice")
	}
	right = right.Add(30 * time.Second)
	if _, _, err := q.FinishSignIn(t.Context(), a.Ref(), code(), "192.0.2.9"); err != nil {
		t.Error(err)
	}
	skew = 0 // put right, before the county was heard again
	right = right.Add(30 * time.Second)
	if _, _, err := q.FinishSignIn(t.Context(), a.Ref(), code(), "192.0.2.9"); err != nil {
		t.Error(err)
	}
}
