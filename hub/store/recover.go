package store

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/google/uuid"

	"zhanqun/hub/catalog"
	"zhanqun/hub/intake"
	"zhanqun/hub/review"
	"zhanqun/internal/fault"
	"zhanqun/protocol"
)

// RecoverDue implements review.Store.
func (s *Store) RecoverDue(ctx context.Context, after string, limit int) ([]string, error) {
	list, err := collect(ctx, s.read, scanText, `SELECT DISTINCT r.item FROM recalled r JOIN node n ON n.id = r.node
		WHERE r.item > $1 AND n.recall = 0 ORDER BY r.item LIMIT $2`, after, limit)
	if err != nil {
		return nil, fmt.Errorf("listing items to recover: %w", err)
	}
	return list, nil
}

// word is a row of recalled, read.
type word struct {
	entry protocol.Entry
	raw   []byte
	said  review.Recalled
}

// Recover implements review.Store.
func (s *Store) Recover(ctx context.Context, item, unknown string, rule func(review.Snapshot, review.Recovery) (review.Effect, review.Verdict)) error {
	for try := 1; ; try++ {
		err := s.tx(ctx, "recovering item "+item, func(t *tx) error { return t.recover(ctx, item, unknown, rule) })
		if try == tries || !errors.Is(err, errParted) {
			return err
		}
	}
}

func (t *tx) recover(ctx context.Context, item, unknown string, rule func(review.Snapshot, review.Recovery) (review.Effect, review.Verdict)) error {
	words, err := t.words(ctx, item)
	if err != nil || len(words) == 0 {
		return err
	}
	before, err := t.snapshot(ctx, []string{item})
	if fault.Is(err, fault.NotFound) {
		return t.settleWords(ctx, item, words, unknown)
	}
	if err != nil {
		return err
	}
	k, err := t.recovery(ctx, &before, words)
	if err != nil {
		return err
	}
	e, v := rule(before, k)
	if err := t.apply(ctx, before, e); err != nil || v.Wait {
		return err
	}
	return t.settleWords(ctx, item, words, v.Why)
}

// words reads the words about an item. What stands in the table was checked when
// it came.
func (t *tx) words(ctx context.Context, item string) ([]word, error) {
	list, err := collect(ctx, t, func(r scanner) (w word, err error) {
		if err := r.Scan(&w.said.Node, &w.raw); err != nil {
			return w, err
		}
		entries, bad := protocol.DecodeFrame(w.raw)
		if bad != nil {
			return w, fmt.Errorf("a word that was read back cannot be read: %w", *bad)
		}
		if len(entries) != 1 {
			return w, fmt.Errorf("a word that was read back is %d entries", len(entries))
		}
		w.entry = entries[0]
		m, faults := protocol.ReadBody(protocol.Down, w.entry)
		st, ok := m.(*protocol.Status)
		if !ok || len(faults) > 0 {
			return w, fmt.Errorf("a word that was read back is no status: %v", faults)
		}
		w.said.Status, w.said.Body, w.said.Memo = *st, w.entry.Body, t.s.unseal(st.Memo)
		return w, nil
	}, `SELECT node, entry FROM recalled WHERE item = $1 ORDER BY node, n`, item)
	if err != nil {
		return nil, fmt.Errorf("reading words about item %s: %w", item, err)
	}
	return list, nil
}

