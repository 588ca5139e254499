package content

import (
	"html"
	"strings"
)

// imgOpen is how every image of clean HTML begins.
const imgOpen = `<img src="` + attPrefix

// Images returns the SHA-256 of each attachment that clean HTML shows as an
// image, in order, each once.
func Images(clean string) []string {
	var out []string
	seen := map[string]bool{}
	for _, part := range strings.Split(clean, imgOpen)[1:] {
		sha, _, _ := strings.Cut(part, `"`)
		if isAttachment(attPrefix+sha) && !seen[sha] {
			seen[sha] = true
			out = append(out, sha)
		}
	}
	return out
}

// ResolveImages returns clean HTML with each image's attachment reference
// replaced by the address url gives for it. An image for which url gives ""
// (the file is still under way) becomes its description.
func ResolveImages(clean string, url func(sha256 string) string) string {
	parts := strings.Split(clean, imgOpen)
	if len(parts) == 1 {
		return clean
	}
	var b strings.Builder
	b.Grow(len(clean) + 64*len(parts))
	b.WriteString(parts[0])
	for _, part := range parts[1:] {
		sha, rest, _ := strings.Cut(part, `"`)
		address := ""
		if isAttachment(attPrefix + sha) {
			address = url(sha)
		}
		if address != "" {
			b.WriteString(`<img src="` + html.EscapeString(address) + `"` + rest)
			continue
		}
		alt, after, _ := strings.Cut(strings.TrimPrefix(rest, ` alt="`), `"/>`)
		b.WriteString(alt + after)
	}
	return b.String()
}

// Links returns the addresses clean HTML links to, in order, each once.
func Links(clean string) []string {
	var out []string
	seen := map[string]bool{}
	for _, part := range strings.Split(clean, `<a href="`)[1:] {
		href, _, _ := strings.Cut(part, `"`)
		href = html.UnescapeString(href)
		if href != "" && !seen[href] {
			seen[href] = true
			out = append(out, href)
		}
	}
	return out
}
