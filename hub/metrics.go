package main

import (
	"context"
	"net/http"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// metrics shows how the program and the line stand; count counts answers.
func (c *county) metrics() (show http.Handler, count func(route string, status int)) {
	answers := prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "zhanqun_http_answers_total", Help: "Answers by route and status.",
	}, []string{"route", "status"})
	r := prometheus.NewRegistry()
	r.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}), lineCollector{c}, siteCollector{c}, crawlCollector{c}, findingCollector{c}, answers)
	return promhttp.HandlerFor(r, promhttp.HandlerOpts{}), func(route string, status int) {
		answers.WithLabelValues(route, strconv.Itoa(status)).Inc()
	}
}

var (
	metricReady       = prometheus.NewDesc("zhanqun_ready", "1 while everything the hub needs answers.", nil, nil)
	metricConnections = prometheus.NewDesc("zhanqun_line_connections", "Connections of the embedded broker.", nil, nil)
	metricFrames      = prometheus.NewDesc("zhanqun_stream_frames", "Frames in the intake stream.", nil, nil)
	metricBytes       = prometheus.NewDesc("zhanqun_stream_bytes", "Bytes of the intake stream.", nil, nil)
	metricCertificate = prometheus.NewDesc("zhanqun_certificate_ends_seconds", "When the certificate in use ends, in Unix time.", nil, nil)
	metricBehind      = prometheus.NewDesc("zhanqun_stream_behind", "Frames that are not committed yet.", nil, nil)
	metricBarred      = prometheus.NewDesc("zhanqun_nodes_barred", "Nodes that are kept out for a while because they sent too much.", nil, nil)
	metricUploads     = prometheus.NewDesc("zhanqun_uploads_refused_total", "Files not taken because their nodes had too many unfinished ones.", nil, nil)
	metricRefused     = prometheus.NewDesc("zhanqun_messages_refused_total", "Messages of nodes that were over their limits.", nil, nil)
)

// lineCollector asks when it is asked.
type lineCollector struct{ c *county }

// Describe implements prometheus.Collector.
func (lineCollector) Describe(ch chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{metricReady, metricConnections, metricFrames, metricBytes, metricBehind, metricBarred, metricRefused, metricUploads, metricCertificate} {
		ch <- d
	}
}

// Collect implements prometheus.Collector.
func (l lineCollector) Collect(ch chan<- prometheus.Metric) {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	gauge := func(d *prometheus.Desc, v float64) {
		ch <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, v)
	}
	ready := 0.0
	if l.c.ready(ctx) == nil {
		ready = 1
	}
	gauge(metricReady, ready)
	if l.c.certs != nil {
		gauge(metricCertificate, float64(l.c.certs.State().Ends.Unix()))
	}
	ch <- prometheus.MustNewConstMetric(metricUploads, prometheus.CounterValue, float64(l.c.intake.QuotaRefused()))
	s, err := l.c.bus.Stats(ctx)
	if err != nil {
		return // not ready, which was said
	}
	gauge(metricConnections, float64(s.Connections))
	gauge(metricFrames, float64(s.Frames))
	gauge(metricBytes, float64(s.Bytes))
	gauge(metricBehind, float64(s.Behind))
	gauge(metricBarred, float64(s.Barred))
	ch <- prometheus.MustNewConstMetric(metricRefused, prometheus.CounterValue, float64(s.Refused))
}
