package queue

import (
	"context"
	"fmt"
)

// station is the part of the station row that changes all the time, with the end
// of the up log.
type station struct {
	node        string
	unit        string
	epoch       string
	last        uint64
	sent        uint64
	confirmed   uint64
	pruned      uint64
	hubEpoch    string
	down        uint64
	resync      bool
	settingsRev int64
	base        uint64 // entry n of the present log is row base + n; the positions above are rows
	resign      uint64 // rows through here are signed anew when they are read
	public      string // key that speaks for the node, empty if never noted
}

const selectStation = `SELECT node, unit, epoch, (SELECT coalesce(max(seq), 0) FROM up_entry), sent, confirmed, pruned,
	hub_epoch, down, resync, settings_rev, base, resign, public FROM station`

func (s *station) scan(row scanner) error {
	return row.Scan(&s.node, &s.unit, &s.epoch, &s.last, &s.sent, &s.confirmed, &s.pruned, &s.hubEpoch, &s.down, &s.resync, &s.settingsRev, &s.base, &s.resign, &s.public)
}

func (t *txn) load(ctx context.Context) error {
	t.now = t.q.now().UnixMilli()
	if err := t.st.scan(t.row(ctx, selectStation)); err != nil {
		return fmt.Errorf("reading station: %w", err)
	}
	t.clean = t.st
	return nil
}

func (t *txn) store(ctx context.Context) error {
	t.clean.last = t.st.last // the log itself says so
	if t.st == t.clean {
		return nil
	}
	s := t.st
	err := t.exec(ctx, `UPDATE station SET sent = $1, confirmed = $2, pruned = $3, hub_epoch = $4, down = $5, resync = $6, settings_rev = $7`,
		s.sent, s.confirmed, s.pruned, s.hubEpoch, s.down, s.resync, s.settingsRev)
	if err != nil {
		return fmt.Errorf("writing station: %w", err)
	}
	return nil
}

// Cursors say how far the two logs are. Positions in the up log are those of the
// present epoch; what earlier ones held is confirmed.
type Cursors struct {
	Epoch     string `json:"epoch"`     // of this store
	Last      uint64 `json:"last"`      // newest entry of the up log
	Sent      uint64 `json:"sent"`      // the broker has everything through here
	Confirmed uint64 `json:"confirmed"` // the hub has committed everything through here
	HubEpoch  string `json:"hubEpoch"`  // of the hub's store, empty before the first contact
	Down      uint64 `json:"down"`      // entries of the down log are applied through here
}

// Cursors returns how far the two logs are.
func (q *Queue) Cursors(ctx context.Context) (Cursors, error) {
	var s station
	if err := s.scan(q.db.Read.QueryRowContext(ctx, selectStation)); err != nil {
		return Cursors{}, fmt.Errorf("reading cursors: %w", err)
	}
	return Cursors{Epoch: s.epoch, Last: s.last - s.base, Sent: s.sent - s.base, Confirmed: s.confirmed - s.base, HubEpoch: s.hubEpoch, Down: s.down}, nil
}
