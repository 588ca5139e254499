package store

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"zhanqun/hub/health"
	"zhanqun/protocol"
)

// untold are the findings a node has still to hear of.
const untold = `WHERE f.tell <> 0 AND f.node = $1 ORDER BY f.id LIMIT $2`

// nodesToTell are the nodes with such findings.
const nodesToTell = `SELECT node FROM finding WHERE tell <> 0 AND node <> '' GROUP BY node ORDER BY node LIMIT 1`

// TellFindings implements health.Store.
func (s *Store) TellFindings(ctx context.Context) (more bool, err error) {
	var node string
	err = s.read.QueryRowContext(ctx, nodesToTell).Scan(&node)
	if notFound(err) {
		return false, nil
	} else if err != nil {
		return false, fmt.Errorf("reading whom to tell of findings: %w", err)
	}
	return true, s.tx(ctx, "telling "+node+" of findings", func(t *tx) error {
		if _, err := t.lockNodes(ctx, []string{node}); err != nil {
			return err
		}
		return t.tellNode(ctx, node)
	})
}

// tellNode says to a node how the findings stand that it has still to hear of:
// all in one entry, as long as it reads that and it fits.
func (t *tx) tellNode(ctx context.Context, node string) error {
	list, err := collect(ctx, t, scanFinding, `SELECT `+findingColumns+findingTables+untold, node, protocol.MaxFindings)
	if err != nil || len(list) == 0 {
		return err
	}
	var knows string
	if err := t.QueryRowContext(ctx, `SELECT knows FROM node WHERE id = $1`, node).Scan(&knows); err != nil && !notFound(err) {
		return fmt.Errorf("reading what node %s reads: %w", node, err)
	}
	most := protocol.MaxPlaces
	if len(list) > fewFindings {
		most = fewPlaces
	}
	messages := make([]protocol.Finding, len(list))
	ids := make([]string, len(list))
	for i, f := range list {
		if err := fillPlaces(ctx, t, &f); err != nil {
			return err
		}
		messages[i], ids[i] = findingMessage(f, most), f.ID
	}
	if err := t.sayFindings(ctx, node, messages, slices.Contains(strings.Fields(knows), string(protocol.KindFindings))); err != nil {
		return err
	}
	text, err := listText(ids)
	if err != nil {
		return err
	}
	_, err = t.ExecContext(ctx, `UPDATE finding SET tell = 0, told_at = CASE WHEN told_at = 0 THEN $2 ELSE told_at END WHERE id IN `+t.s.d.in("$1"), text, millis(t.at))
	if err != nil {
		return fmt.Errorf("noting what node %s was told: %w", node, err)
	}
	return nil
}

// Of many findings in one entry only the first places are named: the entry has
// room for some 200 KiB.
const (
	fewFindings = 20
	fewPlaces   = 5
	digestBytes = protocol.MaxBodyBytes - 4096
)

// sayFindings says findings in as few entries as the node and the wire allow.
func (t *tx) sayFindings(ctx context.Context, node string, list []protocol.Finding, together bool) error {
	for len(list) > 0 {
		n := 1
		if together {
			for size := sizeOf(list[0]); n < len(list); n++ {
				if size += sizeOf(list[n]); size > digestBytes {
					break
				}
			}
		}
		var err error
		if n == 1 {
			err = t.down(ctx, node, protocol.KindFinding, &list[0])
		} else {
			err = t.down(ctx, node, protocol.KindFindings, &protocol.Findings{Findings: list[:n], At: t.at})
		}
		if err != nil {
			return err
		}
		list = list[n:]
	}
	return nil
}

// sizeOf bounds the bytes of a finding in an entry.
func sizeOf(f protocol.Finding) int {
	text, err := jsonText(f)
	if err != nil {
		return protocol.MaxBodyBytes
	}
	return len(text) + 1
}

// findingMessage is what the node is told, with so many places at most.
func findingMessage(f health.Finding, most int) protocol.Finding {
	m := protocol.Finding{ID: f.ID, Kind: f.Kind, State: f.State, Class: f.Class, Target: f.Address(), Site: f.SiteName, Item: f.Item, Total: f.Total,
		Status: f.Status, Reason: f.Reason, Looks: f.Looks, FirstBad: f.FirstBad, LastBad: f.LastBad, Note: f.Note, At: f.UpdatedAt,
		Due: f.DueAt, Stage: f.Stage, Ending: f.Ending, Advice: health.Advice(f), Places: []protocol.Place{}}
	for _, p := range f.Places[:min(len(f.Places), most)] {
		m.Places = append(m.Places, protocol.Place{Page: p.Page, Element: p.Element, Label: p.Label})
	}
	return m
}
