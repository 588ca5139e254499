package look

import (
	"bytes"
	"mime"
	"strings"

	"golang.org/x/net/html"

	"zhanqun/protocol"
)

// typeOf is a Content-Type as it is told.
func typeOf(header string) string {
	clean := strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return -1
		}
		return r
	}, strings.ToValidUTF8(header, ""))
	return clean[:min(len(clean), protocol.MaxTypeBytes)]
}

// isPage reports whether what is sent calls itself a page.
func isPage(contentType string) bool {
	media, _, err := mime.ParseMediaType(contentType)
	if err != nil {
		media, _, _ = strings.Cut(contentType, ";")
	}
	return media == "" || media == "text/html" || media == "application/xhtml+xml"
}

// lean returns the beginning of a page without what its scripts, styles and
// comments hold, in the bytes in which it was sent: what tells whether it is what
// it should be stands behind a lot of these.
func lean(page []byte, most int) []byte {
	z := html.NewTokenizer(bytes.NewReader(page))
	var out []byte
	hidden := ""
	for {
		kind := z.Next()
		if kind == html.ErrorToken {
			return out
		}
		raw := z.Raw()
		switch kind {
		case html.StartTagToken, html.EndTagToken:
			name, _ := z.TagName()
			if tag := string(name); tag == "script" || tag == "style" {
				if hidden = tag; kind == html.EndTagToken {
					hidden = ""
				}
				raw = []byte("<" + map[bool]string{true: "/"}[kind == html.EndTagToken] + tag + ">")
			}
		case html.TextToken:
			if hidden != "" {
				continue
			}
			raw = squeeze(raw)
		case html.CommentToken:
			continue
		}
		if len(out)+len(raw) > most {
			return out
		}
		out = append(out, raw...)
	}
}

// squeeze makes every run of blanks one.
func squeeze(text []byte) []byte {
	var out []byte
	for _, b := range text {
		if blank := b == ' ' || b == '\t' || b == '\n' || b == '\r'; blank {
			if b = ' '; len(out) > 0 && out[len(out)-1] == ' ' {
				continue
			}
		}
		out = append(out, b)
	}
	return out
}
