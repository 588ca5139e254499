package main

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"net/http"
	"net/http/cookiejar"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/go-resty/resty/v2"

	"zhanqun/hub/sample"
	"zhanqun/internal/account"
	"zhanqun/node/queue"
	"zhanqun/protocol"
)

// holdShape holds the line of JSON against what scripts rely on.
func (d *shownDemo) holdShape(t *testing.T) {
	t.Helper()
	if bytes.Contains(d.raw, []byte("\n")) || d.Feed != d.Hub+"/feed.atom" || d.Dir == "" || len(d.Nodes) != 3 || len(d.Sites) != 2 {
		t.Errorf("%s", d.raw)
	}
	roles := map[account.Role]int{}
	for _, a := range d.Accounts {
		roles[a.Role]++
		if a.Unit == "" || a.User == "" || a.Password == "" || a.Token == "" || a.URL == "" {
			t.Errorf("account %+v", a)
		}
	}
	for role, least := range map[account.Role]int{account.RoleReviewer: 2, account.RoleChief: 1, account.RoleAdmin: 1, account.RoleViewer: 1,
		account.RoleLiaison: 3, account.RoleVillage: 1} {
		if roles[role] < least {
			t.Errorf("%d accounts of role %s", roles[role], role)
		}
	}
}

// holdAccounts lets everybody sign in, one at each place in the same browser, and
// every token ask.
func (d *shownDemo) holdAccounts(t *testing.T) {
	t.Helper()
	shared := browser(t)
	in := map[string]string{} // who has signed in there, by place
	for _, a := range d.Accounts {
		b := shared
		if in[a.URL] != "" {
			b = browser(t)
		}
		in[a.URL] = a.User
		signIn(t, b, a)
		if err := ask(resty.New().R().SetAuthToken(a.Token), http.MethodGet, a.URL+"/api/v1/items", nil, nil); err != nil {
			t.Errorf("token of %s: %v", a.User, err)
		}
	}
	for place := range in {
		page, err := shared.R().SetContext(t.Context()).Get(place + "/")
		if err != nil || page.StatusCode() != http.StatusOK || strings.Contains(page.String(), `name="password"`) {
			t.Errorf("signing in elsewhere signed out at %s (%v)", place, err)
		}
	}
}

// browser keeps cookies.
func browser(t *testing.T) *resty.Client {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	return resty.New().SetCookieJar(jar)
}

var formToken = regexp.MustCompile(`name="_token" value="([^"]+)"`)

// signIn signs in by the page, without script.
func signIn(t *testing.T, b *resty.Client, a demoAccount) {
	t.Helper()
	page, err := b.R().SetContext(t.Context()).Get(a.URL + "/signin")
	if err != nil {
		t.Fatal(err)
	}
	token := formToken.FindStringSubmatch(page.String())
	if token == nil {
		t.Fatalf("no form for %s at %s: %s", a.User, a.URL, page)
	}
	form := map[string]string{"_token": token[1], "login": a.User, "password": a.Password}
	home, err := b.R().SetContext(t.Context()).SetFormData(form).Post(a.URL + "/signin")
	if err != nil || home.StatusCode() != http.StatusOK || strings.Contains(home.String(), `name="password"`) {
		t.Errorf("%s does not get in at %s: %v, %d", a.User, a.URL, err, home.StatusCode())
	}
}

// holdStates waits until something stands in every state, at the hub and on the
// nodes.
func (d *shownDemo) holdStates(t *testing.T) {
	t.Helper()
	hub := []protocol.State{protocol.StateReceived, protocol.StateInReview, protocol.StateReturned, protocol.StateRejected,
		protocol.StateAdopted, protocol.StateCorrected, protocol.StateWithdrawn}
	for _, state := range hub {
		eventually(t, "an item is "+string(state)+" at the hub", func() (bool, error) {
			var list struct{ Items []json.RawMessage }
			err := ask(d.as(sample.County), http.MethodGet, d.Hub+"/api/v1/items?state="+string(state), nil, &list)
			return len(list.Items) > 0, err
		}, d.errs)
	}
	for _, state := range append([]queue.State{queue.Drafting, queue.Awaiting}, states(hub)...) {
		eventually(t, "an item is "+string(state)+" on a node", func() (bool, error) {
			for _, n := range d.Nodes {
				var list struct{ Items []json.RawMessage }
				err := ask(d.as(n.Unit), http.MethodGet, n.URL+"/api/v1/items?state="+string(state), nil, &list)
				if err != nil || len(list.Items) > 0 {
					return err == nil, err
				}
			}
			return false, nil
		}, d.errs)
	}
	want, err := sample.Items()
	if err != nil {
		t.Fatal(err)
	}
	eventually(t, "every sample item is there", func() (bool, error) { return len(d.titles(t)) >= len(want), nil }, d.errs)
}

func states(list []protocol.State) (out []queue.State) {
	for _, s := range list {
		out = append(out, queue.State(s))
	}
	return out
}

// titles are those of all items on the nodes, with their states, sorted.
func (d *shownDemo) titles(t *testing.T) (all []string) {
	t.Helper()
	for _, n := range d.Nodes {
		var list struct{ Items []item }
		if err := ask(d.as(n.Unit), http.MethodGet, n.URL+"/api/v1/items?limit=200", nil, &list); err != nil {
			t.Fatal(err)
		}
		for _, i := range list.Items {
			all = append(all, i.Title)
		}
	}
	slices.Sort(all)
	return all
}

// as asks with the token of somebody of a unit.
func (d *shownDemo) as(unit string) *resty.Request {
	i := slices.IndexFunc(d.Accounts, func(a demoAccount) bool { return a.Unit == unit })
	return resty.New().R().SetAuthToken(d.Accounts[i].Token)
}

// holdFeeds reads the feeds in every format.
func (d *shownDemo) holdFeeds(t *testing.T) {
	t.Helper()
	entries, err := walkAtom(t.Context(), resty.New(), d.Feed)
	if err != nil || len(entries) == 0 {
		t.Errorf("Atom: %d entries, %v", len(entries), err)
	}
	for i, e := range entries {
		if !strings.HasPrefix(e.id, "urn:uuid:") || e.title == "" || e.updated.IsZero() || i > 0 && e.updated.After(entries[i-1].updated) {
			t.Errorf("entry %d: %+v", i, e)
		}
	}
	var list struct {
		Version string
		Items   []struct {
			URL, Title string
			More       struct{ Withdrawn *struct{ ID string } } `json:"_zhanqun"`
		}
	}
	if err := ask(resty.New().R(), http.MethodGet, d.Hub+"/feed.json", nil, &list); err != nil || list.Version != "https://jsonfeed.org/version/1.1" || len(list.Items) == 0 {
		t.Errorf("JSON Feed: %+v, %v", list, err)
	}
	for _, i := range list.Items {
		want := http.StatusOK
		if i.More.Withdrawn != nil {
			want = http.StatusGone
		}
		if status, body := get(t, i.URL); status != want || !strings.Contains(body, "<h1") {
			t.Errorf("page of %q: %d", i.Title, status)
		}
	}
	var rss struct {
		Version string `xml:"version,attr"`
		Items   []struct {
			GUID string `xml:"guid"`
		} `xml:"channel>item"`
	}
	if _, body := get(t, d.Hub+"/feed.rss"); xml.Unmarshal([]byte(body), &rss) != nil || rss.Version != "2.0" || len(rss.Items) == 0 {
		t.Errorf("RSS: %.200s", body)
	}
}
