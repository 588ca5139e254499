package webhook

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"time"

	"github.com/go-resty/resty/v2"

	"zhanqun/hub/health/linkcheck"
)

const (
	timeout   = 10 * time.Second
	maxAnswer = 64 << 10 // bytes of an answer that are read
)

// newClient returns a client that follows nothing and asks no proxy.
func newClient(dial func(ctx context.Context, network, address string) (net.Conn, error)) *http.Client {
	t := &http.Transport{
		DialContext: dial, ForceAttemptHTTP2: true, TLSHandshakeTimeout: timeout, ResponseHeaderTimeout: timeout,
		MaxResponseHeaderBytes: 64 << 10, DisableKeepAlives: true,
	}
	return &http.Client{Transport: t, Timeout: timeout}
}

// failure is why a message was not taken, in words an administrator understands.
type failure struct {
	words string
	err   error
}

func (f *failure) Error() string {
	if f.err == nil {
		return f.words
	}
	return f.words + ": " + f.err.Error()
}

func (f *failure) Unwrap() error { return f.err }

// reason is what of a failure may be shown and logged: errors of the network
// repeat the address, which is as secret as a password.
func reason(err error) string {
	if f, ok := errors.AsType[*failure](err); ok {
		return f.words
	}
	return "内部错误"
}

// deliver sends one message once.
func (s *Service) deliver(ctx context.Context, h Hook, d Delivery) error {
	var m Message
	if err := json.Unmarshal([]byte(d.Body), &m); err != nil {
		return fmt.Errorf("reading message: %w", err)
	}
	r, err := form(h, d.ID, m, s.Now())
	if err != nil {
		return err
	}
	client := resty.NewWithClient(s.send).SetLogger(silent{}).SetDoNotParseResponse(true).
		SetRedirectPolicy(resty.RedirectPolicyFunc(func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }))
	answer, err := client.R().SetContext(ctx).SetHeaders(r.headers).SetHeader("User-Agent", "ZhanqunHook/1.0").SetBody(r.body).Post(r.url)
	if err != nil {
		return broken(err)
	}
	raw := answer.RawBody()
	defer raw.Close()
	text, err := io.ReadAll(io.LimitReader(raw, maxAnswer))
	if err != nil {
		return broken(err)
	}
	return taken(h.Kind, answer.StatusCode(), text)
}

// silent keeps the client from logging what it does, and with it the address.
type silent struct{}

func (silent) Errorf(string, ...any) {}
func (silent) Warnf(string, ...any)  {}
func (silent) Debugf(string, ...any) {}

// broken says why no answer came.
func broken(err error) error {
	var dns *net.DNSError
	var timed net.Error
	switch {
	case errors.Is(err, linkcheck.ErrPrivate):
		return &failure{"地址在内网，设置 webhooks.allow_private 没有允许", err}
	case errors.As(err, &dns):
		return &failure{"域名解析不到", err}
	case errors.As(err, &timed) && timed.Timeout():
		return &failure{fmt.Sprintf("%d 秒没有应答", int(timeout/time.Second)), err}
	}
	return &failure{"连接不上", err}
}

// taken reads whether an answer says that the message was taken. Robots answer
// 200 also when they refuse, and say why in the body.
func taken(k Kind, status int, body []byte) error {
	switch {
	case status >= 300 && status < 400:
		return &failure{words: fmt.Sprintf("对方要求转到别的地址（%d），没有照办，请填最终的地址", status)}
	case status < 200 || status > 299:
		return &failure{words: fmt.Sprintf("对方答复 %d", status)}
	case k == JSON:
		return nil
	}
	var said struct {
		Errcode int    `json:"errcode"`
		Errmsg  string `json:"errmsg"`
		Code    int    `json:"code"`
		Msg     string `json:"msg"`
	}
	if err := json.Unmarshal(body, &said); err != nil {
		return &failure{words: "对方的答复看不懂，可能不是机器人的地址"}
	}
	if said.Errcode != 0 {
		return &failure{words: fmt.Sprintf("机器人没有接收（%d：%s）", said.Errcode, plain(said.Errmsg))}
	}
	if said.Code != 0 {
		return &failure{words: fmt.Sprintf("机器人没有接收（%d：%s）", said.Code, plain(said.Msg))}
	}
	return nil
}