// recovery reads what the words are judged by, and adds their entries to s.
func (t *tx) recovery(ctx context.Context, s *review.Snapshot, words []word) (review.Recovery, error) {
	k := review.Recovery{Filed: map[string]bool{}, Texts: map[int]catalog.Revision{}, Arrived: map[string]bool{}, Sources: map[string]protocol.State{}}
	var decisions, adoptions, entries, sources []string
	var files []protocol.Attachment
	for _, w := range words {
		k.Words = append(k.Words, w.said)
		m := w.said.Memo
		if m == nil {
			continue
		}
		for _, d := range m.Decisions {
			decisions = append(decisions, d.ID)
		}
		for _, a := range m.Adoptions {
			adoptions = append(adoptions, a.ID)
		}
		if m.Item.Entry != "" {
			entries = append(entries, m.Item.Entry)
		}
		if m.Entry != nil {
			entries = append(entries, m.Entry.ID)
			files = append(files, m.Entry.Files...)
			for _, v := range m.Entry.Sources {
				sources = append(sources, v.Item)
				if err := t.addText(ctx, k.Texts, s.Items[0].Item.ID, v); err != nil {
					return k, err
				}
			}
		}
	}
	for table, ids := range map[string][]string{"decision": decisions, "adoption": adoptions} {
		there, err := t.strings(ctx, `SELECT id FROM `+table+` WHERE id IN `+t.s.d.in("$1"), ids) // #nosec G202 -- constants
		if err != nil {
			return k, fmt.Errorf("looking what is on file: %w", err)
		}
		for _, id := range there {
			k.Filed[id] = true
		}
	}
	if err := t.addEntries(ctx, s, entries); err != nil {
		return k, err
	}
	var err error
	if k.Arrived, err = stored(ctx, t, t.s.d, files); err != nil {
		return k, err
	}
	return k, t.addSources(ctx, k.Sources, sources)
}

// addText reads the revision an entry was made of, if it is one of item's.
func (t *tx) addText(ctx context.Context, texts map[int]catalog.Revision, item string, v catalog.EntrySource) error {
	if _, there := texts[v.Revision]; there || v.Item != item {
		return nil
	}
	text, err := scanRevision(t.QueryRowContext(ctx, `SELECT `+revisionColumns+` FROM revision WHERE item = $1 AND revision = $2`, item, v.Revision))
	if notFound(err) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("reading revision %d of item %s: %w", v.Revision, item, err)
	}
	texts[v.Revision] = text
	return nil
}

// addEntries locks and reads entries that are not in the snapshot.
func (t *tx) addEntries(ctx context.Context, s *review.Snapshot, ids []string) error {
	slices.Sort(ids)
	ids = slices.DeleteFunc(slices.Compact(ids), func(id string) bool { _, there := s.Entries[id]; return there })
	if err := t.lock(ctx, "entry", ids); err != nil {
		return err
	}
	list, err := t.s.entries(ctx, t, ids)
	if err != nil {
		return err
	}
	for _, e := range list {
		s.Entries[e.ID] = e
	}
	return nil
}

func (t *tx) addSources(ctx context.Context, into map[string]protocol.State, ids []string) error {
	text, err := listText(ids)
	if err != nil {
		return err
	}
	_, err = collect(ctx, t, func(r scanner) (struct{}, error) {
		var id, state string
		err := r.Scan(&id, &state)
		into[id] = protocol.State(state)
		return struct{}{}, err
	}, `SELECT id, state FROM item WHERE id IN `+t.s.d.in("$1"), text)
	if err != nil {
		return fmt.Errorf("reading sources of an entry: %w", err)
	}
	return nil
}

// settleWords lets go of words, keeping them for the office if why says that they
// could not be carried out.
func (t *tx) settleWords(ctx context.Context, item string, words []word, why string) error {
	if _, err := t.ExecContext(ctx, `DELETE FROM recalled WHERE item = $1`, item); err != nil {
		return fmt.Errorf("letting go of words about item %s: %w", item, err)
	}
	if why == "" {
		return nil
	}
	var kept []intake.Refusal
	for _, w := range words {
		kept = append(kept, intake.Refusal{
			ID: uuid.Must(uuid.NewV7()).String(), Position: intake.Position{Node: w.said.Node, Epoch: w.entry.Epoch, Seq: w.entry.Seq},
			Kind: string(w.entry.Kind), Item: item, Revision: w.said.Status.Revision,
			Fault: protocol.Fault{Code: protocol.CodeRecall, Detail: why}, Raw: w.raw,
		})
	}
	return t.putRefusals(ctx, &intake.Plan{Refusals: kept})
}
