package config_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/BurntSushi/toml"

	"zhanqun/config"
)

func TestSecretNeverPrints(t *testing.T) {
	const plain = "geheim"
	hub := config.DefaultHub()
	hub.NATS.Password = config.NewSecret(plain)
	type private struct{ held config.Secret }
	values := []any{hub, &hub, hub.NATS, hub.NATS.Password, &hub.NATS.Password, private{hub.NATS.Password}, []any{hub.NATS.Password}}

	var out bytes.Buffer
	for _, v := range values {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d", "%t", "%p"} {
			fmt.Fprintf(&out, verb+"\n", v)
		}
		for _, format := range []string{"text", "json"} {
			config.Log{Level: "debug", Format: format}.Logger(&out).Info("settings", "value", v)
		}
		if err := json.NewEncoder(&out).Encode(v); err != nil {
			t.Fatal(err)
		}
	}
	if err := toml.NewEncoder(&out).Encode(hub); err != nil {
		t.Fatal(err)
	}
	fmt.Fprint(&out, fmt.Errorf("connecting: %v", hub.NATS.Password))
	for _, leak := range []string{plain, fmt.Sprintf("%x", plain), fmt.Sprintf("%X", plain)} {
		if strings.Contains(out.String(), leak) {
			t.Errorf("%q in: %s", leak, out.String())
		}
	}
	if hub.NATS.Password.Reveal() != plain {
		t.Error("the secret itself is lost")
	}
}

func TestEmptySecretShowsThatItIsNotSet(t *testing.T) {
	var s config.Secret
	if s.IsSet() || s.String() != "" || s.Reveal() != "" || !s.Equal(config.NewSecret("")) || s.Equal(config.NewSecret("x")) {
		t.Errorf("set %v, prints %q", s.IsSet(), s.String())
	}
}

func TestLogger(t *testing.T) {
	var out bytes.Buffer
	log := config.Log{Level: "warn", Format: "json"}.Logger(&out)
	log.Info("quiet")
	log.Warn("loud")
	if s := out.String(); strings.Contains(s, "quiet") || !strings.Contains(s, `"msg":"loud"`) {
		t.Errorf("logged: %s", s)
	}
}
