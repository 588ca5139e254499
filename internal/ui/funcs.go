package ui

import (
	"fmt"
	"html/template"
	"reflect"
	"strconv"
	"strings"
	"time"

	"zhanqun/internal/chinatime"
)

// funcs are the template functions in the language of the set.
func (s *set) funcs() template.FuncMap {
	t := func(key string, args ...any) string { return T(s.lang, key, args...) }
	return template.FuncMap{
		"t":          t,
		"named":      func(name, english string) string { return Named(s.lang, name, english) },
		"element":    func(tag string) string { return t(ElementName(tag)) },
		"asset":      Asset,
		"stylesheet": stylesheet,
		"dict":       dict,
		"join":       strings.Join,
		"num":        Num,
		"bytes":      Bytes,
		"span":       func(d time.Duration) string { return Span(s.lang, d) },
		"when":       func(v any) (template.HTML, error) { return s.time(v, When) },
		"day":        func(v any) (template.HTML, error) { return s.time(v, Day) },
		"ago":        func(v any) (template.HTML, error) { return s.time(v, Ago) },

		"browser":   s.browser,
		"place":     s.place,
		"chip":      s.chip,
		"deadline":  s.deadline,
		"toneShape": toneShape,
		"token":     func(d Data) (template.HTML, error) { return s.part("token", d.base()) },
		"field":     partFunc[Field](s, "field"),
		"strip":     partFunc[Strip](s, "strip"),
		"empty":     partFunc[Empty](s, "empty"),
		"pager":     partFunc[Pager](s, "pager"),
		"progress":  partFunc[Progress](s, "progress"),
		"signins":   partFunc[SignIns](s, "signins"),
		"bars":      partFunc[Chart](s, "bars"),
		"timeline":  func(events []Event) (template.HTML, error) { return s.part("timeline", events) },
		"uploads":   func(files []Upload) (template.HTML, error) { return s.part("uploads", files) },
		"diff":      func(old, new string) (template.HTML, error) { return s.part("diff", Diff(old, new)) },
	}
}

// time writes v as a time element with the full time in its title.
func (s *set) time(v any, words func(Lang, time.Time, time.Time) string) (template.HTML, error) {
	at, err := toTime(v)
	if err != nil {
		return "", err
	}
	if at.IsZero() {
		return "—", nil
	}
	at = at.In(chinatime.Zone)
	return s.part("time", struct{ Machine, Full, Words string }{
		at.Format(time.RFC3339), Full(at), words(s.lang, at, s.opt.Now()),
	})
}

// toTime accepts what the programs hold: a time, a time that may be absent, or
// Unix milliseconds as in the databases.
func toTime(v any) (time.Time, error) {
	switch at := v.(type) {
	case time.Time:
		return at, nil
	case *time.Time:
		if at == nil {
			return time.Time{}, nil
		}
		return *at, nil
	case int64:
		if at == 0 {
			return time.Time{}, nil
		}
		return time.UnixMilli(at), nil
	case nil:
		return time.Time{}, nil
	}
	return time.Time{}, fmt.Errorf("not a time: %T", v)
}

// partFunc makes the template function of a part whose argument is a T, given
// whole or as pairs of field name and value.
func partFunc[P any](s *set, name string) func(...any) (template.HTML, error) {
	return func(args ...any) (template.HTML, error) {
		p, err := props[P](args)
		if err != nil {
			return "", fmt.Errorf("%s: %w", name, err)
		}
		return s.part(name, p)
	}
}

// props builds a P from pairs. A name P does not have is an error, because a
// misspelt name in a template would otherwise go unseen.
func props[P any](args []any) (P, error) {
	var p P
	if len(args) == 1 {
		if v, ok := args[0].(P); ok {
			return v, nil
		}
		if v, ok := args[0].(*P); ok {
			return *v, nil
		}
	}
	if len(args)%2 != 0 {
		return p, fmt.Errorf("want pairs of name and value, got %d arguments", len(args))
	}
	v := reflect.ValueOf(&p).Elem()
	for i := 0; i < len(args); i += 2 {
		name, ok := args[i].(string)
		if !ok {
			return p, fmt.Errorf("argument %d is %T, want a name", i+1, args[i])
		}
		f := v.FieldByName(name)
		if !f.IsValid() {
			return p, fmt.Errorf("no property %q", name)
		}
		if err := assign(f, args[i+1]); err != nil {
			return p, fmt.Errorf("property %s: %w", name, err)
		}
	}
	return p, nil
}

// assign sets f to value, turning named strings, numbers and fmt.Stringers into
// the text a form shows.
func assign(f reflect.Value, value any) error {
	if value == nil {
		f.SetZero()
		return nil
	}
	v := reflect.ValueOf(value)
	switch {
	case v.Type().AssignableTo(f.Type()):
		f.Set(v)
	case f.Kind() == reflect.String:
		f.SetString(text(value))
	case v.CanConvert(f.Type()) && v.CanInterface() && isNumber(v.Kind()) && isNumber(f.Kind()):
		f.Set(v.Convert(f.Type()))
	default:
		return fmt.Errorf("cannot hold %T", value)
	}
	return nil
}

func isNumber(k reflect.Kind) bool {
	return k >= reflect.Int && k <= reflect.Float64 && k != reflect.Uintptr
}

// text is the plain text of a value: a state type, a number, a Stringer.
func text(value any) string {
	switch v := value.(type) {
	case nil:
		return ""
	case string:
		return v
	case fmt.Stringer:
		return v.String()
	case int:
		return strconv.Itoa(v)
	}
	return fmt.Sprint(value)
}

// dict builds a map for a program's own parts from pairs of name and value.
func dict(pairs ...any) (map[string]any, error) {
	if len(pairs)%2 != 0 {
		return nil, fmt.Errorf("dict: want pairs, got %d arguments", len(pairs))
	}
	m := make(map[string]any, len(pairs)/2)
	for i := 0; i < len(pairs); i += 2 {
		name, ok := pairs[i].(string)
		if !ok {
			return nil, fmt.Errorf("dict: argument %d is %T, want a name", i+1, pairs[i])
		}
		m[name] = pairs[i+1]
	}
	return m, nil
}
