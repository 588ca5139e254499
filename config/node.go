package config

import "time"

// Node holds the settings of the township program.
type Node struct {
	Dir      string     `toml:"dir" env:"DIR"` // data folder
	HTTP     NodeHTTP   `toml:"http" envPrefix:"HTTP_"`
	TLS      TLS        `toml:"tls" envPrefix:"TLS_"`
	Line     Line       `toml:"line" envPrefix:"LINE_"`
	Limits   NodeLimits `toml:"limits" envPrefix:"LIMITS_"`
	Accounts Accounts   `toml:"accounts" envPrefix:"ACCOUNTS_"`
	Bundle   Bundle     `toml:"bundle" envPrefix:"BUNDLE_"`
	Log      Log        `toml:"log" envPrefix:"LOG_"`
}

// NodeHTTP says where the node's pages are.
type NodeHTTP struct {
	Addr          string   `toml:"addr" env:"ADDR"`                     // host:port; port 0 picks a free one
	AllowedHosts  []string `toml:"allowed_hosts" env:"ALLOWED_HOSTS"`   // names beside localhost and that of addr
	SecureCookies bool     `toml:"secure_cookies" env:"SECURE_COOKIES"` // session cookies over HTTPS only, for a proxy in front
}

// Line says how the node keeps in touch with the hub.
type Line struct {
	PollMinutes int    `toml:"poll_minutes" env:"POLL_MINUTES"` // between two questions for news, beside the doorbell
	Window      int    `toml:"window" env:"WINDOW"`             // frames under way without an answer
	HubURL      string `toml:"hub_url" env:"HUB_URL"`           // instead of the address learnt when joining
	// SecondOpinions says whether the hub may ask this machine to look at an address
	// from its own line.
	SecondOpinions bool `toml:"second_opinions" env:"SECOND_OPINIONS"`
}

// Poll returns the time between two questions for news.
func (l Line) Poll() time.Duration { return time.Duration(l.PollMinutes) * time.Minute }

// NodeLimits bound what the node accepts.
type NodeLimits struct {
	DiskReserveBytes int64 `toml:"disk_reserve_bytes" env:"DISK_RESERVE_BYTES"` // with less room than this nothing new is accepted
}

// DefaultNode returns the settings of a node without file and environment.
func DefaultNode() Node {
	return Node{
		Dir:      "./data/node",
		HTTP:     NodeHTTP{Addr: "127.0.0.1:8081"},
		TLS:      TLS{Mode: TLSAuto},
		Line:     Line{PollMinutes: 5, Window: 8, SecondOpinions: true},
		Limits:   NodeLimits{DiskReserveBytes: 256 << 20},
		Accounts: defaultAccounts(),
		Bundle:   defaultBundle(),
		Log:      Log{Level: "info", Format: "text"},
	}
}

// LoadNode reads the settings of a node, as LoadHub does for the hub.
func LoadNode(path string, env []string) (Node, error) {
	node := DefaultNode()
	err := load(&node, path, env)
	return node, err
}

func (n *Node) check(c *checker) {
	c.text("dir", n.Dir, 1, 1000)
	c.hostPort("http.addr", n.HTTP.Addr)
	c.hosts("http.allowed_hosts", n.HTTP.AllowedHosts)
	c.tls(n.TLS)
	c.between("line.poll_minutes", int64(n.Line.PollMinutes), 1, 24*60)
	c.between("line.window", int64(n.Line.Window), 1, 256)
	c.brokers("line.hub_url", n.Line.HubURL)
	c.between("limits.disk_reserve_bytes", n.Limits.DiskReserveBytes, 0, 1<<50)
	c.accounts(n.Accounts)
	c.bundle(n.Bundle)
	c.log(n.Log)
}
