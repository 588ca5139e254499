package main

import (
	"os"
	"regexp"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
)

// A rule about a metric that does not exist never fires.
func TestAlertsNameMetricsThereAre(t *testing.T) {
	text, err := os.ReadFile("../config/alerts.yml")
	if err != nil {
		t.Fatal(err)
	}
	known := map[string]bool{}
	ch := make(chan *prometheus.Desc, 100)
	lineCollector{}.Describe(ch)
	siteCollector{}.Describe(ch)
	crawlCollector{}.Describe(ch)
	findingCollector{}.Describe(ch)
	close(ch)
	name := regexp.MustCompile(`fqName: "([^"]+)"`)
	for d := range ch {
		known[name.FindStringSubmatch(d.String())[1]] = true
	}
	if len(known) < 15 {
		t.Fatalf("only %d metrics are known", len(known))
	}
	used := regexp.MustCompile(`\bzhanqun_\w+`).FindAllString(string(text), -1)
	if len(used) < 10 {
		t.Fatalf("the rules use only %v", used)
	}
	for _, u := range used {
		if !known[u] {
			t.Errorf("there is no metric %s", u)
		}
	}
}
