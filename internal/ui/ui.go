package ui

import (
	"bytes"
	"embed"
	"errors"
	"fmt"
	"html/template"
	"io"
	"io/fs"
	"maps"
	"net/http"
	"slices"
	"sync"
	"time"
)

//go:embed parts/*.tmpl pages/*.tmpl en.toml
var shared embed.FS

// sharedWords is the catalogue of this package, read once. The embedded text
// is held by a test, so it cannot fail in a program.
var sharedWords = sync.OnceValue(func() map[string]string {
	text, err := shared.ReadFile("en.toml")
	if err != nil {
		panic(err)
	}
	words, err := ParseCatalog(text)
	if err != nil {
		panic(err)
	}
	return words
})

// Options say what a program brings to the shared parts.
type Options struct {
	// Templates holds the program's pages (NAME.tmpl), parts (_NAME.tmpl) and
	// its English catalogue (en.toml, optional) at its top.
	Templates fs.FS
	Brand     string // name in the header; Fill may change it per request
	Home      string // where the name leads; "" for "/"
	// Chips adds to, or replaces, the states of the shared chips.
	Chips map[string]Chip
	// Fill sets what all pages of the program have in common: Nav, User,
	// Flash, Line, FormToken, Events. Page.Lang is set before it runs. May be nil.
	Fill func(req *http.Request, p *Page)
	// Funcs are further template functions of the program. May be nil.
	Funcs template.FuncMap
	Now   func() time.Time // nil means time.Now
}

// Renderer writes pages. It is safe for concurrent use.
type Renderer struct {
	opt     Options
	english Lang
	chinese *set
	// foreign is in English, made for the first who wants it: a set takes some
	// MiB, and few do.
	foreign func() (*set, error)
	names   []string
}

// New parses the shared parts and every page of the program and fails when any
// of them could not be shown. A language changes words only, so what can be
// shown in one can be in the other.
func New(opt Options) (*Renderer, error) {
	if opt.Now == nil {
		opt.Now = time.Now
	}
	if opt.Templates == nil {
		return nil, errors.New("ui: no templates given")
	}
	words := Shared()
	text, err := fs.ReadFile(opt.Templates, "en.toml")
	if err == nil {
		own, err := ParseCatalog(text)
		if err != nil {
			return nil, fmt.Errorf("en.toml: %w", err)
		}
		maps.Copy(words, own)
	} else if !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("reading en.toml: %w", err)
	}
	r := &Renderer{opt: opt, english: newEnglish(words)}
	if r.chinese, err = newSet(opt, Lang{}); err != nil {
		return nil, err
	}
	r.foreign = sync.OnceValues(func() (*set, error) { return newSet(opt, r.english) })
	r.names = slices.Sorted(maps.Keys(r.chinese.pages))
	return r, nil
}

// in returns the pages in a language.
func (r *Renderer) in(lang Lang) (*set, error) {
	if lang.Code() == r.english.Code() {
		return r.foreign()
	}
	return r.chinese, nil
}

// Pages lists the pages of the program and the shared ones, sorted.
func (r *Renderer) Pages() []string { return slices.Clone(r.names) }

// Render writes the named page with the given status. Nothing is written when
// it fails, so that the caller can still answer with an error page.
func (r *Renderer) Render(w http.ResponseWriter, req *http.Request, status int, name string, data Data) error {
	lang := r.Lang(req)
	s, err := r.in(lang)
	if err != nil {
		return fmt.Errorf("rendering page %q: %w", name, err)
	}
	page, ok := s.pages[name]
	if !ok {
		return fmt.Errorf("rendering page %q: no such page", name)
	}
	p := data.base()
	p.Lang = lang
	p.Now = r.opt.Now()
	if p.Brand == "" {
		p.Brand = r.opt.Brand
	}
	if p.Home == "" {
		p.Home = r.opt.Home
	}
	if p.Path == "" {
		p.Path = req.URL.RequestURI()
	}
	if r.opt.Fill != nil {
		r.opt.Fill(req, p)
	}
	if req.Method == http.MethodPost {
		// A page that answers a form cannot be fetched anew under its address.
		p.Events = ""
	}
	var buf bytes.Buffer
	if err := page.ExecuteTemplate(&buf, "shell", data); err != nil {
		return fmt.Errorf("rendering page %q: %w", name, err)
	}
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Language", lang.Tag())
	h.Add("Vary", "Cookie")
	if h.Get("Cache-Control") == "" {
		// What a signed-in person sees must not stay in a shared PC's cache.
		h.Set("Cache-Control", "no-store")
	}
	w.WriteHeader(status)
	if req.Method == http.MethodHead {
		return nil
	}
	_, _ = buf.WriteTo(w) // the reader has gone; there is nobody left to tell
	return nil
}

// Alone writes a page as one file that needs no program behind it, in Chinese:
// its content and the stylesheet, to be printed or sent.
func (r *Renderer) Alone(w io.Writer, name string, data Data) error {
	page, ok := r.chinese.pages[name]
	if !ok {
		return fmt.Errorf("rendering page %q: no such page", name)
	}
	p := data.base()
	p.Now, p.Paper = r.opt.Now(), true
	if err := page.ExecuteTemplate(w, "alone", data); err != nil {
		return fmt.Errorf("rendering page %q: %w", name, err)
	}
	return nil
}
