package main

import (
	"context"
	"encoding/json"

	"github.com/prometheus/client_golang/prometheus"

	"hailong/internal/survey"
	"hailong/server/page"
)

// comment opens a comment that this server holds. What does not open was not
// sealed to the servers' key, and is none.
func (s *server) comment(ctx context.Context, digest [32]byte) (text string, ok bool, err error) {
	sealed, ok, err := s.words.Get(ctx, digest)
	if err != nil || !ok {
		return "", false, err
	}
	raw, ok := s.keys.OpenWords(sealed)
	var w survey.Writing
	if !ok || json.Unmarshal(raw, &w) != nil {
		return "", false, nil
	}
	return w.Comment, true, nil
}

// wordsFacts say on the operators' page how far the words that people wrote are.
func (s *server) wordsFacts(unsent int64) []page.Fact {
	all, vain := s.keeper.Missing()
	missing, left := formatted(int64(all)), formatted(unsent)
	f := page.Fact{
		Name: "Lời góp ý còn thiếu trên máy chủ này", NameEN: "Comments this server lacks", Value: missing, ValueEN: missing, Alarm: vain > 0,
	}
	if f.Alarm {
		f.Note = "Đang hỏi các máy khác; cần bật và kết nối những máy đánh giá, máy chủ đang tắt."
		f.NoteEN = "The other devices are being asked: switch on and connect the kiosks and servers that are off."
	}
	return []page.Fact{f, {Name: "Lời góp ý của máy chủ chưa gửi", NameEN: "Own comments not sent", Value: left, ValueEN: left}}
}

// wordsMetrics registers what operators watch of them.
func (s *server) wordsMetrics(r *prometheus.Registry) {
	r.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Namespace: "hailong", Name: "words_missing", Help: "Words of text facts in effect that this server does not hold.",
	}, func() float64 {
		all, _ := s.keeper.Missing()
		return float64(all)
	}))
}
