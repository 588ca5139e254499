package config

import (
	"os"
	"strings"
	"testing"
)

// Whatever stands in the file, the operator gets settings or words, and the
// words are one line.
func FuzzDecode(f *testing.F) {
	for _, name := range []string{"hub.example.toml", "node.example.toml"} {
		text, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(string(text))
	}
	f.Add("[http\naddr = ")
	f.Add("[[http]]\n[http.addr]\nx.y.\"z = 1\"")
	f.Add("nats = {password = 'a', seed = \"b}\n")
	f.Add("\"a\\nb\" = 1\n")
	f.Fuzz(func(t *testing.T, text string) {
		if _, ok := encodingProblem([]byte(text)); !ok {
			return
		}
		hub := DefaultHub()
		problems := decode(&hub, text, keysOf(hub))
		for _, p := range problems {
			if p.Message == "" {
				t.Errorf("a problem without words: %+v", p)
			}
		}
		if len(problems) == 0 {
			return
		}
		if text := (&Error{Problems: problems}).Error(); strings.ContainsAny(text, "\n\r") {
			t.Errorf("more than one line: %q", text)
		}
	})
}
