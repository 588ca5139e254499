package ca

import (
	"os"
	"path/filepath"
	"time"

	"zhanqun/internal/trust"
)

// Examine says how the certificate stands that a program with the data folder dir
// would use, without making anything. The error wraps fs.ErrNotExist when the own CA
// has not been made yet.
func Examine(dir, certFile, keyFile string) (State, error) {
	s := &Server{o: Options{Dir: dir, CertFile: certFile, KeyFile: keyFile, Now: time.Now}}
	if certFile != "" {
		if err := s.readFiles(); err != nil {
			return State{}, err
		}
		return s.State(), nil
	}
	text, err := os.ReadFile(filepath.Join(dir, KeyName)) // #nosec G304 -- in the data folder
	if err != nil {
		return State{}, err
	}
	_, root, err := readPair(text)
	if err != nil {
		return State{}, err
	}
	if text, err = os.ReadFile(filepath.Join(dir, serverName)); err != nil { // #nosec G304 -- as above
		return State{}, err
	}
	_, cert, err := readPair(text)
	if err != nil {
		return State{}, err
	}
	return State{Own: true, CA: root, Pin: trust.Fingerprint(root), Leaf: cert, Ends: cert.NotAfter}, nil
}
