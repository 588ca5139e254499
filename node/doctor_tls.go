package main

import (
	"errors"
	"io/fs"
	"net"
	"path/filepath"
	"time"

	"zhanqun/config"
	"zhanqun/internal/ca"
	"zhanqun/internal/cli"
)

// certificateSoon is how long before its end a certificate is worth a word.
const certificateSoon = 30 * 24 * time.Hour

// examineTLS tells whether other machines reach the pages encrypted, and until when
// the certificate is good.
func examineTLS(cfg config.Node) []cli.Symptom {
	s := cli.Symptom{Name: "加密", Grade: cli.Fine, Detail: "网页（" + cfg.HTTP.Addr + "）只在本机监听，不加密"}
	addr, err := net.ResolveTCPAddr("tcp", cfg.HTTP.Addr)
	if err != nil {
		return nil // serve says so
	}
	if !cfg.TLS.Secures(addr) {
		if config.Outside(addr) {
			s.Grade, s.Detail = cli.Warn, "别的电脑能连到的网页（"+cfg.HTTP.Addr+"）没有加密，因为 tls.mode 是 off。请确认前面另有加密（反向代理、VPN），否则请改为 auto"
		}
		return []cli.Symptom{s}
	}
	s.Detail = "别的电脑打开网页（" + cfg.HTTP.Addr + "）走 HTTPS"
	return []cli.Symptom{s, examineCertificate(cfg)}
}

func examineCertificate(cfg config.Node) cli.Symptom {
	c := cli.Symptom{Name: "证书", Grade: cli.Fine}
	state, err := ca.Examine(cfg.Dir, cfg.TLS.CertFile, cfg.TLS.KeyFile)
	if errors.Is(err, fs.ErrNotExist) && cfg.TLS.CertFile == "" {
		c.Detail = "node serve 第一次启动时自建"
		return c
	}
	if err != nil {
		c.Grade, c.Detail = cli.Bad, cli.Words(err)
		return c
	}
	c.Detail = "用 " + cfg.TLS.CertFile
	if state.Own {
		c.Detail = "自建，浏览器要信任它请导入 " + filepath.Join(cfg.Dir, ca.CertName)
	}
	c.Detail += "；有效期到 " + cli.When(state.Ends)
	switch left := time.Until(state.Ends); {
	case left < 0 && state.Own:
		c.Grade, c.Detail = cli.Warn, c.Detail+"，已经过期，node serve 启动时会自动更换"
	case left < 0:
		c.Grade, c.Detail = cli.Bad, c.Detail+"，已经过期，请换新的证书文件"
	case left < certificateSoon && !state.Own:
		c.Grade, c.Detail = cli.Warn, c.Detail+"，快到期了，请换新的证书文件，会自动重新读取"
	}
	return c
}
