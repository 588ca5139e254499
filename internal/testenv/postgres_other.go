//go:build !unix

package testenv

// Elsewhere a server is not started, only used when ZHANQUN_TEST_POSTGRES
// names one.
func startPostgres(string, ...string) (string, func() error, error) { return "", nil, errNoPostgres }
