package web

import (
	"bytes"
	"io"
	"mime"
	"net/http"
	"strings"
	"time"

	"zhanqun/internal/content"
	"zhanqun/internal/fault"
	"zhanqun/internal/ui"
	"zhanqun/node/queue"
	"zhanqun/protocol"
)

// pictures may be shown within a page; whatever a file claims to be beyond
// these is offered for download only.
var pictures = map[string]bool{"image/png": true, "image/jpeg": true, "image/gif": true, "image/webp": true}

// file answers GET /files/{sha256}/{name} so that a browser neither runs the
// file nor guesses what it is. With ?size= an image comes scaled down.
func (s *Server) file(w http.ResponseWriter, r *http.Request, a queue.Account) error {
	sha := r.PathValue("sha256")
	if !protocol.ValidSHA256(sha) {
		return errNotFound
	}
	f, info, err := s.Queue.OpenFile(r.Context(), a.Actor(), sha)
	if err != nil {
		return err
	}
	defer f.Close()
	body, kind := io.ReadSeeker(f), info.Type
	size := r.URL.Query().Get("size")
	if size != "" {
		if body, err = thumbnail(r, f, size, info.Type); err != nil {
			return err
		}
		kind = "image/jpeg"
	}
	how := "attachment"
	if pictures[kind] {
		how = "inline"
	} else {
		kind = "application/octet-stream"
	}
	name := content.CleanLine(r.PathValue("name"))
	h := w.Header()
	h.Set("Content-Type", kind)
	if d := mime.FormatMediaType(how, map[string]string{"filename": name}); d != "" {
		how = d
	}
	h.Set("Content-Disposition", how)
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Content-Security-Policy", "default-src 'none'; sandbox")
	h.Set("ETag", `"`+sha+size+`"`)
	// The address names the bytes, but who may see them can change.
	h.Set("Cache-Control", "private, max-age=3600, immutable")
	http.ServeContent(w, r, "", time.Time{}, body)
	return nil
}

func thumbnail(r *http.Request, f io.ReadSeeker, size, kind string) (io.ReadSeeker, error) {
	pixels, ok := content.Sizes[size]
	if !ok || !pictures[kind] {
		return nil, fault.New(fault.NotFound, "没有这个大小的图片。")
	}
	jpeg, err := content.Thumbnail(r.Context(), f, pixels)
	if err != nil {
		return nil, err
	}
	return bytes.NewReader(jpeg), nil
}

// typeName is what people call a type of file.
func typeName(media string, lang ui.Lang) string {
	switch {
	case strings.HasPrefix(media, "image/"):
		return ui.T(lang, "图片")
	case strings.HasPrefix(media, "video/"):
		return ui.T(lang, "视频")
	case strings.HasPrefix(media, "audio/"):
		return ui.T(lang, "录音")
	case media == "application/pdf":
		return "PDF"
	case media == "application/ofd":
		return "OFD"
	case strings.Contains(media, "word"):
		return "Word"
	case strings.Contains(media, "excel") || strings.Contains(media, "spreadsheet"):
		return "Excel"
	case strings.Contains(media, "powerpoint") || strings.Contains(media, "presentation"):
		return "PowerPoint"
	case media == "application/zip":
		return "ZIP"
	}
	return ui.T(lang, "文件")
}
