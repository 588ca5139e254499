package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

var crawlSite = flag.String("crawl.site", "", "folder of a static documentation site for BenchmarkCrawl; empty for the largest known one of Debian's that is installed")

// docFolders are documentation packages of Debian that are sites of thousands
// of pages.
var docFolders = []string{
	"/usr/share/doc/openjdk-21-doc/api", "/usr/share/doc/openjdk-17-doc/api", "/usr/share/doc/python3-doc/html", "/usr/share/doc/python3/html",
	"/usr/share/doc/php-doc/html", "/usr/share/doc/postgresql-doc-17/html", "/usr/share/doc/postgresql-doc-15/html", "/usr/share/doc/sqlite3-doc",
	"/usr/share/doc/libboost-doc", "/usr/share/doc/nodejs/api", "/usr/share/doc/git/html", "/usr/share/doc/valgrind/html",
}

// BenchmarkCrawl lets the program itself, as another process, check every link
// of a site that this process serves over loopback:
//
//   - docs: a documentation site of real pages, beside what of wget --spider,
//     LinkChecker and linkinator is installed, in the same run. Each verdict is
//     compared with what is in the folder: wrong is how many are not true;
//   - pages=n: made sites of n pages with 50 links each and one page in a
//     hundred with a link that is dead; the set found must be the set planted.
//
// cpu_s/1000 is processor time for a thousand pages, peak_MiB the largest
// resident set, x_wget the processor time divided by wget's.
func BenchmarkCrawl(b *testing.B) {
	if runtime.GOOS != "linux" {
		b.Skip("memory is read from /proc")
	}
	b.Run("docs", func(b *testing.B) {
		for b.Loop() {
			benchDocs(b)
		}
		b.ReportMetric(0, "ns/op")
	})
	for _, n := range []int{1_000, 10_000, 100_000} {
		b.Run("pages="+strconv.Itoa(n), func(b *testing.B) {
			if testing.Short() && n > 1_000 {
				b.Skip("long")
			}
			for b.Loop() {
				benchMade(b, n)
			}
			b.ReportMetric(0, "ns/op")
		})
	}
}

func benchDocs(b *testing.B) {
	dir := docsFolder()
	if dir == "" {
		b.Skip("no documentation site is installed; name one with -crawl.site")
	}
	s := httptest.NewServer(http.FileServer(http.Dir(dir)))
	defer s.Close()
	b.Logf("site: %s", dir)
	ours := measure(b, "hub", checkArgs(s.URL)...)
	dead, totals := readLines(b, ours.out)
	wrong := untrue(b, dir, s.URL, ours.out)
	b.ReportMetric(float64(totals.Pages)/ours.took.Seconds(), "pages/s")
	b.ReportMetric(ours.perThousand(totals.Pages), "cpu_s/1000")
	b.ReportMetric(ours.peak, "peak_MiB")
	b.ReportMetric(float64(wrong), "wrong")
	b.ReportMetric(float64(totals.Pages), "pages")
	b.Logf("%d pages, %d links, %d of them dead, %d addresses, %.1f s", totals.Pages, totals.Links, len(dead), totals.Targets, ours.took.Seconds())
	// LinkChecker waits between requests where it is not told otherwise.
	unhurried := filepath.Join(b.TempDir(), "linkcheckerrc")
	if err := os.WriteFile(unhurried, []byte("[checking]\nmaxrequestspersecond=10000\n"), 0o600); err != nil {
		b.Fatal(err)
	}
	for _, other := range []struct {
		name string
		args []string
	}{
		{"wget", []string{"--spider", "--recursive", "--level=inf", "--no-directories", "--no-verbose", "-e", "robots=off", s.URL + "/"}},
		{"linkchecker", []string{"--config=" + unhurried, "--no-status", "--recursion-level=-1", "--threads=4", "--no-robots", s.URL + "/"}},
		{"linkinator", []string{s.URL + "/", "--recurse", "--verbosity", "error", "--concurrency", "4"}},
	} {
		if _, err := exec.LookPath(other.name); err != nil {
			b.Logf("%s: not installed, so not measured", other.name)
			continue
		}
		m := measure(b, other.name, other.args...)
		if m.cut {
			b.Logf("%s: not done after %s, so not measured", other.name, patience)
			continue
		}
		b.ReportMetric(m.perThousand(totals.Pages), other.name+"_cpu_s/1000")
		b.ReportMetric(m.peak, other.name+"_MiB")
		if other.name == "wget" {
			b.ReportMetric(ours.cpu.Seconds()/m.cpu.Seconds(), "x_wget")
		}
		b.Logf("%s: %.1f s, %.2f s of processor, %.0f MiB", other.name, m.took.Seconds(), m.cpu.Seconds(), m.peak)
	}
}

