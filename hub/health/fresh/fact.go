package fresh

import (
	"encoding/json"
	"fmt"
)

// Fact is a line of evidence: of which kind it is, and what it rests on. The kind
// is the Chinese sentence with a place for each of these, which is also its key in
// catalogues of other languages.
type Fact struct {
	Kind string
	Of   []any // int, string as it stands on the page, or Word
}

// Word is a part of a fact in our own words, which other languages have others
// for.
type Word string

// Line returns the fact as a sentence in the words of t, which translates and
// fills in like fmt.Sprintf.
func (f Fact) Line(t func(key string, args ...any) string) string {
	args := make([]any, len(f.Of))
	for i, a := range f.Of {
		if w, ok := a.(Word); ok {
			a = t(string(w))
		}
		args[i] = a
	}
	return t(f.Kind, args...)
}

// part is a part of a fact as it is kept and sent: one of the three.
type part struct {
	Number *int    `json:"number,omitempty"`
	Text   *string `json:"text,omitempty"` // as it stands on the page
	Word   *string `json:"word,omitempty"` // a Word
}

// factJSON is a fact as it is kept and sent.
type factJSON struct {
	Kind  string `json:"kind"`
	Facts []part `json:"facts"`
}

// MarshalJSON writes the kind and the parts, each with what it is.
func (f Fact) MarshalJSON() ([]byte, error) {
	out := factJSON{f.Kind, []part{}}
	for _, a := range f.Of {
		switch v := a.(type) {
		case int:
			out.Facts = append(out.Facts, part{Number: &v})
		case Word:
			text := string(v)
			out.Facts = append(out.Facts, part{Word: &text})
		default:
			text := fmt.Sprint(v)
			out.Facts = append(out.Facts, part{Text: &text})
		}
	}
	raw, err := json.Marshal(out)
	if err != nil {
		return nil, fmt.Errorf("writing a fact: %w", err)
	}
	return raw, nil
}

// UnmarshalJSON reads what MarshalJSON writes.
func (f *Fact) UnmarshalJSON(text []byte) error {
	var in factJSON
	if err := json.Unmarshal(text, &in); err != nil {
		return fmt.Errorf("reading a fact: %w", err)
	}
	f.Kind, f.Of = in.Kind, nil
	for _, p := range in.Facts {
		switch {
		case p.Number != nil:
			f.Of = append(f.Of, *p.Number)
		case p.Word != nil:
			f.Of = append(f.Of, Word(*p.Word))
		case p.Text != nil:
			f.Of = append(f.Of, *p.Text)
		}
	}
	return nil
}

// say adds a line of evidence.
func (r *Reading) say(kind string, of ...any) {
	for i, a := range of {
		if day, ok := a.(Day); ok {
			of[i] = string(day)
		}
	}
	r.Evidence = append(r.Evidence, fmt.Sprintf(kind, of...))
	r.Facts = append(r.Facts, Fact{kind, of})
}

// told adds a line of evidence that comes as a finished sentence.
func (r *Reading) told(sentence string) { r.say("%s", Word(sentence)) }
