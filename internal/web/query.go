package web

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"zhanqun/internal/fault"
)

// Limit reads the parameter limit: how many entries at most. Absent means def;
// more than most is cut to most, for the next cursor brings the rest.
func Limit(r *http.Request, def, most int) (int, error) {
	text := r.URL.Query().Get("limit")
	if text == "" {
		return def, nil
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 {
		return 0, fault.Field("limit", "limit 应为 1 或更大的整数。")
	}
	return min(n, most), nil
}

// maxCursor bounds a cursor: a few ids and numbers.
const maxCursor = 512

// Cursor reads the parameter name (usually cursor or after) into v, a struct
// made by NextCursor. It reports false when the parameter is absent.
func Cursor(r *http.Request, name string, v any) (bool, error) {
	text := r.URL.Query().Get(name)
	if text == "" {
		return false, nil
	}
	bad := fault.Field(name, name+" 无法识别。请原样使用上一次返回的 next，或去掉它从头开始。")
	if len(text) > maxCursor {
		return false, bad
	}
	raw, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil {
		return false, bad
	}
	if err := json.Unmarshal(raw, v); err != nil {
		return false, bad
	}
	return true, nil
}

// NextCursor packs v, a small struct of keys, for the next call. Callers pass
// it on without looking inside. It is not secret and not signed: what it names
// is checked again like any other input.
func NextCursor(v any) (string, error) {
	raw, err := json.Marshal(v)
	if err != nil {
		return "", fmt.Errorf("packing cursor: %w", err)
	}
	return base64.RawURLEncoding.EncodeToString(raw), nil
}

// Text reads a query or form value: trimmed, without control characters except
// line ends and tabs, and at most max characters long.
func Text(r *http.Request, name string, max int) (string, error) {
	text := strings.TrimSpace(strings.ReplaceAll(r.FormValue(name), "\r\n", "\n"))
	if !utf8.ValidString(text) {
		return "", fault.Field(name, "含有无法识别的字符，请重新输入。")
	}
	text = strings.Map(func(c rune) rune {
		if c < 0x20 && c != '\n' && c != '\t' || c == 0x7F {
			return -1
		}
		return c
	}, text)
	if utf8.RuneCountInString(text) > max {
		return "", fault.Field(name, fmt.Sprintf("太长了，最多 %d 个字。", max))
	}
	return text, nil
}

// Time reads a time parameter in RFC 3339; absent is the zero time.
func Time(r *http.Request, name string) (time.Time, error) {
	text := r.URL.Query().Get(name)
	if text == "" {
		return time.Time{}, nil
	}
	at, err := time.Parse(time.RFC3339, text)
	if err != nil {
		return time.Time{}, fault.Field(name, name+" 应为 RFC 3339 时间，例如 2026-11-03T14:05:00+08:00。")
	}
	return at, nil
}

// WithParam is the address of the page r asks for with one parameter changed.
func WithParam(r *http.Request, name, value string) string {
	q := r.URL.Query()
	q.Set(name, value)
	if value == "" {
		q.Del(name)
	}
	if len(q) == 0 {
		return r.URL.Path
	}
	return r.URL.Path + "?" + q.Encode()
}
