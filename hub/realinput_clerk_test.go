package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"github.com/go-resty/resty/v2"

	"zhanqun/node/station"
	"zhanqun/protocol"
)

// clerk is a township's node and who works at it: the township's liaison and
// one of a village.
type clerk struct {
	town
	day       *workday
	node      binary
	serving   *process
	township  *resty.Client
	village   *resty.Client
	powerless bool // this node is killed while texts are handed in

	afterCut   chan struct{} // a text was acknowledged after the hub had been killed
	unanswered int           // requests that nobody answered
	items      map[int]item  // what the node showed last, by number of the draft
}

// item is what a node tells of an item.
type item struct {
	ID           string
	Title        string
	Village      string
	State        string
	Revision     int
	LiveRevision int
	URL          string
	Version      int
	Status       *protocol.Status
	Refusal      *protocol.Refusal
}

// newClerk lets a new node join with a code, starts it and makes its accounts.
func newClerk(ctx context.Context, d *workday, at town, code string) (*clerk, error) {
	c := &clerk{town: at, day: d, node: d.node.with("ZHANQUN_DIR=" + d.t.TempDir()), afterCut: make(chan struct{}, len(at.drafts)),
		powerless: at.Code == d.in.towns[len(d.in.towns)/2].Code}
	if _, err := c.node.run(ctx, "", "join", code, "--name", at.Name+"党政办"); err != nil {
		return nil, err
	}
	return c, c.serve(ctx)
}

// serve starts the node, now or again. Its address is another one each time.
func (c *clerk) serve(ctx context.Context) error {
	var at struct{ URL string }
	var err error
	if c.serving, err = c.node.start(ctx, &at, "serve", "--json"); err != nil {
		return err
	}
	if c.township != nil {
		c.township.SetBaseURL(at.URL)
		c.village.SetBaseURL(at.URL)
		return nil
	}
	village := []string{"user", "add", "cun", "--name", "村信息员", "--village", c.villages[0], "--password-file", "-"}
	if _, err := c.node.run(ctx, "yi-bai-ge-zi-12\n", village...); err != nil {
		return err
	}
	for login, client := range map[string]**resty.Client{station.FirstLogin: &c.township, "cun": &c.village} {
		out, err := c.node.run(ctx, "", "token", "create", login, "--json")
		if err != nil {
			return err
		}
		var made struct{ Token string }
		if err := json.Unmarshal([]byte(out), &made); err != nil {
			return err
		}
		*client = resty.New().SetBaseURL(at.URL).SetAuthToken(made.Token)
	}
	return nil
}

// work is the clerk's day: two thirds of the texts before the county's power
// goes, the rest after it, and then what comes back.
func (c *clerk) work(ctx context.Context) error {
	before, after := c.drafts[:len(c.drafts)*2/3], c.drafts[len(c.drafts)*2/3:]
	hand := c.handInAll
	if c.powerless {
		hand = c.handInThroughPowerCut
	}
	if err := hand(ctx, before); err != nil {
		return err
	}
	select {
	case <-c.day.gate:
	case <-ctx.Done():
		return ctx.Err()
	}
	if err := c.handInAll(ctx, after); err != nil {
		return err
	}
	return c.follow(ctx)
}

func (c *clerk) handInAll(ctx context.Context, drafts []*draft) error {
	for _, d := range drafts {
		if err := c.handIn(ctx, d); err != nil {
			return err
		}
		select {
		case <-c.day.gate:
			c.afterCut <- struct{}{}
		default:
		}
	}
	return nil
}

