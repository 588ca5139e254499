package web

import (
	"context"
	"encoding/json"
	"time"
)

// Flash is a message for the next page this person sees: what became of the
// act. Undo, when set, is where a form may take the act back until then.
type Flash struct {
	Tone   string            `json:"tone"` // a ui.Tone
	Text   string            `json:"text"`
	Undo   string            `json:"undo,omitempty"`
	Until  time.Time         `json:"until,omitzero"`
	Fields map[string]string `json:"fields,omitempty"`
}

// Flash keeps f for the next page. A later one replaces it.
func (s *Sessions) Flash(ctx context.Context, f Flash) {
	text, err := json.Marshal(f)
	if err != nil {
		return // strings and a time always encode
	}
	s.scs.Put(ctx, keyFlash, string(text))
}

// TakeFlash returns the message and forgets it; nil when there is none.
func (s *Sessions) TakeFlash(ctx context.Context) *Flash {
	if ctx.Value(sessionKey{}) != s {
		return nil
	}
	text := s.scs.PopString(ctx, keyFlash)
	if text == "" {
		return nil
	}
	var f Flash
	if err := json.Unmarshal([]byte(text), &f); err != nil {
		return nil // written by another version; a message is not worth an error
	}
	return &f
}
