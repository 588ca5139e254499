package store

import (
	"context"
	"fmt"

	"zhanqun/hub/catalog"
	"zhanqun/hub/review"
)

// change is what an act did to a thing: how it was, how it is, and what else is
// worth keeping. Each may be nil; before and after are kept as digests only.
type change struct{ before, after, detail any }

// audit notes who did what.
func (t *tx) audit(actor, act, ref string, c change) error {
	a := catalog.Audit{At: t.at, Actor: actor, Act: act, Ref: ref}
	var err error
	if a.Detail, err = jsonText(c.detail); err != nil {
		return fmt.Errorf("writing audit %s: %w", act, err)
	}
	if a.Before, err = catalog.Digest(c.before); err != nil {
		return fmt.Errorf("writing audit %s: %w", act, err)
	}
	if a.After, err = catalog.Digest(c.after); err != nil {
		return fmt.Errorf("writing audit %s: %w", act, err)
	}
	t.audits = append(t.audits, a)
	return nil
}

// chain numbers the acts noted and writes them behind the last one. The counter
// is locked from its first use to the commit, so that nobody can come between.
func (t *tx) chain(ctx context.Context) error {
	n := len(t.audits)
	if n == 0 {
		return nil
	}
	first, err := t.take(ctx, "audit", n)
	if err != nil {
		return err
	}
	prev := ""
	if first > 1 {
		if err := t.QueryRowContext(ctx, `SELECT hash FROM audit WHERE seq = $1`, first-1).Scan(&prev); err != nil {
			return fmt.Errorf("reading the end of the audit log: %w", err)
		}
	}
	for i := range t.audits {
		a := &t.audits[i]
		a.Seq = first + uint64(i)
		a.At = fromMillis(millis(a.At))
		a.Hash = a.Chain(prev)
		prev = a.Hash
	}
	return t.bulk(ctx, "audit", []string{"seq", "at", "actor", "act", "ref", "before", "after", "detail", "hash"}, n, func(i int) []any {
		a := &t.audits[i]
		return []any{a.Seq, millis(a.At), a.Actor, a.Act, a.Ref, a.Before, a.After, a.Detail, a.Hash}
	})
}

// chainOld gives hashes to the acts of a program that did not chain them yet. A
// log in which any act has one is left as it is: what lacks its hash there was
// tampered with.
func (s *Store) chainOld(ctx context.Context) error {
	var unchained bool
	const q = `SELECT EXISTS (SELECT 1 FROM audit) AND NOT EXISTS (SELECT 1 FROM audit WHERE hash <> '')`
	if err := s.write.QueryRowContext(ctx, q).Scan(&unchained); err != nil || !unchained {
		return err
	}
	return s.tx(ctx, "chaining old acts", func(t *tx) error {
		// Of several programs starting at once the first does it.
		if _, err := t.ExecContext(ctx, `UPDATE counter SET value = value WHERE name = 'audit'`); err != nil {
			return err
		}
		if err := t.QueryRowContext(ctx, q).Scan(&unchained); err != nil || !unchained {
			return err
		}
		var last catalog.Audit
		for {
			page, err := collect(ctx, t, scanAudit, `SELECT `+auditColumns+` FROM audit WHERE seq > $1 ORDER BY seq LIMIT $2`, last.Seq, auditPage)
			if err != nil || len(page) == 0 {
				return err
			}
			for _, a := range page {
				a.Hash = a.Chain(last.Hash)
				if _, err := t.ExecContext(ctx, `UPDATE audit SET hash = $2 WHERE seq = $1`, a.Seq, a.Hash); err != nil {
					return err
				}
				last = a
			}
		}
	})
}

// judged is what the digests of an act of review stand for: the item or the
// entry, and of an item the text that was judged.
type judged struct {
	Item  *catalog.Item
	Text  *catalog.Revision
	Entry *catalog.Entry
}

// changeOf finds the thing named ref before and after an effect of review.
func changeOf(before review.Snapshot, e review.Effect, ref string, detail any) change {
	c := change{detail: detail}
	for _, list := range [][]review.Subject{before.Items, before.Others} {
		for i := range list {
			x := &list[i]
			if x.Item.ID != ref {
				continue
			}
			was, text := x.Item, x.Text
			c.before, c.after = judged{Item: &was, Text: &text}, judged{Item: &was, Text: &text}
			for k := range e.Items {
				if e.Items[k].ID == ref {
					c.after = judged{Item: &e.Items[k], Text: &text}
				}
			}
		}
	}
	if was, ok := before.Entries[ref]; ok {
		c.before, c.after = judged{Entry: &was}, judged{Entry: &was}
	}
	for i := range e.Entries {
		if e.Entries[i].ID == ref {
			c.after = judged{Entry: &e.Entries[i]}
		}
	}
	return c
}
