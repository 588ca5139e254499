package webhook

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// request is a message in the form of its hook, ready to be sent.
type request struct {
	url     string
	headers map[string]string
	body    []byte
}

// Bodies of robots may be no longer than this, in bytes.
const (
	maxWeCom = 4096 // the text alone
	maxRobot = 18_000
)

// form puts a message into the form of h, signed at now. id is the same each
// time the message is tried.
func form(h Hook, id string, m Message, now time.Time) (request, error) {
	r := request{url: h.URL, headers: map[string]string{"Content-Type": "application/json; charset=utf-8"}}
	var body any
	var err error
	switch h.Kind {
	case DingTalk:
		if h.Secret != "" {
			if r.url, err = signDingTalk(h.URL, h.Secret, now); err != nil {
				return r, err
			}
		}
		body = map[string]any{"msgtype": "markdown", "markdown": map[string]string{"title": m.Title, "text": markdown(m, maxRobot)}}
	case WeCom:
		body = map[string]any{"msgtype": "markdown", "markdown": map[string]string{"content": markdown(m, maxWeCom)}}
	case Feishu:
		card := map[string]any{
			"msg_type": "interactive",
			"card": map[string]any{
				"config":   map[string]bool{"wide_screen_mode": true},
				"header":   map[string]any{"title": map[string]string{"tag": "plain_text", "content": m.Title}, "template": colour(m.Topic)},
				"elements": []any{map[string]string{"tag": "markdown", "content": lines(m, maxRobot)}},
			},
		}
		if h.Secret != "" {
			stamp := strconv.FormatInt(now.Unix(), 10)
			card["timestamp"], card["sign"] = stamp, signFeishu(h.Secret, stamp)
		}
		body = card
	case JSON:
		body = struct {
			ID string `json:"id"`
			Message
		}{id, m}
	default:
		return r, fmt.Errorf("no form %q", h.Kind)
	}
	if r.body, err = encode(body); err != nil {
		return r, err
	}
	if h.Kind == JSON {
		stamp := strconv.FormatInt(now.Unix(), 10)
		r.headers["X-Zhanqun-Delivery"], r.headers["X-Zhanqun-Topic"], r.headers["X-Zhanqun-Timestamp"] = id, string(m.Topic), stamp
		r.headers["X-Zhanqun-Signature"] = "sha256=" + Sign(h.Secret, stamp, r.body)
	}
	return r, nil
}

// colour is that of a card's head.
func colour(t Topic) string {
	switch t {
	case Veto:
		return "red"
	case Urging:
		return "orange"
	case Now, Daily, Test:
	}
	return "blue"
}

// Sign is the signature of a message in our own form: HMAC-SHA-256 in hex, under
// the secret, of the time stamp, a full stop and the body.
func Sign(secret, stamp string, body []byte) string {
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte(stamp + "."))
	mac.Write(body)
	return hex.EncodeToString(mac.Sum(nil))
}

// signDingTalk adds a time stamp and its signature to the address of a robot: in
// milliseconds, HMAC-SHA-256 under the secret of the stamp, a line feed and the
// secret, in base64.
func signDingTalk(address, secret string, now time.Time) (string, error) {
	u, err := url.Parse(address)
	if err != nil {
		return "", fmt.Errorf("reading the robot's address: %w", err)
	}
	stamp := strconv.FormatInt(now.UnixMilli(), 10)
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte(stamp + "\n" + secret))
	q := u.Query()
	q.Set("timestamp", stamp)
	q.Set("sign", base64.StdEncoding.EncodeToString(mac.Sum(nil)))
	u.RawQuery = q.Encode()
	return u.String(), nil
}

// signFeishu is HMAC-SHA-256 of nothing, in base64, under the time stamp in
// seconds, a line feed and the secret.
func signFeishu(secret, stamp string) string {
	mac := hmac.New(sha256.New, []byte(stamp+"\n"+secret))
	return base64.StdEncoding.EncodeToString(mac.Sum(nil))
}

func encode(v any) ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return nil, fmt.Errorf("writing message: %w", err)
	}
	return bytes.TrimSuffix(b.Bytes(), []byte{'\n'}), nil
}

// markdown is a message as the robots of DingTalk and WeCom show it.
func markdown(m Message, most int) string {
	head := "### " + plain(m.Title) + "\n\n"
	return head + lines(m, most-len(head))
}

// readOn is the word on the link to the hub.
const readOn = "到平台查看"

// lines are the lines of a message with the way to read on, in at most so many
// bytes.
func lines(m Message, most int) string {
	tail := ""
	if m.URL != "" {
		tail = "[" + readOn + "](" + m.URL + ")"
	}
	var b strings.Builder
	for _, l := range m.Lines {
		l = "- " + plain(l) + "\n"
		if b.Len()+len(l)+len("- …\n\n")+len(tail) > most {
			b.WriteString("- …\n")
			break
		}
		b.WriteString(l)
	}
	return b.String() + "\n" + tail
}

// plain keeps what comes from outside from being taken for markup or a mention.
func plain(s string) string {
	s = strings.NewReplacer("\n", " ", "\r", " ", "<", "＜", ">", "＞", "[", "［", "]", "］", "*", "＊", "`", "｀", "@", "＠").Replace(s)
	if utf8.RuneCountInString(s) > 300 {
		s = string([]rune(s)[:300]) + "…"
	}
	return s
}
