package health

import (
	"context"
	"log/slog"
	"net/url"
	"strings"
	"sync"
	"time"

	"zhanqun/hub/access"
	"zhanqun/hub/health/crawl"
	"zhanqun/hub/health/fresh"
	"zhanqun/hub/health/linkcheck"
	"zhanqun/hub/health/urge"
	"zhanqun/internal/fault"
)

// Checker asks for addresses; *linkcheck.Checker is one.
type Checker interface {
	Check(ctx context.Context, address string) linkcheck.Result
	CheckCertificate(ctx context.Context, address string) linkcheck.Result
	ReadPage(ctx context.Context, address string) (linkcheck.Page, linkcheck.Result)
}

// Options set up a Service. Zero durations mean their defaults.
type Options struct {
	Store     Store
	Checker   Checker
	Policy    linkcheck.Policy
	Rules     urge.Rules    // deadlines; urge.Defaults
	Portal    func() string // address of the portal, for the places in entries
	SiteEvery time.Duration // how often a site is read; a day
	Workers   int           // targets checked at once; 4

	// Crawl shapes the reading of sites: bounds, pace, robots.txt. Dir is the
	// folder in which each site has its work.
	Crawl crawl.Options
	Slice time.Duration // how long one site is read before others have their turn; a quarter of an hour
	Sites int           // sites read at once; 2

	Sleep fresh.Limits // when neglect is called sleep
	// Watched says that the availability of sites is watched: that a home page does
	// not open is told by its incident then, and by no dead link.
	Watched bool
	// Ask has a site asked at once, after its unit said that it is mended; may be nil.
	Ask func(site string)
	// Idle says that nothing is read and no link is checked; findings are followed
	// all the same.
	Idle bool

	Now func() time.Time
	Log *slog.Logger
}

// Service reads sites, checks links and keeps findings.
type Service struct {
	Options
	counts counts
	wakes  []chan struct{} // of the loops of Run
	told   time.Time       // when units were told of findings last

	hosts    siteHostsMemory
	throttle *linkcheck.Throttle // of all sites together
	mu       sync.Mutex
	reading  map[string]*Progress // sites being read
	asked    map[string]time.Time // findings after whose answer of that time a site was asked
}

// New returns a service. It does nothing by itself until Run.
func New(o Options) *Service {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Log == nil {
		o.Log = slog.Default()
	}
	if o.Portal == nil {
		o.Portal = func() string { return "" }
	}
	if o.Rules.Days == 0 {
		add := o.Rules.Add
		o.Rules = urge.Defaults
		o.Rules.Add = add
	}
	if o.SiteEvery == 0 {
		o.SiteEvery = 24 * time.Hour
	}
	if o.Workers == 0 {
		o.Workers = 4
	}
	if o.Slice == 0 {
		o.Slice = sliceTime
	}
	if o.Sites == 0 {
		o.Sites = 2
	}
	s := &Service{Options: o, reading: map[string]*Progress{}, asked: map[string]time.Time{}, throttle: crawl.Pacing(o.Crawl)}
	for range 1 + o.Sites {
		s.wakes = append(s.wakes, make(chan struct{}, 1))
	}
	return s
}

// Wake tells Run that something may be due: an entry changed, an answer came.
// It does not block.
func (s *Service) Wake() {
	for _, wake := range s.wakes {
		select {
		case wake <- struct{}{}:
		default:
		}
	}
}

// CheckNow makes a site and everything its pages name due at once.
func (s *Service) CheckNow(ctx context.Context, who access.User, site string) error {
	if err := who.Need(access.Inspect); err != nil {
		return err
	}
	if err := s.Store.SiteDue(ctx, who.Login, site); err != nil {
		return err
	}
	s.Wake()
	return nil
}

// Settle decides a dispute or a suspicion, or strikes a false alarm off: strike
// true closes the finding until its target changes, false puts it to the unit
// with a note.
func (s *Service) Settle(ctx context.Context, who access.User, id string, strike bool, note string) (Finding, error) {
	if err := who.Need(access.Inspect); err != nil {
		return Finding{}, err
	}
	note = strings.TrimSpace(note)
	if note == "" || len(note) > 4000 {
		return Finding{}, fault.Field("note", "请写明核实情况，供责任单位了解（不超过 1000 字）。")
	}
	return s.Store.Settle(ctx, who.Login, id, func(f Finding, t Target) Finding { return settle(f, t, strike, note, s.Rules, s.Now()) })
}

