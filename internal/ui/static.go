package ui

import (
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"html/template"
	"io/fs"
	"mime"
	"net/http"
	"path"
	"strings"
	"sync"
)

//go:embed static
var staticFiles embed.FS

// StaticPrefix is where the program mounts Static.
const StaticPrefix = "/static/"

// assets maps the plain name of each static file to its name with a hash of
// the content, and back. With the content in the name a browser may keep a
// file for ever and still never show an old one.
type assets struct {
	hashed map[string]string
	files  map[string][]byte // by hashed name
}

var static = sync.OnceValue(func() assets {
	a := assets{hashed: map[string]string{}, files: map[string][]byte{}}
	entries, err := staticFiles.ReadDir("static")
	if err != nil {
		panic(err) // embedded: cannot fail in a built program
	}
	for _, e := range entries {
		data, err := fs.ReadFile(staticFiles, "static/"+e.Name())
		if err != nil {
			panic(err)
		}
		sum := sha256.Sum256(data)
		ext := path.Ext(e.Name())
		name := strings.TrimSuffix(e.Name(), ext) + "." + hex.EncodeToString(sum[:6]) + ext
		a.hashed[e.Name()] = name
		a.files[name] = data
	}
	return a
})

// Asset returns the address of a static file: Asset("app.css").
func Asset(name string) (string, error) {
	hashed, ok := static().hashed[name]
	if !ok {
		return "", fmt.Errorf("no static file %q", name)
	}
	return StaticPrefix + hashed, nil
}

// stylesheet is the text of app.css, for a page that goes away in a file.
func stylesheet() (template.CSS, error) {
	text, err := fs.ReadFile(staticFiles, "static/app.css")
	return template.CSS(text), err //nolint:gosec // our own file
}

// Static serves the stylesheet, script and icon under StaticPrefix.
func Static() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		name := strings.TrimPrefix(r.URL.Path, StaticPrefix)
		data, ok := static().files[name]
		if !ok {
			http.NotFound(w, r)
			return
		}
		h := w.Header()
		h.Set("Content-Type", mediaType(name))
		h.Set("Cache-Control", "public, max-age=31536000, immutable")
		h.Set("X-Content-Type-Options", "nosniff")
		if r.Method == http.MethodHead {
			return
		}
		_, _ = w.Write(data) // the reader has gone; there is nobody left to tell
	})
}

// mediaType is fixed here for the kinds we ship: on Windows the table of the
// system may call a script text/plain, which nosniff then blocks.
func mediaType(name string) string {
	switch path.Ext(name) {
	case ".css":
		return "text/css; charset=utf-8"
	case ".js":
		return "text/javascript; charset=utf-8"
	case ".svg":
		return "image/svg+xml"
	}
	return mime.TypeByExtension(path.Ext(name))
}
