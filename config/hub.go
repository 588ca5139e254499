// Package config reads one operator file and the environment into a checked
// struct, or says which setting is wrong.
//
// It promises that what LoadHub and LoadNode return can be used as it stands:
// every setting has its default, the file's value or, above both, the value of
// its environment variable (ZHANQUN_ + section + key in capitals), and each
// was checked. A misspelt key or variable is an error, not a setting that is
// silently not made. Errors are one line of plain Chinese that names every
// faulty setting, where it stands and what to write instead; they never hold
// the value of a secret, and a Secret never prints.
//
// README.md in this folder is the operator's list of all settings.
package config

import (
	"fmt"
	"net/netip"
	"strings"
	"time"
)

// Hub holds the settings of the county program.
type Hub struct {
	Dir      string    `toml:"dir" env:"DIR"` // data folder
	HTTP     HubHTTP   `toml:"http" envPrefix:"HTTP_"`
	TLS      TLS       `toml:"tls" envPrefix:"TLS_"`
	NATS     NATS      `toml:"nats" envPrefix:"NATS_"`
	Database Database  `toml:"database" envPrefix:"DATABASE_"`
	Limits   HubLimits `toml:"limits" envPrefix:"LIMITS_"`
	Guard    Guard     `toml:"guard" envPrefix:"GUARD_"`
	Enrol    Enrol     `toml:"enrol" envPrefix:"ENROL_"`
	Accounts Accounts  `toml:"accounts" envPrefix:"ACCOUNTS_"`
	Review   Review    `toml:"review" envPrefix:"REVIEW_"`
	Links    Links     `toml:"links" envPrefix:"LINKS_"`
	Uptime   Uptime    `toml:"uptime" envPrefix:"UPTIME_"`
	Inspect  Inspect   `toml:"inspect" envPrefix:"INSPECT_"`
	Findings Findings  `toml:"findings" envPrefix:"FINDINGS_"`
	Webhooks Webhooks  `toml:"webhooks" envPrefix:"WEBHOOKS_"`
	Feed     Feed      `toml:"feed" envPrefix:"FEED_"`
	Ranking  Ranking   `toml:"ranking" envPrefix:"RANKING_"`
	Bundle   Bundle    `toml:"bundle" envPrefix:"BUNDLE_"`
	Log      Log       `toml:"log" envPrefix:"LOG_"`
}

// HubHTTP says where the hub listens and how the world reaches it.
type HubHTTP struct {
	Addr           string   `toml:"addr" env:"ADDR"`                       // host:port; port 0 picks a free one
	PublicURL      string   `toml:"public_url" env:"PUBLIC_URL"`           // base of links in feeds; empty means http://addr
	SecureCookies  bool     `toml:"secure_cookies" env:"SECURE_COOKIES"`   // session cookies over HTTPS only
	AllowedHosts   []string `toml:"allowed_hosts" env:"ALLOWED_HOSTS"`     // names beside those of addr and public_url
	TrustedProxies []string `toml:"trusted_proxies" env:"TRUSTED_PROXIES"` // addresses or networks whose X-Forwarded-For is believed
}

// Proxies returns the networks of the trusted proxies.
func (h HubHTTP) Proxies() ([]netip.Prefix, error) {
	list := make([]netip.Prefix, 0, len(h.TrustedProxies))
	for _, text := range h.TrustedProxies {
		if at, err := netip.ParseAddr(text); err == nil {
			list = append(list, netip.PrefixFrom(at, at.BitLen()))
			continue
		}
		p, err := netip.ParsePrefix(text)
		if err != nil {
			return nil, fmt.Errorf("reading trusted proxies: %w", err)
		}
		list = append(list, p)
	}
	return list, nil
}

// NATS says which broker carries the logs: one inside the hub, or another.
type NATS struct {
	URL       string `toml:"url" env:"URL"`               // external servers; empty means the embedded one
	Listen    string `toml:"listen" env:"LISTEN"`         // address of the embedded one
	PublicURL string `toml:"public_url" env:"PUBLIC_URL"` // what join codes tell nodes; empty means nats://listen
	User      string `toml:"user" env:"USER"`             // for external servers: either user and password …
	Password  Secret `toml:"password" env:"PASSWORD"`
	Seed      Secret `toml:"seed" env:"SEED"`         // … or the seed of a user key (SU…)
	Replicas  int    `toml:"replicas" env:"REPLICAS"` // on how many external servers what nodes send is kept
}

// Embedded reports whether the hub runs the broker itself.
func (n NATS) Embedded() bool { return n.URL == "" }

