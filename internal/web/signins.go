package web

import (
	"context"
	"time"

	"github.com/alexedwards/scs/v2"

	"zhanqun/internal/account"
)

// SignInStore is a store of sessions that knows whose each of them is, so that a
// person can be shown where he is signed in and end it there.
type SignInStore interface {
	scs.CtxStore
	scs.Store
	// KeepSignIn is CommitCtx of a session in which somebody is signed in. One
	// that was ended meanwhile stays so.
	KeepSignIn(ctx context.Context, token string, data []byte, expiry time.Time, in account.SignIn) error
}

// signInIDLen is the length of what names a sign-in: 96 bits, no two are alike.
const signInIDLen = 16

// signInStore tells a store whose the sessions are that it is given.
type signInStore struct{ SignInStore }

// CommitCtx implements scs.CtxStore.
func (k signInStore) CommitCtx(ctx context.Context, token string, data []byte, expiry time.Time) error {
	in, err := signInOf(data)
	if err != nil {
		return err
	}
	if in.Account == "" {
		return k.SignInStore.CommitCtx(ctx, token, data, expiry)
	}
	return k.KeepSignIn(ctx, token, data, expiry, in)
}

// signInOf reads what a session says of the one who is signed in.
func signInOf(data []byte) (in account.SignIn, err error) {
	_, values, err := scs.GobCodec{}.Decode(data)
	if err != nil {
		return in, err
	}
	text := func(key string) string {
		s, _ := values[key].(string)
		return s
	}
	at := func(key string) time.Time {
		ms, _ := values[key].(int64)
		return time.UnixMilli(ms)
	}
	return account.SignIn{ID: text(keyID), Account: text(keyUser), At: at(keySince), SeenAt: at(keySeen), From: text(keyFrom), Browser: text(keyBrowser)}, nil
}

// SignInID names the sign-in of this session; "" when nobody is signed in.
func (s *Sessions) SignInID(ctx context.Context) string {
	if s.UserID(ctx) == "" {
		return ""
	}
	return s.scs.GetString(ctx, keyID)
}

// LiveSince is since when a sign-in must have been used to let anybody in now.
func (s *Sessions) LiveSince() time.Time { return s.now().Add(-s.idle) }
