package linkcheck

import (
	"bytes"
	"compress/flate"
	"compress/gzip"
	"compress/zlib"
	"io"
	"net/http"
	"runtime"
	"strings"
	"testing"
)

func packed(t testing.TB, open func(io.Writer) io.WriteCloser, text string) string {
	t.Helper()
	var b bytes.Buffer
	w := open(&b)
	if _, err := io.WriteString(w, text); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func gz(w io.Writer) io.WriteCloser { return gzip.NewWriter(w) }
func zl(w io.Writer) io.WriteCloser { return zlib.NewWriter(w) }
func fl(w io.Writer) io.WriteCloser { f, _ := flate.NewWriter(w, 9); return f }

func TestContentEncoding(t *testing.T) {
	body := goodPage("压缩")
	whole := packed(t, gz, body)
	tests := []struct {
		name, encoding, body string
		want                 Verdict
		reason               Reason
		kind                 ErrorKind
	}{
		{"gzip", "gzip", whole, OK, "", ""},
		{"capitals and an old name", "X-GZIP", whole, OK, "", ""},
		{"twice", "gzip, gzip", packed(t, gz, whole), OK, "", ""},
		{"deflate with header", "deflate", packed(t, zl, body), OK, "", ""},
		{"deflate without", "deflate", packed(t, fl, body), OK, "", ""},
		{"gzip called deflate", "deflate", whole, OK, "", ""},
		{"garbage behind the end", "gzip", whole + "\x00\x00junk", OK, "", ""},
		{"wrong checksum", "gzip", whole[:len(whole)-8] + "\x00\x00\x00\x00" + whole[len(whole)-4:], OK, "", ""},
		{"not compressed", "gzip", body, Suspect, ReasonDamaged, KindBadEncoding},
		{"corrupt", "gzip", whole[:10] + "\x07" + whole[11:], Suspect, ReasonDamaged, KindBadEncoding},
		{"cut", "gzip", whole[:len(whole)/3], Suspect, ReasonDamaged, KindTruncated},
		{"empty", "gzip", "", Suspect, ReasonEmpty, ""},
		{"a label that means nothing", "utf-8", body, OK, "", ""},
		{"one not read here", "br", "\x8b\x05\x80", OK, "", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			site := serve(t, func(w http.ResponseWriter, r *http.Request) {
				w.Header().Set("Content-Type", "text/html; charset=utf-8")
				w.Header().Set("Content-Encoding", tt.encoding)
				io.WriteString(w, tt.body)
			})
			r := newChecker(t).Check(t.Context(), site+"/a.html")
			expect(t, r, tt.want, tt.reason, tt.kind)
			if tt.want == OK && tt.encoding != "br" && r.Title != "压缩" {
				t.Errorf("title %q", r.Title)
			}
		})
	}
}

// A bomb of many megabytes costs the bound on a page and not more, and a stream
// that unpacks to nothing ends too.
func TestCompressedBombs(t *testing.T) {
	var one bytes.Buffer
	w, _ := gzip.NewWriterLevel(&one, 9)
	zeros := make([]byte, 1<<20)
	for range 32 {
		w.Write(zeros)
	}
	w.Close()
	bomb := one.Bytes()
	var two bytes.Buffer
	w2 := gzip.NewWriter(&two)
	w2.Write(bomb)
	w2.Close()

	site := serve(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		switch r.URL.Path {
		case "/one":
			w.Header().Set("Content-Encoding", "gzip")
			w.Write(bomb)
		case "/two":
			w.Header().Set("Content-Encoding", "gzip, gzip")
			w.Write(two.Bytes())
		case "/nothing":
			w.Header().Set("Content-Encoding", "deflate")
			w.Write([]byte{0x78, 0x9c})
			empty := bytes.Repeat([]byte{0, 0, 0, 0xff, 0xff}, 4096)
			for {
				if _, err := w.Write(empty); err != nil {
					return
				}
			}
		}
	})
	c := newChecker(t)
	for _, path := range []string{"/one", "/two", "/nothing"} {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		r := c.Check(t.Context(), site+path)
		runtime.ReadMemStats(&after)
		if r.Bytes > c.opts.MaxBytes || r.Verdict == Dead {
			t.Errorf("%s: %s, %d bytes", path, r.Verdict, r.Bytes)
		}
		if spent := after.TotalAlloc - before.TotalAlloc; spent > 64<<20 {
			t.Errorf("%s: %d MiB allocated", path, spent>>20)
		}
	}
}