// AskOpinion asks townships' nodes to look at what a finding is about from their
// own lines, and returns how many were asked.
func (s *Service) AskOpinion(ctx context.Context, who access.User, id string) (int, error) {
	if err := who.Need(access.Inspect); err != nil {
		return 0, err
	}
	f, _, err := s.Store.Finding(ctx, id)
	if err != nil {
		return 0, err
	}
	switch {
	case f.Closed():
		return 0, fault.New(fault.Conflict, "这条预警已经销号。")
	case f.Kind != "":
		return 0, fault.New(fault.Conflict, "只有链接预警可以请乡镇节点看一次。")
	}
	if strings.Contains(f.URL, "#") {
		return 0, fault.New(fault.Conflict, "证书和页面上的链接在哪里看都一样，不必请乡镇帮忙看。")
	}
	n, err := s.Store.AskLooks(ctx, f.Target)
	if err == nil && n == 0 {
		err = fault.New(fault.Conflict, "现在没有可以帮忙看的节点：要在一小时内联系过、程序够新；同一个网址 12 小时内只请一次。")
	}
	return n, err
}

// Report makes one of the four reports on what units mend.
func (s *Service) Report(ctx context.Context, who access.User, p urge.Period) (urge.Report, error) {
	if err := who.Need(access.ReadAll); err != nil {
		return urge.Report{}, err
	}
	list, err := s.Store.FindingsWithin(ctx, p.From, p.Until, maxReport+1)
	if err != nil {
		return urge.Report{}, err
	}
	r := s.Rules.Report(p, casesOf(list[:min(len(list), maxReport)]), s.Now())
	r.Cut = len(list) > maxReport
	return r, nil
}

// HangSite says which site or line a site hangs on, by its name or the address of
// its home page; NoParent or nothing for none.
func (s *Service) HangSite(ctx context.Context, who access.User, id, above string) error {
	if err := who.Need(access.Manage); err != nil {
		return err
	}
	return s.Store.HangSite(ctx, who.Login, id, aboveOf(above))
}

// aboveOf is what a person wrote of a parent, as it is looked up.
func aboveOf(text string) string {
	text = strings.TrimSpace(text)
	if text == "" || text == "无" {
		return NoParent
	}
	if address, ok := webAddress(text); ok {
		return address
	}
	return text
}

// SaveSite registers one site.
func (s *Service) SaveSite(ctx context.Context, who access.User, site Site) error {
	if site.Above = strings.TrimSpace(site.Above); site.Above != "" {
		site.Above = aboveOf(site.Above)
	}
	_, err := s.save(ctx, who, []Site{site})
	return err
}

func (s *Service) save(ctx context.Context, who access.User, list []Site) (int, error) {
	if err := who.Need(access.Manage); err != nil {
		return 0, err
	}
	for i := range list {
		if err := list[i].check(); err != nil {
			return 0, err
		}
	}
	n, err := s.Store.SaveSites(ctx, who.Login, list)
	s.Wake()
	return n, err
}

func (s *Site) check() error {
	s.Name, s.URL, s.Unit, s.Code = strings.TrimSpace(s.Name), strings.TrimSpace(s.URL), strings.TrimSpace(s.Unit), strings.TrimSpace(s.Code)
	address, ok := webAddress(s.URL)
	switch {
	case s.Name == "" || len(s.Name) > 300:
		return fault.Field("name", "请填写站点名称。")
	case s.Unit == "":
		return fault.Field("unit", "请填写责任单位代码。")
	case !ok:
		return fault.Field("url", "首页地址要以 http:// 或 https:// 开头。")
	case s.Code != "" && (len(s.Code) != 10 || strings.Trim(s.Code, "0123456789") != ""):
		return fault.Field("code", "网站标识码是 10 位数字。")
	}
	s.URL = address
	return nil
}

// webAddress returns an address as it is kept, and whether it can be watched.
func webAddress(raw string) (string, bool) {
	u, err := url.Parse(raw)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || u.User != nil || len(raw) > 500 {
		return "", false
	}
	if u.Path == "" {
		u.Path = "/"
	}
	u.Fragment = ""
	return u.String(), true
}
