package store

import (
	"context"
	"fmt"
	"slices"

	"zhanqun/hub/intake"
	"zhanqun/internal/fault"
	"zhanqun/protocol"
)

// hubKeySetting is where the hub's present public key stands.
const hubKeySetting = "hub_key"

var errOtherKey = fault.New(fault.Conflict, "这个数据库属于另一个密钥。请把原来的 hub.seed 放回数据目录，乡镇只认那个密钥；平台换过密钥的，要换以后的那一份。")

// TakeKey notes that the hub has another key, if the ring has one that is not noted
// yet. The logs follow by and by, see FollowKey.
func (s *Store) TakeKey(ctx context.Context, actor string) error {
	present := s.Key()
	if known, err := setting(ctx, s.read, hubKeySetting); err != nil || known == present {
		return err
	}
	return s.tx(ctx, "taking another key of the hub", func(t *tx) error {
		known, err := setting(ctx, t, hubKeySetting)
		switch {
		case err != nil, known == present:
			return err
		case !s.keys.Knows(known):
			return errOtherKey
		}
		if _, err := t.ExecContext(ctx, `UPDATE setting SET value = $2 WHERE key = $1`, hubKeySetting, present); err != nil {
			return err
		}
		detail := map[string]string{"key": protocol.KeyFingerprint(present), "former": protocol.KeyFingerprint(known)}
		if err := t.audit(actor, "hub.rekey", present, change{detail: detail}); err != nil {
			return err
		}
		return t.event("hub.rekeyed", "", detail)
	})
}

// FollowKey tells up to limit nodes of the present key, whose logs are signed with a
// former one: in their logs, as the last word of that. It returns how many it told;
// fewer than limit means that all know that can. A log that is signed with a stolen
// key goes on with the present one without a word: nobody can believe it.
func (s *Store) FollowKey(ctx context.Context, limit int) (told int, err error) {
	present := s.keys.Present()
	given, stolen := s.keys.Former()
	if len(given)+len(stolen) == 0 {
		return 0, nil
	}
	err = s.tx(ctx, "telling nodes of the hub's key", func(t *tx) error {
		type log struct{ node, signer string }
		former, err := listText(append(slices.Clone(given), stolen...))
		if err != nil {
			return err
		}
		unheard, err := listText(stolen)
		if err != nil {
			return err
		}
		list, err := collect(ctx, t, func(r scanner) (l log, err error) {
			err = r.Scan(&l.node, &l.signer)
			return l, err
		}, `SELECT id, signer FROM node WHERE signer IN `+s.d.in("$1")+` AND state <> 'revoked' AND (' ' || knows || ' ' LIKE $2 OR signer IN `+s.d.in("$3")+`)
			ORDER BY id LIMIT $4`+s.d.forUpdate, former, "% "+string(protocol.KindHubKey)+" %", unheard, limit)
		if err != nil {
			return err
		}
		told = len(list)
		for _, l := range list {
			if slices.Contains(given, l.signer) {
				if err := t.down(ctx, l.node, protocol.KindHubKey, protocol.NewHubKeyMessage(l.signer, present, fromMillis(t.at.UnixMilli()))); err != nil {
					return err
				}
			}
			if _, err := t.ExecContext(ctx, `UPDATE node SET signer = $2 WHERE id = $1`, l.node, present.Public()); err != nil {
				return err
			}
		}
		return nil
	})
	return told, err
}

// signer returns the key a log is signed with. Another program may have taken it a
// moment ago.
func (s *Store) signer(public string) (protocol.Key, error) {
	key, ok := s.keys.Find(public)
	if !ok {
		if err := s.keys.Reload(); err != nil {
			return key, err
		}
		if key, ok = s.keys.Find(public); !ok && s.keys.Knows(public) {
			return s.keys.Present(), nil // stolen: nobody believes either
		}
	}
	if !ok {
		return key, errOtherKey
	}
	return key, nil
}

// KeyUse is how many nodes that are not revoked stand where with the hub's keys.
type KeyUse struct {
	Signer string // public key their logs are signed with
	Known  string // public key they say they know the hub by; "" if they have not said
	Nodes  int
}

// KeyUses returns how nodes stand with the hub's keys.
func (s *Store) KeyUses(ctx context.Context) ([]KeyUse, error) {
	list, err := collect(ctx, s.read, func(r scanner) (u KeyUse, err error) {
		err = r.Scan(&u.Signer, &u.Known, &u.Nodes)
		return u, err
	}, `SELECT signer, hub_key, COUNT(*) FROM node WHERE state <> 'revoked' GROUP BY signer, hub_key ORDER BY signer, hub_key`)
	if err != nil {
		return nil, fmt.Errorf("counting who knows which key: %w", err)
	}
	return list, nil
}

// KeyEnds implements intake.Store.
func (s *Store) KeyEnds(ctx context.Context, node string) ([]intake.KeyEnd, error) {
	list, err := collect(ctx, s.read, func(r scanner) (k intake.KeyEnd, err error) {
		e := protocol.Entry{Kind: protocol.KindHubKey}
		if err := r.Scan(&k.Seq, &k.Epoch, &e.Body); err != nil {
			return k, err
		}
		m, faults := protocol.ReadBody(protocol.Down, e)
		if len(faults) > 0 {
			return k, faults[0]
		}
		k.Node, k.Former = node, m.(*protocol.HubKey).Former
		return k, nil
	}, `SELECT seq, epoch, body FROM down_entry WHERE node = $1 AND kind = $2 ORDER BY seq`, node, string(protocol.KindHubKey))
	if err != nil {
		return nil, fmt.Errorf("reading which keys have signed the log of %s: %w", node, err)
	}
	return list, nil
}
