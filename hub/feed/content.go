package feed

import (
	"fmt"
	"html"
	"net/url"
	"slices"
	"strings"

	"zhanqun/hub/catalog"
	"zhanqun/internal/content"
	"zhanqun/internal/ui"
	"zhanqun/protocol"
)

func escape(s string) string { return html.EscapeString(content.CleanText(s)) }

// fileURL is where a file is, percent-encoded: a Chinese name as it stands is
// an error in RSS and breaks some readers.
func fileURL(base string, f protocol.Attachment) string {
	return base + "/files/" + f.SHA256 + "/" + url.PathEscape(f.Name)
}

// body is the HTML of a live entry: what was corrected, the text, images the
// text does not show, and a list of the other files, because several readers
// hide enclosures. All addresses are absolute.
func body(e catalog.Entry, files []file) string {
	var b strings.Builder
	if e.Note != "" {
		b.WriteString("<p><strong>" + escape(e.Note) + "</strong></p>")
	}
	urls := make(map[string]string, len(files))
	for _, f := range files {
		urls[f.SHA256] = f.URL
	}
	shown := content.Images(e.Body)
	b.WriteString(content.ResolveImages(e.Body, func(sha string) string { return urls[sha] }))
	var rest []file
	for _, f := range files {
		switch {
		case !image(f.Type):
			rest = append(rest, f)
		case !slices.Contains(shown, f.SHA256):
			b.WriteString(`<figure><img src="` + escape(f.URL) + `" alt="` + escape(f.Alt) + `"/>`)
			if f.Alt != "" {
				b.WriteString("<figcaption>" + escape(f.Alt) + "</figcaption>")
			}
			b.WriteString("</figure>")
		}
	}
	if len(rest) > 0 {
		b.WriteString("<p>附件：</p><ul>")
		for _, f := range rest {
			fmt.Fprintf(&b, `<li><a href="%s">%s</a>（%s）</li>`, escape(f.URL), escape(f.Name), size(f.Size))
		}
		b.WriteString("</ul>")
	}
	if e.Credit != "" {
		b.WriteString("<p>" + escape(e.Credit) + "</p>")
	}
	return b.String()
}

func size(n int64) string {
	s, err := ui.Bytes(n)
	if err != nil { // only for what is no number
		return ""
	}
	return s
}

// image reports whether readers' programs show files of the type in place.
func image(mediaType string) bool {
	switch mediaType {
	case "image/jpeg", "image/png", "image/gif", "image/webp":
		return true
	}
	return false
}