// handIn writes a text and hands it in. It can be repeated when no answer came:
// each request carries its key.
func (c *clerk) handIn(ctx context.Context, d *draft) error {
	who := c.township
	if d.village != "" {
		who = c.village
	}
	form := map[string]any{"title": d.titleOf(1), "body": d.body, "column": d.column, "author": "田野", "source": c.Name, "reviewer": "党政办主任"}
	if d.picture != nil {
		var file map[string]any
		if err := ask(who.R().SetContext(ctx).SetQueryParam("name", "现场.jpg"), http.MethodPost, "/api/v1/attachments", d.picture, &file); err != nil {
			return err
		}
		file["alt"] = "现场照片"
		form["attachments"] = []any{file}
	}
	key := strconv.Itoa(d.n)
	var made item
	if err := ask(who.R().SetContext(ctx).SetHeader("Idempotency-Key", "write "+key), http.MethodPost, "/api/v1/items", form, &made); err != nil {
		return err
	}
	steps := []*resty.Client{who}
	if d.village != "" {
		steps = append(steps, c.township) // who endorses it
	}
	for _, step := range steps {
		r := step.R().SetContext(ctx).SetHeader("Idempotency-Key", "submit "+key)
		if err := ask(r, http.MethodPost, "/api/v1/items/"+made.ID+"/submit", nil, &made); err != nil {
			return err
		}
	}
	if made.Revision != 1 {
		return fmt.Errorf("item %d was handed in and has revision %d", d.n, made.Revision)
	}
	return nil
}

// followEvery is how often a clerk looks for answers.
const followEvery = 500 * time.Millisecond

// follow revises what comes back until every item has its last word.
func (c *clerk) follow(ctx context.Context) error {
	again := time.NewTicker(followEvery)
	defer again.Stop()
	for {
		waits, err := c.look(ctx)
		if err != nil {
			return err
		}
		if waits == "" {
			return nil
		}
		select {
		case <-again.C:
		case <-ctx.Done():
			return fmt.Errorf("%s waits: %s: %w", c.Name, waits, ctx.Err())
		}
	}
}

// look reads the list, revises what was returned, and says what has not got its
// last word.
func (c *clerk) look(ctx context.Context) (waits string, err error) {
	var list struct{ Items []item }
	if err := ask(c.township.R().SetContext(ctx).SetQueryParam("limit", "200"), http.MethodGet, "/api/v1/items", nil, &list); err != nil {
		return "", err
	}
	c.items = map[int]item{}
	for _, i := range list.Items {
		d := c.day.in.draftOf(i.Title)
		if d == nil {
			return "", fmt.Errorf("%s has an item nobody wrote: %s", c.Name, i.Title)
		}
		if _, twice := c.items[d.n]; twice {
			return "", fmt.Errorf("%s has item %d twice", c.Name, d.n)
		}
		c.items[d.n] = i
	}
	for _, d := range c.drafts {
		i, ok := c.items[d.n]
		switch {
		case !ok:
			return "", fmt.Errorf("%s has lost item %d", c.Name, d.n)
		case i.State == string(protocol.StateReturned) && i.Revision == 1 && d.fate.returned():
			if err := c.revise(ctx, d, i); err != nil {
				return "", err
			}
			waits = fmt.Sprintf("item %d was just revised", d.n)
		case i.Revision < d.revision() || i.State != string(protocol.StateAdopted) && i.State != string(protocol.StateRejected):
			waits = fmt.Sprintf("item %d, revision %d, is %s", d.n, i.Revision, i.State)
		}
	}
	return waits, nil
}

// revise answers a return with a second revision.
func (c *clerk) revise(ctx context.Context, d *draft, i item) error {
	if err := sameWord(i.Status, c.day.refusalOf(d, 1), protocol.StateReturned); err != nil {
		return fmt.Errorf("item %d came back: %w", d.n, err)
	}
	var full struct{ Text map[string]any }
	path := "/api/v1/items/" + i.ID
	if err := ask(c.township.R().SetContext(ctx), http.MethodGet, path, nil, &full); err != nil {
		return err
	}
	full.Text["title"], full.Text["body"], full.Text["version"] = d.titleOf(2), d.body+"\n已按审核意见核对修改。", i.Version
	full.Text["village"] = i.Village
	if err := ask(c.township.R().SetContext(ctx), http.MethodPut, path, full.Text, nil); err != nil {
		return err
	}
	return ask(c.township.R().SetContext(ctx), http.MethodPost, path+"/submit", nil, nil)
}

// entries is how many entries the node's log has in the end.
func (c *clerk) entries() int {
	n := 0
	for _, d := range c.drafts {
		n += d.revision()
	}
	return n
}