// Database says where the hub keeps its data.
type Database struct {
	URL Secret `toml:"url" env:"URL"` // postgres://…; empty means SQLite in the data folder
}

// HubLimits bound what the hub accepts. The wire has the same ceilings.
type HubLimits struct {
	MaxAttachmentBytes int64 `toml:"max_attachment_bytes" env:"MAX_ATTACHMENT_BYTES"` // one file
	MaxItemBytes       int64 `toml:"max_item_bytes" env:"MAX_ITEM_BYTES"`             // all files of one item
	MaxAttachments     int   `toml:"max_attachments" env:"MAX_ATTACHMENTS"`           // files of one item
	DiskReserveBytes   int64 `toml:"disk_reserve_bytes" env:"DISK_RESERVE_BYTES"`     // with less room than this nothing new is accepted
	// Files that nodes began to send and did not end.
	NodeUnfinishedBytes int64 `toml:"node_unfinished_bytes" env:"NODE_UNFINISHED_BYTES"` // of one node
	UnfinishedDays      int   `toml:"unfinished_days" env:"UNFINISHED_DAYS"`             // without progress, then they are dropped
}

// Unfinished returns how long a file may lie unfinished without progress.
func (l HubLimits) Unfinished() time.Duration {
	return time.Duration(l.UnfinishedDays) * 24 * time.Hour
}

// Guard bounds what one node, or one address, may do to the line, so that it
// cannot hold up the others.
type Guard struct {
	NodeMessages int   `toml:"node_messages" env:"NODE_MESSAGES"` // a second; ten seconds' worth at once
	NodeBytes    int64 `toml:"node_bytes" env:"NODE_BYTES"`       // a second; ten seconds' worth at once
	NodeUnread   int   `toml:"node_unread" env:"NODE_UNREAD"`     // frames of one node the broker holds for the hub
	BarSeconds   int   `toml:"bar_seconds" env:"BAR_SECONDS"`     // how long a node stays out that will not stop, the first time
	Strangers    int   `toml:"strangers" env:"STRANGERS"`         // connections of one address that have not signed in
}

// Bar returns how long a node stays out the first time.
func (g Guard) Bar() time.Duration { return time.Duration(g.BarSeconds) * time.Second }

// Enrol says how machines join.
type Enrol struct {
	Approval bool `toml:"approval" env:"APPROVAL"` // every one waits until an administrator agrees
}

// Review holds the times of the review desk.
type Review struct {
	ClaimMinutes int `toml:"claim_minutes" env:"CLAIM_MINUTES"` // how long a claimed item stays claimed
	UndoSeconds  int `toml:"undo_seconds" env:"UNDO_SECONDS"`   // how long a decision can be taken back before it leaves
}

// Claim returns how long a claimed item stays claimed.
func (r Review) Claim() time.Duration { return time.Duration(r.ClaimMinutes) * time.Minute }

// Undo returns how long a decision can be taken back.
func (r Review) Undo() time.Duration { return time.Duration(r.UndoSeconds) * time.Second }

// Links says how links are checked.
type Links struct {
	Enabled          bool   `toml:"enabled" env:"ENABLED"`
	AllowPrivate     bool   `toml:"allow_private" env:"ALLOW_PRIVATE"`           // follow links into private networks
	IntervalHours    int    `toml:"interval_hours" env:"INTERVAL_HOURS"`         // between two rounds over one site
	ConfirmMinutes   int    `toml:"confirm_minutes" env:"CONFIRM_MINUTES"`       // between first suspicion and second look
	TimeoutSeconds   int    `toml:"timeout_seconds" env:"TIMEOUT_SECONDS"`       // for one answer; 15 is the official limit
	PerHostDelayMS   int    `toml:"per_host_delay_ms" env:"PER_HOST_DELAY_MS"`   // between two requests to one host; the longest pause while a site is read
	UserAgentContact string `toml:"user_agent_contact" env:"USER_AGENT_CONTACT"` // whom a site may ask about our requests
	IgnoreRobots     bool   `toml:"ignore_robots" env:"IGNORE_ROBOTS"`           // of the registered sites, with their owners' leave
	MaxPages         int    `toml:"max_pages" env:"MAX_PAGES"`                   // read of one site
	MaxAddresses     int    `toml:"max_addresses" env:"MAX_ADDRESSES"`           // asked for one site
	MaxSiteMB        int    `toml:"max_site_mb" env:"MAX_SITE_MB"`               // work on disk for one site
	SitesAtOnce      int    `toml:"sites_at_once" env:"SITES_AT_ONCE"`
	WordsFile        string `toml:"words_file" env:"WORDS_FILE"`       // words of advertising; empty means those of the program
	SliceMinutes     int    `toml:"slice_minutes" env:"SLICE_MINUTES"` // for one site, before others have their turn
}

