// Package fault names the few kinds of failure a person can be told about.
//
// It promises that an error made here carries one Kind, one sentence in plain
// Chinese meant for the person at the screen, and, for bad input, one sentence
// per form field. Everything else that goes wrong has kind Internal: its text
// is for the log only and never reaches a page. Exactly one place in each
// program turns a kind into an HTTP status or an exit code.
package fault

import (
	"errors"
	"maps"
	"net/http"
)

// Kind is a class of failure. The zero value is Internal.
type Kind int

// The kinds, each with the HTTP status it becomes.
const (
	Internal        Kind = iota // 500: our fault; details only in the log
	Invalid                     // 422: the input breaks a rule; see Fields
	Unauthenticated             // 401: nobody is signed in
	Forbidden                   // 403: signed in, but not allowed
	NotFound                    // 404: no such thing, or not visible to the asker
	NotAllowed                  // 405: not in this way; what can be done stands in Allow
	Conflict                    // 409: judged on a stale revision, or already done
	Gone                        // 410: existed and was withdrawn
	TooLarge                    // 413: over a stated limit
	Limited                     // 429: too many tries; wait
	Unavailable                 // 503: a passing failure; try again
	Full                        // 507: no room on disk
)

var statuses = map[Kind]int{
	Internal:        http.StatusInternalServerError,
	Invalid:         http.StatusUnprocessableEntity,
	Unauthenticated: http.StatusUnauthorized,
	Forbidden:       http.StatusForbidden,
	NotFound:        http.StatusNotFound,
	NotAllowed:      http.StatusMethodNotAllowed,
	Conflict:        http.StatusConflict,
	Gone:            http.StatusGone,
	TooLarge:        http.StatusRequestEntityTooLarge,
	Limited:         http.StatusTooManyRequests,
	Unavailable:     http.StatusServiceUnavailable,
	Full:            http.StatusInsufficientStorage,
}

// Status returns the HTTP status the kind is answered with.
func (k Kind) Status() int { return statuses[k] }

// Error is a failure with a kind and words for a person.
type Error struct {
	Kind    Kind
	Message string            // plain Chinese: what is wrong and what to do
	Fields  map[string]string // form field → what is wrong there; may be nil
	cause   error
}

// New returns an error of the given kind with a sentence for a person.
func New(kind Kind, message string) *Error {
	return &Error{Kind: kind, Message: message}
}

// Wrap gives cause a kind and a sentence for a person; the cause stays in the
// chain for errors.Is and for the log.
func Wrap(kind Kind, message string, cause error) *Error {
	return &Error{Kind: kind, Message: message, cause: cause}
}

// Field returns an Invalid error that belongs to one form field.
func Field(name, message string) *Error {
	return &Error{Kind: Invalid, Message: message, Fields: map[string]string{name: message}}
}

// With returns a copy of e that also says what is wrong at the field name.
func (e *Error) With(name, message string) *Error {
	c := *e
	c.Fields = maps.Clone(e.Fields)
	if c.Fields == nil {
		c.Fields = map[string]string{}
	}
	c.Fields[name] = message
	return &c
}

// Error is the text for the log: the sentence and, behind it, the cause.
func (e *Error) Error() string {
	if e.cause != nil {
		return e.Message + ": " + e.cause.Error()
	}
	return e.Message
}

// Unwrap returns the cause, or nil.
func (e *Error) Unwrap() error { return e.cause }

// KindOf returns the kind of the first Error in err's chain, or Internal.
func KindOf(err error) Kind {
	var e *Error
	if errors.As(err, &e) {
		return e.Kind
	}
	return Internal
}

// Is reports whether err carries the given kind.
func Is(err error, kind Kind) bool {
	return err != nil && KindOf(err) == kind
}

// Message returns the sentence meant for a person. An error without one gets a
// general sentence, so that internals never reach a page.
func Message(err error) string {
	var e *Error
	if errors.As(err, &e) && e.Message != "" {
		return e.Message
	}
	return "系统内部出错，内容没有丢失。请稍后再试，仍不行请联系县级管理员。"
}

// Fields returns the per-field sentences of err, or nil.
func Fields(err error) map[string]string {
	var e *Error
	if errors.As(err, &e) {
		return e.Fields
	}
	return nil
}
