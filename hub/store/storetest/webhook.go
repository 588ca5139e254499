package storetest

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"zhanqun/hub/health"
	"zhanqun/hub/store"
	"zhanqun/hub/webhook"
	"zhanqun/internal/fault"
)

// webhookSuite is what the webhook area demands of the store.
func webhookSuite(t *testing.T, open Open) {
	t.Run("hooks", func(t *testing.T) { testHooks(t, open) })
	t.Run("changes", func(t *testing.T) { testHookChanges(t, open) })
	t.Run("outbox", func(t *testing.T) { testOutbox(t, open) })
}

func addHook(t testing.TB, s *store.Store, at time.Time) webhook.Hook {
	t.Helper()
	h := webhook.Hook{ID: uuid.Must(uuid.NewV7()).String(), Name: "群", Kind: webhook.DingTalk, URL: "https://robot.example/send?access_token=t", Secret: "s",
		Topics: []webhook.Topic{webhook.Now, webhook.Veto}, CreatedAt: at}
	if err := s.SaveHook(t.Context(), "admin", h); err != nil {
		t.Fatal(err)
	}
	return h
}

func testHooks(t *testing.T, open Open) {
	clock := NewClock()
	s := open(t, clock.Now)
	h := addHook(t, s, clock.Now())
	same(t, "saved", must[webhook.Hook](t)(s.Hook(t.Context(), h.ID)), h)
	h.Paused, h.Name = true, "改名"
	if err := s.SaveHook(t.Context(), "admin", h); err != nil {
		t.Fatal(err)
	}
	same(t, "all", must[[]webhook.Hook](t)(s.Hooks(t.Context())), []webhook.Hook{h})
	if err := s.Enqueue(t.Context(), []webhook.Delivery{message(h, clock.Now())}); err != nil {
		t.Fatal(err)
	}
	if err := s.RemoveHook(t.Context(), "admin", h.ID); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Hook(t.Context(), h.ID); !fault.Is(err, fault.NotFound) {
		t.Errorf("removed: %v", err)
	}
	if err := s.RemoveHook(t.Context(), "admin", h.ID); !fault.Is(err, fault.NotFound) {
		t.Errorf("removed twice: %v", err)
	}
	audits, err := s.AuditsBefore(t.Context(), 0, 10)
	if err != nil || len(audits) != 3 {
		t.Fatalf("%d acts on record, %v", len(audits), err)
	}
	for _, a := range audits {
		if text := fmt.Sprintf("%+v", a); strings.Contains(text, "access_token") || strings.Contains(text, "robot.example") {
			t.Errorf("the address is on record: %s", text)
		}
	}
}

func message(h webhook.Hook, at time.Time) webhook.Delivery {
	return webhook.Delivery{ID: uuid.Must(uuid.NewV7()).String(), Hook: h.ID, Topic: webhook.Now, Title: "链接预警", Body: "{}", State: webhook.Waiting, At: at, NextAt: at}
}

// testHookChanges holds that each change of a finding is handed over once, in
// order, and none from before there was a hook.
func testHookChanges(t *testing.T, open Open) {
	clock := NewClock()
	s := open(t, clock.Now)
	Units(t, s)
	site := addSite(t, s, Sitang, "思唐街道网", "http://sitang.example/")
	dead := func(url string) health.Finding {
		t.Helper()
		if err := s.AddPlace(t.Context(), health.SiteOwner(site.ID), "/", health.NewPlace{URL: url, Element: "a", Unit: Sitang}); err != nil {
			t.Fatal(err)
		}
		return kill(t, s, clock, url)
	}
	var got []string
	collect := func(limit int) bool {
		t.Helper()
		more, err := s.HookFindings(t.Context(), limit, func(changes []webhook.Change, hooks []webhook.Hook) []webhook.Delivery {
			for _, c := range changes {
				got = append(got, c.Kind+" "+c.Finding.URL)
			}
			return []webhook.Delivery{message(hooks[0], clock.Now())}
		})
		if err != nil {
			t.Fatal(err)
		}
		return more
	}
	dead("http://before.example/")
	collect(10)
	addHook(t, s, clock.Now())
	collect(10)
	if len(got) != 0 {
		t.Errorf("told of what was before: %v", got)
	}
	f := dead("http://a.example/")
	if _, err := s.Settle(t.Context(), "admin", f.ID, settling(true, "实测可以打开")); err != nil {
		t.Fatal(err)
	}
	dead("http://b.example/")
	if !collect(2) {
		t.Error("there is more")
	}
	for collect(2) {
	}
	collect(2)
	same(t, "changes", got, []string{"open http://a.example/", "struckoff http://a.example/", "open http://b.example/"})
	if due := must[[]webhook.Delivery](t)(s.DueDeliveries(t.Context(), clock.Now(), 10)); len(due) != 2 {
		t.Errorf("%d messages on their way, want 2", len(due))
	}
	days := 0
	for range 2 {
		for _, day := range []string{"2026-11-27", "2026-11-26"} {
			if err := s.HookDay(t.Context(), day, func([]webhook.Hook) []webhook.Delivery { days++; return nil }); err != nil {
				t.Fatal(err)
			}
		}
	}
	if days != 1 {
		t.Errorf("the day was told %d times", days)
	}
}

// testOutbox holds that what waits is bounded, that a hook that is paused is left
// alone, and that what is done is forgotten after a while.
func testOutbox(t *testing.T, open Open) {
	clock := NewClock()
	s := open(t, clock.Now)
	h := addHook(t, s, clock.Now())
	var list []webhook.Delivery
	for range 250 {
		list = append(list, message(h, clock.Advance(time.Second)))
	}
	if err := s.Enqueue(t.Context(), list); err != nil {
		t.Fatal(err)
	}
	due := must[[]webhook.Delivery](t)(s.DueDeliveries(t.Context(), clock.Now(), 500))
	if len(due) != 200 || due[0].ID != list[50].ID {
		t.Fatalf("%d wait", len(due))
	}
	if !must[time.Time](t)(s.NextDelivery(t.Context())).Equal(due[0].NextAt) {
		t.Error("the next one is another")
	}
	d := due[0]
	d.Tries, d.Reason, d.NextAt = 1, "对方答复 503", clock.Now().Add(time.Minute)
	if err := s.Delivered(t.Context(), d); err != nil {
		t.Fatal(err)
	}
	if due := must[[]webhook.Delivery](t)(s.DueDeliveries(t.Context(), clock.Now(), 500)); len(due) != 199 {
		t.Errorf("%d wait while one pauses", len(due))
	}
	h.Paused = true
	if err := s.SaveHook(t.Context(), "admin", h); err != nil {
		t.Fatal(err)
	}
	if due := must[[]webhook.Delivery](t)(s.DueDeliveries(t.Context(), clock.Now(), 500)); len(due) != 0 || !must[time.Time](t)(s.NextDelivery(t.Context())).IsZero() {
		t.Errorf("%d go to a hook that is paused", len(due))
	}
	for _, d := range due {
		d.State, d.DoneAt = webhook.Sent, clock.Now()
		if err := s.Delivered(t.Context(), d); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Enqueue(t.Context(), []webhook.Delivery{message(h, clock.Advance(time.Second))}); err != nil {
		t.Fatal(err)
	}
	if kept := must[[]webhook.Delivery](t)(s.Deliveries(t.Context(), h.ID, 1000)); len(kept) != 101 || kept[0].State != webhook.Waiting {
		t.Errorf("%d kept", len(kept))
	}
}
