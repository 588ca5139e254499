package web

import (
	"net/http"
	"net/url"
	"strings"
	"unicode/utf8"

	"zhanqun/internal/fault"
)

// Readable answers only requests whose address and form hold text: UTF-8 and no
// NUL. Nothing else names anything here, and a database that refuses such text
// would make a fault of ours of it.
func Readable(errs Errors) Middleware {
	return func(next http.Handler) http.Handler {
		return errs.Wrap(func(w http.ResponseWriter, r *http.Request) error {
			if !readable(r.URL.Path) {
				return fault.New(fault.NotFound, "没有这个页面。可能是地址写错了，或内容已被移走。")
			}
			values := r.URL.Query()
			if strings.HasPrefix(r.Header.Get("Content-Type"), "application/x-www-form-urlencoded") {
				if err := r.ParseForm(); err != nil {
					return formError(err)
				}
				values = r.Form
			}
			if name, ok := unreadable(values); ok {
				return fault.Field(name, "含有无法识别的字符，请重新输入。")
			}
			next.ServeHTTP(w, r)
			return nil
		})
	}
}

// unreadable returns the name of a value that is no text.
func unreadable(values url.Values) (string, bool) {
	for name, list := range values {
		for _, v := range list {
			if !readable(name) || !readable(v) {
				return strings.ToValidUTF8(strings.ReplaceAll(name, "\x00", ""), "?"), true
			}
		}
	}
	return "", false
}

func readable(s string) bool { return utf8.ValidString(s) && !strings.Contains(s, "\x00") }
