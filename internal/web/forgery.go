package web

import (
	"bufio"
	"bytes"
	"context"
	"crypto/subtle"
	"errors"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"strings"

	"zhanqun/internal/fault"
)

// FormTokenField names the hidden field every form of ours carries. In a
// multipart form it must come first, so that it can be checked before the
// files are read. Scripts send FormTokenHeader instead.
const (
	FormTokenField  = "_token"
	FormTokenHeader = "X-Form-Token"
)

// tokenWindow is how much of a multipart body is looked at for the token.
const tokenWindow = 2 << 10

type formKey struct{}

// formState is what FormToken needs of the request it is called in.
type formState struct {
	w        http.ResponseWriter
	r        *http.Request
	sessions *Sessions
	given    string // what FormToken said first in this request
}

// Forgery refuses changing requests that another site made a browser send.
// Three things are asked in turn: net/http.CrossOriginProtection refuses what
// the browser itself calls foreign; what the browser calls same-origin passes;
// everything else (old engines, and plain HTTP on a LAN, where browsers say
// nothing) needs the form token. Requests with a bearer token pass, because a
// browser adds none by itself; the program must then not look at the session.
//
// Letting same-origin requests pass without a token means that a text written
// while the sign-in ran out can still be sent after signing in again.
func Forgery(errs Errors, s *Sessions) Middleware {
	cross := http.NewCrossOriginProtection()
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			st := &formState{w: w, r: r, sessions: s}
			r = r.WithContext(context.WithValue(r.Context(), formKey{}, st))
			st.r = r
			if safeMethod(r.Method) || BearerToken(r) != "" {
				next.ServeHTTP(w, r)
				return
			}
			if err := cross.Check(r); err != nil {
				errs.Answer(w, r, fault.Wrap(fault.Forbidden, "这个请求来自别的网站，已拒绝。请从本系统的页面操作。", err))
				return
			}
			if r.Header.Get("Sec-Fetch-Site") != "same-origin" {
				if err := st.check(r); err != nil {
					errs.Answer(w, r, err)
					return
				}
			}
			next.ServeHTTP(w, r)
		})
	}
}

func safeMethod(m string) bool {
	return m == http.MethodGet || m == http.MethodHead || m == http.MethodOptions
}

// BearerToken is the token of an Authorization header, or "".
func BearerToken(r *http.Request) string {
	scheme, token, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	if !strings.EqualFold(scheme, "Bearer") {
		return ""
	}
	return strings.TrimSpace(token)
}

var errStaleForm = fault.New(fault.Forbidden, "这个页面放得太久了，没有提交。请按浏览器的“后退”回到原页（填写的文字通常还在），复制文字，刷新页面后再提交。")

// check compares the token sent with the token given out.
func (st *formState) check(r *http.Request) error {
	want := st.known(r.Context())
	got, err := sentToken(r)
	if err != nil {
		return err
	}
	if want == "" || subtle.ConstantTimeCompare([]byte(want), []byte(unmasked(got))) != 1 {
		return errStaleForm
	}
	return nil
}

// sentToken finds the token in the header or in the form.
func sentToken(r *http.Request) (string, error) {
	if t := r.Header.Get(FormTokenHeader); t != "" {
		return t, nil
	}
	kind, params, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil {
		return "", nil //nolint:nilerr // no form, so no token
	}
	switch kind {
	case "application/x-www-form-urlencoded":
		if err := r.ParseForm(); err != nil {
			return "", formError(err)
		}
		return r.PostForm.Get(FormTokenField), nil
	case "multipart/form-data":
		return firstPart(r, params["boundary"])
	}
	return "", nil
}

// formError tells a body over the bound from one that is garbled.
func formError(err error) error {
	var tooLarge *http.MaxBytesError
	if errors.As(err, &tooLarge) {
		return err
	}
	return fault.Wrap(fault.Invalid, "表单内容无法读取，请刷新页面后重填。", err)
}

// firstPart looks at the beginning of a multipart body without using it up.
func firstPart(r *http.Request, boundary string) (string, error) {
	if boundary == "" || r.Body == nil {
		return "", nil
	}
	ahead := bufio.NewReaderSize(r.Body, tokenWindow)
	head, err := ahead.Peek(tokenWindow)
	if err != nil && !errors.Is(err, io.EOF) {
		return "", formError(err)
	}
	r.Body = struct {
		io.Reader
		io.Closer
	}{ahead, r.Body}
	part, err := multipart.NewReader(bytes.NewReader(head), boundary).NextPart()
	if err != nil || part.FormName() != FormTokenField {
		return "", nil //nolint:nilerr // a form without a token, however it looks
	}
	value, err := io.ReadAll(io.LimitReader(part, tokenWindow))
	if err != nil {
		return "", nil //nolint:nilerr // the token does not fit the window: not ours
	}
	return string(value), nil
}
