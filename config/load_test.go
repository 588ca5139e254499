package config_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/text/encoding/simplifiedchinese"

	"zhanqun/config"
)

// file writes a settings file and returns its path.
func file(t testing.TB, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "设置.toml")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestPrecedence(t *testing.T) {
	path := file(t, "dir = \"/srv/文件\"\n[http]\naddr = \"0.0.0.0:80\"\n[review]\nclaim_minutes = 30\n[links]\nenabled = false\n")
	got, err := config.LoadHub(path, []string{
		"ZHANQUN_HTTP_ADDR=127.0.0.1:0", "ZHANQUN_HTTP_ALLOWED_HOSTS=a.example,b.example",
		"ZHANQUN_REVIEW_UNDO_SECONDS=0", "ZHANQUN_LINKS_ALLOW_PRIVATE=true", "ZHANQUN_FEED_TITLE=", "PATH=/bin",
		"ZHANQUN_LIMITS_MAX_ATTACHMENT_BYTES=1048576", "ZHANQUN_DATABASE_URL=postgres://u:p@h/d",
	})
	if err != nil {
		t.Fatal(err)
	}
	want := config.DefaultHub()
	want.Dir = "/srv/文件"
	want.HTTP.Addr = "127.0.0.1:0"
	want.HTTP.AllowedHosts = []string{"a.example", "b.example"}
	want.Review = config.Review{ClaimMinutes: 30, UndoSeconds: 0}
	want.Links.Enabled = false
	want.Links.AllowPrivate = true
	want.Limits.MaxAttachmentBytes = 1 << 20
	want.Database.URL = config.NewSecret("postgres://u:p@h/d")
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestDefaultsAreValid(t *testing.T) {
	hub, err := config.LoadHub("", nil)
	if diff := cmp.Diff(config.DefaultHub(), hub); err != nil || diff != "" {
		t.Error(err, diff)
	}
	node, err := config.LoadNode("", nil)
	if diff := cmp.Diff(config.DefaultNode(), node); err != nil || diff != "" {
		t.Error(err, diff)
	}
}

func TestHTTPSMeansSecureCookies(t *testing.T) {
	hub, err := config.LoadHub("", []string{"ZHANQUN_HTTP_PUBLIC_URL=https://zq.example.gov.cn"})
	if err != nil || !hub.HTTP.SecureCookies {
		t.Errorf("secure cookies %v, %v", hub.HTTP.SecureCookies, err)
	}
}

func TestFilesFromWindowsEditors(t *testing.T) {
	text := "# 乡镇设置\r\n[http]\r\naddr = \"0.0.0.0:9000\"\r\n"
	for name, content := range map[string]string{"CRLF": text, "BOM and CRLF": "\ufeff" + text} {
		node, err := config.LoadNode(file(t, content), nil)
		if err != nil || node.HTTP.Addr != "0.0.0.0:9000" {
			t.Errorf("%s: addr %q, %v", name, node.HTTP.Addr, err)
		}
	}
	gbk, err := simplifiedchinese.GBK.NewEncoder().String("[http]\n# 乡镇设置\naddr = \"0.0.0.0:9000\"\n")
	if err != nil {
		t.Fatal(err)
	}
	for name, tc := range map[string]struct{ content, want string }{
		"GBK":    {gbk, "第 2 行：文件不是 UTF-8 编码，可能是 GBK"},
		"UTF-16": {"\xff\xfe[\x00h\x00t\x00t\x00p\x00]\x00", "UTF-16"},
	} {
		_, err := config.LoadNode(file(t, tc.content), nil)
		if err == nil || !strings.Contains(err.Error(), tc.want) || !strings.Contains(err.Error(), "另存为") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestFilesThatCannotBeRead(t *testing.T) {
	big := strings.Repeat("# 很长\n", 1<<18)
	for name, path := range map[string]string{
		"没有这个文件": filepath.Join(t.TempDir(), "none.toml"),
		"读不了文件":  t.TempDir(),
		"1 MiB":  file(t, big),
	} {
		_, err := config.LoadHub(path, nil)
		if err == nil || !strings.Contains(err.Error(), name) || !strings.Contains(err.Error(), path) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestProblemsOfTheFile(t *testing.T) {
	for _, tc := range []struct{ name, text, want string }{
		{"misspelt key", "dir = \"x\"\n\n[http]\nadr = \"a:1\"\n", "第 4 行 http.adr：没有这个设置，是不是 http.addr？"},
		{"misspelt section, said once", "[htpp]\naddr = \"a:1\"\npublic_url = \"\"\n", "第 1 行 htpp：没有这个设置，请对照 config/README.md"},
		{"capitals", "[http]\nAddr = \"a:1\"\n", "第 2 行 http.Addr：没有这个设置，是不是 http.addr？"},
		{"key below another", "dir.x = 1\n", "第 1 行 dir.x：没有这个设置"},
		{"text for a number", "[review]\nclaim_minutes = \"15\"\n", "第 2 行 review.claim_minutes：要写整数"},
		{"number for a text", "[nats]\npassword = 123\n", "第 2 行 nats.password：要写文字"},
		{"text for a list", "[http]\nallowed_hosts = \"a\"\n", "第 2 行 http.allowed_hosts：要写成列表"},
		{"list of numbers", "[http]\nallowed_hosts = [1]\n", "第 2 行 http.allowed_hosts：要写成列表"},
		{"number for a switch", "[links]\nenabled = 1\n", "第 2 行 links.enabled：要写 true 或 false"},
		{"value for a section", "http = 1\n", "第 1 行 http：是一节的名字，要单独一行写成 [http]"},
		{"list of sections", "[[http]]\naddr = \"a:1\"\n", "第 1 行 http：是一节的名字"},
		{"no quotes", "[http]\naddr = 127.0.0.1:80\n", "第 2 行 http.addr：要写文字"},
		{"not TOML", "dir = \"x\"\n这是什么\n", "第 2 行："},
		{"twice", "dir = \"x\"\ndir = \"y\"\n", "写法有误"},
		{"two problems in order", "[http]\nx = 1\n[nats]\ny = 1\n", "第 2 行 http.x：没有这个设置，请对照 config/README.md；第 4 行 nats.y："},
		{"bad value", "[log]\nlevel = \"loud\"\n", "第 2 行 log.level：只能是 debug、info、warn、error 之一"},
	} {
		_, err := config.LoadHub(file(t, tc.text), nil)
		if err == nil || !strings.Contains(err.Error(), tc.want) {
			t.Errorf("%s:\n got %v\nwant %s", tc.name, err, tc.want)
		}
		if err != nil && strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: more than one line: %q", tc.name, err)
		}
	}
}

func TestProblemsOfTheEnvironment(t *testing.T) {
	for _, tc := range []struct{ name, variable, want string }{
		{"misspelt", "ZHANQUN_DATABSE_URL=postgres://u:geheim@h/d", "环境变量 ZHANQUN_DATABSE_URL：没有这个设置，是不是 ZHANQUN_DATABASE_URL？"},
		{"not a number", "ZHANQUN_REVIEW_CLAIM_MINUTES=15m", "环境变量 ZHANQUN_REVIEW_CLAIM_MINUTES：要写整数"},
		{"not a switch", "ZHANQUN_LINKS_ENABLED=是", "环境变量 ZHANQUN_LINKS_ENABLED：要写 true 或 false"},
		{"bad value", "ZHANQUN_HTTP_ADDR=8080", "环境变量 ZHANQUN_HTTP_ADDR：要写成 主机:端口"},
	} {
		_, err := config.LoadHub("", []string{tc.variable})
		if err == nil || !strings.Contains(err.Error(), tc.want) || strings.Contains(err.Error(), "geheim") {
			t.Errorf("%s:\n got %v\nwant %s", tc.name, err, tc.want)
		}
	}
	// The other program's settings and the tests' own variables are at home in
	// the same environment.
	_, err := config.LoadHub("", []string{"ZHANQUN_LINE_WINDOW=4", "ZHANQUN_NO_SKIP=1", "ZHANQUN_DATA=x", "ZHANQUN_TEST_POSTGRES=x"})
	if err != nil {
		t.Error(err)
	}
}

func TestSecretsFromFiles(t *testing.T) {
	path := file(t, "postgres://u:geheim@db/zq\r\n")
	hub, err := config.LoadHub("", []string{"ZHANQUN_DATABASE_URL_FILE=" + path})
	if err != nil || hub.Database.URL.Reveal() != "postgres://u:geheim@db/zq" {
		t.Errorf("%q, %v", hub.Database.URL.Reveal(), err)
	}
	for name, env := range map[string][]string{
		"both":         {"ZHANQUN_DATABASE_URL_FILE=" + path, "ZHANQUN_DATABASE_URL=postgres://u:p@h/d"},
		"missing file": {"ZHANQUN_DATABASE_URL_FILE=" + path + "x"},
		"no secret":    {"ZHANQUN_DIR_FILE=" + path},
	} {
		if _, err := config.LoadHub("", env); err == nil || strings.Contains(err.Error(), "geheim") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestErrorIsStructured(t *testing.T) {
	_, err := config.LoadHub(file(t, "dirr = \"x\"\n"), nil)
	var e *config.Error
	if !errors.As(err, &e) || len(e.Problems) != 1 || e.Problems[0].Line != 1 || e.Problems[0].Key != "dirr" {
		t.Errorf("%#v", e)
	}
}
