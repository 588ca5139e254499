package web

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"

	"zhanqun/internal/fault"
)

// Problem is an error as told to the asker, in the form of RFC 9457. Errors
// maps a form field to what is wrong there (an extension member).
type Problem struct {
	Type      string            `json:"type"`
	Title     string            `json:"title"`
	Status    int               `json:"status"`
	Detail    string            `json:"detail"`
	Instance  string            `json:"instance,omitempty"`
	RequestID string            `json:"requestId,omitempty"`
	Errors    map[string]string `json:"errors,omitempty"`

	// Err is what happened, for the page that is drawn; never sent.
	Err error `json:"-"`
}

// Extended is an error that has more to tell a program than a sentence: members
// of the problem details beside the ones above (RFC 9457 §3.2).
type Extended interface {
	error
	ProblemMembers() map[string]any
}

// newProblem describes err without telling internals.
func newProblem(r *http.Request, err error) Problem {
	status := fault.KindOf(err).Status()
	return Problem{
		// about:blank says that the status alone is the type, as RFC 9457 §4.2.1
		// has it; there is no page per kind to point to.
		Type:      "about:blank",
		Title:     http.StatusText(status),
		Status:    status,
		Detail:    fault.Message(err),
		Instance:  r.URL.Path,
		RequestID: RequestIDFrom(r.Context()),
		Errors:    fault.Fields(err),
		Err:       err,
	}
}

// writeProblem sends p as application/problem+json.
func writeProblem(w http.ResponseWriter, p Problem) {
	body, err := p.encode()
	if err != nil {
		http.Error(w, p.Detail, p.Status)
		return
	}
	w.Header().Set("Content-Type", "application/problem+json; charset=utf-8")
	w.Header().Set("Content-Language", "zh-CN")
	w.WriteHeader(p.Status)
	_, _ = w.Write(body) // the asker has gone; there is nobody left to tell
}

// encode is the JSON of p with the members its error brings. They replace none
// of the standard ones.
func (p Problem) encode() ([]byte, error) {
	body, err := json.Marshal(p)
	var more Extended
	if err != nil || !errors.As(p.Err, &more) {
		return body, err
	}
	all := maps.Clone(more.ProblemMembers())
	if err := json.Unmarshal(body, &all); err != nil {
		return nil, fmt.Errorf("extending problem details: %w", err)
	}
	return json.Marshal(all)
}
