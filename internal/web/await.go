package web

import (
	"context"
	"fmt"
	"net/http"
	"time"
)

// SecondStep is how long after the password the second factor may come.
const SecondStep = 5 * time.Minute

const (
	keyAwaited      = "awaited"      // who has given the password and not yet the second factor
	keyAwaitedSince = "awaitedSince" // Unix milliseconds
)

// Await notes that the browser of r has given the password of a user, whom only
// SignIn lets in, once the second factor has come as well. The session gets a new
// token, as at a sign-in.
func (s *Sessions) Await(r *http.Request, userID string) error {
	ctx := r.Context()
	if err := s.scs.Clear(ctx); err != nil {
		return fmt.Errorf("clearing session: %w", err)
	}
	if err := s.scs.RenewToken(ctx); err != nil {
		return fmt.Errorf("renewing session token: %w", err)
	}
	now := s.now()
	s.scs.SetDeadline(ctx, now.Add(SecondStep))
	s.scs.Put(ctx, keyAwaited, userID)
	s.scs.Put(ctx, keyAwaitedSince, now.UnixMilli())
	return nil
}

// Awaited returns whose second factor is awaited, and since when; "" for nobody's.
func (s *Sessions) Awaited(ctx context.Context) (userID string, since time.Time) {
	userID, since = s.scs.GetString(ctx, keyAwaited), time.UnixMilli(s.scs.GetInt64(ctx, keyAwaitedSince))
	if age := s.now().Sub(since); userID == "" || age < 0 || age > SecondStep {
		return "", time.Time{}
	}
	return userID, since
}
