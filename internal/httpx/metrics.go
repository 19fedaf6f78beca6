package httpx

import (
	"strconv"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
)

// meter counts requests by the pattern of their route.
type meter struct {
	requests *prometheus.CounterVec
	seconds  *prometheus.HistogramVec

	mu    sync.RWMutex
	known map[answered]series // so that no label is looked up for each request
}

// answered is what requests are counted by.
type answered struct {
	method, route string
	status        int
}

type series struct {
	requests prometheus.Counter
	seconds  prometheus.Observer
}

func newMeter(r *prometheus.Registry) *meter {
	m := &meter{
		known: map[answered]series{},
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "hailong_http_requests_total", Help: "Requests answered.",
		}, []string{"method", "route", "status"}),
		seconds: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "hailong_http_request_seconds", Help: "Time from the request to the answer's first byte.",
			Buckets: []float64{.0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5},
		}, []string{"route"}),
	}
	r.MustRegister(m.requests, m.seconds)
	// A registry that comes from outside may have these already.
	_ = r.Register(collectors.NewGoCollector())
	_ = r.Register(collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return m
}

func (m *meter) observe(method, route string, status int, took time.Duration) {
	if !methods[method] {
		method = "other" // a stranger can't make labels
	}
	k := answered{method, route, status}
	m.mu.RLock()
	s, ok := m.known[k]
	m.mu.RUnlock()
	if !ok {
		k.method = Copy(method)
		s = series{m.requests.WithLabelValues(k.method, route, strconv.Itoa(status)), m.seconds.WithLabelValues(route)}
		m.mu.Lock()
		m.known[k] = s
		m.mu.Unlock()
	}
	s.requests.Inc()
	s.seconds.Observe(took.Seconds())
}

var methods = map[string]bool{"GET": true, "HEAD": true, "POST": true, "PUT": true, "PATCH": true, "DELETE": true, "OPTIONS": true}
