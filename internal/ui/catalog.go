package ui

import (
	"fmt"
	"maps"
	"net/http"
	"strings"

	"github.com/BurntSushi/toml"
)

// Lang is a language a page is written in, with its words. The zero value is
// Chinese, the language of the keys, and needs no catalogue.
type Lang struct {
	code    string
	words   map[string]string
	sayings *sayings // nil in Chinese
}

func newEnglish(words map[string]string) Lang {
	return Lang{code: "en", words: words, sayings: newSayings(words)}
}

// Code is "zh" or "en": the value of the lang cookie.
func (l Lang) Code() string {
	if l.code == "" {
		return "zh"
	}
	return l.code
}

// Tag is the language tag for HTML.
func (l Lang) Tag() string {
	if l.Code() == "zh" {
		return "zh-CN"
	}
	return l.code
}

// T returns key in the language l. Args fill it like fmt.Sprintf. Without args
// key may also be a sentence already made from a key with placeholders, as
// faults are. What has no entry stays Chinese: a sentence in the wrong language
// helps more than none.
func T(l Lang, key string, args ...any) string {
	text, known := l.words[key]
	switch {
	case !known && len(args) == 0:
		return said(l, key)
	case !known:
		text = key
	}
	if one, many, ok := strings.Cut(text, pluralMark); ok && l.Code() != "zh" {
		text = many
		if isOne(args) {
			text = one
		}
	}
	if len(args) == 0 {
		return text
	}
	return fmt.Sprintf(text, args...)
}

// Named says what bears a Chinese name and, where who gave it thought of that, an
// English one.
func Named(l Lang, name, english string) string {
	if l.Code() == "zh" || english == "" {
		return T(l, name)
	}
	return english
}

// pluralMark parts the form for one from the form for many in a catalogue
// value. Chinese has one form and never needs it.
const pluralMark = " | "

// isOne reports whether the first number among args is one.
func isOne(args []any) bool {
	for _, a := range args {
		switch n := a.(type) {
		case int:
			return n == 1
		case int64:
			return n == 1
		case uint64:
			return n == 1
		}
	}
	return false
}

// ParseCatalog reads a catalogue, one "Chinese" = "English" per line.
func ParseCatalog(text []byte) (map[string]string, error) {
	words := map[string]string{}
	if err := toml.Unmarshal(text, &words); err != nil {
		return nil, fmt.Errorf("reading catalogue: %w", err)
	}
	return words, nil
}

// Shared returns the English words of the parts in this package.
func Shared() map[string]string { return maps.Clone(sharedWords()) }

// LangCookie names the cookie that holds the language a reader chose.
const LangCookie = "lang"

// Lang returns the language the reader chose, Chinese unless another.
func (r *Renderer) Lang(req *http.Request) Lang {
	if c, err := req.Cookie(LangCookie); err == nil && c.Value == r.english.code {
		return r.english
	}
	return Lang{}
}

// LangSwitch answers GET …/{code}?back=PATH: it remembers the language and
// returns to the page the reader came from. It changes nothing but a
// preference, so a plain link may lead to it.
func (r *Renderer) LangSwitch() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		code := "zh"
		if req.PathValue("code") == r.english.code {
			code = r.english.code
		}
		http.SetCookie(w, &http.Cookie{ //nolint:gosec // a preference, no secret; plain HTTP on a LAN must keep it
			Name: LangCookie, Value: code, Path: "/", MaxAge: 365 * 24 * 3600,
			HttpOnly: true, SameSite: http.SameSiteLaxMode, Secure: req.TLS != nil,
		})
		http.Redirect(w, req, LocalPath(req.URL.Query().Get("back"), "/"), http.StatusSeeOther)
	})
}
