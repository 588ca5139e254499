package content_test

import (
	"archive/zip"
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"image"
	"image/gif"
	"image/jpeg"
	"image/png"
	"io"
	"strings"
	"testing"
	"unicode/utf16"
	"unicode/utf8"

	"zhanqun/internal/content"
	"zhanqun/internal/fault"
)

func inspect(name string, b []byte) (content.FileInfo, error) {
	return content.Inspect(name, bytes.NewReader(b), int64(len(b)))
}

func jpegOf(t testing.TB, w, h int) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := jpeg.Encode(&b, image.NewGray(image.Rect(0, 0, w, h)), nil); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func pngOf(t testing.TB, w, h int) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := png.Encode(&b, image.NewNRGBA(image.Rect(0, 0, w, h))); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func gifOf(t testing.TB) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := gif.Encode(&b, image.NewGray(image.Rect(0, 0, 3, 2)), nil); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// webpSample is a lossless image of 17 by 17 pixels.
func webpSample(t testing.TB) []byte {
	t.Helper()
	b, err := base64.StdEncoding.DecodeString("UklGRhoAAABXRUJQVlA4TA0AAAAvEAAEEAcQERGIiP4HAA==")
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// bomb is a PNG that claims w by h pixels in a few bytes.
func bomb(w, h uint32) []byte {
	ihdr := append([]byte("IHDR"), make([]byte, 13)...)
	binary.BigEndian.PutUint32(ihdr[4:], w)
	binary.BigEndian.PutUint32(ihdr[8:], h)
	copy(ihdr[12:], []byte{8, 6, 0, 0, 0})
	b := append([]byte("\x89PNG\r\n\x1a\n\x00\x00\x00\x0d"), ihdr...)
	return binary.BigEndian.AppendUint32(b, crc32.ChecksumIEEE(ihdr))
}

func zipOf(t testing.TB, names ...string) []byte {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for _, n := range names {
		w, err := z.CreateHeader(&zip.FileHeader{Name: n, Method: zip.Store})
		if err == nil {
			_, err = io.WriteString(w, "x")
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// zipBomb is 20 MB of zeros in a few kilobytes.
func zipBomb(t testing.TB) []byte {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	w, err := z.Create("零.txt")
	if err == nil {
		_, err = w.Write(make([]byte, 20<<20))
	}
	if err = errors.Join(err, z.Close()); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// zipEncrypted sets the flag that says an entry needs a password.
func zipEncrypted(t testing.TB) []byte {
	b := zipOf(t, "a.docx")
	b[bytes.LastIndex(b, []byte("PK\x01\x02"))+8] |= 1
	return b
}

// ole is a compound file with a directory of these names over as many sectors
// as they need: header, FAT, directory.
func ole(names ...string) []byte {
	sectors := (len(names) + 3) / 4
	b := make([]byte, 512*(2+sectors))
	copy(b, "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1")
	binary.LittleEndian.PutUint16(b[30:], 9)
	binary.LittleEndian.PutUint32(b[48:], 1) // the directory begins in sector 1
	binary.LittleEndian.PutUint32(b[76:], 0) // the FAT is sector 0
	for i := range sectors {
		next := uint32(i + 2)
		if i == sectors-1 {
			next = 0xfffffffe
		}
		binary.LittleEndian.PutUint32(b[512+4*(i+1):], next)
	}
	for i, name := range names {
		e := b[1024+128*i:]
		u := utf16.Encode([]rune(name))
		for j, c := range u {
			binary.LittleEndian.PutUint16(e[2*j:], c)
		}
		binary.LittleEndian.PutUint16(e[64:], uint16(2*len(u)+2))
	}
	return b
}

const docx = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"

func TestInspectAccepts(t *testing.T) {
	mp4 := []byte("\x00\x00\x00\x18ftypisom\x00\x00\x00\x00isommp42")
	for _, tt := range []struct {
		name     string
		b        []byte
		typ, out string
	}{
		{"春耕.JPG", jpegOf(t, 4, 3), "image/jpeg", "春耕.jpg"},
		{"a.jpeg", jpegOf(t, 4, 3), "image/jpeg", "a.jpeg"},
		{"微信图片.jpg", pngOf(t, 4, 3), "image/png", "微信图片.png"},
		{"a", gifOf(t), "image/gif", "a.gif"},
		{"a.webp", webpSample(t), "image/webp", "a.webp"},
		{"通知.pdf", []byte("%PDF-1.7\n1 0 obj"), "application/pdf", "通知.pdf"},
		{"a.docx", zipOf(t, "[Content_Types].xml", "_rels/.rels", "word/document.xml"), docx, "a.docx"},
		{"a.doc", zipOf(t, "word/document.xml", "[Content_Types].xml"), docx, "a.docx"},
		{"online.docx", zipOf(t, "[Content_Types].xml", `word\document2.xml`), docx, "online.docx"},
		{"a.xlsx", zipOf(t, "[Content_Types].xml", "xl/workbook.xml"), "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", "a.xlsx"},
		{"a.pptx", zipOf(t, "[Content_Types].xml", "ppt/presentation.xml"), "application/vnd.openxmlformats-officedocument.presentationml.presentation", "a.pptx"},
		{"公文.ofd", zipOf(t, "OFD.xml", "Doc_0/Document.xml"), "application/ofd", "公文.ofd"},
		{"a.doc", ole("Root Entry", "Data", "1Table", "\x05SummaryInformation", "WordDocument"), "application/msword", "a.doc"},
		{"a.wps", ole("Root Entry", "WordDocument"), "application/msword", "a.wps"},
		{"a.xls", ole("Root Entry", "Workbook"), "application/vnd.ms-excel", "a.xls"},
		{"a.et", ole("Root Entry", "Book"), "application/vnd.ms-excel", "a.et"},
		{"a.ppt", ole("Root Entry", "PowerPoint Document"), "application/vnd.ms-powerpoint", "a.ppt"},
		{"名单.txt", []byte("思南县塘头镇"), "text/plain", "名单.txt"},
		{"gbk.txt", gb(t, "思南县塘头镇春耕备耕工作有序推进"), "text/plain", "gbk.txt"},
		{"json.txt", []byte(`{"a":1}`), "text/plain", "json.txt"},
		{"a.csv", []byte("姓名,村\n张三,一\n李四,二\n"), "text/csv", "a.csv"},
		{"附件.zip", zipOf(t, "一/名单.xlsx", "二.docx"), "application/zip", "附件.zip"},
		{"a.mp4", mp4, "video/mp4", "a.mp4"},
		{"广播.mp3", append([]byte("ID3\x04\x00\x00\x00\x00\x0f\x76"), make([]byte, 3000)...), "audio/mpeg", "广播.mp3"},
		{"b.mp3", append([]byte("\xff\xfb\x90\x64"), make([]byte, 400)...), "audio/mpeg", "b.mp3"},
	} {
		info, err := inspect(tt.name, tt.b)
		if err != nil || info.Type != tt.typ || info.Name != tt.out || !strings.HasSuffix(tt.out, info.Ext) || info.Size != int64(len(tt.b)) {
			t.Errorf("%s: %+v, %v; want %s, %s", tt.name, info, err, tt.typ, tt.out)
		}
		if (info.Image != nil) != strings.HasPrefix(tt.typ, "image/") {
			t.Errorf("%s: image %+v", tt.name, info.Image)
		}
	}
}

func TestInspectRefuses(t *testing.T) {
	exe := append([]byte("MZ\x90\x00"), make([]byte, 60)...)
	binary.LittleEndian.PutUint32(exe[60:], 64)
	exe = append(exe, "PE\x00\x00"...)
	exe = append(exe, make([]byte, 100)...)
	html := []byte("<!DOCTYPE html><html><script>alert(1)</script>")
	svg := []byte(`<svg xmlns="http://www.w3.org/2000/svg"><script>1</script></svg>`)
	office := zipOf(t, "[Content_Types].xml", "word/document.xml")
	for _, tt := range []struct {
		what, name string
		b          []byte
		says       string
	}{
		{"empty", "a.jpg", nil, "0 字节"},
		{"program called a photo", "a.jpg", exe, "内容却是 程序文件"},
		{"page called a photo", "a.jpg", html, "内容却是 网页（HTML）"},
		{"drawing called a photo", "a.png", svg, "内容却是 矢量图"},
		{"drawing called a text", "a.txt", svg, "矢量图"},
		{"page called a text", "a.txt", html, "网页"},
		{"feed called a text", "a.txt", []byte(`<?xml version="1.0"?><rss></rss>`), "XML"},
		{"document called a photo", "a.jpg", []byte("%PDF-1.7"), "内容却是 .pdf"},
		{"photo called a document", "a.docx", jpegOf(t, 2, 2), "内容却是 .jpg"},
		{"text called a photo", "a.jpg", []byte("文字"), "内容却是 纯文本"},
		{"archive called a document", "a.docx", zipOf(t, "x.txt"), "内容却是 .zip"},
		{"sheet called a document", "a.docx", zipOf(t, "[Content_Types].xml", "xl/workbook.xml"), "内容却是 .xlsx"},
		{"script", "a.js", []byte("alert(1)"), ".js"},
		{"script with a harmless name", "说明", []byte("#!/bin/sh\nrm -rf /\n"), "脚本"},
		{"page", "a.html", html, ".html"},
		{"photo that ends in exe", "a.jpg.exe", jpegOf(t, 2, 2), ".exe"},
		{"exe behind dots and blanks", "a.EXE. . ", jpegOf(t, 2, 2), ".exe"},
		{"exe behind an invisible mark", "a.e\u200bxe\u202e", jpegOf(t, 2, 2), ".exe"},
		{"unknown", "a.dat", []byte{0, 1, 2, 3, 250, 251, 0, 0}, "不支持"},
		{"unknown text", "a.json", []byte("{}"), ".json"},
		{"HEIC", "IMG_1.HEIC", []byte("\x00\x00\x00\x18ftypheic\x00\x00\x00\x00mif1heic"), "兼容性最佳"},
		{"HEIC called jpg", "IMG_1.jpg", []byte("\x00\x00\x00\x18ftypheic\x00\x00\x00\x00mif1heic"), "兼容性最佳"},
		{"BMP", "a.bmp", append([]byte("BM\x3a\x00\x00\x00\x00\x00\x00\x00\x36\x00\x00\x00\x28"), make([]byte, 60)...), "JPG"},
		{"RAR", "a.rar", append([]byte("Rar!\x1a\x07\x01\x00"), make([]byte, 20)...), "zip"},
		{"RTF", "a.rtf", []byte(`{\rtf1\ansi x}`), "docx"},
		{"MOV", "a.mov", []byte("\x00\x00\x00\x14ftypqt  \x00\x00\x00\x00qt  "), "MP4"},
		{"bomb", "a.png", bomb(20_000, 20_000), "20000×20000"},
		{"damaged photo", "a.jpg", jpegOf(t, 20, 20)[:12], "损坏"},
		{"photo without size", "a.png", bomb(0, 0), "损坏"},
		{"macros", "a.docx", zipOf(t, "[Content_Types].xml", "word/document.xml", "word/vbaProject.bin"), "宏"},
		{"old macros", "a.xls", ole("Root Entry", "Workbook", "_VBA_PROJECT_CUR"), "宏"},
		{"password", "a.zip", zipEncrypted(t), "密码"},
		{"old password", "a.docx", ole("Root Entry", "EncryptionInfo", "EncryptedPackage"), "密码"},
		{"cut document", "a.docx", office[:len(office)-30], "损坏"},
		{"cut old document", "a.doc", ole("Root Entry", "x", "x", "x", "WordDocument")[:1100], "损坏"},
		{"installer", "a.doc", ole("Root Entry", "SummaryInformation"), "不支持"},
		{"program in an archive", "a.zip", zipOf(t, "a.txt", "工具/setup.EXE"), ".exe"},
		{"path in an archive", "a.zip", zipOf(t, "../../a.txt"), "路径"},
		{"Windows path in an archive", "a.zip", zipOf(t, `..\a.txt`), "路径"},
		{"nothing in an archive", "a.zip", zipOf(t), "空的"},
		{"bomb in an archive", "a.zip", zipBomb(t), "大得异常"},
		{"app", "a.zip", zipOf(t, "AndroidManifest.xml", "classes.dex"), "程序"},
		{"open document", "a.odt", zipOf(t, "mimetype", "content.xml"), "docx"},
		{"drawing of Visio", "a.vsdx", zipOf(t, "[Content_Types].xml", "visio/document.xml"), "docx"},
	} {
		info, err := inspect(tt.name, tt.b)
		if msg := fault.Fields(err)[content.FileField]; !strings.Contains(msg, tt.says) || !fault.Is(err, fault.Invalid) {
			t.Errorf("%s: %+v, %v; want to hear %q", tt.what, info, err, tt.says)
		}
	}
}

func TestInspectArchiveWithManyEntries(t *testing.T) {
	b := zipOf(t, strings.Split(strings.Repeat("一个很长很长很长很长很长很长的名字.txt ", 60_000), " ")[:60_000]...)
	if _, err := inspect("a.zip", b); !strings.Contains(fault.Message(err), "太多") {
		t.Errorf("60,000 entries: %v", err)
	}
}

func TestInspectSizes(t *testing.T) {
	if info, err := inspect("a.png", pngOf(t, 30, 20)); err != nil || *info.Image != (content.ImageInfo{W: 30, H: 20}) {
		t.Errorf("%+v, %v", info, err)
	}
	if info, err := inspect("a.jpg", turned(jpegOf(t, 30, 20), 6)); err != nil || *info.Image != (content.ImageInfo{W: 20, H: 30}) {
		t.Errorf("turned: %+v, %v", info, err)
	}
	// A 40-megapixel photo passes, one row more does not.
	if _, err := inspect("a.png", bomb(8000, 5000)); err != nil {
		t.Errorf("40 MP: %v", err)
	}
	if _, err := inspect("a.png", bomb(8000, 5001)); err == nil {
		t.Error("more than 40 MP passed")
	}
}

func TestInspectNames(t *testing.T) {
	b := jpegOf(t, 2, 2)
	for in, want := range map[string]string{
		"../../etc/passwd":               "passwd.jpg",
		`C:\Users\A\照片\春耕.jpg`:           "春耕.jpg",
		"a\x00b\r\nc.jpg":                "ab c.jpg",
		"gpj.\u202egnp.jpg":              "gpj.gnp.jpg",
		`a<b>:"|?*.jpg`:                  "a_b______.jpg",
		"":                               "附件.jpg",
		"...":                            "附件.jpg",
		".jpg":                           "附件.jpg",
		".htaccess":                      "htaccess.jpg",
		"CON.jpg":                        "_CON.jpg",
		"com1":                           "_com1.jpg",
		"lpt1.x.jpg":                     "_lpt1.x.jpg",
		"报告.2026":                        "报告.2026.jpg",
		"a.docx.jpg":                     "a.docx.jpg",
		" a  b .jpg ":                    "a b.jpg",
		strings.Repeat("长", 90) + ".jpg": strings.Repeat("长", 65) + ".jpg",
		"/":                              "附件.jpg",
		"a\xff.jpg":                      "a\ufffd.jpg",
	} {
		info, err := inspect(in, b)
		if err != nil || info.Name != want || len(info.Name) > 200 {
			t.Errorf("%q becomes %q, %v; want %q", in, info.Name, err, want)
		}
	}
	if a := content.FileAccept(); !strings.HasPrefix(a, ".jpg,.jpeg,") || strings.Contains(a, "exe") {
		t.Errorf("FileAccept = %s", a)
	}
}

func TestInspectReadError(t *testing.T) {
	_, err := content.Inspect("a.jpg", strings.NewReader("short"), 100)
	if !errors.Is(err, io.EOF) || fault.KindOf(err) != fault.Internal {
		t.Errorf("a file shorter than said: %v", err)
	}
}

func FuzzInspect(f *testing.F) {
	f.Add("a.docx", zipOf(f, "[Content_Types].xml", "word/document.xml"))
	f.Add("a.doc", ole("Root Entry", "x", "x", "x", "WordDocument"))
	f.Add("照片.jpg", turned(jpegOf(f, 4, 3), 6))
	f.Add("a.webp", webpSample(f))
	f.Add("a.gif", gifOf(f))
	f.Add("../a\x00.txt", []byte("文字"))
	f.Fuzz(func(t *testing.T, name string, b []byte) {
		info, err := inspect(name, b)
		if err != nil {
			if len(fault.Fields(err)) == 0 {
				t.Fatalf("%q: no reason at the field: %v", name, err)
			}
			return
		}
		n := info.Name
		if len(n) > 200 || !utf8.ValidString(n) || strings.ContainsAny(n, "/\\\x00\r\n<>:\"|?*\u202e") || strings.HasPrefix(n, ".") ||
			!strings.HasSuffix(n, info.Ext) || len(info.Ext) < 3 || info.Type == "" || content.CleanLine(n) != n {
			t.Fatalf("%q: %+v", name, info)
		}
		again, err := inspect(n, b)
		if err != nil || again.Name != n {
			t.Fatalf("%q becomes %q, then %q, %v", name, n, again.Name, err)
		}
	})
}
