package main

import (
	"context"
	"encoding/json"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"hailong/internal/httpx"
	"hailong/internal/survey"
	"hailong/server/page"
	"hailong/server/texts"
)

// comment opens a comment that this server holds. What does not open was not
// sealed to the servers' key, and is none.
func (s *server) comment(ctx context.Context, digest [32]byte) (text string, ok bool, err error) {
	w, ok, err := s.writing(ctx, digest)
	return w.Comment, ok, err
}

// writing opens what a person wrote.
func (s *server) writing(ctx context.Context, digest [32]byte) (w survey.Writing, ok bool, err error) {
	sealed, ok, err := s.keeper.Words(ctx, digest)
	if err != nil || !ok {
		return w, false, err
	}
	raw, ok := s.keys.OpenWords(sealed)
	if !ok || json.Unmarshal(raw, &w) != nil {
		return survey.Writing{}, false, nil
	}
	return w, true, nil
}

// rewrap seals the words on this server's disk with the newest key, and says
// which older keys have done their work.
func (s *server) rewrap(ctx context.Context) error {
	told := time.Now()
	done, err := s.words.Rewrap(ctx, func(done int64) {
		if time.Since(told) > 10*time.Second {
			told = time.Now()
			s.log.Info("words are sealed with the newest key", "done", done)
		}
	})
	if err != nil {
		if ctx.Err() == nil {
			s.log.Warn("words could not be sealed with the newest key; that is tried again at the next start", "error", err)
		}
		return nil
	}
	if old := s.keys.RestKeys(); done > 0 && len(old) > 1 {
		s.log.Info("all words are sealed with the newest key; older ones can be removed by: hailong-server keys prune", "words", done, "older", old[1:])
	}
	return nil
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

// registerTexts adds the pages on which contact officers read and erase what
// people wrote.
func (s *server) registerTexts(views *httpx.Views, recorder texts.Recorder) {
	texts.Register(s.app, texts.Deps{DB: s.proj.Reader(), Recorder: recorder, Words: s.writing, Views: views})
}
