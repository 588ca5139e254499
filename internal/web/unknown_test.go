package web_test

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"testing"

	"zhanqun/internal/fault"
	"zhanqun/internal/web"
)

func TestUnknown(t *testing.T) {
	none := errors.New("none")
	mux := http.NewServeMux()
	for _, route := range []string{"/", "GET /items", "POST /items", "PUT /items/{id}"} {
		mux.HandleFunc(route, func(http.ResponseWriter, *http.Request) {})
	}
	for _, tt := range []struct {
		method, path, allow string
	}{
		{http.MethodDelete, "/items", "GET, HEAD, POST"},
		{http.MethodPost, "/items/7", "PUT"},
		{http.MethodGet, "/nowhere", ""},
		{http.MethodPost, "/nowhere", ""},
	} {
		w := httptest.NewRecorder()
		err := web.Unknown(mux, none)(w, httptest.NewRequestWithContext(t.Context(), tt.method, tt.path, nil))
		if got := w.Header().Get("Allow"); got != tt.allow {
			t.Errorf("%s %s allows %q, want %q", tt.method, tt.path, got, tt.allow)
		}
		if known := tt.allow != ""; known != fault.Is(err, fault.NotAllowed) || !known && !errors.Is(err, none) {
			t.Errorf("%s %s: %v", tt.method, tt.path, err)
		}
	}
}
