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

// Keys of what nodes are told beside units and columns.
const (
	portalSetting = "portal"
	limitsSetting = "limits"
)

// pinSetting is the key of what Pin returns.
const pinSetting = "certificate"

// Portal implements access.UnitStore.
func (s *Store) Portal(ctx context.Context) (string, error) {
	return setting(ctx, s.read, portalSetting)
}

// setting returns a setting, or "".
func setting(ctx context.Context, q queryer, key string) (value string, err error) {
	err = q.QueryRowContext(ctx, `SELECT value FROM setting WHERE key = $1`, key).Scan(&value)
	if err != nil && !notFound(err) {
		return "", fmt.Errorf("reading setting %s: %w", key, err)
	}
	return value, nil
}

// SetPortal implements access.UnitStore.
func (s *Store) SetPortal(ctx context.Context, base string) error {
	return s.setSetting(ctx, portalSetting, base)
}

// Pin implements access.UnitStore.
func (s *Store) Pin(ctx context.Context) (string, error) {
	return setting(ctx, s.read, pinSetting)
}

// SetPin implements access.UnitStore.
func (s *Store) SetPin(ctx context.Context, fingerprint string) error {
	return s.tx(ctx, "noting certificate", func(t *tx) error {
		_, err := t.ExecContext(ctx, `INSERT INTO setting (key, value) VALUES ($1, $2)
			ON CONFLICT (key) DO UPDATE SET value = excluded.value`, pinSetting, fingerprint)
		return err
	})
}

// SetLimits implements access.UnitStore.
func (s *Store) SetLimits(ctx context.Context, limits protocol.Limits) error {
	text, err := jsonText(limits)
	if err != nil {
		return err
	}
	return s.setSetting(ctx, limitsSetting, text)
}

// setSetting changes what nodes are told, if it is a change.
func (s *Store) setSetting(ctx context.Context, key, value string) error {
	return s.tx(ctx, "noting setting "+key, func(t *tx) error {
		old, err := setting(ctx, t, key)
		if err != nil || old == value {
			return err
		}
		_, err = t.ExecContext(ctx, `INSERT INTO setting (key, value) VALUES ($1, $2)
			ON CONFLICT (key) DO UPDATE SET value = excluded.value`, key, value)
		if err != nil {
			return err
		}
		return t.settingsChanged(ctx, key, "")
	})
}

// limits returns what the county takes of attachments.
func limits(ctx context.Context, q queryer) (protocol.Limits, error) {
	l := protocol.WireLimits()
	text, err := setting(ctx, q, limitsSetting)
	if err != nil || text == "" {
		return l, err
	}
	if err := json.Unmarshal([]byte(text), &l); err != nil {
		return l, fmt.Errorf("reading the county's limits: %w", err)
	}
	return l, nil
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
	limits       protocol.Limits
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
	var errs [5]error
	c.portal, errs[0] = setting(ctx, t, portalSetting)
	c.limits, errs[4] = limits(ctx, t)
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
	return access.SettingsFor(c.units[unit], c.villages[unit], c.columns, c.name, c.portal, c.limits)
}
