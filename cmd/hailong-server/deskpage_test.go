package main

import (
	"net/url"
	"strings"
	"testing"

	"hailong/server/access"
)

// What somebody writes by phone stands on the desk's page as text, once five
// ballots are shown together; how to reach the writer never does. Its kiosk is
// heard there without a single rating.
func TestDeskPageSaysWhy(t *testing.T) {
	s := organised(t)
	s.asks(nil)
	k := startKiosk(t, s.url, t.TempDir())
	s.admit("K01", k.key())
	k.placed()
	page, reader := s.url+"/desk/MC-VPUB", s.guest(access.Desk, "MC-VPUB").headers
	eventually(t, "the kiosk is heard", func() bool {
		return strings.Contains(look(t, page+"?part=kiosks", reader...).body, "đang hoạt động")
	})

	receipts := s.register("MC-VPUB", anHourAgo(), code(1), code(2), code(3), code(4), code(5))
	s.settled()
	tapped := ask(t, "POST", s.url+"/r/"+receipts[0].ID, "score=2&version=1", "Content-Type", kindForm, "Accept", "text/html")
	if a := s.says(tapped.header.Get("Location"), url.Values{"answer.access": {"1"}, "bad.staff.polite": {"1"}, "comment": {"Xin <i>cảm ơn</i>."}, "consent": {"1"}, "contact": {"0900 000 000"}}); a.status != 303 {
		t.Fatalf("%d %s", a.status, a.body)
	}
	for _, r := range receipts[1:4] {
		s.byPhone(r.ID, "5")
	}
	s.settled()
	eventually(t, "the server keeps the words", func() bool { all, _ := s.keeper.Missing(); return all == 0 })
	const comment, reason = "<bdi>Xin &lt;i&gt;cảm ơn&lt;/i&gt;.</bdi>", "Công chức chưa lịch sự"
	if a := look(t, page, reader...); a.status != 200 || strings.Contains(a.body, comment) || strings.Contains(a.body, reason) || strings.Contains(a.body, `id="chart-factors`) {
		t.Errorf("four ballots show: %d %s", a.status, a.body)
	}
	s.byPhone(receipts[4].ID, "4")
	s.settled()
	a := look(t, page, reader...)
	for _, want := range []string{comment, reason, "Nơi chờ và trang thiết bị", "1 trong 5 phiếu"} {
		if !strings.Contains(a.body, want) {
			t.Errorf("lacks %q", want)
		}
	}
	if strings.Contains(a.body, "0900 000") {
		t.Error("a contact stands on the page")
	}
	// Who runs the system reads the figures, not what people wrote.
	for _, who := range [][]string{s.operator(), s.guest(access.Administrator, "").headers} {
		for _, path := range []string{page, page + "?part=figures"} {
			if a := look(t, path, who...); a.status != 200 || !strings.Contains(a.body, reason) || strings.Contains(a.body, comment) || !strings.Contains(a.body, "Tài khoản của bạn không xem lời góp ý.") {
				t.Errorf("%s as %s: %d", path, who[0], a.status)
			}
		}
	}
}
