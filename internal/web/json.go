package web

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"strings"
	"unicode/utf8"

	"zhanqun/internal/fault"
)

// MaxJSON is the largest JSON body ReadJSON takes: the largest item body of
// the wire (200 KiB) with every character escaped, and room for the rest.
const MaxJSON = 2 << 20

// ReadJSON reads the one JSON value of the body into v. Unknown fields are
// accepted, so that a newer client can speak to an older server; anything
// after the value is not, because it would be lost silently.
func ReadJSON(r *http.Request, v any) error {
	if ct := r.Header.Get("Content-Type"); ct != "" {
		kind, _, err := mime.ParseMediaType(ct)
		if err != nil || kind != "application/json" && !strings.HasSuffix(kind, "+json") {
			return fault.New(fault.Invalid, "请求内容要用 JSON，并写明 Content-Type: application/json。")
		}
	}
	body, err := io.ReadAll(http.MaxBytesReader(nil, r.Body, MaxJSON))
	if err != nil {
		return fmt.Errorf("reading request body: %w", err)
	}
	if len(bytes.TrimSpace(body)) == 0 {
		return fault.New(fault.Invalid, "请求内容是空的，应为 JSON。")
	}
	if !utf8.Valid(body) {
		return fault.New(fault.Invalid, "请求内容不是 UTF-8 编码，请转换后再发。")
	}
	dec := json.NewDecoder(bytes.NewReader(body))
	if err := dec.Decode(v); err != nil {
		return jsonError(err)
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return fault.New(fault.Invalid, "JSON 之后还有多余的内容，请只发一个 JSON 值。")
	}
	return nil
}

// HasBody reports whether a request brings a body, for one that may be left out.
// Some clients announce no length and then send nothing.
func HasBody(r *http.Request) bool {
	if r.ContentLength >= 0 {
		return r.ContentLength > 0
	}
	body := bufio.NewReader(r.Body)
	_, err := body.Peek(1)
	r.Body = struct {
		io.Reader
		io.Closer
	}{body, r.Body}
	return !errors.Is(err, io.EOF) // what else is wrong with it, its reader finds
}

// jsonError says where the JSON is wrong.
func jsonError(err error) error {
	var syntax *json.SyntaxError
	var typ *json.UnmarshalTypeError
	switch {
	case errors.As(err, &typ) && typ.Field != "":
		return fault.Wrap(fault.Invalid, "字段 "+typ.Field+" 的类型不对。", err).With(typ.Field, "类型不对。")
	case errors.As(err, &syntax):
		return fault.Wrap(fault.Invalid, fmt.Sprintf("JSON 格式有误（第 %d 个字节附近）。", syntax.Offset), err)
	}
	return fault.Wrap(fault.Invalid, "JSON 格式有误，请检查。", err)
}

// WriteJSON answers with v. Text in it is not escaped for HTML; nosniff and
// the media type keep a browser from reading it as a page.
func WriteJSON(w http.ResponseWriter, status int, v any) error {
	var buf bytes.Buffer
	enc := json.NewEncoder(&buf)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return fmt.Errorf("encoding answer: %w", err)
	}
	h := w.Header()
	h.Set("Content-Type", "application/json; charset=utf-8")
	if h.Get("Cache-Control") == "" {
		h.Set("Cache-Control", "no-store")
	}
	w.WriteHeader(status)
	_, _ = buf.WriteTo(w) // the asker has gone; there is nobody left to tell
	return nil
}
