package web

import (
	"net/http"
	"net/http/httptest"
	"testing"
)

func TestHosts(t *testing.T) {
	tests := []struct {
		allow []string
		host  string
		want  int
	}{
		{nil, "127.0.0.1:8081", 200},
		{nil, "[::1]:8081", 200},
		{nil, "localhost", 200},
		{nil, "LOCALHOST:8081", 200},
		{nil, "evil.example:8081", 403},
		{nil, "127.0.0.1.evil.example", 403},
		{nil, "192.168.1.5:8081", 403},
		{nil, "", 403},
		{[]string{"Zhen.local", "192.168.1.5"}, "zhen.local:8081", 200},
		{[]string{"Zhen.local", "192.168.1.5"}, "192.168.1.5:8081", 200},
		{[]string{"Zhen.local"}, "evil.local", 403},
		{[]string{"*"}, "evil.example", 200},
	}
	for _, tt := range tests {
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		r.Host = tt.host
		w := httptest.NewRecorder()
		Hosts(testErrors(), tt.allow...)(ok).ServeHTTP(w, r)
		if w.Code != tt.want {
			t.Errorf("host %q, allowed %v: %d, want %d", tt.host, tt.allow, w.Code, tt.want)
		}
	}
}
