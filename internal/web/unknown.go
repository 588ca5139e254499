package web

import (
	"net/http"
	"strings"

	"zhanqun/internal/fault"
)

// Unknown returns a handler for what mux has no route for, which is to stand
// there under "/". It ends in none, or, where the address is known with other
// methods, names those (RFC 9110, 15.5.6).
func Unknown(mux *http.ServeMux, none error) Handler {
	return func(w http.ResponseWriter, r *http.Request) error {
		var allow []string
		for _, method := range []string{http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodDelete} {
			other := r.Clone(r.Context())
			other.Method = method
			if _, pattern := mux.Handler(other); pattern != "/" {
				allow = append(allow, method)
			}
		}
		if len(allow) == 0 {
			return none
		}
		w.Header().Set("Allow", strings.Join(allow, ", "))
		return fault.New(fault.NotAllowed, "这个地址不能这样使用，请从页面上操作。")
	}
}
