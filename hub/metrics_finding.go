package main

import (
	"context"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

var (
	metricStages   = prometheus.NewDesc("zhanqun_findings_stage", "Findings that are not closed, by state and by how far their units were urged: reminded, overdue, exposed, supervised, circulated.", []string{"state", "stage"}, nil)
	metricMessages = prometheus.NewDesc("zhanqun_webhook_messages", "Messages to others that are kept, by state: waiting, sent, dead.", []string{"state"}, nil)
	metricOpinions = prometheus.NewDesc("zhanqun_second_opinions", "Looks from townships' lines that were asked for and not answered in time or yet.", nil, nil)
)

// findingCollector tells how the mending of findings stands.
type findingCollector struct{ c *county }

// Describe implements prometheus.Collector.
func (findingCollector) Describe(ch chan<- *prometheus.Desc) {
	ch <- metricStages
	ch <- metricMessages
	ch <- metricOpinions
}

// Collect implements prometheus.Collector. What cannot be read is left out; the
// store's own failures show elsewhere.
func (f findingCollector) Collect(ch chan<- prometheus.Metric) {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	gauge := func(d *prometheus.Desc, v int, labels ...string) {
		ch <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, float64(v), labels...)
	}
	t, err := f.c.store.FindingTally(ctx)
	if err != nil {
		return
	}
	for _, s := range t.Stages {
		gauge(metricStages, s.N, s.State, s.Stage)
	}
	for state, n := range t.Messages {
		gauge(metricMessages, n, state)
	}
	gauge(metricOpinions, t.Unanswered)
}
