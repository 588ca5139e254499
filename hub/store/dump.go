package store

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"unicode/utf8"
)

// tables are all tables of the hub in an order in which each comes after those
// its rows refer to. Sessions and leases are left
// out: whoever is signed in signs in again, and who works takes a new lease.
var tables = []string{
	"setting", "counter", "unit", "portal_column", "account", "password_past", "second_factor", "recovery_code", "lockout", "api_token", "node", "invite", "bundle_partner", "bundle_taken", "node_epoch", "up_entry", "refusal",
	"down_entry", "down_past", "recalled", "item", "revision", "blob", "blob_offer", "decision", "held_decision", "entry", "entry_source", "entry_list",
	"entry_file", "file_gone", "adoption", "event", "audit", "site", "site_column", "target", "place", "place_total", "finding", "finding_event", "look_request", "webhook", "webhook_delivery",
	"probe", "uptime_day", "incident", "offline", "site_sheet", "site_home", "veto_standing", "veto_alarm",
}

// Part is a run of rows of one table in a form both databases read: one row on a
// line, an array of its values in the order of Columns. Texts are strings, all
// numbers are whole, true is 1, bytes are {"b": base64}, and a text that is not
// UTF-8 is {"t": base64}.
type Part struct {
	Table   string   `json:"table"`
	Columns []string `json:"columns"`
	Rows    int      `json:"rows"`
	Lines   []byte   `json:"-"`
}

// partBytes is when a part is full; it ends with the row that fills it.
const partBytes = 4 << 20

type (
	bytesValue struct {
		B []byte `json:"b"`
	}
	textValue struct {
		T []byte `json:"t"`
	}
)

// Dump hands all rows of all tables to write, as they stand at one moment: what
// others commit meanwhile is not among them. begin is told first under which
// schema the rows are written. Each table has at least one part.
func (s *Store) Dump(ctx context.Context, begin func(schema int64) error, write func(Part) error) error {
	var how sql.TxOptions
	if s.d.postgres {
		how = sql.TxOptions{Isolation: sql.LevelRepeatableRead, ReadOnly: true}
	}
	t, err := s.read.BeginTx(ctx, &how)
	if err != nil {
		return fmt.Errorf("dumping: %w", err)
	}
	defer func() { _ = t.Rollback() }() // only read
	var schema int64
	if err := t.QueryRowContext(ctx, `SELECT MAX(version_id) FROM goose_db_version WHERE is_applied`+s.d.isTrue()).Scan(&schema); err != nil {
		return fmt.Errorf("dumping: reading schema version: %w", err)
	}
	if err := begin(schema); err != nil {
		return err
	}
	for _, table := range tables {
		if err := dumpTable(ctx, t, table, write); err != nil {
			return fmt.Errorf("dumping %s: %w", table, err)
		}
	}
	return nil
}

// isTrue ends a condition on a column that goose made, which is a number on
// SQLite.
func (d dialect) isTrue() string {
	if d.postgres {
		return ""
	}
	return " = 1"
}

func dumpTable(ctx context.Context, t *sql.Tx, table string, write func(Part) error) (err error) {
	rows, err := t.QueryContext(ctx, `SELECT * FROM `+table) // #nosec G202 -- a constant of this package
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	columns, err := rows.Columns()
	if err != nil {
		return err
	}
	values, into := make([]any, len(columns)), make([]any, len(columns))
	for i := range values {
		into[i] = &values[i]
	}
	var lines bytes.Buffer
	enc := json.NewEncoder(&lines)
	enc.SetEscapeHTML(false)
	p := Part{Table: table, Columns: columns}
	flush := func() error {
		p.Lines = lines.Bytes()
		err := write(p)
		lines.Reset()
		p.Rows = 0
		return err
	}
	wrote := false
	for rows.Next() {
		if err := rows.Scan(into...); err != nil {
			return err
		}
		for i, v := range values {
			values[i] = portable(v)
		}
		if err := enc.Encode(values); err != nil {
			return err
		}
		if p.Rows++; lines.Len() >= partBytes {
			wrote = true
			if err := flush(); err != nil {
				return err
			}
		}
	}
	if err := rows.Err(); err != nil || wrote && p.Rows == 0 {
		return err
	}
	return flush()
}

// portable is a value as it stands in a part. No column holds NULL: an empty
// blob, which one driver returns as nil, is the only nil.
func portable(v any) any {
	switch v := v.(type) {
	case nil:
		return bytesValue{[]byte{}}
	case []byte:
		return bytesValue{v}
	case bool:
		if v {
			return 1
		}
		return 0
	case string:
		if !utf8.ValidString(v) {
			return textValue{[]byte(v)}
		}
	}
	return v
}

// Read calls row with the values of each row of p, as a database takes them, and
// fails unless there are as many as p says. row must not keep the values.
func (p Part) Read(row func([]any) error) error {
	dec := json.NewDecoder(bytes.NewReader(p.Lines))
	dec.UseNumber()
	n := 0
	for ; dec.More(); n++ {
		var values []any
		if err := dec.Decode(&values); err != nil {
			return fmt.Errorf("reading row %d of %s: %w", n+1, p.Table, err)
		}
		if len(values) != len(p.Columns) {
			return fmt.Errorf("reading row %d of %s: %d values for %d columns", n+1, p.Table, len(values), len(p.Columns))
		}
		for i, v := range values {
			var err error
			if values[i], err = native(v); err != nil {
				return fmt.Errorf("reading row %d of %s: column %s: %w", n+1, p.Table, p.Columns[i], err)
			}
		}
		if err := row(values); err != nil {
			return err
		}
	}
	if n != p.Rows {
		return fmt.Errorf("reading %s: %d rows where %d were announced", p.Table, n, p.Rows)
	}
	return nil
}

// native undoes portable, but for booleans, which only the table tells from
// numbers.
func native(v any) (any, error) {
	switch v := v.(type) {
	case string:
		return v, nil
	case json.Number:
		return v.Int64()
	case map[string]any:
		for key, text := range v {
			s, ok := text.(string)
			if !ok || len(v) != 1 {
				break
			}
			var b []byte
			if err := json.Unmarshal([]byte(`"`+s+`"`), &b); err != nil {
				return nil, err
			}
			switch key {
			case "b":
				return b, nil
			case "t":
				return string(b), nil
			}
		}
	}
	return nil, fmt.Errorf("no value: %v", v)
}

// Blob names an attached file that has arrived.
type Blob struct {
	SHA256 string
	Size   int64
}

// Blobs returns up to limit files that have arrived, in the order of their
// digests, after one.
func (s *Store) Blobs(ctx context.Context, after string, limit int) ([]Blob, error) {
	list, err := collect(ctx, s.read, func(r scanner) (b Blob, err error) {
		err = r.Scan(&b.SHA256, &b.Size)
		return b, err
	}, `SELECT sha256, size FROM blob WHERE sha256 > $1 ORDER BY sha256 LIMIT $2`, after, limit)
	if err != nil {
		return nil, fmt.Errorf("listing files: %w", err)
	}
	return list, nil
}
