//go:build unix

package testenv

import (
	"errors"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
)

// serverScript runs the server until the pipe closes, starting it again whenever
// it was killed. $1 is the programs' folder, $2 ours; the rest goes to the
// server. SIGQUIT stops it without a checkpoint, for its data is thrown away.
const serverScript = `
bin=$1 dir=$2
shift 2
(
	while [ ! -e "$dir/stop" ]; do
		"$bin/postgres" -D "$dir/data" -k "$dir" "$@" </dev/null >>"$dir/log" 2>&1
		sleep 0.1
	done
) &
keeper=$!
cat >/dev/null
touch "$dir/stop"
while kill -0 $keeper 2>/dev/null; do
	read -r server <"$dir/data/postmaster.pid" 2>/dev/null && kill -QUIT "$server" 2>/dev/null
	sleep 0.02
done
wait $keeper
rm -rf "$dir"`

// startPostgres makes a new cluster below /tmp and starts a server on it that
// listens on a socket only, with the given settings. It returns the server's URL;
// the server may take a moment to answer.
func startPostgres(settings ...string) (string, error) {
	bin, err := postgresPrograms()
	if err != nil {
		return "", err
	}
	as, err := unprivileged()
	if err != nil {
		return "", err
	}
	// The path of a socket may have about 107 bytes, so the test's own folder
	// will not do.
	dir, err := os.MkdirTemp("/tmp", "zqpg")
	if err != nil {
		return "", err
	}
	if as != nil {
		if err := os.Chown(dir, int(as.Uid), int(as.Gid)); err != nil {
			return "", errors.Join(err, os.Remove(dir))
		}
	}
	initdb := exec.Command(filepath.Join(bin, "initdb"), "-D", dir+"/data", "-U", "postgres",
		"-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync")
	initdb.Dir = dir
	initdb.SysProcAttr = &syscall.SysProcAttr{Credential: as}
	if out, err := initdb.CombinedOutput(); err != nil {
		return "", errors.Join(fmt.Errorf("initdb: %w\n%s", err, out), os.RemoveAll(dir))
	}
	args := []string{bin, dir}
	for _, s := range append([]string{"listen_addresses=", "max_connections=300"}, settings...) {
		args = append(args, "-c", s)
	}
	if err := watch(as, serverScript, args...); err != nil {
		return "", fmt.Errorf("starting PostgreSQL: %w", err)
	}
	query := url.Values{"host": {dir}, "user": {"postgres"}, "sslmode": {"disable"}}
	return "postgres:///postgres?" + query.Encode(), nil
}

// postgresPrograms returns the folder of initdb and postgres: PGBIN, else the
// newest of a distribution's versioned folders, else where the PATH leads.
func postgresPrograms() (string, error) {
	if dir := os.Getenv("PGBIN"); dir != "" {
		return dir, nil
	}
	best, bestVersion := "", 0
	for _, pattern := range []string{"/usr/lib/postgresql/*/bin", "/usr/pgsql-*/bin", "/opt/homebrew/opt/postgresql@*/bin"} {
		dirs, _ := filepath.Glob(pattern) // fails on a bad pattern only
		for _, dir := range dirs {
			name := filepath.Base(filepath.Dir(dir)) // 15, pgsql-15, postgresql@15
			version, err := strconv.Atoi(name[strings.LastIndexAny(name, "-@")+1:])
			if err != nil || version <= bestVersion {
				continue
			}
			if _, err := os.Stat(filepath.Join(dir, "initdb")); err == nil {
				best, bestVersion = dir, version
			}
		}
	}
	if best != "" {
		return best, nil
	}
	if path, err := exec.LookPath("initdb"); err == nil {
		return filepath.Dir(path), nil
	}
	return "", errNoPostgres
}

// unprivileged returns whom to run the server as: PostgreSQL refuses root. Nil
// means ourselves.
func unprivileged() (*syscall.Credential, error) {
	if os.Getuid() != 0 {
		return nil, nil
	}
	account, err := user.Lookup("postgres")
	if err != nil {
		account, err = user.Lookup("nobody")
	}
	if err != nil {
		return nil, fmt.Errorf("PostgreSQL does not run as root: %w", err)
	}
	uid, err := strconv.ParseUint(account.Uid, 10, 32)
	if err != nil {
		return nil, fmt.Errorf("user %s: %w", account.Username, err)
	}
	gid, err := strconv.ParseUint(account.Gid, 10, 32)
	if err != nil {
		return nil, fmt.Errorf("user %s: %w", account.Username, err)
	}
	return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}, nil
}
