package feed

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"mime"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"

	"zhanqun/internal/content"
	"zhanqun/internal/fault"
	"zhanqun/protocol"
)

var (
	errNoFile   = fault.New(fault.NotFound, "没有这个文件。可能是地址写错了。")
	errFileGone = fault.New(fault.Gone, "这个文件已随内容一起撤下。")
)

// publicFile gives out a file of a live entry. The name in the address is for
// people; the file is named as its entry names it.
func (s *Service) publicFile(w http.ResponseWriter, r *http.Request) error {
	sha := r.PathValue("sha256")
	if !protocol.ValidSHA256(sha) {
		return errNoFile
	}
	a, err := s.Store.PublicFile(r.Context(), sha)
	switch {
	case fault.Is(err, fault.NotFound):
		return errNoFile
	case fault.Is(err, fault.Gone):
		return errFileGone
	case err != nil:
		return err
	}
	// Kept copies are asked about each time: the entry may be withdrawn.
	w.Header().Set("Cache-Control", "public, no-cache")
	return s.ServeFile(w, r, a)
}

// ServeFile writes a file to somebody who may have it. Images of the usual
// kinds are shown in place, all else is saved; either way nothing in it runs,
// fetches or is taken for another type. Ranges work.
func (s *Service) ServeFile(w http.ResponseWriter, r *http.Request, a protocol.Attachment) error {
	f, err := s.openFile(a.SHA256)
	if err != nil {
		return err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return fmt.Errorf("opening file %s: %w", a.SHA256, err)
	}
	h := w.Header()
	disposition, media := "attachment", "application/octet-stream"
	if image(a.Type) {
		disposition = "inline"
	}
	if t, _, err := mime.ParseMediaType(a.Type); err == nil && !active(t) {
		media = a.Type
	}
	h.Set("Content-Type", media)
	h.Set("Content-Disposition", disposition+fileName(a.Name))
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Content-Security-Policy", "default-src 'none'; sandbox")
	h.Set("Cross-Origin-Resource-Policy", "cross-origin") // readers show images of the feed in their own pages
	h.Set("ETag", `"`+a.SHA256+`"`)
	if h.Get("Cache-Control") == "" {
		h.Set("Cache-Control", "private, no-cache")
	}
	http.ServeContent(w, r, "", info.ModTime(), f)
	return nil
}

func (s *Service) openFile(sha string) (*os.File, error) {
	f, _, err := s.Files.Get(sha)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, errNoFile
	}
	if err != nil {
		return nil, fmt.Errorf("opening file %s: %w", sha, err)
	}
	return f, nil
}

// ServeImage writes an image of the county's own scaled to one of content.Sizes:
// a reviewer looks at photos, not at thirty megabytes of them. Photos whose small
// image would take too much memory are written whole.
func (s *Service) ServeImage(w http.ResponseWriter, r *http.Request, a protocol.Attachment, size string) error {
	pixels, ok := content.Sizes[size]
	if !ok || !image(a.Type) {
		return errNoFile
	}
	f, err := s.openFile(a.SHA256)
	if err != nil {
		return err
	}
	defer f.Close()
	h, tag := w.Header(), `"`+a.SHA256+"-"+size+`"`
	h.Set("ETag", tag)
	h.Set("Cache-Control", "private, no-cache")
	if r.Header.Get("If-None-Match") == tag {
		w.WriteHeader(http.StatusNotModified)
		return nil
	}
	small, err := content.Thumbnail(r.Context(), f, pixels)
	if fault.Is(err, fault.Invalid) {
		return s.ServeFile(w, r, a)
	}
	if err != nil {
		return err
	}
	h.Set("Content-Type", "image/jpeg")
	h.Set("Content-Disposition", "inline")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Content-Security-Policy", "default-src 'none'; sandbox")
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(small))
	return nil
}

// active reports whether a browser might run files of the type if it were
// tempted to show them.
func active(mediaType string) bool {
	kind, sub, _ := strings.Cut(mediaType, "/")
	return kind == "message" || kind == "multipart" || sub == "xml" || strings.HasSuffix(sub, "+xml") || strings.Contains(sub, "html") ||
		strings.HasSuffix(sub, "script")
}

// fileName is the name in Content-Disposition, RFC 6266: an ASCII stand-in for
// old programs and the real one in RFC 8187 form.
func fileName(name string) string {
	if !protocol.ValidFileName(name) {
		return ""
	}
	plain := strings.Map(func(r rune) rune {
		if r < ' ' || r > '~' || r == '"' || r == '\\' || r == '%' {
			return '_'
		}
		return r
	}, name)
	// PathEscape leaves some characters that the RFC wants encoded.
	encoded := strings.NewReplacer("'", "%27", "(", "%28", ")", "%29", "*", "%2A", "=", "%3D", "@", "%40", ":", "%3A").Replace(url.PathEscape(name))
	return `; filename="` + plain + `"; filename*=UTF-8''` + encoded
}