// Slice returns how long one site is read before others have their turn.
func (l Links) Slice() time.Duration { return time.Duration(l.SliceMinutes) * time.Minute }

// Interval returns the time between two rounds over one site.
func (l Links) Interval() time.Duration { return time.Duration(l.IntervalHours) * time.Hour }

// Confirm returns the time between the first suspicion and the second look.
func (l Links) Confirm() time.Duration { return time.Duration(l.ConfirmMinutes) * time.Minute }

// Timeout returns how long one answer is waited for.
func (l Links) Timeout() time.Duration { return time.Duration(l.TimeoutSeconds) * time.Second }

// PerHostDelay returns the pause between two requests to one host.
func (l Links) PerHostDelay() time.Duration {
	return time.Duration(l.PerHostDelayMS) * time.Millisecond
}

// Findings says how long units have to deal with what was found.
type Findings struct {
	Days       int `toml:"days" env:"DAYS"`               // working days
	UrgentDays int `toml:"urgent_days" env:"URGENT_DAYS"` // for what can fail a whole site
	RemindDays int `toml:"remind_days" env:"REMIND_DAYS"` // working days before the last one; 0 for no reminder
}

// Webhooks bound where messages to others may be sent.
type Webhooks struct {
	AllowPrivate bool `toml:"allow_private" env:"ALLOW_PRIVATE"` // to addresses of private networks
}

// Feed says how the portal feed presents itself.
type Feed struct {
	Title    string `toml:"title" env:"TITLE"`
	Author   string `toml:"author" env:"AUTHOR"`
	PageSize int    `toml:"page_size" env:"PAGE_SIZE"` // entries on one page
}

// Ranking says by what units get points.
type Ranking struct {
	Rules string `toml:"rules" env:"RULES"` // JSON file of the county's rules; empty means those of the program
}

// DefaultHub returns the settings of a hub without file and environment.
func DefaultHub() Hub {
	return Hub{
		Dir:  "./data/hub",
		HTTP: HubHTTP{Addr: "127.0.0.1:8080"},
		TLS:  TLS{Mode: TLSAuto},
		NATS: NATS{Listen: "127.0.0.1:4222", Replicas: 1},
		Limits: HubLimits{
			MaxAttachmentBytes: 200 << 20,
			MaxItemBytes:       500 << 20,
			MaxAttachments:     30,
			DiskReserveBytes:   1 << 30,

			NodeUnfinishedBytes: 2 << 30,
			UnfinishedDays:      30,
		},
		Guard:    Guard{NodeMessages: 200, NodeBytes: 32 << 20, NodeUnread: 48, BarSeconds: 60, Strangers: 2000},
		Accounts: defaultAccounts(),
		Review:   Review{ClaimMinutes: 15, UndoSeconds: 10},
		Links: Links{
			Enabled:        true,
			IntervalHours:  24,
			ConfirmMinutes: 30,
			TimeoutSeconds: 15,
			PerHostDelayMS: 1000,
			MaxPages:       200_000,
			MaxAddresses:   1_000_000,
			MaxSiteMB:      4096,
			SitesAtOnce:    2,
			SliceMinutes:   15,
		},
		Uptime:   Uptime{Enabled: true},
		Inspect:  Inspect{Rules: "2019-indicators", ColumnSleepDays: 365, SiteSleepDays: 180, SiteZombieDays: 365},
		Findings: Findings{Days: 10, UrgentDays: 2, RemindDays: 2},
		Feed:     Feed{Title: "县级门户采用信息", Author: "县级门户网站", PageSize: 50},
		Bundle:   defaultBundle(),
		Log:      Log{Level: "info", Format: "text"},
	}
}

// LoadHub reads the settings of the hub. path may be empty: then only the
// environment, in the form of os.Environ, changes the defaults. The error, an
// *Error, is meant for the operator.
func LoadHub(path string, env []string) (Hub, error) {
	hub := DefaultHub()
	err := load(&hub, path, env)
	if strings.HasPrefix(strings.ToLower(hub.HTTP.PublicURL), "https://") {
		hub.HTTP.SecureCookies = true
	}
	return hub, err
}