func TestFiles(t *testing.T) {
	png := "\x89PNG\r\n\x1a\n" + strings.Repeat("\x00", 100)
	pdf := "%PDF-1.4\n" + strings.Repeat("x", 100)
	office := `<html xmlns:x="urn:schemas-microsoft-com:office:excel"><table><tr><td>一月</td></tr></table></html>`
	tests := []struct {
		name, path, contentType, body string
		want                          Verdict
		reason                        Reason
	}{
		{"pdf", "/a.pdf", "application/pdf", pdf + "%%EOF", OK, ""},
		{"pdf called html", "/a.pdf", "text/html", pdf + "%%EOF", OK, ""},
		{"pdf without a type", "/a.pdf", "-", pdf + "%%EOF", OK, ""},
		{"pdf cut short", "/a.pdf", "application/pdf", pdf, Suspect, ReasonDamaged},
		{"error page in a pdf", "/a.pdf", "application/pdf", "<html><body>文件读取失败</body></html>", Suspect, ReasonWrongType},
		{"not found in a pdf", "/a.pdf", "application/pdf", "<html><body>您访问的文件不存在</body></html>", Suspect, ReasonSoft404},
		{"page for a picture", "/a.jpg", "text/html", goodPage("某页"), Suspect, ReasonWrongType},
		{"page that shows a pdf", "/a.pdf", "text/html", "<html><body><iframe src=/viewer?f=a.pdf></iframe></body></html>", OK, ""},
		{"picture", "/a.png", "image/png", png + "IEND\xaeB`\x82", OK, ""},
		{"picture cut short", "/a.png", "image/png", png, Suspect, ReasonDamaged},
		{"picture named otherwise", "/a.jpg", "image/png", png + "IEND", OK, ""},
		{"zip cut short", "/a.docx", "application/zip", "PK\x03\x04" + strings.Repeat("a", 50), Suspect, ReasonDamaged},
		{"zero bytes", "/a.doc", "application/msword", "", Suspect, ReasonEmpty},
		{"table saved as xls", "/a.xls", "application/vnd.ms-excel", office, OK, ""},
		{"bare table saved as xls", "/a.xls", "application/octet-stream", "<table><tr><td>一月<td>3<tr><td>二月<td>5<tr><td>三月<td>8</table>", OK, ""},
		{"bare text saved as doc", "/a.doc", "text/html", goodPage("通知"), OK, ""},
		{"bare text with a link saved as doc", "/a.doc", "application/msword", goodPage("通知") + "<a href=http://a.cn>县政府网站</a>", OK, ""},
		{"page of the site under an office name", "/a.doc", "text/html", goodPage("通知") + "<ul><li><a href=/>首页</a></ul>", Suspect, ReasonWrongType},
		{"page under a newer office name", "/a.xlsx", "application/octet-stream", goodPage("通知"), Suspect, ReasonWrongType},
		{"not found in a doc", "/a.doc", "application/msword", "<html><body>您访问的文件不存在</body></html>", Suspect, ReasonSoft404},
		{"page under an office name", "/a.doc", "application/msword", "<html><body>请先安装插件</body></html>", Suspect, ReasonWrongType},
		{"error for programs in place of a pdf", "/a.pdf", "application/json", `{"code":500,"msg":"文件不存在"}`, Suspect, ReasonWrongType},
		{"error of a store in place of a picture", "/a.png", "application/xml", "<?xml version='1.0'?><Error><Code>NoSuchKey</Code></Error>", Suspect, ReasonWrongType},
		{"picture in place of a pdf", "/a.pdf", "application/pdf", png + "IEND", Suspect, ReasonWrongType},
		{"pdf in place of a picture", "/a.jpg", "image/jpeg", pdf + "%%EOF", Suspect, ReasonWrongType},
		{"another archive", "/a.zip", "application/zip", "Rar!\x1a\x07" + strings.Repeat("a", 50), OK, ""},
		{"locked workbook", "/a.xlsx", "application/octet-stream", "\xd0\xcf\x11\xe0" + strings.Repeat("a", 50), OK, ""},
		{"workbook in XML", "/a.xls", "application/vnd.ms-excel", "<?xml version='1.0'?><Workbook/>", OK, ""},
		{"pdf behind other bytes", "/a.pdf", "application/pdf", "\r\n--x\r\n" + pdf + "%%EOF", OK, ""},
		{"style sheet with nothing in it", "/a.css", "text/css", "", OK, ""},
		{"text", "/a.txt", "text/plain", "只有一行", OK, ""},
		{"json", "/api", "application/json", `{"code":404}`, OK, ""},
		{"style sheet", "/a.css", "text/css", "a{}", OK, ""},
		{"download by script", "/down.jsp?id=3", "application/octet-stream", "PK\x03\x04aaaaaaaaaaaaaaaaPK\x05\x06", OK, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			site := serve(t, func(w http.ResponseWriter, r *http.Request) {
				w.Header()["Content-Type"] = []string{tt.contentType}
				if tt.contentType == "-" {
					w.Header()["Content-Type"] = nil
				}
				io.WriteString(w, tt.body)
			})
			expect(t, newChecker(t).Check(t.Context(), site+tt.path), tt.want, tt.reason, "")
		})
	}
}

func TestLargeDownloadIsNotFetchedWhole(t *testing.T) {
	sent := make(chan int, 1)
	site := serve(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/zip")
		n := 0
		for chunk := make([]byte, 64<<10); n < 500<<20; n += len(chunk) {
			if _, err := w.Write(chunk); err != nil {
				break
			}
		}
		sent <- n
	})
	r := newChecker(t).Check(t.Context(), site+"/big.zip")
	expect(t, r, OK, "", "")
	if n := <-sent; !r.Partial || r.Bytes > 64<<10 || n > 50<<20 {
		t.Errorf("partial %v, read %d of %d sent", r.Partial, r.Bytes, n)
	}
}
