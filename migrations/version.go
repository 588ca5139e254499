package migrations

import (
	"context"
	"database/sql"
	"fmt"
)

// UpTo brings db from nothing to the schema with the number version, for data
// that was written under that schema. A number this program does not know yet is
// refused.
func (h History) UpTo(ctx context.Context, db *sql.DB, version int64) error {
	p, err := h.Provider(db, nil)
	if err != nil {
		return err
	}
	if newest := p.ListSources()[len(p.ListSources())-1].Version; version > newest {
		return fmt.Errorf("数据来自更新版本的程序，请换用那个版本或更新的程序")
	}
	if _, err := p.UpTo(ctx, version); err != nil {
		return fmt.Errorf("migrating %s schema to %d: %w", h.dir, version, err)
	}
	return nil
}
