package config_test

import (
	"strings"
	"testing"

	"zhanqun/config"
	"zhanqun/protocol"
)

func TestValues(t *testing.T) {
	seed := "SU" + strings.Repeat("A", 56)
	for _, tc := range []struct {
		env  string // variables of a hub, parted by blanks, without the prefix
		want string // part of the message; empty: accepted
	}{
		{"HTTP_ADDR=:8080", ""},
		{"HTTP_ADDR=[::1]:0", ""},
		{"HTTP_ADDR=0.0.0.0:65536", "ZHANQUN_HTTP_ADDR：要写成 主机:端口"},
		{"HTTP_ADDR=http://0.0.0.0:80", "ZHANQUN_HTTP_ADDR："},
		{"HTTP_PUBLIC_URL=https://zq.example.gov.cn/站群", ""},
		{"HTTP_PUBLIC_URL=zq.example.gov.cn", "ZHANQUN_HTTP_PUBLIC_URL：要写完整网址"},
		{"HTTP_PUBLIC_URL=ftp://zq.example.gov.cn", "ZHANQUN_HTTP_PUBLIC_URL："},
		{"HTTP_PUBLIC_URL=https://u:p@zq.example.gov.cn", "ZHANQUN_HTTP_PUBLIC_URL："},
		{"HTTP_PUBLIC_URL=https://zq.example.gov.cn?x", "ZHANQUN_HTTP_PUBLIC_URL："},
		{"HTTP_PUBLIC_URL=http://a HTTP_SECURE_COOKIES=true", "ZHANQUN_HTTP_SECURE_COOKIES："},
		{"HTTP_SECURE_COOKIES=true", ""},
		{"HTTP_ALLOWED_HOSTS=zq.example.gov.cn,10.0.0.1,fe80::1", ""},
		{"HTTP_ALLOWED_HOSTS=https://zq.example.gov.cn", "ZHANQUN_HTTP_ALLOWED_HOSTS："},
		{"HTTP_ALLOWED_HOSTS=zq.example.gov.cn:80", "ZHANQUN_HTTP_ALLOWED_HOSTS："},
		{"HTTP_ALLOWED_HOSTS=*.gov.cn", "ZHANQUN_HTTP_ALLOWED_HOSTS："},
		{"NATS_URL=nats://a:4222,tls://b:4222", ""},
		{"NATS_URL=http://a:4222", "ZHANQUN_NATS_URL：要写成 nats://"},
		{"NATS_URL=nats://u:geheim@a:4222", "ZHANQUN_NATS_URL：地址里不要写用户名和密码"},
		{"NATS_URL=nats://a:4222 NATS_USER=u NATS_PASSWORD=geheim", ""},
		{"NATS_URL=nats://a:4222 NATS_USER=u", "nats.user 和 nats.password 要同时写"},
		{"NATS_URL=nats://a:4222 NATS_PASSWORD=geheim", "nats.user 和 nats.password 要同时写"},
		{"NATS_URL=nats://a:4222 NATS_SEED=" + seed, ""},
		{"NATS_URL=nats://a:4222 NATS_SEED=geheim", "ZHANQUN_NATS_SEED：要写用户密钥的种子"},
		{"NATS_URL=nats://a:4222 NATS_USER=u NATS_PASSWORD=geheim NATS_SEED=" + seed, "ZHANQUN_NATS_SEED：不能与"},
		{"NATS_USER=u NATS_PASSWORD=geheim", "nats.url：写了账号却没有写外部 NATS 的地址"},
		{"DATABASE_URL=postgresql:///zq?host=/run/postgresql&sslmode=disable", ""},
		{"DATABASE_URL=mysql://u:geheim@h/d", "ZHANQUN_DATABASE_URL：要写成 postgres://"},
		{"DATABASE_URL=postgres://u:geheim@h", "ZHANQUN_DATABASE_URL："},
		{"DATABASE_URL=postgres://u:geheim%zz@h/d", "ZHANQUN_DATABASE_URL："},
		{"LIMITS_MAX_ATTACHMENT_BYTES=209715201", "ZHANQUN_LIMITS_MAX_ATTACHMENT_BYTES：要在 1024 到 209715200 之间"},
		{"LIMITS_MAX_ATTACHMENTS=31", "ZHANQUN_LIMITS_MAX_ATTACHMENTS：要在 0 到 30 之间"},
		{"LIMITS_DISK_RESERVE_BYTES=-1", "ZHANQUN_LIMITS_DISK_RESERVE_BYTES："},
		{"REVIEW_CLAIM_MINUTES=0", "ZHANQUN_REVIEW_CLAIM_MINUTES：要在 1 到 1440 之间"},
		{"LINKS_TIMEOUT_SECONDS=0", "ZHANQUN_LINKS_TIMEOUT_SECONDS："},
		{"LINKS_CONFIRM_MINUTES=0", ""},
		{"FEED_TITLE=" + strings.Repeat("长", 101), "ZHANQUN_FEED_TITLE：不能超过 100 个字"},
		{"FEED_PAGE_SIZE=501", "ZHANQUN_FEED_PAGE_SIZE："},
		{"BUNDLE_IN_DIR=/gap/in BUNDLE_OUT_DIR=/gap/out", ""},
		{"BUNDLE_IN_DIR=/gap/in BUNDLE_OUT_DIR=/gap/in/", "ZHANQUN_BUNDLE_OUT_DIR：不能和 bundle.in_dir 是同一个文件夹"},
		{"BUNDLE_EVERY_SECONDS=0", "ZHANQUN_BUNDLE_EVERY_SECONDS：要在 1 到 86400 之间"},
		{"BUNDLE_RESEND_HOURS=0", "ZHANQUN_BUNDLE_RESEND_HOURS："},
		{"BUNDLE_MAX_BYTES=1000", "ZHANQUN_BUNDLE_MAX_BYTES："},
		{"LOG_FORMAT=xml", "ZHANQUN_LOG_FORMAT：只能是 text 或 json"},
	} {
		var env []string
		for _, v := range strings.Fields(tc.env) {
			env = append(env, "ZHANQUN_"+v)
		}
		_, err := config.LoadHub("", env)
		switch {
		case tc.want == "" && err != nil:
			t.Errorf("%s: %v", tc.env, err)
		case tc.want != "" && (err == nil || !strings.Contains(err.Error(), tc.want)):
			t.Errorf("%s:\n got %v\nwant %s", tc.env, err, tc.want)
		case err != nil && strings.Contains(err.Error(), "geheim"):
			t.Errorf("%s: a secret in the message: %v", tc.env, err)
		}
	}
}