func benchMade(b *testing.B, n int) {
	made := madeSite(n)
	s := httptest.NewServer(made)
	defer s.Close()
	m := measure(b, "hub", checkArgs(s.URL)...)
	dead, totals := readLines(b, m.out)
	for i, l := range dead {
		dead[i] = strings.ReplaceAll(l, s.URL, "")
	}
	if diff := cmp.Diff(made.planted(), dead); diff != "" || totals.Pages != n {
		b.Fatalf("%d pages of %d; -planted +found\n%.2000s", totals.Pages, n, diff)
	}
	b.ReportMetric(float64(totals.Pages)/m.took.Seconds(), "pages/s")
	b.ReportMetric(m.perThousand(totals.Pages), "cpu_s/1000")
	b.ReportMetric(m.peak, "peak_MiB")
	b.ReportMetric(float64(made.asked.Load())/float64(n), "requests/page")
}

func checkArgs(site string) []string {
	return []string{"check", "--depth", "-1", "--json", "--allow-private", site + "/"}
}

func docsFolder() string {
	if *crawlSite != "" {
		return *crawlSite
	}
	best, most := "", 500
	for _, dir := range docFolders {
		if real, err := filepath.EvalSymlinks(dir); err == nil {
			dir = real
		}
		n := 0
		_ = filepath.WalkDir(dir, func(path string, _ fs.DirEntry, err error) error {
			if err == nil && strings.HasSuffix(path, ".html") {
				n++
			}
			return err
		})
		if n > most {
			best, most = dir, n
		}
	}
	return best
}

// measured is what a run of a program took.
type measured struct {
	out       string // file with its output
	took, cpu time.Duration
	cut       bool    // ended for want of patience
	peak      float64 // MiB
}

func (m measured) perThousand(pages int) float64 { return m.cpu.Seconds() * 1000 / float64(pages) }

// patience is how long a program may take: LinkChecker needs most of an hour for
// ten thousand pages.
const patience = 10 * time.Minute

// measure runs a program to its end; "hub" is this one.
func measure(b *testing.B, name string, args ...string) measured {
	b.Helper()
	path := name
	if name == hubProgram {
		var err error
		if path, err = os.Executable(); err != nil {
			b.Fatal(err)
		}
	}
	dir := b.TempDir()
	out, err := os.Create(filepath.Join(dir, "out"))
	if err != nil {
		b.Fatal(err)
	}
	defer out.Close()
	running, stop := context.WithTimeout(b.Context(), patience)
	defer stop()
	c := exec.CommandContext(running, path, args...)
	c.Args[0], c.Stdout, c.Dir = name, out, dir
	began := time.Now()
	if err := c.Start(); err != nil {
		b.Fatal(err)
	}
	ctx, cancel := context.WithCancel(b.Context())
	peaks := make(chan float64)
	go watchPeak(ctx, c.Process.Pid, peaks)
	err = c.Wait()
	m := measured{out: out.Name(), took: time.Since(began), cut: running.Err() != nil, cpu: c.ProcessState.UserTime() + c.ProcessState.SystemTime()}
	cancel()
	m.peak = <-peaks
	// That something is dead is news, not a failure.
	if exit := new(exec.ExitError); err != nil && !errors.As(err, &exit) {
		b.Fatal(err)
	}
	return m
}

// watchPeak sends the largest resident set of a process there was. What the
// system adds up itself holds that of the process it was forked from.
func watchPeak(ctx context.Context, pid int, out chan<- float64) {
	most := 0.0
	often := time.NewTicker(20 * time.Millisecond)
	defer often.Stop()
	for {
		select {
		case <-often.C:
			if mib, err := status(pid, peakLine); err == nil {
				most = max(most, mib)
			}
		case <-ctx.Done():
			out <- most
			return
		}
	}
}

