package queue

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"zhanqun/protocol"
)

// Settings are what the hub told of the county.
type Settings struct {
	protocol.Settings
	Known bool   `json:"known"` // false until the hub has told: the columns are then those every hub begins with
	unit  string // empty until the node has joined
	rev   int64
}

// Column returns the column with the given slug, closed ones as well.
func (s Settings) Column(slug string) (protocol.Column, bool) {
	i := slices.IndexFunc(s.Columns, func(c protocol.Column) bool { return c.Slug == slug })
	if i < 0 {
		return protocol.Column{}, false
	}
	return s.Columns[i], true
}

// Village returns the village with the given code.
func (s Settings) Village(code string) (protocol.Unit, bool) {
	i := slices.IndexFunc(s.Villages, func(u protocol.Unit) bool { return u.Code == code })
	if i < 0 {
		return protocol.Unit{}, false
	}
	return s.Villages[i], true
}

// Files are the limits of attachments: those of the wire, unless the county has
// lowered them.
func (s Settings) Files() protocol.Limits {
	if s.Limits == nil {
		return protocol.WireLimits()
	}
	return *s.Limits
}

// refuses says why nothing can be handed in to a column, or "".
func (s Settings) refuses(column string) string {
	c, ok := s.Column(column)
	switch {
	case column == "":
		return "请选择栏目。"
	case !ok:
		return "没有“" + column + "”这个栏目，可以选：" + s.open() + "。"
	case c.Closed:
		return "栏目“" + c.Name + "”已停用，请改选其他栏目。"
	}
	return ""
}

// open names the columns that can be chosen.
func (s Settings) open() string {
	var names []string
	for _, c := range s.Columns {
		if !c.Closed {
			names = append(names, c.Slug+" "+c.Name)
		}
	}
	return strings.Join(names, "、")
}

// limits are what the county takes of attachments.
func (s Settings) limits() protocol.Limits {
	l := protocol.WireLimits()
	if s.Limits != nil {
		l.Attachments = min(l.Attachments, s.Limits.Attachments)
		l.AttachmentBytes = min(l.AttachmentBytes, s.Limits.AttachmentBytes)
		l.ItemBytes = min(l.ItemBytes, s.Limits.ItemBytes)
	}
	return l
}

const selectSettings = `SELECT settings_rev, settings, unit, unit_name FROM station`

func readSettings(row scanner) (Settings, error) {
	var s Settings
	var text string
	if err := row.Scan(&s.rev, &text, &s.unit, &s.Unit.Name); err != nil {
		return Settings{}, fmt.Errorf("reading settings: %w", err)
	}
	s.Unit.Code = s.unit
	if s.Known = text != ""; !s.Known {
		s.Columns = slices.Clone(firstColumns)
		return s, nil
	}
	return s, decodeInto(text, &s.Settings)
}

// Settings returns what the hub last told of the county.
func (q *Queue) Settings(ctx context.Context) (Settings, error) {
	s, err := readSettings(q.db.Read.QueryRowContext(ctx, selectSettings))
	if err == nil {
		q.settings.Store(&s)
	}
	return s, err
}

// settingsFor returns settings to look a column up in: as last read if they have
// it, else as they are now. Whoever relies on them compares their number again
// inside a transaction.
func (q *Queue) settingsFor(ctx context.Context, column string) (Settings, error) {
	if s := q.settings.Load(); s != nil && s.unit != "" && s.refuses(column) == "" {
		return *s, nil
	}
	return q.Settings(ctx)
}
