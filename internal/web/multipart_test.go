package web

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"

	"zhanqun/internal/fault"
)

var smallForm = FormLimits{Files: 2, FileBytes: 100, Bytes: 150, TextBytes: 50}

// read reads a form with smallForm and keeps the files as text.
func read(body io.Reader, kind string) (map[string][]string, []string, error) {
	r := httptest.NewRequest(http.MethodPost, "/", body)
	r.Header.Set("Content-Type", kind)
	var files []string
	values, err := ReadForm(r, smallForm, func(f File) error {
		data, err := io.ReadAll(f)
		if err != nil {
			return fmt.Errorf("saving file: %w", err)
		}
		files = append(files, f.Name+"="+string(data))
		return nil
	})
	return values, files, err
}

func TestReadForm(t *testing.T) {
	long := func(n int) string { return strings.Repeat("x", n) }
	tests := []struct {
		name  string
		pairs []string
		want  fault.Kind // -1: passes
		says  string
	}{
		{"texts and files", []string{"title", "标题", "@a.jpg", long(100), "tag", "1", "tag", "2", "@b.txt", "b"}, -1, ""},
		{"file too large", []string{"@a.jpg", long(101)}, fault.TooLarge, "“a.jpg”超过单个文件的上限 100 字节"},
		{"files too large together", []string{"@a.jpg", long(100), "@b.jpg", long(51)}, fault.TooLarge, "合计超过上限"},
		{"exactly full", []string{"@a.jpg", long(100), "@b.jpg", long(50)}, -1, ""},
		{"too many files", []string{"@a", "1", "@b", "2", "@c", "3"}, fault.TooLarge, "最多上传 2 个"},
		{"too much text", []string{"a", long(30), "b", long(21)}, fault.TooLarge, "文字太多"},
		{"name with a path", []string{"@../../etc/passwd", "x"}, -1, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			body, kind := multi(t, tt.pairs...)
			values, files, err := read(body, kind)
			if tt.want != -1 {
				if !fault.Is(err, tt.want) || !strings.Contains(fault.Message(err), tt.says) {
					t.Errorf("error %v, want %q", err, tt.says)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			wantValues, wantFiles := map[string][]string{}, []string(nil)
			for i := 0; i+1 < len(tt.pairs); i += 2 {
				if name, ok := strings.CutPrefix(tt.pairs[i], "@"); ok {
					name = name[strings.LastIndex(name, "/")+1:]
					wantFiles = append(wantFiles, name+"="+tt.pairs[i+1])
				} else {
					wantValues[tt.pairs[i]] = append(wantValues[tt.pairs[i]], tt.pairs[i+1])
				}
			}
			if diff := cmp.Diff(wantValues, values); diff != "" {
				t.Error(diff)
			}
			if diff := cmp.Diff(wantFiles, files); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestReadFormRefuses(t *testing.T) {
	body, kind := multi(t, "@a.jpg", "photo", "title", "标题")
	whole, err := io.ReadAll(body)
	if err != nil {
		t.Fatal(err)
	}
	for name, tt := range map[string]struct {
		body io.Reader
		kind string
	}{
		"no form":     {strings.NewReader("x"), "text/plain"},
		"no boundary": {strings.NewReader("x"), "multipart/form-data"},
		"cut short":   {bytes.NewReader(whole[:len(whole)/2]), kind},
		"line broke":  {io.MultiReader(bytes.NewReader(whole[:len(whole)/2]), iotest.ErrReader(io.ErrUnexpectedEOF)), kind},
		"many values": {manyValues(t), "multipart/form-data; boundary=b"},
	} {
		if _, _, err := read(tt.body, tt.kind); !fault.Is(err, fault.Invalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
	stop := errors.New("disk full")
	r := httptest.NewRequest(http.MethodPost, "/", bytes.NewReader(whole))
	r.Header.Set("Content-Type", kind)
	if _, err := ReadForm(r, smallForm, func(File) error { return stop }); !errors.Is(err, stop) {
		t.Errorf("error of save: %v", err)
	}
	r = httptest.NewRequest(http.MethodPost, "/", nil)
	r.Body = http.MaxBytesReader(nil, io.NopCloser(bytes.NewReader(whole)), 20)
	r.Header.Set("Content-Type", kind)
	if _, err := ReadForm(r, smallForm, func(File) error { return nil }); !fault.Is(testErrors().classify(err), fault.TooLarge) {
		t.Errorf("over the bound of the request: %v", err)
	}
}

func manyValues(t *testing.T) io.Reader {
	t.Helper()
	return strings.NewReader(strings.Repeat("--b\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n\r\n", 1100) + "--b--\r\n")
}

// A file field nobody chose a file for arrives as an empty part without name.
func TestReadFormEmptyFileField(t *testing.T) {
	body := "--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"\"\r\nContent-Type: application/octet-stream\r\n\r\n\r\n--b--\r\n"
	values, files, err := read(strings.NewReader(body), "multipart/form-data; boundary=b")
	if err != nil || len(files) != 0 || len(values) != 0 {
		t.Errorf("%v %v %v", values, files, err)
	}
}

func FuzzReadForm(f *testing.F) {
	f.Add([]byte("--b\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n1\r\n--b--\r\n"))
	f.Add([]byte("--b\r\nContent-Disposition: form-data; name=\"f\"; filename=\"x\"\r\n\r\n1\r\n--b--\r\n"))
	f.Fuzz(func(t *testing.T, body []byte) {
		values, files, err := read(bytes.NewReader(body), "multipart/form-data; boundary=b")
		if err != nil && fault.KindOf(err) == fault.Internal {
			t.Errorf("%q: %v is not for a person", body, err)
		}
		size := 0
		for _, v := range values {
			for _, s := range v {
				size += len(s)
			}
		}
		if int64(size) > smallForm.TextBytes || len(files) > smallForm.Files {
			t.Errorf("over the limits: %d bytes, %d files", size, len(files))
		}
	})
}
