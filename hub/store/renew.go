package store

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/google/uuid"

	"zhanqun/protocol"
)

// Renew makes the store that was just loaded from a backup a new one in the eyes
// of its nodes: with an epoch of its own, which tells them that what they heard
// since may be unknown here, and with a note per node of how far its down log was
// written. What hung on the moment of the backup is dropped: sessions, decisions
// that could still be taken back, files that were half here. It is called before
// anybody else uses the store.
func (s *Store) Renew(ctx context.Context, actor string, detail any) error {
	fresh := uuid.NewString()
	err := s.tx(ctx, "making the store a new one", func(t *tx) error {
		for _, q := range []string{`DELETE FROM session`, `DELETE FROM held_decision`, `DELETE FROM blob_offer WHERE NOT done`} {
			if _, err := t.ExecContext(ctx, q); err != nil {
				return err
			}
		}
		_, err := t.ExecContext(ctx, `INSERT INTO down_past (node, epoch, through, recalled, at)
			SELECT id, $1, down_seq, down_seq, $2 FROM node WHERE state <> 'revoked'`, s.epoch, t.at.UnixMilli())
		if err != nil {
			return fmt.Errorf("noting how far the down logs are: %w", err)
		}
		if _, err := t.ExecContext(ctx, `UPDATE node SET recall = $1 WHERE state NOT IN ('revoked', 'pending')`, t.at.UnixMilli()); err != nil {
			return fmt.Errorf("noting whom to ask: %w", err)
		}
		if _, err := t.ExecContext(ctx, `UPDATE setting SET value = $1 WHERE key = 'epoch'`, fresh); err != nil {
			return fmt.Errorf("writing epoch: %w", err)
		}
		if err := t.noteRestored(ctx, detail); err != nil {
			return err
		}
		if err := t.audit(actor, "hub.restore", fresh, change{detail: detail}); err != nil {
			return err
		}
		return t.event("hub.restored", fresh, detail)
	})
	if err == nil {
		s.epoch = fresh
	}
	return err
}

// Restored is the last time the hub was restored from a backup.
type Restored struct {
	At     time.Time `json:"at"`
	Detail any       `json:"detail,omitempty"` // as given to Renew
}

const restoredSetting = "restored"

func (t *tx) noteRestored(ctx context.Context, detail any) error {
	text, err := jsonText(Restored{t.at, detail})
	if err != nil {
		return err
	}
	_, err = t.ExecContext(ctx, `INSERT INTO setting (key, value) VALUES ($1, $2) ON CONFLICT (key) DO UPDATE SET value = excluded.value`, restoredSetting, text)
	return err
}

// Restored returns when the hub was restored last; nil if it never was.
func (s *Store) Restored(ctx context.Context) (*Restored, error) { return restored(ctx, s.read) }

func restored(ctx context.Context, q queryer) (*Restored, error) {
	var text string
	err := q.QueryRowContext(ctx, `SELECT value FROM setting WHERE key = $1`, restoredSetting).Scan(&text)
	if notFound(err) {
		return nil, nil
	}
	r := &Restored{}
	if err == nil {
		err = json.Unmarshal([]byte(text), r)
	}
	if err != nil {
		return nil, fmt.Errorf("reading when the hub was restored: %w", err)
	}
	return r, nil
}

// Recalling is how far a restored hub is with reading back what it has forgotten.
type Recalling struct {
	Nodes int // that have still to give back what they were told
	Items int // that wait, for their nodes or for files, before they stand where they stood
	Kept  int // words that could not be carried out, on file as refusals
}

// Recalling returns how far the hub is with reading back what it has forgotten.
func (s *Store) Recalling(ctx context.Context) (r Recalling, err error) {
	err = s.read.QueryRowContext(ctx, `SELECT (SELECT COUNT(*) FROM node WHERE recall > 0 AND state <> 'revoked'),
		(SELECT COUNT(DISTINCT item) FROM recalled WHERE item <> ''), (SELECT COUNT(*) FROM refusal WHERE code = $1)`, string(protocol.CodeRecall)).
		Scan(&r.Nodes, &r.Items, &r.Kept)
	if err != nil {
		return Recalling{}, fmt.Errorf("counting what is to be given back: %w", err)
	}
	return r, nil
}

// ForgetFiles takes files that are not on the disk off the record, so that the
// nodes bring them again.
func (s *Store) ForgetFiles(ctx context.Context, list []string) error {
	text, err := listText(list)
	if err != nil {
		return err
	}
	return s.tx(ctx, "forgetting files", func(t *tx) error {
		for _, table := range []string{"blob", "blob_offer"} {
			if _, err := t.ExecContext(ctx, `DELETE FROM `+table+` WHERE sha256 IN `+s.d.in("$1"), text); err != nil { // #nosec G202 -- constants
				return err
			}
		}
		return nil
	})
}
