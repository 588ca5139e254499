package station_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"zhanqun/internal/fault"
	"zhanqun/node/queue"
	"zhanqun/node/station"
	"zhanqun/protocol"
)

func openQueue(t *testing.T) *queue.Queue {
	t.Helper()
	q, err := queue.Open(t.Context(), queue.Options{Dir: t.TempDir(), Reserve: -1})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := q.Close(); err != nil {
			t.Error(err)
		}
	})
	return q
}

// county is a hub that knows nothing but how to enrol, one after the other.
func county(t *testing.T, answer http.HandlerFunc) protocol.JoinCode {
	t.Helper()
	var turn sync.Mutex
	mux := http.NewServeMux()
	mux.HandleFunc("POST "+protocol.EnrolPath, func(w http.ResponseWriter, r *http.Request) {
		turn.Lock()
		defer turn.Unlock()
		answer(w, r)
	})
	s := httptest.NewServer(mux)
	t.Cleanup(s.Close)
	return protocol.JoinCode{Hub: s.URL, Secret: "zqi_secret"}
}

func welcome(t *testing.T) (http.HandlerFunc, *protocol.Enrol) {
	t.Helper()
	hub, err := protocol.NewHubKey()
	if err != nil {
		t.Fatal(err)
	}
	asked := new(protocol.Enrol)
	return func(w http.ResponseWriter, r *http.Request) {
		if err := json.NewDecoder(r.Body).Decode(asked); err != nil {
			t.Error(err)
		}
		_ = json.NewEncoder(w).Encode(protocol.EnrolAnswer{
			Node: "n1", Unit: protocol.Unit{Code: "529900101", Name: "云岭镇"}, HubKey: hub.Public(),
			HubEpoch: "0198c0de-0000-7000-8000-000000000000", NATS: []string{"nats://127.0.0.1:4222"}, Now: time.Now(),
		})
	}, asked
}

func TestJoin(t *testing.T) {
	q := openQueue(t)
	answer, asked := welcome(t)
	code := county(t, answer)
	// As it is pasted from a letter: with blanks and broken lines.
	pasted := "  " + code.String()[:20] + "\n" + code.String()[20:] + " \n"
	id, err := station.Join(t.Context(), q, pasted, "办公室电脑", "zhanqun-node/test")
	if err != nil {
		t.Fatal(err)
	}
	if id.Node != "n1" || id.Unit.Name != "云岭镇" || id.HubURL != code.Hub || id.Name != "办公室电脑" {
		t.Errorf("identity %+v", id)
	}
	if asked.Key != id.Key.Public() || asked.Secret != code.Secret || asked.Name != "办公室电脑" || asked.Program != "zhanqun-node/test" {
		t.Errorf("the hub was told %+v", asked)
	}
	key, err := protocol.ParsePublic(asked.Key)
	if err != nil || !key.Verify(protocol.EnrolText(asked.Secret, asked.Key), asked.Sig) {
		t.Errorf("the request is not signed by the key (%v)", err)
	}
	if _, err := station.Join(t.Context(), q, pasted, "", ""); !fault.Is(err, fault.Conflict) || !strings.Contains(fault.Message(err), "云岭镇") {
		t.Errorf("joining twice: %v", err)
	}
}

// The answer to the first request got lost: the same code works again, because
// the key is the same.
func TestJoinAfterALostAnswer(t *testing.T) {
	q := openQueue(t)
	answer, asked := welcome(t)
	var keys []string
	code := county(t, func(w http.ResponseWriter, r *http.Request) {
		answer(httptest.NewRecorder(), r)
		if keys = append(keys, asked.Key); len(keys) == 1 {
			panic(http.ErrAbortHandler)
		}
		r.Body = http.NoBody
		again, _ := welcome(t)
		b, _ := json.Marshal(asked)
		again(w, httptest.NewRequest(http.MethodPost, "/", strings.NewReader(string(b))))
	})
	if _, err := station.Join(t.Context(), q, code.String(), "", ""); !fault.Is(err, fault.Unavailable) {
		t.Fatalf("first try: %v", err)
	}
	if _, err := station.Join(t.Context(), q, code.String(), "", ""); err != nil {
		t.Fatalf("second try: %v", err)
	}
	if len(keys) != 2 || keys[0] != keys[1] {
		t.Errorf("keys %v", keys)
	}
}

func TestJoinRefused(t *testing.T) {
	problem := func(status int, detail string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/problem+json")
			w.WriteHeader(status)
			_ = json.NewEncoder(w).Encode(map[string]any{"status": status, "detail": detail})
		}
	}
	plain := func(status int, body string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Location", "https://portal.example/")
			w.WriteHeader(status)
			_, _ = w.Write([]byte(body))
		}
	}
	for _, c := range []struct {
		name   string
		answer http.HandlerFunc
		kind   fault.Kind
		says   string
	}{
		{"used", problem(http.StatusGone, "入网码已经用过了。"), fault.Gone, "已经用过"},
		{"wrong", problem(http.StatusNotFound, "入网码不对。"), fault.NotFound, "入网码不对"},
		{"too often", problem(http.StatusTooManyRequests, "请一分钟后再试。"), fault.Limited, "一分钟"},
		{"hub in trouble", plain(http.StatusBadGateway, "<html>nginx"), fault.Unavailable, "稍后重试"},
		{"another website", plain(http.StatusNotFound, "<html>"), fault.Invalid, "不是县级平台"},
		{"a page instead of an answer", plain(http.StatusOK, "<html>"), fault.Invalid, "不是县级平台"},
		{"moved", plain(http.StatusMovedPermanently, ""), fault.Invalid, "https://portal.example/"},
		{"a flood", plain(http.StatusOK, strings.Repeat(" ", 1<<20)), fault.Invalid, "不是县级平台"},
		{"half an answer", plain(http.StatusOK, `{"node":"n1"}`), fault.Invalid, "不完整"},
	} {
		t.Run(c.name, func(t *testing.T) {
			q := openQueue(t)
			_, err := station.Join(t.Context(), q, county(t, c.answer).String(), "", "")
			if !fault.Is(err, c.kind) || !strings.Contains(fault.Message(err), c.says) {
				t.Errorf("got %v, want kind %v saying %q", err, c.kind, c.says)
			}
			if _, err := q.Identity(t.Context()); !fault.Is(err, fault.Conflict) {
				t.Errorf("after a refusal the node has an identity (%v)", err)
			}
		})
	}
}

func TestJoinUnreachable(t *testing.T) {
	q := openQueue(t)
	gone := httptest.NewServer(nil)
	gone.Close()
	for _, hub := range []string{gone.URL, "http://no-such-host.invalid"} {
		_, err := station.Join(t.Context(), q, protocol.JoinCode{Hub: hub, Secret: "s"}.String(), "", "")
		if !fault.Is(err, fault.Unavailable) || !strings.Contains(fault.Message(err), hub) || !strings.Contains(fault.Message(err), "仍然有效") {
			t.Errorf("%s: %v", hub, err)
		}
	}
	for _, code := range []string{"", "zq1-", "zq1-abc", "你好", strings.Repeat("x", 10000)} {
		if _, err := station.Join(t.Context(), q, code, "", ""); !fault.Is(err, fault.Invalid) {
			t.Errorf("code %.10q: %v", code, err)
		}
	}
}