func (h *Hub) check(c *checker) {
	def := DefaultHub()
	c.text("dir", h.Dir, 1, 1000)
	c.hostPort("http.addr", h.HTTP.Addr)
	c.webURL("http.public_url", h.HTTP.PublicURL)
	if h.HTTP.SecureCookies && strings.HasPrefix(strings.ToLower(h.HTTP.PublicURL), "http://") {
		c.add("http.secure_cookies", "为 true 时登录只能走 HTTPS，但 http.public_url 是 http:// 开头。请二者改一")
	}
	c.hosts("http.allowed_hosts", h.HTTP.AllowedHosts)
	if _, err := h.HTTP.Proxies(); err != nil {
		c.add("http.trusted_proxies", "要写成 IP 或网段，例如 127.0.0.1 或 10.0.0.0/8")
	}

	c.tls(h.TLS)
	c.brokers("nats.url", h.NATS.URL)
	c.hostPort("nats.listen", h.NATS.Listen)
	c.brokers("nats.public_url", h.NATS.PublicURL)
	c.credentials(h.NATS)
	if r := h.NATS.Replicas; r != 1 && r != 3 && r != 5 || r > 1 && h.NATS.Embedded() {
		c.add("nats.replicas", "只能是 1、3 或 5；使用内置 NATS 时只能是 1")
	}
	c.postgres("database.url", h.Database.URL)

	c.between("limits.max_attachment_bytes", h.Limits.MaxAttachmentBytes, 1<<10, def.Limits.MaxAttachmentBytes)
	c.between("limits.max_item_bytes", h.Limits.MaxItemBytes, 1<<10, def.Limits.MaxItemBytes)
	c.between("limits.max_attachments", int64(h.Limits.MaxAttachments), 0, int64(def.Limits.MaxAttachments))
	c.between("limits.disk_reserve_bytes", h.Limits.DiskReserveBytes, 0, 1<<50)

	c.between("limits.node_unfinished_bytes", h.Limits.NodeUnfinishedBytes, h.Limits.MaxAttachmentBytes, 1<<50)
	c.between("limits.unfinished_days", int64(h.Limits.UnfinishedDays), 1, 3650)

	c.between("guard.node_messages", int64(h.Guard.NodeMessages), 20, 100_000)
	c.between("guard.node_bytes", h.Guard.NodeBytes, 1<<20, 1<<32)
	c.between("guard.node_unread", int64(h.Guard.NodeUnread), 16, 100_000)
	c.between("guard.bar_seconds", int64(h.Guard.BarSeconds), 1, 86_400)
	c.between("guard.strangers", int64(h.Guard.Strangers), 10, 50_000)

	c.accounts(h.Accounts)
	c.between("review.claim_minutes", int64(h.Review.ClaimMinutes), 1, 24*60)
	c.between("review.undo_seconds", int64(h.Review.UndoSeconds), 0, 600)

	c.between("links.interval_hours", int64(h.Links.IntervalHours), 1, 31*24)
	c.between("links.confirm_minutes", int64(h.Links.ConfirmMinutes), 0, 7*24*60)
	c.between("links.timeout_seconds", int64(h.Links.TimeoutSeconds), 1, 120)
	c.between("links.per_host_delay_ms", int64(h.Links.PerHostDelayMS), 0, 60_000)
	c.text("links.user_agent_contact", h.Links.UserAgentContact, 0, 200)
	c.between("links.max_pages", int64(h.Links.MaxPages), 1, 1_000_000)
	c.between("links.max_addresses", int64(h.Links.MaxAddresses), 1, 10_000_000)
	c.between("links.max_site_mb", int64(h.Links.MaxSiteMB), 16, 1<<20)
	c.between("links.sites_at_once", int64(h.Links.SitesAtOnce), 1, 16)
	c.text("links.words_file", h.Links.WordsFile, 0, 1000)
	c.between("links.slice_minutes", int64(h.Links.SliceMinutes), 1, 24*60)
	c.between("findings.days", int64(h.Findings.Days), 1, 250)
	c.between("findings.urgent_days", int64(h.Findings.UrgentDays), 1, 250)
	c.between("findings.remind_days", int64(h.Findings.RemindDays), 0, 60)

	c.inspection(h.Uptime, h.Inspect)

	c.text("feed.title", h.Feed.Title, 1, 100)
	c.text("feed.author", h.Feed.Author, 1, 100)
	c.between("feed.page_size", int64(h.Feed.PageSize), 1, 500)
	c.text("ranking.rules", h.Ranking.Rules, 0, 1000)
	c.bundle(h.Bundle)
	c.log(h.Log)
}
