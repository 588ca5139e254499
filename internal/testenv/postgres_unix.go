//go:build unix

package testenv

import (
	"errors"
	"fmt"
	"io/fs"
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

// startPostgres starts a server that listens on a socket only, with the given
// settings, and returns the folder of that socket and what ends the server, which
// may take a moment to answer. Its data stand in the folder named, which gets a
// cluster if it has none; "" makes one below /tmp that goes with the server.
func startPostgres(data string, settings ...string) (dir string, end func() error, err error) {
	bin, err := postgresPrograms()
	if err != nil {
		return "", nil, err
	}
	as, err := unprivileged()
	if err != nil {
		return "", nil, err
	}
	// The path of a socket may have about 107 bytes, so the test's own folder
	// will not do.
	if dir, err = os.MkdirTemp("/tmp", "zqpg"); err != nil {
		return "", nil, err
	}
	if as != nil {
		err = os.Chown(dir, int(as.Uid), int(as.Gid))
	}
	if err == nil {
		err = prepareCluster(bin, dir, data, as)
	}
	args := []string{bin, dir}
	for _, s := range append([]string{"listen_addresses=", "max_connections=300"}, settings...) {
		args = append(args, "-c", s)
	}
	if err == nil {
		end, err = watch(as, serverScript, args...)
	}
	if err != nil {
		return "", nil, errors.Join(fmt.Errorf("starting PostgreSQL: %w", err), os.RemoveAll(dir))
	}
	return dir, end, nil
}

// prepareCluster sees to it that there is a cluster at dir/data, which leads to the
// folder data if that is named.
func prepareCluster(bin, dir, data string, as *syscall.Credential) error {
	args := []string{"-D", dir + "/data", "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C"}
	if data == "" {
		args = append(args, "--no-sync")
	} else {
		if err := os.Symlink(data, dir+"/data"); err != nil {
			return err
		}
		if _, err := os.Stat(filepath.Join(data, "PG_VERSION")); err == nil {
			// A copy names the process of the server it was copied from, which may
			// live: no power cut leaves that behind.
			if err := os.Remove(filepath.Join(data, "postmaster.pid")); !errors.Is(err, fs.ErrNotExist) {
				return err
			}
			return nil
		}
		if err := os.Mkdir(data, 0o700); err != nil {
			return err
		}
		if as != nil {
			if err := os.Chown(data, int(as.Uid), int(as.Gid)); err != nil {
				return err
			}
		}
	}
	initdb := exec.Command(filepath.Join(bin, "initdb"), args...) // #nosec G204 -- fixed by this file
	initdb.Dir = dir
	initdb.SysProcAttr = &syscall.SysProcAttr{Credential: as}
	if out, err := initdb.CombinedOutput(); err != nil {
		return fmt.Errorf("initdb: %w\n%s", err, out)
	}
	return nil
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
