package store

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"zhanqun/hub/access"
	"zhanqun/hub/catalog"
	"zhanqun/protocol"
)

// Portal implements access.UnitStore.
func (s *Store) Portal(ctx context.Context) (string, error) {
	return portal(ctx, s.read)
}

func portal(ctx context.Context, q queryer) (string, error) {
	var base string
	err := q.QueryRowContext(ctx, `SELECT value FROM setting WHERE key = 'portal'`).Scan(&base)
	if err != nil && !notFound(err) {
		return "", fmt.Errorf("reading the hub's address: %w", err)
	}
	return base, nil
}

// SetPortal implements access.UnitStore.
func (s *Store) SetPortal(ctx context.Context, base string) error {
	return s.tx(ctx, "noting the hub's address", func(t *tx) error {
		old, err := portal(ctx, t)
		if err != nil || old == base {
			return err
		}
		_, err = t.ExecContext(ctx, `INSERT INTO setting (key, value) VALUES ('portal', $1)
			ON CONFLICT (key) DO UPDATE SET value = excluded.value`, base)
		if err != nil {
			return err
		}
		return t.settingsChanged(ctx, "portal", base)
	})
}

// settingsChanged gives the settings the next number, so that every node is
// behind, and notes what changed. It locks a counter: call it last.
func (t *tx) settingsChanged(ctx context.Context, what, ref string) error {
	if _, err := t.take(ctx, "settings", 1); err != nil {
		return err
	}
	return t.event("settings."+what, ref, nil)
}

// told is a node that may have to be told the settings.
type told struct{ id, unit, hash string }

func scanTold(r scanner) (told, error) {
	var n told
	err := r.Scan(&n.id, &n.unit, &n.hash)
	return n, err
}

// behind are the nodes that were last told an older number.
const behind = ` FROM node WHERE state = 'active' AND settings < (SELECT value FROM counter WHERE name = 'settings')`

// SendSettings implements access.UnitStore.
func (s *Store) SendSettings(ctx context.Context, limit int) (n int, err error) {
	// Asked every second, and nearly always for nothing: look before locking.
	var any bool
	if err := s.read.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1`+behind+`)`).Scan(&any); err != nil || !any {
		return 0, err
	}
	err = s.tx(ctx, "sending settings", func(t *tx) error {
		// The number is read before the contents: what changes in between is
		// told now and, under its own number, looked at again.
		number, err := settingsNumber(ctx, t)
		if err != nil {
			return err
		}
		nodes, err := collect(ctx, t, scanTold, `SELECT id, unit, settings_hash`+behind+` ORDER BY settings, id LIMIT $1`, limit)
		if err != nil {
			return err
		}
		n = len(nodes)
		slices.SortFunc(nodes, func(a, b told) int { return cmp.Compare(a.id, b.id) }) // the lock order
		county, err := readCounty(ctx, t, nodes)
		if err != nil {
			return err
		}
		for _, n := range nodes {
			if err := t.tellSettings(ctx, n, county, number); err != nil {
				return err
			}
		}
		return nil
	})
	return n, err
}

func settingsNumber(ctx context.Context, t *tx) (number int64, err error) {
	err = t.QueryRowContext(ctx, `SELECT value FROM counter WHERE name = 'settings'`).Scan(&number)
	return number, err
}

// tellSettings appends the settings to the log of n unless they are the ones it
// knows, and notes that it is no longer behind.
func (t *tx) tellSettings(ctx context.Context, n told, c county, number int64) error {
	m := c.settings(n.unit)
	body, err := protocol.WriteBody(m)
	if err != nil {
		return fmt.Errorf("writing settings of node %s: %w", n.id, err)
	}
	hash := protocol.HashOf(body)
	done, err := t.ExecContext(ctx, `UPDATE node SET settings = $2, settings_hash = $3 WHERE id = $1 AND settings < $2 AND state = 'active'`, n.id, number, hash)
	if err != nil {
		return err
	}
	// None: another program has just told it.
	if rows, err := done.RowsAffected(); err != nil || rows == 0 || hash == n.hash {
		return err
	}
	return t.down(ctx, n.id, protocol.KindSettings, m)
}

// county is what settings are made of.
type county struct {
	name, portal string
	columns      []catalog.Column
	units        map[string]catalog.Unit
	villages     map[string][]catalog.Unit // by parent, ordered by code
}

// readCounty reads the settings for the units of the given nodes.
func readCounty(ctx context.Context, t *tx, nodes []told) (county, error) {
	c := county{units: map[string]catalog.Unit{}, villages: map[string][]catalog.Unit{}}
	codes := make([]string, len(nodes))
	for i, n := range nodes {
		codes[i] = n.unit
	}
	list, err := json.Marshal(codes)
	if err != nil {
		return c, err
	}
	var errs [4]error
	c.portal, errs[0] = portal(ctx, t)
	c.columns, errs[1] = columns(ctx, t)
	err = t.QueryRowContext(ctx, `SELECT name FROM unit WHERE level = 'county' ORDER BY code LIMIT 1`).Scan(&c.name)
	if !notFound(err) {
		errs[2] = err
	}
	in := t.s.d.in("$1")
	units, err := collect(ctx, t, scanUnit, `SELECT `+unitColumns+` FROM unit
		WHERE code IN `+in+` OR (level = 'village' AND parent IN `+in+`) ORDER BY code`, string(list))
	errs[3] = err
	for _, u := range units {
		c.units[u.Code] = u
		if u.Level == catalog.LevelVillage {
			c.villages[u.Parent] = append(c.villages[u.Parent], u)
		}
	}
	return c, errors.Join(errs[:]...)
}

func (c county) settings(unit string) *protocol.Settings {
	return access.SettingsFor(c.units[unit], c.villages[unit], c.columns, c.name, c.portal)
}
