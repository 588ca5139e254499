package config

import (
	"fmt"
	"net"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// checker collects what is wrong with the values, one message per setting. Its
// messages never repeat a value, which might be a secret in the wrong place.
type checker struct {
	origin   map[string]Problem // where each setting's value comes from
	seen     map[string]bool    // settings that have their message already
	problems []Problem
}

func (c *checker) add(name, message string) {
	p := c.origin[name]
	if c.seen[p.Key] || c.seen[name] {
		return
	}
	c.seen[p.Key] = true
	p.Message = message
	c.problems = append(c.problems, p)
}

func (c *checker) between(name string, value, low, high int64) {
	if value < low || value > high {
		c.add(name, fmt.Sprintf("要在 %d 到 %d 之间", low, high))
	}
}

// text bounds a text in runes and keeps line breaks and control characters out.
func (c *checker) text(name, value string, low, high int) {
	switch n := utf8.RuneCountInString(value); {
	case n < low:
		c.add(name, "不能为空")
	case n > high:
		c.add(name, fmt.Sprintf("不能超过 %d 个字", high))
	case strings.ContainsFunc(value, unicode.IsControl):
		c.add(name, "不能有换行等控制字符")
	}
}

func (c *checker) hostPort(name, value string) {
	_, port, err := net.SplitHostPort(value)
	if err == nil {
		_, err = strconv.ParseUint(port, 10, 16)
	}
	if err != nil || strings.ContainsAny(value, " /") {
		c.add(name, "要写成 主机:端口，例如 127.0.0.1:8080；端口 0 表示自动选择")
	}
}

// webURL wants the address of a site, without anything behind its path.
func (c *checker) webURL(name, value string) {
	if value == "" {
		return
	}
	u, err := url.Parse(value)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" {
		c.add(name, "要写完整网址，例如 https://zq.example.gov.cn，不带 ? 和 #")
	}
}

func (c *checker) hosts(name string, values []string) {
	for _, v := range values {
		// An IPv6 address is the only name with colons.
		if v == "" || strings.ContainsAny(v, " /*@[]") || strings.Contains(v, ":") && net.ParseIP(v) == nil {
			c.add(name, "只写主机名或 IP，不带 http://、端口和通配符，例如 zq.example.gov.cn")
			return
		}
	}
}

// brokers wants one or several NATS addresses, parted by commas, without the
// password in them that would then be printed in logs.
func (c *checker) brokers(name, value string) {
	if value == "" {
		return
	}
	for one := range strings.SplitSeq(value, ",") {
		u, err := url.Parse(strings.TrimSpace(one))
		if err != nil || !slices.Contains([]string{"nats", "tls", "ws", "wss"}, u.Scheme) || u.Host == "" {
			c.add(name, "要写成 nats://主机:端口 或 tls://主机:端口，多个用英文逗号隔开")
			return
		}
		if u.User != nil {
			c.add(name, "地址里不要写用户名和密码，请用 nats.user、nats.password 或 nats.seed")
			return
		}
	}
}

func (c *checker) credentials(n NATS) {
	seed := n.Seed.Reveal()
	switch {
	case n.Embedded() && (n.User != "" || n.Password.IsSet() || n.Seed.IsSet()):
		c.add("nats.url", "写了账号却没有写外部 NATS 的地址；使用内置 NATS 时请删去 nats.user、nats.password、nats.seed")
	case n.Seed.IsSet() && (n.User != "" || n.Password.IsSet()):
		c.add("nats.seed", "不能与 nats.user、nats.password 同时使用，请只留一种")
	case n.Seed.IsSet() && (!strings.HasPrefix(seed, "SU") || len(seed) != 58):
		c.add("nats.seed", "要写用户密钥的种子：SU 开头，共 58 个字符")
	case (n.User == "") != !n.Password.IsSet():
		c.add("nats.password", "nats.user 和 nats.password 要同时写")
	}
}

func (c *checker) postgres(name string, value Secret) {
	if !value.IsSet() {
		return
	}
	u, err := url.Parse(value.Reveal())
	if err != nil || u.Scheme != "postgres" && u.Scheme != "postgresql" || strings.Trim(u.Path, "/") == "" {
		c.add(name, "要写成 postgres://用户:密码@主机:端口/库名?sslmode=verify-full；用内置 SQLite 时留空。密码里的特殊字符要写成 %XX")
	}
}

func (c *checker) log(l Log) {
	if _, ok := levels[l.Level]; !ok {
		c.add("log.level", "只能是 debug、info、warn、error 之一")
	}
	if l.Format != "text" && l.Format != "json" {
		c.add("log.format", "只能是 text 或 json")
	}
}
