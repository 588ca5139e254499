package main

import (
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/url"
	"path/filepath"
	"strings"
	"time"

	"zhanqun/config"
	"zhanqun/internal/ca"
	"zhanqun/internal/cli"
)

// certificateSoon is how long before its end a certificate is worth a word. Those
// of the own CA are replaced long before.
const certificateSoon = 30 * 24 * time.Hour

// examineTLS tells which listeners are encrypted, and until when the certificate
// is good.
func examineTLS(cfg config.Hub) []cli.Symptom {
	const name = "加密"
	var secure, plain, open []string
	look := func(what, listen string) {
		addr, err := net.ResolveTCPAddr("tcp", listen)
		switch {
		case err != nil: // serve says so
		case cfg.TLS.Secures(addr):
			secure = append(secure, what)
		case config.Outside(addr):
			open = append(open, what)
		default:
			plain = append(plain, what)
		}
	}
	look("网页（"+cfg.HTTP.Addr+"）", cfg.HTTP.Addr)
	if cfg.NATS.Embedded() {
		look("节点线路（"+cfg.NATS.Listen+"）", cfg.NATS.Listen)
	}
	var list []cli.Symptom
	switch {
	case len(open) > 0:
		list = append(list, warn(name, "别的电脑能连到的"+strings.Join(open, "、")+"没有加密，因为 tls.mode 是 off。请确认前面另有加密（反向代理、VPN），否则请改为 auto"))
	case len(secure) == 0:
		list = append(list, fine(name, strings.Join(plain, "、")+"只在本机监听，不加密"))
	default:
		list = append(list, fine(name, strings.Join(secure, "、")+"已加密"))
	}
	if len(secure) > 0 {
		list = append(list, examineCertificate(cfg))
	}
	if strings.HasPrefix(strings.ToLower(cfg.HTTP.PublicURL), "http://") && len(secure) > 0 && strings.HasPrefix(secure[0], "网页") {
		list = append(list, warn("对外网址", "网页已走 HTTPS，但设置 http.public_url 还是 http:// 开头，请改为 https://，否则新的入网码用不了"))
	}
	return list
}

func examineCertificate(cfg config.Hub) cli.Symptom {
	const name = "证书"
	s, err := ca.Examine(cfg.Dir, cfg.TLS.CertFile, cfg.TLS.KeyFile)
	if errors.Is(err, fs.ErrNotExist) && cfg.TLS.CertFile == "" {
		return fine(name, "hub serve 第一次启动时自建")
	}
	if err != nil {
		return bad(name, cli.Words(err))
	}
	text := "自建，浏览器要信任它请导入 " + filepath.Join(cfg.Dir, ca.CertName) + "，hub backup 会一起备份"
	switch {
	case !s.Own && s.Public:
		text = "用 " + cfg.TLS.CertFile + "，是公开信任的机构签发的"
	case !s.Own:
		text = "用 " + cfg.TLS.CertFile + "，不是公开信任的机构签发的，浏览器要信任它请导入签发它的证书"
	}
	if u, err := url.Parse(cfg.HTTP.PublicURL); err == nil && u.Scheme == "https" && s.Leaf.VerifyHostname(u.Hostname()) != nil && !s.Own {
		return warn(name, text+"；里面没有对外网址的名称 "+u.Hostname()+"，浏览器会提示不受信任，请换用写着这个名称的证书")
	}
	text += fmt.Sprintf("；有效期到 %s", cli.When(s.Ends))
	switch left := time.Until(s.Ends); {
	case left < 0:
		return bad(name, text+"，已经过期，请换新的证书文件")
	case left < certificateSoon && s.Own:
		return warn(name, text+"，hub serve 运行时会自动更换")
	case left < certificateSoon:
		return warn(name, text+"，快到期了，请换新的证书文件，会自动重新读取")
	}
	return fine(name, text)
}
