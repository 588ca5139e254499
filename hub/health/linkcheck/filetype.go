package linkcheck

import (
	"bytes"
	"mime"
	"net/http"
	"path"
	"strings"
)

// isPage tells whether a body is a page: by what it begins with, else by its
// declared type unless it is plainly something else.
func isPage(contentType string, head []byte) bool {
	head = head[:min(len(head), 1024)]
	if strings.Contains(strings.ToLower(contentType), "utf-16") {
		head, _ = Decode(contentType, head) // full of zeros, as programs are
	}
	sniffed := http.DetectContentType(head)
	if !strings.HasPrefix(sniffed, "text/") && sniffed != "application/octet-stream" {
		return false
	}
	text, _ := Decode("", head)
	if strings.HasPrefix(http.DetectContentType(bytes.TrimSpace(text)), "text/html") {
		return true
	}
	media, _, _ := mime.ParseMediaType(contentType)
	if media == "" {
		media, _, _ = strings.Cut(strings.ToLower(contentType), ";")
	}
	switch strings.TrimSpace(media) {
	case "text/html", "application/xhtml+xml", "application/vnd.wap.xhtml+xml":
		return len(head) == 0 || strings.HasPrefix(http.DetectContentType(text), "text/")
	}
	return false
}

// Kinds of files a link promises by its extension.
const (
	fileImage    = "image"
	fileDocument = "document" // never a page when it opens
	fileOffice   = "office"   // may be a page saved under an office name
	fileMedia    = "media"
)

var fileKinds = map[string]string{
	"jpg": fileImage, "jpeg": fileImage, "png": fileImage, "gif": fileImage, "bmp": fileImage, "webp": fileImage, "ico": fileImage,
	"pdf": fileDocument, "docx": fileDocument, "xlsx": fileDocument, "pptx": fileDocument, "ofd": fileDocument,
	"zip": fileDocument, "rar": fileDocument, "7z": fileDocument, "gz": fileDocument, "tar": fileDocument,
	"exe": fileDocument, "apk": fileDocument, "ceb": fileDocument,
	"doc": fileOffice, "xls": fileOffice, "ppt": fileOffice, "wps": fileOffice, "et": fileOffice, "dps": fileOffice,
	"mp3": fileMedia, "mp4": fileMedia, "wmv": fileMedia, "flv": fileMedia, "avi": fileMedia, "wma": fileMedia, "swf": fileMedia,
}

func extension(a address) string {
	return strings.ToLower(strings.TrimPrefix(path.Ext(a.plainPath()), "."))
}

// promised returns the kind of file an address names; empty for pages and for
// extensions that promise nothing.
func promised(a address) string { return fileKinds[extension(a)] }

// wrongType tells whether a page came where a file was promised.
func wrongType(from address, ans *answer, f *facts) bool {
	if !ans.page() || strings.Contains(strings.ToLower(ans.header.Get("Content-Disposition")), "attachment") {
		return false
	}
	switch promised(from) {
	case fileImage, fileDocument, fileMedia:
		// Some systems show a file inside a page of their own.
		return f.viewers == 0
	case fileOffice:
		return !f.office && f.viewers == 0 && !exported(ans, f)
	}
	return false
}

// exported tells of a page under an office name whether it is what programs write
// that call a table or a text in HTML an office file: the office program opens it.
// It is bare: nothing of what the pages of a site have around what they say. Servers
// know such files by their name; what they call a page must be all the barer.
func exported(ans *answer, f *facts) bool {
	if f.scripts > 0 || f.password || f.prose < probeWords && f.cells < officeCells {
		return false
	}
	if strings.Contains(strings.ToLower(ans.header.Get("Content-Type")), "html") {
		return f.prose == f.text
	}
	return 4*(f.text-f.prose) <= f.prose
}

// officeCells is how many cells make a table with little in it a table.
const officeCells = 6

// signatures are what files of a kind begin with; kinds that share them are one.
var signatures = []struct{ begin, kind string }{
	{"%PDF-", "pdf"}, {"\x89PNG\r\n\x1a\n", fileImage}, {"\xff\xd8\xff", fileImage}, {"GIF8", fileImage},
	{"PK\x03\x04", "zip"}, {"Rar!\x1a", "archive"}, {"7z\xbc\xaf", "archive"}, {"\x1f\x8b", "archive"}, {"\xd0\xcf\x11\xe0", "ole"},
	{"{\"", "text"}, {"<?xml", "text"}, {"<Error>", "text"},
}

// holds are the kinds of content that files with an extension may have; what has
// no known signature may be anything.
var holds = map[string]string{
	"jpg": fileImage, "jpeg": fileImage, "png": fileImage, "gif": fileImage, "bmp": fileImage, "webp": fileImage,
	"pdf": "pdf", "docx": "zip ole", "xlsx": "zip ole", "pptx": "zip ole", "ofd": "zip",
	"zip": "zip archive", "rar": "zip archive", "7z": "zip archive", "gz": "zip archive",
}

// otherKind tells whether a file that is no page is plainly of another kind than its
// name promises: an error told to programs, a picture for a document.
func otherKind(from address, body []byte) bool {
	may, ok := holds[extension(from)]
	if !ok {
		return false
	}
	body = bytes.TrimLeft(bytes.TrimPrefix(body, []byte("\xEF\xBB\xBF")), " \r\n\t")
	for _, s := range signatures {
		if bytes.HasPrefix(body, []byte(s.begin)) {
			return !strings.Contains(may, s.kind)
		}
	}
	return false
}

// harmless tells of a file without content whether that is as it should be: a style
// sheet or script may have nothing to say.
func harmless(from address, ans *answer) bool {
	switch extension(from) {
	case "css", "js":
		return true
	}
	contentType := strings.ToLower(ans.header.Get("Content-Type"))
	return isCSS(contentType) || strings.Contains(contentType, "javascript")
}

// damaged tells whether a file that was read whole lacks its end. Only kinds
// that always have one are judged.
func damaged(ans *answer) bool {
	b := ans.body
	if ans.more || ans.flaw != "" || ans.opaque || len(b) < 16 {
		return false
	}
	switch {
	case bytes.HasPrefix(b, []byte("\x89PNG\r\n\x1a\n")):
		return !bytes.Contains(b, []byte("IEND"))
	case bytes.HasPrefix(b, []byte("\xff\xd8\xff")):
		return !bytes.Contains(b, []byte("\xff\xd9"))
	case bytes.HasPrefix(b, []byte("PK\x03\x04")):
		return !bytes.Contains(b, []byte("PK\x05\x06"))
	case bytes.HasPrefix(b, []byte("%PDF-")):
		return !bytes.Contains(b, []byte("%%EOF")) && !bytes.Contains(b, []byte("startxref"))
	}
	return false
}
