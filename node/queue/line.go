package queue

import (
	"context"
	"encoding/json"
	"fmt"
	"time"
)

// Way is how the connection to the hub runs.
type Way string

// The ways.
const (
	WayDirect    Way = "nats" // to the broker's own port, not encrypted
	WayDirectTLS Way = "tls"
	WayWeb       Way = "ws" // through the hub's web port, not encrypted
	WayWebTLS    Way = "wss"
)

// Words say it to a clerk.
func (w Way) Words() string {
	switch w {
	case WayDirect:
		return "直连"
	case WayDirectTLS:
		return "直连，已加密"
	case WayWeb:
		return "走网页端口"
	case WayWebTLS:
		return "走网页端口，已加密"
	}
	return ""
}

// Line is how the connection to the hub stands, as the service last noted it.
type Line struct {
	Connected   bool          `json:"connected"`
	Way         Way           `json:"way,omitempty"`          // while connected
	Since       time.Time     `json:"since,omitzero"`         // connected or not since then
	LastContact time.Time     `json:"lastContactAt,omitzero"` // last time the hub itself answered
	Error       string        `json:"error,omitempty"`        // why not, in plain words
	NextTry     time.Time     `json:"nextTryAt,omitzero"`
	Skew        time.Duration `json:"skew,omitempty"` // how far this clock is ahead of the hub's
	Serving     bool          `json:"serving"`        // whether a service is running at all
	// Pending says that a person in the county has to let this machine in first.
	Pending bool `json:"pending,omitempty"`
}

// PendingWords say what a machine waits for that has joined and may not work yet.
const PendingWords = "正在等县级管理员批准本机入网。批准后自动开始收发，不用重启；这以前写的内容都在本机。"

// pendingLine is how the line stands for a machine that has just joined: known
// before a service has run.
func pendingLine(pending bool) (string, error) {
	l := Line{Pending: pending}
	if pending {
		l.Error = PendingWords
	}
	b, err := json.Marshal(l)
	return string(b), err
}

// letIn notes that the county has let this machine in: it has answered.
func (t *txn) letIn(ctx context.Context) error {
	line, err := pendingLine(false)
	if err != nil {
		return err
	}
	return t.exec(ctx, `UPDATE station SET line = $1 WHERE json_valid(line) AND json_extract(line, '$.pending')`, line)
}

// SetLine notes how the line stands. Note changes and a contact now and then,
// not every message: each note is a write to disk.
func (q *Queue) SetLine(ctx context.Context, l Line) error {
	b, err := json.Marshal(l)
	if err != nil {
		return fmt.Errorf("writing line: %w", err)
	}
	return q.write(ctx, "noting line", func(ctx context.Context, t *txn) error {
		return t.exec(ctx, `UPDATE station SET line = $1`, string(b))
	})
}

// Line returns how the line stands. What a service noted before it was killed is
// not believed: without a service there is no connection.
func (q *Queue) Line(ctx context.Context) (Line, error) {
	var text string
	if err := q.db.Read.QueryRowContext(ctx, `SELECT line FROM station`).Scan(&text); err != nil {
		return Line{}, fmt.Errorf("reading line: %w", err)
	}
	l, err := readLine(text)
	if err != nil {
		return Line{}, err
	}
	if l.Serving, err = q.Serving(); err == nil && !l.Serving {
		l.Connected, l.Way = false, ""
	}
	return l, err
}

// readLine reads what was noted of the line; nothing was before the first try.
func readLine(text string) (l Line, err error) {
	if text == "" {
		return l, nil
	}
	if err := json.Unmarshal([]byte(text), &l); err != nil {
		return Line{}, fmt.Errorf("reading line: %w", err)
	}
	return l, nil
}
