package store

import (
	"context"
	"encoding/json"
	"fmt"

	"zhanqun/hub/access"
	"zhanqun/hub/catalog"
	"zhanqun/internal/fault"
)

// Store implements what the access area needs.
var _ access.Store = (*Store)(nil)

const unitColumns = `code, name, level, parent`

func scanUnit(r scanner) (catalog.Unit, error) {
	var u catalog.Unit
	err := r.Scan(&u.Code, &u.Name, &u.Level, &u.Parent)
	return u, err
}

// Unit implements access.UnitStore.
func (s *Store) Unit(ctx context.Context, code string) (catalog.Unit, error) {
	u, err := scanUnit(s.read.QueryRowContext(ctx, `SELECT `+unitColumns+` FROM unit WHERE code = $1`, code))
	if notFound(err) {
		return u, fault.New(fault.NotFound, "没有代码为 "+code+" 的单位。")
	}
	if err != nil {
		return u, fmt.Errorf("reading unit %s: %w", code, err)
	}
	return u, nil
}

// Units implements access.UnitStore.
func (s *Store) Units(ctx context.Context, q access.UnitQuery) ([]catalog.Unit, error) {
	var w where
	w.equal("parent", q.Parent)
	w.equal("level", q.Level)
	list, err := collect(ctx, s.read, scanUnit, `SELECT `+unitColumns+` FROM unit`+w.page("code", q.After, q.Limit), w.args...)
	if err != nil {
		return nil, fmt.Errorf("listing units: %w", err)
	}
	return list, nil
}

// ImportUnits implements access.UnitStore.
func (s *Store) ImportUnits(ctx context.Context, actor string, units []catalog.Unit, check func([]catalog.Unit) error) (changed int, err error) {
	rows, err := json.Marshal(units)
	if err != nil {
		return 0, fmt.Errorf("writing units: %w", err)
	}
	near := make([]string, 0, 2*len(units))
	for _, u := range units {
		near = append(near, u.Code, u.Parent)
	}
	codes, err := json.Marshal(near)
	if err != nil {
		return 0, fmt.Errorf("writing units: %w", err)
	}
	err = s.tx(ctx, "importing units", func(t *tx) error {
		in := s.d.in("$1")
		known, err := collect(ctx, t, scanUnit, `SELECT `+unitColumns+` FROM unit WHERE code IN `+in+` OR parent IN `+in, string(codes))
		if err != nil {
			return err
		}
		if err := check(known); err != nil {
			return err
		}
		// The WHERE of the update keeps an unchanged unit from counting as changed.
		done, err := t.ExecContext(ctx, `INSERT INTO unit (code, name, level, parent, created_at)
			SELECT code, name, level, parent, CAST($2 AS bigint) FROM `+s.d.rows("$1", []string{"code", "name", "level", "parent"})+` WHERE true
			ON CONFLICT (code) DO UPDATE SET name = excluded.name, level = excluded.level, parent = excluded.parent
			WHERE unit.name <> excluded.name OR unit.level <> excluded.level OR unit.parent <> excluded.parent`,
			string(rows), t.at.UnixMilli())
		if err != nil {
			return err
		}
		n, err := done.RowsAffected()
		if err != nil {
			return err
		}
		if changed = int(n); changed == 0 {
			return nil
		}
		if err := t.audit(actor, "unit.import", "", change{before: known, after: units, detail: map[string]int{"units": len(units), "changed": changed}}); err != nil {
			return err
		}
		return t.settingsChanged(ctx, "unit", "")
	})
	return changed, err
}
