package config

import "net"

// TLS says when a program's listeners speak TLS and with whose certificate.
type TLS struct {
	Mode     string `toml:"mode" env:"MODE"`           // one of the modes below
	CertFile string `toml:"cert_file" env:"CERT_FILE"` // the administrator's, with those of the CAs above it; empty means the own CA
	KeyFile  string `toml:"key_file" env:"KEY_FILE"`
}

// The modes.
const (
	TLSAuto = "auto" // on every address other machines can reach
	TLSOn   = "on"   // on every address
	TLSOff  = "off"  // nowhere: something in front does it, or nobody
)

// Secures reports whether what listens at addr speaks TLS.
func (t TLS) Secures(addr net.Addr) bool {
	switch t.Mode {
	case TLSOn:
		return true
	case TLSOff:
		return false
	}
	return Outside(addr)
}

// Outside reports whether other machines can reach what listens at addr.
func Outside(addr net.Addr) bool {
	tcp, ok := addr.(*net.TCPAddr)
	return !ok || !tcp.IP.IsLoopback()
}

func (c *checker) tls(t TLS) {
	switch {
	case t.Mode != TLSAuto && t.Mode != TLSOn && t.Mode != TLSOff:
		c.add("tls.mode", "只能是 auto、on 或 off")
	case (t.CertFile == "") != (t.KeyFile == ""):
		c.add("tls.key_file", "tls.cert_file 和 tls.key_file 要同时写")
	case t.Mode == TLSOff && t.CertFile != "":
		c.add("tls.mode", "为 off 时不用证书，请删去 tls.cert_file 和 tls.key_file，或改为 auto")
	}
	c.text("tls.cert_file", t.CertFile, 0, 1000)
	c.text("tls.key_file", t.KeyFile, 0, 1000)
}
