package web

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"net/http"
)

// tokenBytes is how much randomness a form token has.
const tokenBytes = 32

func randomToken() string {
	b := make([]byte, tokenBytes)
	_, _ = rand.Read(b) // crypto/rand.Read never fails: it ends the program instead
	return base64.RawURLEncoding.EncodeToString(b)
}

// masked hides a token behind a new random pad, so that compressed pages do not
// give it away letter by letter to somebody who can make a page repeat a guess
// and measure its length (BREACH).
func masked(token string) string {
	raw, err := base64.RawURLEncoding.DecodeString(token)
	if err != nil || len(raw) != tokenBytes {
		return ""
	}
	both := make([]byte, 2*tokenBytes)
	_, _ = rand.Read(both[:tokenBytes]) // never fails, see randomToken
	subtle.XORBytes(both[tokenBytes:], both[:tokenBytes], raw)
	return base64.RawURLEncoding.EncodeToString(both)
}

// unmasked is the token behind what a form sent, or "".
func unmasked(sent string) string {
	both, err := base64.RawURLEncoding.DecodeString(sent)
	if err != nil || len(both) != 2*tokenBytes {
		return ""
	}
	raw := make([]byte, tokenBytes)
	subtle.XORBytes(raw, both[:tokenBytes], both[tokenBytes:])
	return base64.RawURLEncoding.EncodeToString(raw)
}

// known is the token this browser was given, or "".
func (st *formState) known(ctx context.Context) string {
	if st.sessions.UserID(ctx) != "" {
		return st.sessions.scs.GetString(ctx, keyToken)
	}
	c, err := st.r.Cookie(st.sessions.cookieName(st.r, "form"))
	if err != nil || len(c.Value) != base64.RawURLEncoding.EncodedLen(tokenBytes) {
		return ""
	}
	return c.Value
}

// FormToken is the value of the hidden field _token. For somebody signed in it
// belongs to the session. Before the sign-in it is kept in a cookie of its own,
// so that a visitor who only looks at the sign-in page costs no row anywhere.
// It must be called before the answer begins; outside Forgery it is "".
func FormToken(ctx context.Context) string {
	st, ok := ctx.Value(formKey{}).(*formState)
	if !ok {
		return ""
	}
	if st.given == "" {
		token := st.known(ctx)
		if masked(token) == "" {
			token = st.renew(ctx)
		}
		st.given = masked(token)
	}
	return st.given
}

// renew gives this browser a token.
func (st *formState) renew(ctx context.Context) string {
	token := randomToken()
	if st.sessions.UserID(ctx) != "" {
		st.sessions.scs.Put(ctx, keyToken, token)
		return token
	}
	http.SetCookie(st.w, &http.Cookie{ //nolint:gosec // Secure wherever the pages are served over HTTPS
		Name: st.sessions.cookieName(st.r, "form"), Value: token, Path: "/",
		HttpOnly: true, Secure: st.sessions.securely(st.r), SameSite: http.SameSiteStrictMode,
	})
	return token
}