func TestSecretsStayOutOfFileMessages(t *testing.T) {
	for _, text := range []string{
		"[nats]\npassword = geheim\n",
		"[nats]\npassword = \"geheim\\q\"\n",
		"[nats]\npassword = 12.geheim\n",
		"[nats]\npassword = \"geheim\n",
		"[database]\nurl = \"oracle://geheim\"\n",
		"nats = { password = geheim }\n",
		"[nats]\nseed = \"geheim\"\nurl = \"nats://a:1\"\n",
		"[nats]\nseed = 'a' geheim\n",
	} {
		_, err := config.LoadHub(file(t, text), nil)
		if err == nil || strings.Contains(err.Error(), "geheim") {
			t.Errorf("%q: %v", text, err)
		}
	}
}

func TestEmptyValues(t *testing.T) {
	_, err := config.LoadHub(file(t, "dir = \"\"\n[feed]\ntitle = \"\"\nauthor = \"a\\nb\"\n"), nil)
	for _, want := range []string{"第 1 行 dir：不能为空", "第 3 行 feed.title：不能为空", "第 4 行 feed.author：不能有换行"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %s", err, want)
		}
	}
}

// Settings lower the limits of the wire and never raise them.
func TestLimitsAreThoseOfTheWire(t *testing.T) {
	got := config.DefaultHub().Limits
	if got.MaxAttachmentBytes != protocol.MaxAttachmentBytes || got.MaxItemBytes != protocol.MaxItemBytes ||
		got.MaxAttachments != protocol.MaxAttachments {
		t.Errorf("%+v", got)
	}
}
