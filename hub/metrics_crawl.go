package main

import (
	"context"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

var (
	metricPages     = prometheus.NewDesc("zhanqun_crawl_pages_total", "Pages of sites read for links since the start.", nil, nil)
	metricRequests  = prometheus.NewDesc("zhanqun_crawl_requests_total", "Requests sent while reading sites.", nil, nil)
	metricBodies    = prometheus.NewDesc("zhanqun_crawl_bytes_total", "Bytes of bodies read from sites, unpacked.", nil, nil)
	metricUnchanged = prometheus.NewDesc("zhanqun_crawl_unchanged_total", "Answers that said that nothing had changed (304).", nil, nil)
	metricRested    = prometheus.NewDesc("zhanqun_crawl_kept_total", "Addresses not asked in a pass since they hardly ever change.", nil, nil)
	metricSpent     = prometheus.NewDesc("zhanqun_crawl_seconds_total", "Time spent reading sites, of all sites together. Over pages_total: the time a page takes.", nil, nil)
	metricFaults    = prometheus.NewDesc("zhanqun_crawl_faults_total", "Addresses that were not well, by reason.", []string{"reason"}, nil)
	metricReading   = prometheus.NewDesc("zhanqun_crawl_sites", "Sites being read at this moment.", nil, nil)
	metricWaiting   = prometheus.NewDesc("zhanqun_crawl_waiting", "Addresses known of the sites being read that were not asked yet.", nil, nil)
	metricWhole     = prometheus.NewDesc("zhanqun_site_whole_seconds", "When a pass over the whole site ended last, in Unix time; when it was registered, if none has. Of the first 500 sites.", []string{"site", "unit"}, nil)
	crawlMetrics    = []*prometheus.Desc{metricPages, metricRequests, metricBodies, metricUnchanged, metricRested, metricSpent, metricFaults, metricReading, metricWaiting, metricWhole}
)

// mostSites bounds the sites with a metric of their own.
const mostSites = 500

// crawlCollector tells how the reading of sites stands.
type crawlCollector struct{ c *county }

// Describe implements prometheus.Collector.
func (crawlCollector) Describe(ch chan<- *prometheus.Desc) {
	for _, d := range crawlMetrics {
		ch <- d
	}
}

// Collect implements prometheus.Collector.
func (l crawlCollector) Collect(ch chan<- prometheus.Metric) {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	send := func(d *prometheus.Desc, kind prometheus.ValueType, v float64, labels ...string) {
		ch <- prometheus.MustNewConstMetric(d, kind, v, labels...)
	}
	n := l.c.health.Count()
	for d, v := range map[*prometheus.Desc]float64{
		metricPages: float64(n.Pages), metricRequests: float64(n.Requests), metricBodies: float64(n.Bytes), metricUnchanged: float64(n.Unchanged),
		metricRested: float64(n.Kept), metricSpent: n.Time.Seconds(),
	} {
		send(d, prometheus.CounterValue, v)
	}
	for reason, times := range n.Faults {
		send(metricFaults, prometheus.CounterValue, float64(times), reason)
	}
	sites, waiting := l.c.health.Reading()
	send(metricReading, prometheus.GaugeValue, float64(sites))
	send(metricWaiting, prometheus.GaugeValue, float64(waiting))
	list, err := l.c.store.Sites(ctx, "", mostSites)
	if err != nil {
		l.c.log.Error("reading sites for metrics", "error", err)
		return
	}
	seen := map[string]bool{} // two sites may have one name
	for _, site := range list {
		if key := site.Name + "\x00" + site.Unit; !seen[key] && !site.Line && !site.Closed() {
			seen[key] = true
			at := site.WholeAt
			if at.IsZero() {
				at = site.CreatedAt
			}
			send(metricWhole, prometheus.GaugeValue, float64(at.Unix()), site.Name, site.Unit)
		}
	}
}
