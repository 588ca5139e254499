// Package webhook tells other programs, and the chat robots of DingTalk, WeCom
// and Feishu, what the county's checks found. It promises that what is to be sent
// is on disk before it is sent, is tried again with growing pauses and given up
// with the reason shown, that nothing waits without bound, and that addresses and
// secrets show up in no page and no log.
package webhook

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/google/uuid"

	"zhanqun/hub/access"
	"zhanqun/hub/health"
	"zhanqun/hub/health/urge"
	"zhanqun/hub/health/verdict"
	"zhanqun/internal/fault"
)

// Kind is the form in which a hook wants its messages.
type Kind string

// The forms.
const (
	JSON     Kind = "json"     // our own, signed
	DingTalk Kind = "dingtalk" // 钉钉 custom robot
	WeCom    Kind = "wecom"    // 企业微信 group robot
	Feishu   Kind = "feishu"   // 飞书 custom robot
)

// Kinds are all forms.
func Kinds() []Kind { return []Kind{DingTalk, WeCom, Feishu, JSON} }

// Label is the name of a form.
func (k Kind) Label() string {
	return map[Kind]string{JSON: "通用接口（JSON）", DingTalk: "钉钉群机器人", WeCom: "企业微信群机器人", Feishu: "飞书群机器人"}[k]
}

// Topic is what a hook may be told of.
type Topic string

// The topics.
const (
	Now    Topic = "now"    // what a pass of the checks found, at once
	Daily  Topic = "daily"  // the daily check, every morning
	Urging Topic = "urging" // overdue, exposed, supervised, circulated
	Veto   Topic = "veto"   // what can fail a whole site, at once
	Test   Topic = "test"   // a person pressed the button; no hook chooses it
)

// Topics are those a hook may choose.
func Topics() []Topic { return []Topic{Veto, Now, Daily, Urging} }

// Label is the name of a topic.
func (t Topic) Label() string {
	return map[Topic]string{Now: "新发现和办结（随时汇总）", Daily: "每日检查（每天早上）", Urging: "逾期、曝光、督办、通报", Veto: "可能单项否决的（马上）", Test: "测试"}[t]
}

// Hook is somebody who wants to be told.
type Hook struct {
	ID        string
	Name      string
	Kind      Kind
	URL       string // with the robot's token in it: as secret as Secret
	Secret    string // signs; empty for none
	Topics    []Topic
	Paused    bool
	CreatedAt time.Time
}

// Wants reports whether h is to be told of a topic.
func (h Hook) Wants(t Topic) bool { return !h.Paused && slices.Contains(h.Topics, t) }

// Address is as much of the address as may be shown.
func (h Hook) Address() string {
	u, err := url.Parse(h.URL)
	if err != nil {
		return ""
	}
	return u.Scheme + "://" + u.Host + "/…"
}

// States of a delivery.
const (
	Waiting = "waiting" // to be sent, now or again
	Sent    = "sent"
	Dead    = "dead" // given up
)

// Delivery is one message on its way to one hook.
type Delivery struct {
	ID     string
	Hook   string
	Topic  Topic
	Title  string
	Body   string // Message as JSON
	State  string
	Tries  int
	Reason string // why the last try failed
	At     time.Time
	NextAt time.Time
	DoneAt time.Time
}

// Store keeps hooks and deliveries. One method is one transaction.
type Store interface {
	Hooks(ctx context.Context) ([]Hook, error)
	// Hook returns one, or a NotFound fault.
	Hook(ctx context.Context, id string) (Hook, error)
	// SaveHook adds a hook or replaces the one with its id.
	SaveHook(ctx context.Context, actor string, h Hook) error
	RemoveHook(ctx context.Context, actor, id string) error

	// HookFindings takes up to limit changes of findings and of vetoes that no hook
	// was told of yet, lets build say what is to be sent, and notes both.
	HookFindings(ctx context.Context, limit int, build func([]Change, []Hook) []Delivery) (more bool, err error)
	// HookDay does the same once for each day.
	HookDay(ctx context.Context, day string, build func([]Hook) []Delivery) error
	Enqueue(ctx context.Context, list []Delivery) error
	DueDeliveries(ctx context.Context, now time.Time, limit int) ([]Delivery, error)
	// NextDelivery is when the next one is due; the zero time for none.
	NextDelivery(ctx context.Context) (time.Time, error)
	// Delivered notes how a try ended.
	Delivered(ctx context.Context, d Delivery) error
	// Deliveries returns the newest of a hook.
	Deliveries(ctx context.Context, hook string, limit int) ([]Delivery, error)
}

// Change is something that happened to a finding, or to a veto of a site.
type Change struct {
	Kind    string // a step of its history; empty for a veto
	At      time.Time
	Finding health.Finding
	Veto    *verdict.Alarm
}

// Reporter makes the daily report; *health.Service is one.
type Reporter interface {
	Report(ctx context.Context, who access.User, p urge.Period) (urge.Report, error)
}

