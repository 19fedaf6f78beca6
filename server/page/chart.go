package page

import (
	"encoding/json"
	"html/template"
)

// chart is what the script needs to draw one.
type chart struct {
	ID          string     `json:"-"` // where a page replaces its charts' data
	Kind        string     `json:"kind"`
	Description string     `json:"description"`
	Labels      []string   `json:"labels"`
	Rows        []string   `json:"rows,omitempty"` // of a heat map
	Series      []series   `json:"series"`
	Points      [][3]int64 `json:"points,omitempty"` // of a heat map: label, row, number
	Notes       []string   `json:"notes,omitempty"`  // by label, for the tooltip
	Low         []*float64 `json:"low,omitempty"`
	High        []*float64 `json:"high,omitempty"`
	From        float64    `json:"from"`
}

type series struct {
	Name   string     `json:"name"`
	Values []*float64 `json:"values"`
}

// JSON is the chart for a block of data; html/template escapes it.
func (c chart) JSON() (template.JS, error) {
	b, err := json.Marshal(c)  // escapes <, > and &, so no end tag can stand in it
	return template.JS(b), err // #nosec G203 -- json.Marshal escapes <, > and &
}

// row is a line of the table behind a chart.
type row struct{ Label, Value, Answers, Interval, Target string }

// hundred is a share in percent, with one decimal.
func hundred(share float64) *float64 {
	v := float64(int(share*1000+.5)) / 10
	return &v
}
