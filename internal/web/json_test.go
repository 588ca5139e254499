package web

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"zhanqun/internal/fault"
)

func TestReadJSON(t *testing.T) {
	type decision struct {
		Revision int    `json:"revision"`
		Action   string `json:"action"`
	}
	tests := []struct {
		name, body, kind string
		want             fault.Kind
		field            string
	}{
		{"good", `{"revision":1,"action":"approve"}`, "application/json; charset=utf-8", -1, ""},
		{"unknown field", `{"revision":1,"later":true}`, "application/json", -1, ""},
		{"no type", `{"revision":1}`, "", -1, ""},
		{"problem type", `{"revision":1}`, "application/merge-patch+json", -1, ""},
		{"form", `revision=1`, "application/x-www-form-urlencoded", fault.Invalid, ""},
		{"trailing", `{"revision":1} {"revision":2}`, "application/json", fault.Invalid, ""},
		{"trailing garbage", `{"revision":1}]`, "application/json", fault.Invalid, ""},
		{"trailing blank", "{\"revision\":1}\n ", "application/json", -1, ""},
		{"empty", "", "application/json", fault.Invalid, ""},
		{"blank", " \n", "application/json", fault.Invalid, ""},
		{"cut short", `{"revision":1`, "application/json", fault.Invalid, ""},
		{"wrong type", `{"revision":"one"}`, "application/json", fault.Invalid, "revision"},
		{"not UTF-8", "{\"action\":\"\xb5\xc4\"}", "application/json", fault.Invalid, ""},
		{"too large", `{"action":"` + strings.Repeat("x", MaxJSON) + `"}`, "application/json", fault.TooLarge, ""},
		{"deep", strings.Repeat("[", 100_000), "application/json", fault.Invalid, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := httptest.NewRequest(http.MethodPost, "/api/v1/items/1/decisions", strings.NewReader(tt.body))
			r.Header.Set("Content-Type", tt.kind)
			var d decision
			err := ReadJSON(r, &d)
			if tt.want == -1 {
				if err != nil || d.Revision != 1 {
					t.Fatalf("%+v, %v", d, err)
				}
				return
			}
			err = testErrors().classify(err)
			if !fault.Is(err, tt.want) {
				t.Fatalf("error %v, want kind %d", err, tt.want)
			}
			if tt.field != "" && fault.Fields(err)[tt.field] == "" {
				t.Errorf("fields %v, want %s", fault.Fields(err), tt.field)
			}
		})
	}
}

func TestHasBody(t *testing.T) {
	for body, length := range map[string]int64{"": 0, `{"a":1}`: 7} {
		for _, announced := range []int64{length, -1} {
			r := httptest.NewRequest(http.MethodPost, "/api/v1/items/1/submit", strings.NewReader(body))
			r.ContentLength = announced
			if has := HasBody(r); has != (body != "") {
				t.Errorf("%q announced as %d: %v", body, announced, has)
			}
			if all, err := io.ReadAll(r.Body); err != nil || string(all) != body {
				t.Errorf("%q announced as %d: then read as %q, %v", body, announced, all, err)
			}
		}
	}
}

func FuzzReadJSON(f *testing.F) {
	f.Add([]byte(`{"a":1}`))
	f.Add([]byte(`[1,2] 3`))
	f.Fuzz(func(t *testing.T, body []byte) {
		r := httptest.NewRequest(http.MethodPost, "/", strings.NewReader(string(body)))
		var v any
		err := ReadJSON(r, &v)
		if err == nil != json.Valid(body) && !strings.Contains(fault.Message(err), "UTF-8") {
			t.Errorf("%q: valid %v, but error %v", body, json.Valid(body), err)
		}
		if err != nil && !fault.Is(err, fault.Invalid) {
			t.Errorf("%q: %v is not for a person", body, err)
		}
	})
}

func TestWriteJSON(t *testing.T) {
	w := httptest.NewRecorder()
	if err := WriteJSON(w, 201, map[string]string{"title": "<敬老月> & 其他"}); err != nil {
		t.Fatal(err)
	}
	if w.Code != 201 || w.Header().Get("Content-Type") != "application/json; charset=utf-8" || w.Header().Get("Cache-Control") != "no-store" ||
		w.Body.String() != "{\"title\":\"<敬老月> & 其他\"}\n" {
		t.Errorf("%d %v %q", w.Code, w.Header(), w.Body)
	}
	w = httptest.NewRecorder()
	if err := WriteJSON(w, 200, make(chan int)); err == nil || w.Body.Len() > 0 {
		t.Errorf("error %v, wrote %q", err, w.Body)
	}
}