// Options set up a Service.
type Options struct {
	Store  Store
	Report Reporter
	Base   func() string // address of the hub's pages
	// County is who speaks, for titles; nil or "" for nobody by name.
	County func(context.Context) string
	// Dial connects to where a hook is: it decides which addresses may be reached.
	// Nil connects anywhere.
	Dial func(ctx context.Context, network, address string) (net.Conn, error)
	Now  func() time.Time
	Log  *slog.Logger
}

// Service tells hooks.
type Service struct {
	Options
	wake chan struct{}
	send *http.Client
}

// New returns a service. It sends nothing by itself until Run.
func New(o Options) *Service {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Log == nil {
		o.Log = slog.Default()
	}
	if o.Base == nil {
		o.Base = func() string { return "" }
	}
	if o.County == nil {
		o.County = func(context.Context) string { return "" }
	}
	return &Service{Options: o, wake: make(chan struct{}, 1), send: newClient(o.Dial)}
}

// Wake tells Run that something changed. It does not block.
func (s *Service) Wake() {
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

// mostHooks bounds how many are told.
const mostHooks = 50

// Add registers a hook.
func (s *Service) Add(ctx context.Context, who access.User, h Hook) (Hook, error) {
	if err := who.Need(access.Manage); err != nil {
		return h, err
	}
	if err := check(&h); err != nil {
		return h, err
	}
	list, err := s.Store.Hooks(ctx)
	if err != nil {
		return h, err
	}
	if len(list) >= mostHooks {
		return h, fault.New(fault.Invalid, fmt.Sprintf("最多登记 %d 个推送地址。", mostHooks))
	}
	h.ID, h.CreatedAt = uuid.Must(uuid.NewV7()).String(), s.Now()
	return h, s.Store.SaveHook(ctx, who.Login, h)
}

func check(h *Hook) error {
	h.Name, h.URL, h.Secret = strings.TrimSpace(h.Name), strings.TrimSpace(h.URL), strings.TrimSpace(h.Secret)
	u, err := url.Parse(h.URL)
	switch {
	case h.Name == "" || utf8.RuneCountInString(h.Name) > 40:
		return fault.Field("name", "请填写名称，不超过 40 个字。")
	case !slices.Contains(Kinds(), h.Kind):
		return fault.Field("kind", "请选择推送到哪里。")
	case err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || u.User != nil || len(h.URL) > 1000:
		return fault.Field("url", "地址要以 https:// 或 http:// 开头，从机器人设置里原样复制。")
	case len(h.Secret) > 200:
		return fault.Field("secret", "密钥太长。")
	case h.Kind == JSON && len(h.Secret) < 16:
		return fault.Field("secret", "通用接口要有至少 16 位的密钥，收的一方用它核对签名。")
	case h.Kind == WeCom && h.Secret != "":
		return fault.Field("secret", "企业微信机器人没有加签密钥，请留空。")
	case len(h.Topics) == 0:
		return fault.Field("topics", "请至少选一种消息。")
	}
	for _, t := range h.Topics {
		if !slices.Contains(Topics(), t) {
			return fault.Field("topics", "没有这种消息。")
		}
	}
	return nil
}

// Pause stops telling a hook, or goes on with it.
func (s *Service) Pause(ctx context.Context, who access.User, id string, paused bool) (Hook, error) {
	h, err := s.hook(ctx, who, id)
	if err != nil {
		return h, err
	}
	h.Paused = paused
	return h, s.Store.SaveHook(ctx, who.Login, h)
}

// Remove forgets a hook and what was on its way to it.
func (s *Service) Remove(ctx context.Context, who access.User, id string) (Hook, error) {
	h, err := s.hook(ctx, who, id)
	if err != nil {
		return h, err
	}
	return h, s.Store.RemoveHook(ctx, who.Login, id)
}

// Try sends a test message at once and returns why that failed, if it did.
func (s *Service) Try(ctx context.Context, who access.User, id string) (Hook, error) {
	h, err := s.hook(ctx, who, id)
	if err != nil {
		return h, err
	}
	m := Message{Topic: Test, At: s.Now(), Title: titled(s.County(ctx), "测试消息"), Lines: []string{"收到这条消息，说明推送已经接通。"}, URL: s.Base() + "/findings"}
	d := delivery(h, m)
	d.DoneAt, d.Tries, d.State = s.Now(), 1, Sent
	failed := s.deliver(ctx, h, d)
	if failed != nil {
		d.State, d.Reason = Dead, reason(failed)
	}
	d.NextAt = time.Time{}
	if err := s.Store.Enqueue(ctx, []Delivery{d}); err != nil {
		return h, err
	}
	if failed != nil {
		return h, fault.New(fault.Invalid, fmt.Sprintf("没有送到：%s", d.Reason))
	}
	return h, nil
}

func (s *Service) hook(ctx context.Context, who access.User, id string) (Hook, error) {
	if err := who.Need(access.Manage); err != nil {
		return Hook{}, err
	}
	return s.Store.Hook(ctx, id)
}

func titled(county, what string) string {
	if county == "" {
		return what
	}
	return county + " · " + what
}
