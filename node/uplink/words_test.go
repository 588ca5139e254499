package uplink

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go"

	"zhanqun/node/queue"
	"zhanqun/protocol"
)

// What the broker answers to a frame, and what the clerk reads of it.
func TestAcknowledgements(t *testing.T) {
	for _, tt := range []struct {
		name  string
		reply reply
		says  string // "" for a good one
	}{
		{"stored", reply{m: &nats.Msg{Data: []byte(`{"stream":"ZQ_UP","seq":7}`)}}, ""},
		{"full", reply{m: &nats.Msg{Data: []byte(`{"error":{"code":503,"err_code":10077,"description":"maximum bytes exceeded"}}`)}}, "信箱满了"},
		{"another refusal", reply{m: &nats.Msg{Data: []byte(`{"error":{"code":500,"err_code":1,"description":"?"}}`)}}, "自动重试"},
		{"no stream yet", reply{err: errNobody}, "信箱暂时不收"},
		{"line lost", reply{err: errDown}, "自动重试"},
		{"another stream", reply{m: &nats.Msg{Data: []byte(`{"stream":"OTHER","seq":7}`)}}, "自动重试"},
		{"no position", reply{m: &nats.Msg{Data: []byte(`{"stream":"ZQ_UP"}`)}}, "自动重试"},
		{"not JSON", reply{m: &nats.Msg{Data: []byte(`+OK`)}}, "自动重试"},
	} {
		err := acknowledged(tt.reply)
		if (err == nil) != (tt.says == "") || err != nil && !strings.Contains(words(err), tt.says) {
			t.Errorf("%s: %v, says %q", tt.name, err, words(err))
		}
	}
}

// Every reason why nothing moves has words that say whether anything is lost or
// whom to ask.
func TestWordsSayWhatToDo(t *testing.T) {
	for _, err := range []error{errUnsigned, errNobody, errNoStream, errFull, errDown, nats.ErrAuthorization, errors.New("nats: Authorization Violation"),
		errors.New("dial tcp: refused"), protocol.Fault{Code: protocol.CodeBusy, Detail: "x"}, protocol.Fault{Code: protocol.CodeSignature, Detail: "x"}} {
		got := words(err)
		if !strings.Contains(got, "自动") && !strings.Contains(got, "县级管理员") || strings.ContainsAny(got, "abcdefghij") {
			t.Errorf("%v: says %q", err, got)
		}
	}
	told := protocol.Fault{Code: protocol.CodeFrozen, Detail: "已暂停，请联系县里"}
	if got := words(told); got != told.Detail {
		t.Errorf("a frozen node says %q", got)
	}
}

// What the hub has said of this machine stays through a lost connection: two that
// use one identity push each other off the line all the time, and both have to read
// why.
func TestWordsOfTheHubOutliveTheConnection(t *testing.T) {
	bubble(t, func(t *testing.T, _ context.Context, u *Uplink, q *queue.Queue) {
		b := newLineBook(q, time.Now, u.log)
		frozen := protocol.Fault{Code: protocol.CodeFrozen, Detail: "发现两台电脑，请联系县级管理员"}
		lost, away := words(errDown), words(nats.ErrAuthorization)
		for i, step := range []struct {
			do   func()
			want string
		}{
			{func() { b.disconnected(lost, time.Second) }, lost},
			{func() { b.connected(queue.WayDirect) }, ""},
			{func() { b.failed(errNobody) }, words(errNobody)},
			{func() { b.disconnected(lost, time.Second) }, lost},
			{func() { b.connected(queue.WayDirect) }, ""},
			{func() { b.failed(frozen) }, frozen.Detail},
			{func() { b.disconnected(lost, time.Second) }, frozen.Detail},
			{func() { b.connected(queue.WayDirect) }, frozen.Detail},
			{func() { b.disconnected(away, time.Second) }, away}, // it was revoked meanwhile
			{func() { b.connected(queue.WayDirect) }, frozen.Detail},
			{func() { b.contact(time.Time{}) }, ""},
			{func() { b.disconnected(lost, time.Second) }, lost},
		} {
			if step.do(); b.line.Error != step.want {
				t.Errorf("step %d says %q, want %q", i, b.line.Error, step.want)
			}
		}
	})
}
