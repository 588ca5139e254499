package ui

import (
	"errors"
	"fmt"
	"html/template"
	"io"
	"io/fs"
	"maps"
	"path"
	"strings"
)

// set holds all templates in one language. Parts are executed on their own by
// the functions of funcs.go, pages are clones that hold one page each.
type set struct {
	lang  Lang
	opt   Options
	chips map[string]Chip
	parts *template.Template
	pages map[string]*template.Template
}

func newSet(opt Options, lang Lang) (*set, error) {
	s := &set{lang: lang, opt: opt, chips: maps.Clone(chips), pages: map[string]*template.Template{}}
	maps.Copy(s.chips, opt.Chips)
	base := template.New("ui").Funcs(s.funcs()).Funcs(opt.Funcs).Option("missingkey=zero")
	if _, err := base.ParseFS(shared, "parts/*.tmpl"); err != nil {
		return nil, fmt.Errorf("parsing shared parts: %w", err)
	}
	pages := map[string]string{}
	for _, name := range []string{"confirm", "error", "second", "secondstep", "recovery"} {
		text, err := shared.ReadFile("pages/" + name + ".tmpl")
		if err != nil {
			return nil, fmt.Errorf("reading shared page: %w", err)
		}
		pages[name] = string(text)
	}
	files, err := fs.Glob(opt.Templates, "*.tmpl")
	if err != nil {
		return nil, fmt.Errorf("listing templates: %w", err)
	}
	for _, file := range files {
		text, err := fs.ReadFile(opt.Templates, file)
		if err != nil {
			return nil, fmt.Errorf("reading template: %w", err)
		}
		name := strings.TrimSuffix(path.Base(file), ".tmpl")
		if part, ok := strings.CutPrefix(name, "_"); ok {
			if _, err := base.New(part).Parse(string(text)); err != nil {
				return nil, fmt.Errorf("parsing %s: %w", file, err)
			}
			continue
		}
		pages[name] = string(text)
	}
	if s.parts, err = base.Clone(); err != nil {
		return nil, fmt.Errorf("copying parts: %w", err)
	}
	for name, text := range pages {
		page, err := base.Clone()
		if err != nil {
			return nil, fmt.Errorf("copying parts: %w", err)
		}
		if _, err := page.New("content").Parse(text); err != nil {
			return nil, fmt.Errorf("parsing page %s: %w", name, err)
		}
		if err := escapes(page); err != nil {
			return nil, fmt.Errorf("page %s: %w", name, err)
		}
		s.pages[name] = page
	}
	return s, nil
}

// escapes makes html/template find the contexts of every value now. It does so
// on first use only, and an unsafe place would otherwise fail a visitor.
func escapes(page *template.Template) error {
	err := page.ExecuteTemplate(io.Discard, "shell", &Page{})
	var bad *template.Error
	if errors.As(err, &bad) {
		return bad
	}
	return nil // a plain Page lacks the fields of the page's own struct
}

// part executes one shared part on its own. What comes out was escaped by
// html/template, so it may stand in a page as it is.
func (s *set) part(name string, data any) (template.HTML, error) {
	var buf strings.Builder
	if err := s.parts.ExecuteTemplate(&buf, name, data); err != nil {
		return "", fmt.Errorf("part %s: %w", name, err)
	}
	return template.HTML(buf.String()), nil //nolint:gosec // output of html/template
}
