package queue

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"zhanqun/protocol"
)

// Settings are what the hub told of the county.
type Settings struct {
	protocol.Settings
	Known bool `json:"known"` // false until the hub has told: the columns are then those every hub begins with
}

// firstColumns are the columns of a new hub. A node that has joined and not yet
// heard its settings works with them; the hub refuses what it does not have.
var firstColumns = []protocol.Column{
	{Slug: "headline", Name: "要闻"},
	{Slug: "township", Name: "乡镇传真"},
	{Slug: "department", Name: "部门动态"},
	{Slug: "photo", Name: "图片新闻"},
	{Slug: "notice", Name: "通知公告"},
	{Slug: "policy", Name: "政策文件"},
	{Slug: "village", Name: "村务公开"},
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

// Settings returns what the hub last told of the county.
func (q *Queue) Settings(ctx context.Context) (Settings, error) {
	var text string
	var unit protocol.Unit
	err := q.db.Read.QueryRowContext(ctx, `SELECT settings, unit, unit_name FROM station`).Scan(&text, &unit.Code, &unit.Name)
	if err != nil {
		return Settings{}, fmt.Errorf("reading settings: %w", err)
	}
	if text == "" {
		return Settings{Settings: protocol.Settings{Unit: unit, Columns: slices.Clone(firstColumns)}}, nil
	}
	q.settingsMu.Lock()
	defer q.settingsMu.Unlock()
	if text != q.settingsText {
		var s protocol.Settings
		if err := json.Unmarshal([]byte(text), &s); err != nil {
			return Settings{}, fmt.Errorf("reading settings: %w", err)
		}
		q.settingsText, q.settings = text, s
	}
	return Settings{Settings: q.settings, Known: true}, nil // its slices are shared and never written
}
