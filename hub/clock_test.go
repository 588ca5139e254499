package main

import (
	"context"
	"log/slog"
	"net/http"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/go-resty/resty/v2"

	"zhanqun/hub/catalog"
	"zhanqun/internal/account"
	"zhanqun/internal/cli"
	"zhanqun/node/queue"
	"zhanqun/node/station"
	"zhanqun/protocol"
)

// A node whose clock is wrong by ten years, and is then set right, hands in like
// any other: in its order, under the hub's times; and both sides are told.
func TestClockWrongByYears(t *testing.T) {
	t.Parallel()
	for name, off := range map[string]time.Duration{"ahead": 10 * 365 * day, "behind": -10 * 365 * day} {
		t.Run(name, func(t *testing.T) { testClock(t, off) })
	}
}

func testClock(t *testing.T, off time.Duration) {
	p := newProgram(t, "ZHANQUN_LINKS_ENABLED=false")
	began := time.Now().Truncate(time.Millisecond)
	r := p.serve()
	file := filepath.Join(t.TempDir(), "units.csv")
	writeFile(t, file, units)
	p.must("unit", "import", file)
	if _, errs, code := p.run("sichuan-20-shenhe\n", "user", "add", "shenhe", "--role", "reviewer", "--password-stdin"); code != cli.Done {
		t.Fatal(errs)
	}
	desk := resty.New().SetBaseURL(r.Hub).SetAuthToken(strings.TrimSpace(p.must("token", "create", "shenhe")))

	var wrong atomic.Int64
	wrong.Store(int64(off))
	n := startStation(t, func() time.Time { return time.Now().Add(time.Duration(wrong.Load())) }, strings.TrimSpace(p.must("node", "invite", "520624001")))
	var order []string
	post := func(title string) {
		t.Helper()
		got, err := n.Queue.Post(t.Context(), n.liaison, queue.Draft{Text: queue.Text{Column: "township", Title: title, Body: "会议要求抓好安全生产。", Author: "田野", Source: "党政办"}})
		if err != nil {
			t.Fatal(err)
		}
		order = append(order, got.ID)
	}
	post("第一条")
	post("第二条")
	eventually(t, "both are confirmed", n.is(t, order[1], queue.Received))

	says := func(url, token, words string) func() (bool, error) {
		return func() (bool, error) {
			page, err := resty.New().R().SetContext(t.Context()).SetAuthToken(token).Get(url)
			return err == nil && page.StatusCode() == http.StatusOK && strings.Contains(page.String(), words), err
		}
	}
	eventually(t, "the node's first page says so", says(n.URL()+"/", n.token, "本机时钟与县里相差"))
	eventually(t, "its page about the line says so", says(n.URL()+"/queue", n.token, "时钟"))
	eventually(t, "the county's page of the node says so", says(r.Hub+"/nodes/"+n.id, desk.Token, "时钟不准"))

	wrong.Store(0)
	post("第三条")
	eventually(t, "the third is confirmed", n.is(t, order[2], queue.Received))
	var list struct{ Items []catalog.Item }
	if err := ask(desk.R(), http.MethodGet, "/api/v1/items?order=oldest", nil, &list); err != nil {
		t.Fatal(err)
	}
	if len(list.Items) != len(order) {
		t.Fatalf("the hub has %d items", len(list.Items))
	}
	for i, x := range list.Items {
		if x.ID != order[i] || x.ReceivedAt.Before(began) || x.ReceivedAt.After(time.Now()) {
			t.Errorf("place %d: %s, received %v", i, x.Title, x.ReceivedAt)
		}
	}
	for _, id := range order {
		if err := ask(desk.R(), http.MethodPost, "/api/v1/items/"+id+"/decisions", ruling{Revision: 1, Action: catalog.ActionApprove}, nil); err != nil {
			t.Fatal(err)
		}
	}
	for _, id := range order {
		eventually(t, "it is adopted", n.is(t, id, queue.State(protocol.StateAdopted)))
		d, err := n.Queue.Item(t.Context(), n.liaison, id)
		if err != nil || d.Status.At.Before(began) || d.Status.At.After(time.Now()) {
			t.Errorf("adopted at %v by the node's page (%v)", d.Status.At, err)
		}
	}
	var feed struct {
		Items []struct {
			Title     string
			Published time.Time `json:"date_published"`
		}
	}
	if err := ask(resty.New().R(), http.MethodGet, r.Hub+"/feed.json", nil, &feed); err != nil || len(feed.Items) != 3 {
		t.Fatalf("feed %+v, %v", feed, err)
	}
	for i, title := range []string{"第三条", "第二条", "第一条"} {
		if x := feed.Items[i]; x.Title != title || x.Published.Before(began) || x.Published.After(time.Now()) {
			t.Errorf("feed, place %d: %+v", i, x)
		}
	}
}

// clockedStation is a station in this process, whose clock can be set.
type clockedStation struct {
	*station.Station
	id      string
	liaison queue.Actor
	token   string
}

func startStation(t *testing.T, now func() time.Time, code string) *clockedStation {
	t.Helper()
	s, err := station.Open(t.Context(), station.Options{Dir: t.TempDir(), Addr: "127.0.0.1:0", Reserve: -1, Now: now, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	w := &clockedStation{Station: s, liaison: queue.Actor{Login: "zhang", Name: "张秀英", Role: account.RoleLiaison}}
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- s.Run(ctx) }()
	t.Cleanup(func() {
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	id, err := station.Join(t.Context(), s.Queue, code, "办公室电脑", station.Program("test"))
	if err != nil {
		t.Fatal(err)
	}
	w.id = id.Node
	if _, err := s.Queue.AddAccount(t.Context(), queue.Account{Login: "zhang", Name: "张秀英", Role: account.RoleLiaison}, "yi-bai-ge-zi-12", false); err != nil {
		t.Fatal(err)
	}
	if w.token, err = s.Queue.CreateToken(t.Context(), "zhang", "测试", 0); err != nil {
		t.Fatal(err)
	}
	return w
}

func (w *clockedStation) state(t *testing.T, id string) queue.State {
	t.Helper()
	d, err := w.Queue.Item(t.Context(), w.liaison, id)
	if err != nil {
		t.Fatal(err)
	}
	return d.State
}

// is looks whether the node shows an item in a state.
func (w *clockedStation) is(t *testing.T, id string, state queue.State) func() (bool, error) {
	return func() (bool, error) { return w.state(t, id) == state, nil }
}