type checkedLine struct {
	Page, URL, Verdict string
	Totals             bool
	Pages, Links       int
	Targets            int
}

func eachLine(b *testing.B, path string, f func(checkedLine)) {
	b.Helper()
	in, err := os.Open(path)
	if err != nil {
		b.Fatal(err)
	}
	defer in.Close()
	lines := bufio.NewScanner(in)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		if bytes.Contains(lines.Bytes(), []byte(`"verdict":"ok"`)) && f == nil {
			continue
		}
		var l checkedLine
		if err := json.Unmarshal(lines.Bytes(), &l); err != nil {
			b.Fatalf("%v: %s", err, lines.Bytes())
		}
		f(l)
	}
}

// readLines returns what is dead as "page url", sorted, and the totals.
func readLines(b *testing.B, path string) (dead []string, totals checkedLine) {
	b.Helper()
	eachLine(b, path, func(l checkedLine) {
		switch {
		case l.Totals:
			totals = l
		case l.Verdict == "dead":
			dead = append(dead, l.Page+" "+l.URL)
		}
	})
	slices.Sort(dead)
	return dead, totals
}

// untrue counts the verdicts on the site's addresses that the folder belies.
func untrue(b *testing.B, dir, base string, path string) (wrong int) {
	b.Helper()
	there := map[string]bool{}
	eachLine(b, path, func(l checkedLine) {
		rest, ours := strings.CutPrefix(l.URL, base)
		if !ours || l.Verdict == "excluded" {
			return
		}
		u, err := url.Parse(rest)
		if err != nil {
			return
		}
		exists, known := there[u.Path]
		if !known {
			_, err := os.Stat(filepath.Join(dir, filepath.FromSlash(u.Path)))
			exists = err == nil
			there[u.Path] = exists
		}
		if exists != (l.Verdict != "dead") {
			if wrong++; wrong < 10 {
				b.Logf("not true: %+v", l)
			}
		}
	})
	return wrong
}

// made is a site of so many pages. A page leads to fifty others, in a tree and
// beyond it, and one in a hundred to what is not there.
type made struct {
	n     int
	asked atomic.Int64
	words []byte
}

func madeSite(n int) *made {
	m := &made{n: n}
	for i := range 60 {
		m.words = fmt.Appendf(m.words, "<p>Paragraph %d of every page speaks of roads, schools, water and the weather in the villages.</p>\n", i)
	}
	return m
}

func (m *made) planted() (list []string) {
	for i := 0; i < m.n; i += 100 {
		list = append(list, fmt.Sprintf("%s /missing/%d.pdf", m.path(i), i))
	}
	slices.Sort(list)
	return list
}

func (m *made) path(i int) string {
	if i == 0 {
		return "/"
	}
	return fmt.Sprintf("/s%d/p%d.html", i%97, i)
}

// ServeHTTP answers with the page asked for.
func (m *made) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	m.asked.Add(1)
	i, section := 0, 0
	if r.URL.Path != "/" {
		if _, err := fmt.Sscanf(r.URL.Path, "/s%d/p%d.html", &section, &i); err != nil || i <= 0 || i >= m.n || m.path(i) != r.URL.Path {
			http.NotFound(w, r)
			return
		}
	}
	b := fmt.Appendf(make([]byte, 0, 16<<10), "<!doctype html><html><head><meta charset=utf-8><title>Page %d</title></head><body><h1>Page %d</h1>\n", i, i)
	for k := range 50 {
		to := (i*10 + k + 1) % m.n
		if k >= 10 {
			to = (i + k*k*7919) % m.n
		}
		b = fmt.Appendf(b, "<li><a href=\"%s\">See page %d</a></li>\n", m.path(to), to)
	}
	if i%100 == 0 {
		b = fmt.Appendf(b, "<a href=\"/missing/%d.pdf\">Paper</a>\n", i)
	}
	b = append(append(b, m.words...), "</body></html>"...)
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	_, _ = w.Write(b)
}
