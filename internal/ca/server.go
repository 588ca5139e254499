package ca

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"log/slog"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"sync"
	"time"

	"zhanqun/internal/disk"
	"zhanqun/internal/fault"
	"zhanqun/internal/trust"
)

// Options say where certificates come from.
type Options struct {
	Dir   string  // data folder, for the own CA
	Owner string  // whom the own CA's certificates name, for people
	Vouch Voucher // vouches for the CA; nil for nobody. What it says may change
	// CertFile and KeyFile are the administrator's, in PEM: the server's
	// certificate first, those of the CAs above it behind. Empty: the own CA's.
	CertFile, KeyFile string
	// Names returns the host names and addresses the server is reached under, for
	// certificates of the own CA.
	Names func() []string
	// Limits returns what the own CA may be believed for. When it has to be more
	// than before, its certificate is made anew, and browsers that were taught the
	// former one have to be taught again. Nil: it may be believed for everything.
	// That is for a CA that signs for others as well, whose names are not known
	// beforehand (see [Authority.Issue]).
	Limits func() Limits
	Now    func() time.Time // nil for time.Now
	Log    *slog.Logger     // nil for slog.Default
}

// Server hands the certificate of the day to the listeners.
type Server struct {
	o   Options
	own *Authority // nil with the administrator's files

	mu      sync.Mutex
	current *tls.Certificate
	root    *x509.Certificate // of the own CA
	public  bool              // every system trusts it
	pin     string            // fingerprint of the CA a node has to be told; "" when public

	// Of whoever looks: New, and then who holds looking.
	looking sync.Mutex
	read    []byte // the administrator's files as they were last read, sound or not
	failed  bool   // the last look, which was said
}

// New returns a server with a certificate, or says in plain words why there is
// none. Run keeps it good.
func New(o Options) (*Server, error) {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Log == nil {
		o.Log = slog.Default()
	}
	s := &Server{o: o}
	look := s.readFiles
	if o.CertFile == "" {
		var err error
		own := &Authority{dir: o.Dir, owner: o.Owner, vouch: o.Vouch, limits: o.Limits}
		if s.own, err = own.open(o.Now()); err != nil {
			return nil, err
		}
		look = s.renew
	}
	if err := look(); err != nil {
		return nil, err
	}
	return s, nil
}

// lookEvery is how often changes are looked for.
const lookEvery = 10 * time.Second

// Run replaces the certificate whenever it has to be, until ctx ends.
func (s *Server) Run(ctx context.Context) {
	tick := time.NewTicker(lookEvery)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			s.Look()
		case <-ctx.Done():
			return
		}
	}
}

// Look replaces the certificate if it has to be. Run does it by itself; who knows
// of a change need not wait for that.
func (s *Server) Look() {
	s.looking.Lock()
	defer s.looking.Unlock()
	look := s.readFiles
	if s.own != nil {
		look = s.renew
	}
	err := look()
	if err != nil && !s.failed {
		s.o.Log.Error("certificate not replaced, the former one stays", "ends", s.State().Ends, "err", err)
	}
	s.failed = err != nil
}

// Config returns the settings of a listener. protocols are what it offers in
// ALPN, none for none.
func (s *Server) Config(protocols ...string) *tls.Config {
	return &tls.Config{
		MinVersion: tls.VersionTLS12, NextProtos: protocols,
		GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) {
			s.mu.Lock()
			defer s.mu.Unlock()
			return s.current, nil
		},
	}
}

// State is how the certificate in use stands.
type State struct {
	Own    bool              // of the own CA
	CA     *x509.Certificate // of the own CA; nil if it is not of that
	Public bool              // every system trusts it
	Pin    string            // fingerprint a node that joins has to be told; "" when Public
	Leaf   *x509.Certificate // the server's certificate
	Ends   time.Time         // its last moment
}

// State returns how the certificate in use stands.
func (s *Server) State() State {
	s.mu.Lock()
	defer s.mu.Unlock()
	return State{Own: s.own != nil, CA: s.root, Public: s.public, Pin: s.pin, Ends: s.current.Leaf.NotAfter, Leaf: s.current.Leaf}
}

// use makes c the certificate of the day.
func (s *Server) use(c *tls.Certificate, public bool, pin string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.current, s.public, s.pin = c, public, pin
	if s.own != nil {
		s.root = s.own.cert
	}
}

// renew makes a new certificate of the own CA unless there is one with two thirds
// of its time left, for the names of now.
func (s *Server) renew() error {
	now := s.o.Now()
	path := filepath.Join(s.o.Dir, serverName)
	before := s.own.cert
	if err := s.own.certify(now); err != nil {
		return fault.Wrap(fault.Internal, "无法保存自建证书机构，请检查磁盘和权限。", err)
	}
	if s.own.widened {
		s.o.Log.Warn("this machine has names or addresses its CA was not made for: browsers have to be taught its new certificate", "file", filepath.Join(s.o.Dir, CertName))
		s.own.widened = false
	}
	names := s.names()
	if s.current == nil {
		if text, err := os.ReadFile(path); err == nil { // #nosec G304 -- in the data folder
			if key, cert, err := readPair(text); err == nil && cert.CheckSignatureFrom(s.own.cert) == nil {
				s.use(s.chain(key, cert), false, trust.Fingerprint(s.own.cert))
			}
		}
	}
	if s.current != nil && s.own.cert == before && good(s.current.Leaf, names, now) && s.allowed(s.current.Leaf) {
		return nil
	}
	key, cert, err := s.own.server(names, serverLife, now)
	if err != nil {
		return err
	}
	text, err := writePair(key, cert)
	if err == nil {
		err = disk.WriteSecret(path, text)
	}
	if err != nil {
		return fault.Wrap(fault.Internal, "无法保存网站证书 "+path+"，请检查磁盘和权限。", err)
	}
	first := s.current == nil
	s.use(s.chain(key, cert), false, trust.Fingerprint(s.own.cert))
	if !first {
		s.o.Log.Info("certificate renewed", "ends", cert.NotAfter)
	}
	return nil
}

// chain is what is sent: the certificate and the CA's, so that a node which knows
// no more than a fingerprint can check it.
func (s *Server) chain(key any, cert *x509.Certificate) *tls.Certificate {
	return &tls.Certificate{Certificate: [][]byte{cert.Raw, s.own.cert.Raw}, PrivateKey: key, Leaf: cert}
}

// good reports whether a certificate need not be replaced.
func good(c *x509.Certificate, names []string, now time.Time) bool {
	if now.Before(c.NotBefore) || now.After(c.NotAfter.Add(-serverLife/3)) {
		return false
	}
	for _, name := range names {
		if c.VerifyHostname(name) != nil {
			return false
		}
	}
	return true
}

// allowed reports whether the CA may sign for every name of a certificate. One that
// was made before the CA had limits may hold more.
func (s *Server) allowed(c *x509.Certificate) bool {
	return !slices.ContainsFunc(c.DNSNames, func(n string) bool { return !allows(s.own.cert, n) }) &&
		!slices.ContainsFunc(c.IPAddresses, func(ip net.IP) bool { return !allows(s.own.cert, ip.String()) })
}

// maxNames bounds what stands in a certificate: a machine with containers has
// hundreds of addresses.
const maxNames = 50

// names are those of the options that can stand in a certificate of the own CA, in
// order.
func (s *Server) names() []string {
	var names []string
	if s.o.Names != nil {
		names = slices.DeleteFunc(slices.Clone(s.o.Names()), func(n string) bool {
			ip, err := netip.ParseAddr(n)
			return err == nil && (ip.Zone() != "" || ip.IsUnspecified() || ip.IsLinkLocalUnicast()) || err != nil && !hostName.MatchString(n) || !allows(s.own.cert, n)
		})
	}
	slices.Sort(names)
	names = slices.Compact(names)
	return names[:min(len(names), maxNames)]
}

var hostName = regexp.MustCompile(`^[0-9A-Za-z][0-9A-Za-z-]*(\.[0-9A-Za-z][0-9A-Za-z-]*)*$`)

// readFiles takes the administrator's certificate, if the files have changed.
func (s *Server) readFiles() error {
	cert, err := os.ReadFile(s.o.CertFile)
	if err != nil {
		return noFile("tls.cert_file", s.o.CertFile, err)
	}
	key, err := os.ReadFile(s.o.KeyFile)
	if err != nil {
		return noFile("tls.key_file", s.o.KeyFile, err)
	}
	now := s.o.Now()
	var said []byte
	if s.o.Vouch != nil {
		for _, w := range s.o.Vouch("") { // changes when the keys do
			said = append(said, w.String()...)
		}
	}
	all := slices.Concat(cert, key, said)
	if bytes.Equal(all, s.read) && !s.failed {
		return nil
	}
	s.read = all
	pair, err := tls.X509KeyPair(cert, key)
	if err != nil {
		return fault.Wrap(fault.Invalid, "证书文件 "+s.o.CertFile+" 和私钥文件 "+s.o.KeyFile+" 不能用："+err.Error()+"。请检查设置 tls.cert_file 和 tls.key_file。", err)
	}
	if now.After(pair.Leaf.NotAfter) {
		if s.current != nil {
			return errors.New("the certificate in the files has ended")
		}
		s.o.Log.Error("the administrator's certificate has ended", "ended", pair.Leaf.NotAfter)
	}
	first := s.current == nil
	public, pin, err := s.place(&pair, now)
	if err != nil {
		return err
	}
	s.use(&pair, public, pin)
	if !first {
		s.o.Log.Info("certificate files read again", "ends", pair.Leaf.NotAfter)
	}
	return nil
}

func noFile(setting, path string, err error) error {
	return fault.Wrap(fault.Invalid, "读不了 "+path+"（"+err.Error()+"）。请检查设置 "+setting+" 和文件权限。", err)
}

// place finds out whether every system trusts a certificate. If not, the topmost
// one of the file is what nodes are told, and what is said for it is sent along.
func (s *Server) place(pair *tls.Certificate, now time.Time) (public bool, pin string, err error) {
	var chain []*x509.Certificate
	between := x509.NewCertPool()
	for _, der := range pair.Certificate {
		c, err := x509.ParseCertificate(der)
		if err != nil {
			return false, "", err
		}
		chain = append(chain, c)
		between.AddCert(c)
	}
	at := pair.Leaf.NotBefore.Add(pair.Leaf.NotAfter.Sub(pair.Leaf.NotBefore) / 2) // its end is another matter
	if at.After(now) {
		at = now
	}
	if _, err := pair.Leaf.Verify(x509.VerifyOptions{Intermediates: between, CurrentTime: at}); err == nil {
		return true, "", nil
	}
	pin = trust.Fingerprint(chain[len(chain)-1])
	if s.o.Vouch == nil {
		return false, pin, nil
	}
	word, err := voucher(s.o.Vouch(pin), now)
	if err != nil {
		return false, "", err
	}
	pair.Certificate = append(pair.Certificate, word.Raw)
	return false, pin, nil
}
